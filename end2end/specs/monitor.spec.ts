// The host live: with script as it happens, without script as it was.
import { type Page } from "@playwright/test";

import { expect, expectAccessible, failUntilHeldBack, signIn, test } from "../fixtures.ts";
import { alertsPage } from "../pages/alerts.ts";
import { frame } from "../pages/frame.ts";
import { monitorPage } from "../pages/monitor.ts";
import { signInPage } from "../pages/sign_in.ts";

// Any setting gives a test a server of its own, and so a first admin of its own.
test.use({ settings: { CONCIERGE_REGISTRATION: "open" } });

const LIVE = "Live: a new sample every second.";

// What goes over a socket is looked at in Chromium alone: Firefox tells the tests of no sockets.
/** The texts that come in over the page's sockets. */
function told(page: Page): string[] {
  const texts: string[] = [];
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => texts.push(payload.toString()));
  });
  return texts;
}

test("an admin watches the host, pauses and goes on @chromium", async ({ page, admin }) => {
  const texts = told(page);
  await signIn(page, admin);
  await frame(page).house.click();
  await frame(page).desk("Monitor").click();
  const monitor = monitorPage(page);
  await expect(monitor.heading).toBeVisible();
  await expect(monitor.standing).toHaveText(LIVE);
  await expect(monitor.charts).toHaveCount(8);
  const samples = (): number => texts.filter((text) => text.startsWith('{"t":"s"')).length;
  await expect.poll(samples, { timeout: 20_000 }).toBeGreaterThan(3);
  await expect(monitor.number("Processor · Host", "Now")).toHaveText(/%$/);
  await expect(monitor.number("Memory of Concierge · Used", "Most")).toHaveText(/MiB$/);

  await monitor.pause.click();
  await expect(monitor.standing).toContainText("Paused");
  const line = monitor.line("Load");
  const before = await line.getAttribute("d");
  const seen = samples();
  await expect.poll(samples).toBeGreaterThan(seen + 2);
  expect(await line.getAttribute("d")).toBe(before);
  await monitor.goOn.click();
  await expect(monitor.standing).toHaveText(LIVE);
  await expect(line).not.toHaveAttribute("d", before ?? "");
});

test("an event is shown as it happens", async ({ page, admin, account, server }) => {
  await signIn(page, admin);
  const monitor = monitorPage(page);
  await monitor.open();
  await expect(monitor.standing).toHaveText(LIVE);
  await failUntilHeldBack(server, account.email);
  await expect(monitor.events.filter({ hasText: "Sign-in with a wrong password" }).first()).toBeVisible();
});

test("the ranges are links, and nothing moves when numbers come in", async ({ page, admin }) => {
  await signIn(page, admin);
  const monitor = monitorPage(page);
  await monitor.open();
  await expect(monitor.standing).toHaveText(LIVE);
  const box = await monitor.charts.last().boundingBox();
  await expect(monitor.number("Processor · Host", "Now")).toHaveText(/%$/, { timeout: 20_000 });
  expect((await monitor.charts.last().boundingBox())?.height).toBe(box?.height);

  await monitor.range("16 hours").click();
  await expect(page).toHaveURL("/monitor?range=16h");
  await expect(monitor.range("16 hours")).toHaveAttribute("aria-current", "page");
  await expect(monitor.standing).toHaveText(LIVE);
  await page.goBack();
  await expect(monitor.range("15 minutes")).toHaveAttribute("aria-current", "page");
  await expect(monitor.standing).toHaveText(LIVE);
});

