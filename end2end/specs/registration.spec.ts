// Getting an account where the address is confirmed first, and where the house is entered by invitation; with script
// and without.
import { execFileSync } from "node:child_process";

import { binary, type Server } from "../server.ts";
import { expect, expectAccessible, newAccount, test } from "../fixtures.ts";
import { mailedLink } from "../outbox.ts";
import { signInPage } from "../pages/sign_in.ts";
import { signUpPage } from "../pages/sign_up.ts";

const MAILED = "Look into your mailbox: the link confirms your address.";

/** An invitation made on the command line, beside the running server. */
function invitation({ data, url }: Server): string {
  const env = { PATH: process.env.PATH ?? "", CONCIERGE_ENV: "test", CONCIERGE_DATA: data, CONCIERGE_PUBLIC_URL: url };
  return execFileSync(binary(), ["account", "invite"], { env, cwd: data, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

test.describe("where addresses are confirmed", () => {
  test.use({ settings: { CONCIERGE_ADDRESS_CONFIRMATION: "required" } });

  test("the link of the mail makes the account, and the password opens it", async ({ page, server }) => {
    const account = newAccount();
    const form = signUpPage(page);
    await form.open();
    await form.submitAs(account);
    await expect(page.getByText(MAILED)).toBeVisible();
    await page.goto(await mailedLink(server, account.email, "/confirm"));
    await page.getByRole("button", { name: "Confirm", exact: true }).click();
    await expect(page.getByText("Your address is confirmed.")).toBeVisible();
    await signInPage(page).submitAs(account);
    await expect(page).toHaveURL("/profile");
  });

  test("the link works for who presses before the page is alive", async ({ page, server }) => {
    const account = newAccount();
    const form = signUpPage(page);
    await form.open();
    await form.submitAs(account);
    await expect(page.getByText(MAILED)).toBeVisible();
    // The module never comes.
    await page.route("**/*.wasm", () => {});
    await page.goto(await mailedLink(server, account.email, "/confirm"), { waitUntil: "commit" });
    await expect(page.getByLabel("Token of the mail")).not.toHaveValue("");
    await page.getByRole("button", { name: "Confirm", exact: true }).click();
    await expect(page.getByText("Your address is confirmed.")).toBeVisible();
  });

  test("another browser is asked for the password that was chosen", async ({ page, server, stranger, faults }) => {
    faults.expect(401, "/api/account/email/confirm");
    const account = newAccount();
    const form = signUpPage(page);
    await form.open();
    await form.submitAs(account);
    await expect(page.getByText(MAILED)).toBeVisible();
    const phone = await stranger.newPage();
    await phone.goto(await mailedLink(server, account.email, "/confirm"));
    const confirm = phone.getByRole("button", { name: "Confirm", exact: true });
    const password = phone.getByLabel("Password", { exact: true });
    await confirm.click();
    await expect(password).toBeFocused();
    await expect(phone.getByText("This browser is not the one that asked for this.")).toBeVisible();
    await expectAccessible(phone);
    await password.fill("something else altogether");
    await confirm.click();
    await expect(phone.getByRole("alert")).not.toBeEmpty();
    await password.fill(account.password);
    await confirm.click();
    await expect(phone.getByText("Your address is confirmed.")).toBeVisible();
  });

  test.describe("without script", () => {
    test.use({ javaScriptEnabled: false });
    test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

    test("the token is pasted by hand", async ({ page, server }) => {
      const account = newAccount();
      const form = signUpPage(page);
      await form.open();
      await form.submitAs(account);
      await expect(page.getByText(MAILED)).toBeVisible();
      const link = new URL(await mailedLink(server, account.email, "/confirm"));
      await page.goto("/confirm");
      await page.getByLabel("Token of the mail", { exact: true }).fill(link.hash.slice(1));
      await page.getByRole("button", { name: "Confirm", exact: true }).click();
      await expect(page).toHaveURL("/sign-in?done=confirmed");
      await signInPage(page).submitAs(account);
      await expect(page).toHaveURL("/profile");
    });
  });
});

test.describe("where the house is entered by invitation", () => {
  test.use({ settings: { CONCIERGE_REGISTRATION: "invite" } });

  test("the link of an invitation is good for one account", async ({ page, server, stranger, faults }) => {
    faults.expect(401, "/api/auth/register");
    const link = invitation(server);
    await page.goto(link);
    await expect(page.getByLabel("Invitation", { exact: true })).not.toHaveValue("");
    await expect(page).toHaveURL("/sign-up");
    await expectAccessible(page);
    await signUpPage(page).submitAs(newAccount());
    await expect(page).toHaveURL("/profile");

    const late = await stranger.newPage();
    await late.goto(link);
    await expect(late.getByLabel("Invitation", { exact: true })).not.toHaveValue("");
    await signUpPage(late).submitAs(newAccount());
    await expect(late.getByRole("alert")).toContainText("This link or step has expired.");
  });

  test("nobody gets in without one", async ({ page, faults }) => {
    faults.expect(403, "/api/auth/register");
    const form = signUpPage(page);
    await form.open();
    await form.submitAs(newAccount());
    await expect(page).toHaveURL("/sign-up");
    await expect(page.getByRole("alert")).not.toBeEmpty();
  });

  test.describe("without script", () => {
    test.use({ javaScriptEnabled: false });
    test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

    test("the invitation is pasted by hand", async ({ page, server }) => {
      const link = new URL(invitation(server));
      const form = signUpPage(page);
      await form.open();
      await page.getByLabel("Invitation", { exact: true }).fill(link.hash.slice(1));
      await form.submitAs(newAccount());
      await expect(page).toHaveURL(/^[^?]*\/profile/);
    });
  });
});
