// The door without a line of script: the same forms, the same guards, answered by the server alone.
import { expect, newAccount, signIn, test } from "../fixtures.ts";
import { frame } from "../pages/frame.ts";
import { profilePage } from "../pages/profile.ts";
import { signInPage } from "../pages/sign_in.ts";
import { signUpPage } from "../pages/sign_up.ts";

test.use({ javaScriptEnabled: false });

test("a visitor signs up, signs out, fails to sign in and signs in", async ({ page }) => {
  const account = newAccount();
  await signUpPage(page).open();
  await signUpPage(page).submitAs(account);
  await expect(page).toHaveURL("/profile");
  await expect(profilePage(page).name).toHaveValue(account.name);

  await frame(page).signOut.click();
  await expect(page).toHaveURL("/sign-in?ended=signed_out");

  const form = signInPage(page);
  await form.submitAs({ ...account, password: "certainly not this one" });
  await expect(form.problem).toContainText("The e-mail address or the password is not right.");
  expect(page.url()).not.toContain("certainly");
  expect(page.url()).not.toContain("example.org");

  await form.submitAs(account);
  await expect(page).toHaveURL("/profile");
});

test.describe("with several sessions", () => {
  test.use({ settings: { CONCIERGE_SESSIONS_PER_ACCOUNT: "5" } });

  test("one signs out here, or everywhere", async ({ page, account, browser, server }) => {
    await signIn(page, account);
    const elsewhere = await browser.newContext({ baseURL: server.url, javaScriptEnabled: false });
    const other = await elsewhere.newPage();
    await signIn(other, account);

    await frame(other).signOut.click();
    await expect(other).toHaveURL("/sign-in?ended=signed_out");
    await page.reload();
    await expect(page).toHaveURL("/profile");

    await signIn(other, account);
    await frame(other).signOutEverywhere.click();
    await expect(other).toHaveURL("/sign-in?ended=signed_out");
    await page.reload();
    await expect(page).toHaveURL("/sign-in?next=/profile&ended=ended_elsewhere");
    await elsewhere.close();
  });
});

test("a guarded page leads back to itself", async ({ page, account }) => {
  await page.goto("/profile?from=guard");
  const form = signInPage(page);
  await form.submitAs({ ...account, password: "certainly not this one" });
  await expect(form.problem).toBeVisible();
  await form.submitAs(account);
  await expect(page).toHaveURL("/profile?from=guard");
});

test("a field that is not right is named", async ({ page }) => {
  const form = signUpPage(page);
  await form.open();
  await form.submitAs({ ...newAccount(), password: "short" });
  await expect(page.getByText("At least 15 characters, please.").first()).toBeVisible();
  await expect(form.password).toHaveAttribute("aria-invalid", "true");
  await expect(form.password).toHaveValue("");
});

test("language and theme can be chosen", async ({ page }) => {
  await page.goto("/sign-in");
  await frame(page).french.click();
  await expect(page.getByRole("heading", { level: 1, name: "Connexion" })).toBeVisible();
  await page.getByRole("link", { name: "Sombre", exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page).toHaveURL("/sign-in");
});
