// Every page, in each theme and language: accessible, and no wider than a small phone.
import { expect, expectAccessible, signIn, test } from "../fixtures.ts";

const GUEST_PAGES = ["/", "/setup", "/sign-up", "/sign-in", "/sign-in?ended=replaced", "/nowhere"];
const THEMES = ["light", "dark"];
const LANGUAGES = ["en", "fr"];

for (const theme of THEMES) {
  for (const language of LANGUAGES) {
    test(`axe finds nothing in ${theme}, ${language}`, async ({ page, account, faults }) => {
      faults.expect(404, "/nowhere");
      await page.goto(`/?lang=${language}`);
      await page.goto(`/?theme=${theme}`);
      for (const path of GUEST_PAGES) {
        await page.goto(path);
        await expect(page.locator("html")).toHaveAttribute("lang", language);
        await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
        await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
        await expect(page).toHaveTitle(/Concierge/);
        await expectAccessible(page);
      }
      if (language !== "en") return; // an account brings its own language
      await signIn(page, account);
      await expectAccessible(page);
    });
  }
}

test("the profile is accessible in French, too", async ({ page, account }) => {
  await signIn(page, account);
  await page.goto("/profile?lang=fr");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expectAccessible(page);
});

test.describe("on a small phone", () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test("nothing scrolls sideways", async ({ page, account, faults }) => {
    faults.expect(404, "/nowhere");
    const overflow = (): Promise<number> =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    for (const language of LANGUAGES) {
      await page.goto(`/?lang=${language}`);
      for (const path of GUEST_PAGES) {
        await page.goto(path);
        expect(await overflow(), `${path} in ${language}`).toBeLessThanOrEqual(0);
      }
    }
    await page.goto("/?lang=en");
    await signIn(page, account);
    expect(await overflow(), "/profile").toBeLessThanOrEqual(0);
  });
});

test("without a choice the theme follows the system", { tag: "@chromium" }, async ({ page }) => {
  const paper = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  const light = await paper();
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await paper()).not.toBe(light);
});
