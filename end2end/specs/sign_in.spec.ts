// Signing in: the way there and back, what goes wrong, and who it must work for.
import type { Locator, Page } from "@playwright/test";

import { expect, failUntilHeldBack, signIn, test } from "../fixtures.ts";
import { frame } from "../pages/frame.ts";
import { profilePage } from "../pages/profile.ts";
import { signInPage } from "../pages/sign_in.ts";

/** Presses Tab until `target` has the focus. */
async function tabTo(page: Page, target: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  await expect(target).toBeFocused();
}

test("a guarded page leads to sign-in and back to itself", async ({ page, account }) => {
  await page.goto("/profile?from=guard");
  const form = signInPage(page);
  await expect(form.heading).toBeVisible();
  expect(new URL(page.url()).searchParams.get("next")).toBe("/profile?from=guard");

  await form.submitAs(account);
  await expect(page).toHaveURL("/profile?from=guard");
  await expect(profilePage(page).heading).toBeVisible();
});

test("a wrong password and an unknown address get the same words", async ({ page, account, faults }) => {
  faults.expect(401, "/api/auth/login");
  const form = signInPage(page);
  for (const email of [account.email, "nobody-at-all@example.org"]) {
    await form.open();
    await form.submitAs({ email, password: "certainly not this one" });
    await expect(form.problem).toContainText("The e-mail address or the password is not right.");
    await expect(frame(page).signOut).toBeHidden();
    expect(page.url()).not.toContain("certainly");
  }
});

test("a next that leads elsewhere ends on the profile", async ({ page, account, context, baseURL }) => {
  const hostile = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "evil.example",
    " //evil.example",
    "/api/auth/logout",
    `/${"a".repeat(3000)}`,
  ];
  const form = signInPage(page);
  for (const next of hostile) {
    await context.clearCookies();
    await form.open(next);
    await form.submitAs(account);
    await expect(page, JSON.stringify(next.slice(0, 40))).toHaveURL(`${baseURL}/profile`);
  }
});

test("too many tries are held back for a moment, and the wait is counted down", async ({ page, context, server, account, faults }) => {
  faults.expect(429, "/api/auth/login");
  const form = signInPage(page);
  // The first wait is a second: on a busy machine it can be over before the click, which then signs in.
  await expect(async () => {
    await context.clearCookies();
    await form.open();
    await form.email.fill(account.email);
    await form.password.fill(account.password);
    await failUntilHeldBack(server, account.email);
    await form.submit.click();
    await expect(form.problem).toContainText("Too many tries.", { timeout: 2_000 });
  }).toPass();

  await expect(async () => {
    await form.submitAs(account);
    await expect(page).toHaveURL("/profile", { timeout: 2_000 });
  }).toPass();
});

test("the keyboard alone is enough", async ({ page, account }) => {
  await page.goto("/sign-in");
  await page.locator("body").press("Tab");
  const form = signInPage(page);
  await tabTo(page, form.email);
  await page.keyboard.type(account.email);
  await tabTo(page, form.password);
  await page.keyboard.type(account.password);
  await tabTo(page, form.remember);
  await page.keyboard.press("Space");
  await expect(form.remember).toBeChecked();
  await tabTo(page, form.submit);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/profile");

  // The page was loaded, so the keys begin at its top.
  await page.locator("body").press("Tab");
  await tabTo(page, frame(page).signOut);
  await page.keyboard.press("Enter");
  await expect(form.heading).toBeVisible();
});

test("the skip link comes first and leads to the content", async ({ page }) => {
  await page.goto("/");
  await page.locator("body").press("Tab");
  const skip = page.locator(":focus");
  await expect(skip).toHaveAttribute("href", /^#/);
  const target = (await skip.getAttribute("href")) ?? "";
  await page.keyboard.press("Enter");
  await expect(page.locator(target)).toBeInViewport();
});

test("the password can be shown and hidden again", async ({ page }) => {
  const form = signInPage(page);
  await form.open();
  await form.password.fill("tall lantern");
  // The button works once the app has taken the page over.
  await expect(async () => {
    await page.getByRole("button", { name: "Show password" }).click({ timeout: 2_000 });
    await expect(form.password).toHaveAttribute("type", "text", { timeout: 500 });
  }).toPass();
  await page.getByRole("button", { name: "Hide password" }).click();
  await expect(form.password).toHaveAttribute("type", "password");
  await expect(form.password).toHaveValue("tall lantern");
});

test("browsers and password managers are told what each field is", async ({ page }) => {
  const form = signInPage(page);
  await form.open();
  await expect(form.email).toHaveAttribute("autocomplete", "username");
  await expect(form.password).toHaveAttribute("autocomplete", "current-password");
});

test("who is signed in is led from sign-in to the profile, and Back leads out", async ({ page, account }) => {
  await signIn(page, account);
  await page.goto("/");
  await page.goto("/sign-in");
  await expect(page).toHaveURL("/profile");
  await page.goBack();
  await expect(page).toHaveURL("/");
});
