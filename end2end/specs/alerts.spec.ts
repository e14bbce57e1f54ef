// The alerts of the house: a receiver that is told, rules that are made and changed, channels that are tested.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, expectAccessible, failUntilHeldBack, signIn, test as base } from "../fixtures.ts";
import { frame } from "../pages/frame.ts";
import { alertsPage } from "../pages/alerts.ts";

interface Request {
  headers: IncomingHttpHeaders;
  body: string;
}

interface Receiver {
  url: string;
  status: number;
  requests: Request[];
}

const test = base.extend<{ receiver: Receiver }>({
  receiver: async ({}, use) => {
    const receiver: Receiver = { url: "", status: 200, requests: [] };
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        receiver.requests.push({ headers: request.headers, body });
        response.writeHead(receiver.status).end(receiver.status === 200 ? "thank you" : "not today");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    await use(receiver);
    server.closeAllConnections();
    server.close();
  },
});

test.use({ settings: { CONCIERGE_ALERT_NETWORKS: "127.0.0.0/8" } });

test("a burst of failed sign-ins reaches a receiver, and is seen and acknowledged", async ({ page, admin, server, receiver }) => {
  await signIn(page, admin);
  await frame(page).house.click();
  await frame(page).desk("Alerts").click();
  const alerts = alertsPage(page);
  await expect(alerts.heading).toBeVisible();
  await expect(alerts.channels.getByText("There is no channel yet.")).toBeVisible();

  await alerts.makeChannel("On call", "webhook", receiver.url);
  await expect(alerts.secret).toHaveValue(/^whsec_/);
  const secret = await alerts.secret.inputValue();
  await expect(alerts.row(alerts.channels, "On call")).toContainText("127.0.0.1");
  expect(await page.content()).not.toContain("/hook");

  await alerts.makeRule({ "Name of the rule": "Burst", "Event or metric": "authn_login_fail", Threshold: "2" });
  await expect(alerts.said).toHaveText("The rule is saved.");
  await expect(alerts.row(alerts.rules, "Burst")).toContainText("Sign-in with a wrong password >= 2 within 15 min · Warning");

  await failUntilHeldBack(server, "nobody@example.org");
  await expect.poll(() => receiver.requests.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const told = receiver.requests.map(({ body }) => JSON.parse(body) as { type: string; data: { title: string } });
  expect(told.map(({ data }) => data.title)).toContain("Burst");
  for (const { headers, body } of receiver.requests) {
    const key = Buffer.from(secret.replace("whsec_", ""), "base64");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
  }

  await page.reload();
  const burst = alerts.row(alerts.state, "Burst");
  await expect(burst).toContainText("firing");
  await burst.getByRole("button", { name: "Seen: silent for an hour" }).click();
  await expect(alerts.said).toHaveText("The alert is marked as seen.");
  await expect(burst).toContainText(`seen by ${admin.email}`);
  await expect(alerts.log.getByRole("listitem").first()).toContainText("thank you");
});

test("a test shows what the receiver says", async ({ page, admin, receiver }) => {
  await signIn(page, admin);
  const alerts = alertsPage(page);
  await alerts.open();
  await alerts.makeChannel("Team", "slack", receiver.url);
  const row = alerts.row(alerts.channels, "Team");
  await expect(row).toBeVisible();
  receiver.status = 503;
  await row.getByRole("button", { name: "Send a test" }).click();
  await expect(row).toContainText("The test did not arrive. 503 not today");
  receiver.status = 200;
  await row.getByRole("button", { name: "Send a test" }).click();
  await expect(row).toContainText("The test arrived. 200 thank you");

  await row.getByRole("button", { name: "Switch off" }).click();
  await expect(row).toContainText("switched off");
  await row.getByRole("button", { name: "Delete" }).click();
  await row.getByRole("group", { name: "Delete" }).getByRole("button", { name: "Delete" }).click();
  await expect(alerts.said).toHaveText("The channel is deleted.");
  await expect(row).toHaveCount(0);
});

test("a webhook is led elsewhere, and gets a new secret", async ({ page, admin, faults, receiver }) => {
  faults.expect(422, /^\/api\/alerts\//);
  await signIn(page, admin);
  const alerts = alertsPage(page);
  await alerts.open();
  await alerts.makeChannel("Team", "webhook", receiver.url);
  const secret = await alerts.secret.inputValue();
  const row = alerts.row(alerts.channels, "Team");
  const change = row.getByRole("button", { name: "Change the address" });

  await change.click();
  await expect(alerts.channels.getByRole("heading", { name: "New address of “Team”" })).toBeFocused();
  await alerts.channels.getByRole("button", { name: "Keep the address" }).click();
  await expect(alerts.channels.getByRole("heading", { name: "New channel" })).toBeVisible();

  await alerts.lead("Team", "https://192.168.0.1/");
  await expect(alerts.channels.getByLabel("Mail address, or https address")).toHaveAttribute("aria-invalid", "true");
  await alerts.lead("Team", receiver.url.replace("127.0.0.1", "127.0.0.2"));
  await expect(alerts.said).toHaveText("The channel is saved.");
  await expect(row).toContainText("127.0.0.2");
  await expect(alerts.secret).toHaveValue(/^whsec_/);
  expect(await alerts.secret.inputValue()).not.toBe(secret);
});

test("what is wrong is said beside its field, and a shipped rule is changed", async ({ page, admin, faults }) => {
  faults.expect(422, /^\/api\/alerts\//);
  await signIn(page, admin);
  const alerts = alertsPage(page);
  await alerts.open();
  await alerts.makeChannel("Wrong", "webhook", "https://192.168.0.1/");
  await expect(alerts.channels.getByLabel("Mail address, or https address")).toHaveAttribute("aria-invalid", "true");
  await alerts.makeRule({ "Name of the rule": "Wrong", Threshold: "many" });
  for (const label of ["Event or metric", "Threshold"]) {
    await expect(alerts.rules.getByLabel(label)).toHaveAttribute("aria-invalid", "true");
  }

  await page.reload();
  const shipped = alerts.row(alerts.rules, "Many failed sign-ins");
  await shipped.getByRole("button", { name: "Change" }).click();
  await expect(alerts.rules.getByRole("heading", { name: "Change “Many failed sign-ins”" })).toBeFocused();
  await expect(alerts.rules.getByLabel("Threshold")).toHaveValue("30");
  await alerts.makeRule({ Threshold: "40", "Quiet from": "22:00", "Quiet until": "07:00" });
  await expect(shipped).toContainText("Sign-in with a wrong password >= 40 within 5 min");
  await shipped.getByRole("button", { name: "Switch off" }).click();
  await expect(shipped).toContainText("switched off");
  await expect(shipped.getByRole("button", { name: "Delete" })).toHaveCount(0);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

  test("the alerts are looked at", async ({ page, admin }) => {
    await signIn(page, admin);
    const alerts = alertsPage(page);
    await alerts.open();
    await expect(alerts.row(alerts.rules, "An old token was used again")).toContainText("Copy of a session used >= 1");
    await expect(alerts.rules.getByRole("button", { name: "Save the rule" })).toBeDisabled();
    // A browser that is told to run no script after the fact shows no such words, but has them.
    expect(await page.content()).toContain("Changing anything here needs JavaScript");
  });
});

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing on the alerts in ${theme}, and nothing scrolls sideways`, async ({ page, admin, receiver }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`/?theme=${theme}`);
    await signIn(page, admin);
    const overflow = (): Promise<number> =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    const alerts = alertsPage(page);
    await alerts.open();
    await alerts.makeChannel("On call", "webhook", receiver.url);
    await expect(alerts.secret).toBeVisible();
    await expectAccessible(page);
    for (const language of ["fr", "en"]) {
      await page.goto(`/admin/alerts?lang=${language}`);
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expectAccessible(page);
      expect(await overflow(), language).toBeLessThanOrEqual(0);
    }
  });
}
