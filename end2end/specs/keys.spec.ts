// The keys of the house: looking at them, rotating, undoing, revoking; with script and, to look, without.
import { expect, expectAccessible, signIn, test } from "../fixtures.ts";
import { frame } from "../pages/frame.ts";
import { keysPage } from "../pages/keys.ts";
import { signInPage } from "../pages/sign_in.ts";

// In development the keys are made in the data folder, where they can be rotated.
test.use({ settings: { CONCIERGE_ENV: "development", CONCIERGE_SIGN_IN_DEADLINE: "1ms" } });

const SIGNING = "Signing ring";
const SEALING = "Sealing ring";
const KID = /dev-\d{8}-[0-9a-f]{4}/;

test("the keys are looked at in both languages, and no key is on the page", async ({ page, admin }) => {
  await signIn(page, admin);
  await frame(page).house.click();
  await frame(page).desk("Keys").click();
  const keys = keysPage(page);
  await expect(keys.heading).toBeVisible();
  await expect(keys.checks).toHaveCount(8);
  await expect(keys.rings).toHaveCount(2);
  for (const name of [SIGNING, SEALING]) {
    await expect(keys.ring(name).active).toHaveCount(1);
    await expect(keys.ring(name).active).toContainText(KID);
  }
  await expect(page.getByText("No key was ever revoked.")).toBeVisible();
  expect(await page.content()).not.toMatch(/[0-9a-f]{64}/);

  await page.goto("/admin/keys?lang=fr");
  await expect(page.getByRole("heading", { level: 1, name: "Clés" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Trousseau de signature" })).toContainText("Active : en service");
});

test("a ring is rotated and the rotation undone, and nobody is signed out", async ({ page, admin }) => {
  await signIn(page, admin);
  const keys = keysPage(page);
  await keys.open();
  const ring = keys.ring(SIGNING);
  const before = (await ring.active.getByRole("heading").textContent()) ?? "";
  await expect(ring.undo).toHaveCount(0);

  await ring.rotate.click();
  await expect(ring.question("Rotate")).toBeFocused();
  await ring.question("Rotate").getByRole("button", { name: "Cancel" }).click();
  await expect(ring.rotate).toBeFocused();
  await ring.confirm("Rotate");
  await expect(ring.outcome).toBeVisible({ timeout: 30_000 });
  await expect(ring.outcome).toBeFocused();
  await expect(ring.outcome).toContainText(before);
  await expect(ring.keys).toHaveCount(2);
  await expect(ring.active).not.toContainText(before);
  await expect(ring.keys.filter({ hasText: before })).toContainText("In grace: still accepted");

  await ring.confirm("Undo the rotation");
  await expect(ring.outcome).toContainText(`Active now: ${before}.`, { timeout: 30_000 });
  await expect(ring.active).toContainText(before);
  await page.reload();
  await expect(keys.heading).toBeVisible();
});

test("a revoke asks why, ends every session, and leaves an incident", async ({ page, admin, stranger, faults }) => {
  faults.expect(401, /^\/api\//);
  const theirs = await stranger.newPage();
  await signIn(theirs, admin);
  await signIn(page, admin);
  const keys = keysPage(page);
  await keys.open();
  const ring = keys.ring(SIGNING);
  const kid = (await ring.active.getByRole("heading").textContent()) ?? "";
  // Of two windows only the one in front has the focus.
  await page.bringToFront();
  await ring.revoke.click();
  await expect(ring.reason).toBeFocused();
  await expect(page.getByRole("group", { name: `Revoke ${kid}?` })).toContainText("yours too");
  await ring.cancel.click();
  await expect(ring.revoke).toBeFocused();

  await ring.revoke.click();
  await ring.revokeNow.click();
  await expect(ring.reason).toHaveAttribute("aria-invalid", "true");
  await ring.reason.fill("seen in <b>a</b> public repository");
  await ring.revokeNow.click();
  await expect(page).toHaveURL("/sign-in?next=/admin/keys&ended=key_revoked", { timeout: 30_000 });
  await expect(page.getByText("all sessions were ended")).toBeVisible();

  await theirs.goto("/profile");
  await expect(theirs).toHaveURL(/^[^?]*\/sign-in\?next=\/profile/);

  await signInPage(page).submitAs(admin);
  await expect(page).toHaveURL("/admin/keys");
  await expect(keys.incidents).toHaveCount(1);
  await expect(keys.incidents).toContainText(kid);
  await expect(keys.incidents).toContainText("seen in <b>a</b> public repository");
  await expect(ring.active).not.toContainText(kid);
});

test("the desk and the profile are modules of their own and lead to each other", async ({ page, admin }) => {
  await signIn(page, admin);
  const modules: string[] = [];
  page.on("request", (request) => {
    const name = /\/pkg\/(concierge[a-z-]*)\..*wasm$/.exec(request.url())?.[1];
    if (name !== undefined) modules.push(name);
  });
  await frame(page).house.click();
  await expect(page.getByRole("heading", { level: 1, name: "Accounts" })).toBeVisible();
  await frame(page).desk("Keys").click();
  await expect(keysPage(page).ring(SIGNING).rotate).toBeEnabled();
  await frame(page).profile.click();
  await expect(page.getByRole("heading", { level: 1, name: "Your profile" })).toBeVisible();
  await page.goBack();
  await expect(keysPage(page).ring(SIGNING).rotate).toBeEnabled();
  expect(new Set(modules)).toEqual(new Set(["concierge-admin", "concierge"]));
});

test("a ring is rotated with the keyboard alone", async ({ page, admin }) => {
  await signIn(page, admin);
  const keys = keysPage(page);
  await keys.open();
  const ring = keys.ring(SEALING);
  await expect(ring.rotate).toBeEnabled();
  await ring.rotate.focus();
  await page.keyboard.press("Enter");
  await expect(ring.question("Rotate")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(ring.outcome).toBeFocused({ timeout: 30_000 });
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

  test("the keys are looked at, and the command line is named", async ({ page, admin }) => {
    await signIn(page, admin);
    const keys = keysPage(page);
    await keys.open();
    await expect(keys.checks).toHaveCount(8);
    await expect(keys.ring(SIGNING).active).toHaveCount(1);
    await expect(keys.ring(SIGNING).rotate).toBeDisabled();
    await expect(keys.ring(SIGNING).revoke).toBeDisabled();
    // A search by text passes over what stands in a noscript.
    await expect(page.locator("noscript code").last()).toHaveText("concierge key revoke");
    await expect(page.locator("noscript code").last()).toBeVisible();
  });
});

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing on the keys in ${theme}, and nothing scrolls sideways`, async ({ page, admin }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`/?theme=${theme}`);
    await signIn(page, admin);
    const overflow = (): Promise<number> =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    for (const language of ["fr", "en"]) {
      await page.goto(`/admin/keys?lang=${language}`);
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expectAccessible(page);
      expect(await overflow(), language).toBeLessThanOrEqual(0);
    }
    const ring = keysPage(page).ring(SIGNING);
    await ring.rotate.click();
    await ring.revoke.click();
    await expect(ring.reason).toBeFocused();
    await expectAccessible(page);
    expect(await overflow(), "the questions").toBeLessThanOrEqual(0);
  });
}
