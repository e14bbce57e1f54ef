// Getting back in with the mails of the house; with script and without.
import { expect, expectAccessible, signIn, test } from "../fixtures.ts";
import { mailedLink } from "../outbox.ts";
import { forgotPage, resetPage } from "../pages/recovery.ts";
import { signInPage } from "../pages/sign_in.ts";

const NEW_PASSWORD = "nine paper boats sink slowly";

test("a forgotten password is set anew with the link of the mail, once", async ({ page, server, account, faults }) => {
  faults.expect(401, "/api/password/reset");
  const forgot = forgotPage(page);
  await forgot.open();
  await forgot.email.fill(account.email);
  await forgot.send.click();
  await expect(forgot.sent).toBeVisible();

  const link = await mailedLink(server, account.email, "/reset");
  await page.goto(link);
  const reset = resetPage(page);
  await expect(reset.token).not.toHaveValue("");
  await expect(page).toHaveURL("/reset");
  await reset.password.fill(NEW_PASSWORD);
  await reset.set.click();
  await expect(page.getByText("Your new password is set.")).toBeVisible();
  await signIn(page, { ...account, password: NEW_PASSWORD });

  await page.goto(link);
  await expect(reset.token).not.toHaveValue("");
  await reset.password.fill(`${NEW_PASSWORD} again`);
  await reset.set.click();
  await expect(reset.problem).toContainText("This link or step has expired.");
});

test("a new password that is too short is told before anything is sent", async ({ page }) => {
  await page.goto("/reset#made-up");
  const reset = resetPage(page);
  await expect(reset.token).toHaveValue("made-up");
  await reset.password.fill("short");
  await reset.set.click();
  await expect(reset.password).toHaveAttribute("aria-invalid", "true");
});

test("a passphrase can be had for the asking", async ({ page }) => {
  await page.goto("/sign-up");
  const password = page.getByLabel("Password", { exact: true });
  await page.getByRole("button", { name: "Suggest a passphrase" }).click();
  await expect(password).toHaveAttribute("type", "text");
  await expect(password).toHaveValue(/^\S+(\W\S+){4}$/);
  await expect(page.getByText("Long enough.")).toBeVisible();
});

for (const [path, name, button] of [
  ["/confirm", "Confirm your address", "Confirm"],
  ["/not-me", "This was not me", "End every session"],
] as const) {
  test(`${path} waits for a press, and says when its link is too old`, async ({ page, faults }) => {
    faults.expect(401, /^\/api\//);
    await page.goto(`${path}#made-up`);
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    await expect(page.getByLabel("Token of the mail", { exact: true })).toHaveValue("made-up");
    await expect(page).toHaveURL(path);
    await page.getByRole("button", { name: button, exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("This link or step has expired.");
  });
}

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

  test("a password is asked for and set anew with a token pasted by hand", async ({ page, server, account }) => {
    const forgot = forgotPage(page);
    await forgot.open();
    await forgot.email.fill(account.email);
    await forgot.send.click();
    await expect(page).toHaveURL("/forgot?done=sent");
    await expect(forgot.sent).toBeVisible();

    const link = new URL(await mailedLink(server, account.email, "/reset"));
    await page.goto("/reset");
    const reset = resetPage(page);
    await reset.token.fill(link.hash.replace(/^#(token=)?/, ""));
    await reset.password.fill(NEW_PASSWORD);
    await reset.set.click();
    await expect(page).toHaveURL("/sign-in?done=password_reset");
    await signInPage(page).submitAs({ ...account, password: NEW_PASSWORD });
    await expect(page).toHaveURL("/profile");
  });

  test("an address without an account gets the same answer", async ({ page }) => {
    const forgot = forgotPage(page);
    await forgot.open();
    await forgot.email.fill("nobody@example.org");
    await forgot.send.click();
    await expect(forgot.sent).toBeVisible();
  });
});

for (const language of ["en", "fr"]) {
  test(`axe finds nothing on the ways back in, in ${language}`, async ({ page }) => {
    await page.goto(`/?lang=${language}`);
    for (const path of ["/forgot", "/forgot?done=sent", "/reset", "/confirm", "/not-me", "/help"]) {
      await page.goto(path);
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      await expectAccessible(page);
    }
  });
}
