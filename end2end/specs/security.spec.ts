// The security page: where one is signed in, ending it, and changing the password.
import { expect, expectAccessible, signIn, test } from "../fixtures.ts";
import { mailedLink } from "../outbox.ts";
import { profilePage } from "../pages/profile.ts";
import { securityPage } from "../pages/security.ts";

const NEW_PASSWORD = "nine paper boats sink";

test.describe("with several sessions", () => {
  test.use({ settings: { CONCIERGE_SESSIONS_PER_ACCOUNT: "5" } });

  test("ending all others signs another browser out at once", async ({ page, account, browser, server }) => {
    await signIn(page, account);
    const elsewhere = await browser.newContext({ baseURL: server.url });
    const other = await elsewhere.newPage();
    await signIn(other, account);

    const form = securityPage(page);
    await form.open();
    // The program that registered is signed in as well.
    await expect(form.sessions).toHaveCount(3);
    await expect(form.sessions.filter({ hasText: "This device" })).toHaveCount(1);
    await form.endOthers.click();
    await form.confirmEndOthers.click();
    await expect(form.ended).toBeVisible();
    await expect(form.sessions).toHaveCount(1);

    await other.goto("/profile");
    await expect(other).toHaveURL(/\/sign-in/);
    await elsewhere.close();
  });

  test("a changed password signs another browser out, which says why", async ({ page, account, stranger, faults }) => {
    faults.expect(401, /^\/api\/(profile|auth\/refresh)$/);
    await signIn(page, account);
    const elsewhere = await stranger.newPage();
    await signIn(elsewhere, account);

    const form = securityPage(page);
    await form.open();
    await form.current.fill(account.password);
    await form.newPassword.fill(NEW_PASSWORD);
    await form.change.click();
    await expect(form.changed).toBeVisible();

    const why = elsewhere.getByText("your password was changed");
    await profilePage(elsewhere).save.click();
    await expect(why).toBeVisible();
    // The guard on the server knows it as well.
    await elsewhere.goto("/security");
    await expect(elsewhere).toHaveURL("/sign-in?next=/security&ended=password_changed");
    await expect(why).toBeVisible();
  });
});

test("an action that needs a recent proof asks for it in place and goes on", async ({ page, server, account, faults }) => {
  faults.expect(403, "/api/account/email");
  faults.expect(401, "/api/auth/fresh");
  await signIn(page, account);
  const form = securityPage(page);
  await form.open();
  // Nobody waits ten minutes here: the first answer is the one that a stale sign-in gets.
  const stale = { type: "about:blank", title: "", status: 403, code: "fresh_sign_in_required", fields: [], request_id: "" };
  await page.route("**/api/account/email", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", json: stale }), { times: 1 });
  const address = `new-${account.email}`;
  await page.getByLabel("New e-mail address").fill(address);
  await page.getByRole("button", { name: "Send the confirmation" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  const password = dialog.getByLabel("Password", { exact: true });
  await expect(password).toBeFocused();
  await password.fill("certainly not this one");
  await password.press("Enter");
  await expect(dialog.getByRole("alert")).not.toBeEmpty();
  await password.fill(account.password);
  await password.press("Enter");
  await expect(dialog).toBeHidden();
  // Done with what was typed before, without another press.
  await page.goto(await mailedLink(server, address, "/confirm"));
  await page.getByRole("button", { name: "Confirm", exact: true }).click();
  // Whoever is signed in is led on from the page of sign-in.
  await expect(page).toHaveURL("/profile");
  await expect(page.getByText(address)).toBeVisible();
});

test("a changed password is the one that counts", async ({ page, account, faults }) => {
  faults.expect(401, "/api/password/change");
  await signIn(page, account);
  const form = securityPage(page);
  await form.open();
  await form.current.fill("four brass bells rang");
  await form.newPassword.fill(NEW_PASSWORD);
  await form.change.click();
  await expect(page.getByRole("alert").filter({ hasText: "not right" })).toBeVisible();
  await form.current.fill(account.password);
  await form.change.click();
  await expect(form.changed).toBeVisible();
  await page.context().clearCookies();
  await signIn(page, { ...account, password: NEW_PASSWORD });
});

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing on the security page in ${theme}`, async ({ page, account }) => {
    await page.goto(`/?theme=${theme}`);
    await signIn(page, account);
    for (const language of ["en", "fr"]) {
      await page.goto(`/security?lang=${language}`);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expectAccessible(page);
    }
  });
}