test("a sign-out elsewhere ends the watching", async ({ page, admin, stranger, faults }) => {
  faults.expect(401, /^\/api\//);
  await signIn(page, admin);
  const monitor = monitorPage(page);
  await monitor.open();
  await expect(monitor.standing).toHaveText(LIVE);
  // One session an account: a new sign-in ends the one before.
  const elsewhere = await stranger.newPage();
  await signIn(elsewhere, admin);
  await expect(page).toHaveURL(/\/sign-in\?next=\/monitor/, { timeout: 15_000 });
  await signInPage(page).submitAs(admin);
  await expect(page).toHaveURL("/monitor");
  await expect(monitor.standing).toHaveText(LIVE);
});

for (const moment of ["from the first word on", "after a while"]) {
  test(`a connection that is dead ${moment} is noticed and made anew @chromium`, async ({ page, admin }) => {
    let sockets = 0;
    let isDead = moment === "from the first word on";
    let release = (): void => {};
    const released = new Promise<void>((done) => {
      release = done;
    });
    await page.routeWebSocket(/\/api\/monitor\/live/, async (socket) => {
      sockets += 1;
      const swallows = sockets === 1;
      if (!swallows) await released;
      const server = socket.connectToServer();
      server.onMessage((message) => {
        if (!(swallows && isDead)) socket.send(message);
      });
    });
    await signIn(page, admin);
    const monitor = monitorPage(page);
    await monitor.open();
    if (!isDead) await expect(monitor.standing).toHaveText(LIVE);
    isDead = true;
    await expect(monitor.standing).toContainText("The connection is lost.", { timeout: 20_000 });
    await expect(monitor.alerts).not.toContainText("No alert");
    release();
    await expect(monitor.standing).toHaveText(LIVE, { timeout: 20_000 });
    expect(sockets).toBe(2);
  });
}

test("an alert stands on top as long as it lasts", async ({ page, admin, account, server }) => {
  await signIn(page, admin);
  const alerts = alertsPage(page);
  await alerts.open();
  await alerts.makeRule({ "Name of the rule": "Burst", "Event or metric": "authn_login_fail", Threshold: "2" });
  await expect(alerts.said).toHaveText("The rule is saved.");
  const monitor = monitorPage(page);
  await monitor.open();
  await expect(monitor.standing).toHaveText(LIVE);
  // Also while the numbers are held: old calm is no calm.
  await monitor.pause.click();
  await failUntilHeldBack(server, account.email);
  const alert = monitor.alerts.getByRole("link", { name: "Burst" });
  await expect(alert).toBeVisible({ timeout: 30_000 });
  await expectAccessible(page);
  await alert.click();
  await expect(page).toHaveURL("/admin/alerts");
});

test("a lost connection is said and comes back by itself @chromium", async ({ page, admin }) => {
  let sockets = 0;
  let lose: () => Promise<void> = async () => {};
  await page.routeWebSocket(/\/api\/monitor\/live/, (socket) => {
    sockets += 1;
    socket.connectToServer();
    lose = () => socket.close({ code: 3000 });
  });
  await signIn(page, admin);
  const monitor = monitorPage(page);
  await monitor.open();
  await expect(monitor.standing).toHaveText(LIVE);
  await lose();
  await expect(monitor.standing).toContainText("The connection is lost.");
  await expect(monitor.standing).toHaveText(LIVE);
  expect(sockets).toBe(2);
});

test.describe("with a short access token", () => {
  test.use({ settings: { CONCIERGE_ACCESS_TTL: "8s", CONCIERGE_REGISTRATION: "open" } });

  test("a person's input keeps the socket beyond its first token @chromium", async ({ page, admin }) => {
    let renewals = 0;
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => {
        renewals += Number(payload.toString() === '{"t":"renew"}');
      });
    });
    await signIn(page, admin);
    const monitor = monitorPage(page);
    await monitor.open();
    await expect(monitor.standing).toHaveText(LIVE);
    // The first is said at the beginning; two more mean two access tokens later.
    await expect
      .poll(
        async () => {
          await page.keyboard.press("Shift");
          return renewals;
        },
        { timeout: 40_000, intervals: [1000] },
      )
      .toBeGreaterThan(2);
    await expect(monitor.standing).toHaveText(LIVE);
  });

  test("a page that nobody looks at renews no session, not even to connect anew @chromium", async ({ page, admin, faults }) => {
    faults.expect(401, /^\/api\//);
    let sockets = 0;
    let lose: () => Promise<void> = async () => {};
    await page.routeWebSocket(/\/api\/monitor\/live/, (socket) => {
      sockets += 1;
      lose = () => socket.close({ code: 3000 });
      // Only the first one works: the page goes on trying until its access token has run out.
      if (sockets === 1) socket.connectToServer();
      else void lose();
    });
    await signIn(page, admin);
    const monitor = monitorPage(page);
    await monitor.open();
    await expect(monitor.standing).toHaveText(LIVE);
    let refreshes = 0;
    page.on("request", (request) => {
      refreshes += Number(request.url().endsWith("/api/auth/refresh"));
    });
    await lose();
    await expect(monitor.standing).toContainText("nobody did anything here", { timeout: 60_000 });
    expect(sockets).toBeGreaterThan(1);
    expect(refreshes).toBe(0);
  });

  test("a page that nobody looks at stops, and goes on with somebody", async ({ page, admin, faults }) => {
    faults.expect(401, /^\/api\//);
    await signIn(page, admin);
    const monitor = monitorPage(page);
    await monitor.open();
    await expect(monitor.standing).toHaveText(LIVE);
    await expect(monitor.standing).toContainText("nobody did anything here", { timeout: 30_000 });
    await monitor.goOn.click();
    await expect(monitor.standing).toHaveText(LIVE);
  });
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

  test("the past is there in drawings and numbers", async ({ page, admin }) => {
    await signIn(page, admin);
    const monitor = monitorPage(page);
    await monitor.open("7d");
    await expect(monitor.charts).toHaveCount(8);
    await expect(monitor.range("7 days")).toHaveAttribute("aria-current", "page");
    // A browser that is told to run no script after the fact shows no such words, but has them.
    expect(await page.content()).toContain("Without script this page shows the past.");
    await expect(monitor.events.first()).toBeVisible();
    await expect(monitor.pause).toBeDisabled();
  });
});

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing on the monitor in ${theme}, and nothing scrolls sideways`, async ({ page, admin }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`/?theme=${theme}`);
    await signIn(page, admin);
    for (const language of ["fr", "en"]) {
      await page.goto(`/monitor?lang=${language}`);
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      await expect(page.locator(".standing-live")).toBeVisible();
      await expectAccessible(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, language).toBeLessThanOrEqual(0);
    }
  });
}
