// Making an account and keeping it up to date.
import { expect, expectAccessible, newAccount, signIn, test } from "../fixtures.ts";
import { frame } from "../pages/frame.ts";
import { profilePage } from "../pages/profile.ts";
import { signInPage } from "../pages/sign_in.ts";
import { signUpPage } from "../pages/sign_up.ts";

test("a visitor signs up and is signed in", async ({ page }) => {
  const form = signUpPage(page);
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Create an account" }).click();
  await expect(form.heading).toBeVisible();

  const account = newAccount();
  await form.submitAs(account);

  await expect(page).toHaveURL("/profile");
  await expect(profilePage(page).name).toHaveValue(account.name);
  await expect(frame(page).signOut).toBeVisible();
});

test("a taken address and a short password are said beside the form, and nothing typed reaches the address bar", async ({
  page,
  account,
  faults,
}) => {
  faults.expect(409, "/api/auth/register");
  faults.expect(422, "/api/auth/register");
  const form = signUpPage(page);
  await form.open();

  await form.submitAs({ ...account, password: "short" });
  await expect(page.getByText("At least 15 characters, please.").first()).toBeVisible();
  await expect(form.password).toHaveAttribute("aria-invalid", "true");
  expect(page.url()).not.toContain("short");

  await form.submitAs({ ...account, password: "quiet marsh under a tall lantern" });
  await expect(form.problem).toContainText("already has an account");
  expect(page.url()).not.toContain("lantern");
});

test("a person changes their name, and it stays", async ({ page, account }) => {
  await signIn(page, account);
  const profile = profilePage(page);
  await profile.rename("Grace Écriture");
  await expect(profile.saved).toBeVisible();

  await page.reload();
  await expect(profile.name).toHaveValue("Grace Écriture");
});

test("a person changes their language, and it follows them to another browser", async ({ page, account, stranger }) => {
  await signIn(page, account);
  const profile = profilePage(page);
  await profile.language.selectOption({ label: "Français" });
  await profile.save.click();
  await expect(page.getByRole("status").filter({ hasText: /^(Saved\.|Enregistré\.)$/ })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Votre profil" })).toBeVisible();

  const elsewhere = await stranger.newPage();
  await signIn(elsewhere, account);
  await expect(elsewhere.getByRole("heading", { level: 1, name: "Votre profil" })).toBeVisible();
});

test("a person takes their data along as a file", async ({ page, account, browserName }) => {
  test.skip(browserName === "firefox", "its driver tells of no downloads");
  await signIn(page, account);
  const [download] = await Promise.all([page.waitForEvent("download"), profilePage(page).download.click()]);
  expect(download.suggestedFilename()).toBe("concierge-account.json");
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const data = JSON.parse(Buffer.concat(chunks).toString()) as { account: { email: string }; sessions: unknown[]; events: unknown[] };
  expect(data.account.email).toBe(account.email);
  expect(data.sessions).toHaveLength(1);
  expect(data.events.length).toBeGreaterThan(0);
});

test("a person closes their account, which ends its sessions and its password", async ({ page, context, account, faults }) => {
  faults.expect(401, "/api/auth/login");
  await signIn(page, account);
  const other = await context.newPage();
  await other.goto("/profile");
  await expect(profilePage(other).heading).toBeVisible();

  const profile = profilePage(page);
  await profile.close.click();
  await expect(page.getByText("Nobody can undo this")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(profile.confirmClose).toBeHidden();
  await profile.close.click();
  await profile.confirmClose.click();

  await expect(page).toHaveURL("/sign-in?done=closed");
  await expect(page.getByText("This account is closed.")).toBeVisible();
  await expect(signInPage(other).heading).toBeVisible();
  await signInPage(page).submitAs(account);
  await expect(signInPage(page).problem).toContainText("not right");
  await page.goto("/profile");
  await expect(page).toHaveURL(/\/sign-in\?next=\/profile/);
});

test("a visitor chooses a language, and it stays", async ({ page }) => {
  await page.goto("/sign-in");
  await frame(page).french.click();
  await expect(page.getByRole("heading", { level: 1, name: "Connexion" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "fr");

  await page.goto("/sign-up");
  await expect(page.getByRole("heading", { level: 1, name: "Créer votre compte" })).toBeVisible();
  await frame(page).english.click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("a visitor chooses a theme, and it stays", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Dark", exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.goto("/sign-in");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("link", { name: "System", exact: true }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});
