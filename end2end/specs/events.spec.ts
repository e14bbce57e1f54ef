// What happened: everybody's own events, and for admins those of the house, with script and without.
import { readFile } from "node:fs/promises";
import { expect, expectAccessible, newAccount, register, signIn, test } from "../fixtures.ts";
import { accountPage, accountsPage } from "../pages/admin.ts";
import { allEventsPage, eventsPage } from "../pages/events.ts";
import { frame } from "../pages/frame.ts";

// Any setting gives the test a server of its own, and so a first admin of its own.
test.use({ settings: { CONCIERGE_REGISTRATION: "open" } });

const THEMES = ["light", "dark"];
const LANGUAGES = ["en", "fr"];

test("one's own events are listed in words, with the stable name behind them", async ({ page, account }) => {
  await signIn(page, account);
  await frame(page).events.click();
  const events = eventsPage(page);
  await expect(events.heading).toBeVisible();
  const created = events.of("Account created");
  await expect(created).toHaveCount(1);
  await expect(created).toContainText("Information");
  await expect(created.getByText("user_created")).toBeHidden();
  await created.getByText("Details", { exact: true }).click();
  await expect(created.getByText("user_created")).toBeVisible();
  await expect(created.locator("time")).toHaveAttribute("datetime", /^\d{4}-\d\d-\d\dT/);
});

test("a copy of one's own events is taken, and is an event itself", async ({ page, account }) => {
  await signIn(page, account);
  const events = eventsPage(page);
  await events.open();
  const [file] = await Promise.all([page.waitForEvent("download"), events.jsonl.click()]);
  expect(file.suggestedFilename()).toBe("events.jsonl");
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\n");
  const names = lines.map((line) => (JSON.parse(line) as { event: string }).event);
  expect(names).toContain("user_created");
  await page.reload();
  await expect(events.of("Events exported")).toHaveCount(1);
});

test("an admin filters what happened in the house, and comes to one account's events", async ({ page, admin, account }) => {
  await signIn(page, admin);
  await frame(page).house.click();
  await frame(page).desk("All events").click();
  const events = allEventsPage(page);
  await expect(events.heading).toBeVisible();
  await expect(events.of("Account created")).toHaveCount(2);
  await events.event.selectOption({ label: "Account created" });
  await events.filter.click();
  await expect(page).toHaveURL(/\/admin\/events\?event=user_created&/);
  await expect(events.rows).toHaveCount(2);
  await expect(events.event).toHaveValue("user_created");
  await events.since.fill("2999-01-01");
  await events.filter.click();
  await expect(page.getByText("There are no such events.")).toBeVisible();

  const desk = accountsPage(page);
  await desk.open(account.email);
  await desk.link(account.email).click();
  await expect(accountPage(page).facts).toBeVisible();
  await page.getByRole("link", { name: "Security events of this account" }).click();
  await expect(events.account).toHaveValue(/^acc_[0-9a-f]{32}$/);
  await expect(events.of("Account created")).toHaveCount(1);
});

test("more than a page of events is turned through", async ({ page, admin, server }) => {
  for (let index = 0; index < 30; index += 1) {
    await register(server, newAccount());
  }
  await signIn(page, admin);
  const events = allEventsPage(page);
  await events.open();
  await expect(events.rows).toHaveCount(50);
  await events.older.click();
  await expect(events.rows).not.toHaveCount(50);
  await events.newest.click();
  await expect(events.rows).toHaveCount(50);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

  test("the list, the filters and the pages work", async ({ page, admin, account }) => {
    await signIn(page, admin);
    const own = eventsPage(page);
    await own.open();
    await expect(own.of("Signed in").first()).toBeVisible();
    const events = allEventsPage(page);
    await events.open();
    await events.severity.selectOption("info");
    await events.filter.click();
    await expect(events.severity).toHaveValue("info");
    await expect(events.of("Account created")).toHaveCount(2);
    expect(account.email).not.toBe(admin.email);
  });
});

test("to a member the events of the house are no page", async ({ page, account, faults }) => {
  faults.expect(404, /^\/admin\//);
  await signIn(page, account);
  const answer = await page.goto("/admin/events");
  expect(answer?.status()).toBe(404);
});

for (const theme of THEMES) {
  test(`axe finds nothing on the pages of events in ${theme}`, async ({ page, admin }) => {
    await page.goto(`/?theme=${theme}`);
    await signIn(page, admin);
    for (const language of LANGUAGES) {
      for (const path of ["/events", "/admin/events", "/admin/events?since=2999-01-01"]) {
        await page.goto(`${path}${path.includes("?") ? "&" : "?"}lang=${language}`);
        await expect(page.locator("html")).toHaveAttribute("lang", language);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        if (!path.includes("?")) await page.locator("main details summary").first().click();
        await expectAccessible(page);
      }
    }
  });
}
