// The first start: a link made once, for one admin.
import { expect, newAccount, setupLink, test } from "../fixtures.ts";
import { profilePage } from "../pages/profile.ts";
import { setupPage } from "../pages/setup.ts";

// Any setting gives the test a server of its own, and so a first start of its own.
test.use({ settings: { CONCIERGE_REGISTRATION: "closed" } });

test("the setup link makes the first admin, once", async ({ page, server, stranger, faults }) => {
  faults.expect(401, "/api/setup");
  faults.expect(409, "/api/setup");
  const link = await setupLink(server);
  expect(link.origin).toBe(server.url);
  expect(link.pathname).toBe("/setup");

  await page.goto(link.href);
  const form = setupPage(page);
  await expect(form.token).toHaveValue(link.hash.replace(/^#(token=)?/, ""));
  await expect(page).toHaveURL("/setup");
  await form.submitAs(newAccount());
  await expect(page).toHaveURL("/profile");
  await expect(profilePage(page).heading).toBeVisible();

  const second = await stranger.newPage();
  await second.goto(link.href);
  const again = setupPage(second);
  await again.token.fill(link.hash.replace(/^#(token=)?/, ""));
  await again.submitAs(newAccount());
  await expect(again.problem).toBeVisible();
  await second.goto("/profile");
  await expect(second).toHaveURL(/\/sign-in\?next=/);
});

test("the last admin cannot close the account, and is told what to do first", async ({ page, server, faults }) => {
  faults.expect(409, "/api/account");
  const link = await setupLink(server);
  await page.goto(link.href);
  await expect(setupPage(page).token).not.toHaveValue("");
  await setupPage(page).submitAs(newAccount());
  await expect(page).toHaveURL("/profile");

  const profile = profilePage(page);
  await profile.close.click();
  await profile.confirmClose.click();
  await expect(profile.problem).toContainText("You are the last admin of this house.");
  await page.reload();
  await expect(profile.heading).toBeVisible();
});

test("a made-up token makes nobody an admin", async ({ page, faults }) => {
  faults.expect(401, "/api/setup");
  await page.goto("/setup");
  const form = setupPage(page);
  await form.token.fill("a-token-that-was-never-made");
  await form.submitAs(newAccount());
  await expect(form.problem).toBeVisible();
});

test("where registration is closed, sign-up says whom to ask", async ({ page }) => {
  await page.goto("/sign-up");
  await expect(page.getByText(/Sign-up is closed/)).toBeVisible();
});
