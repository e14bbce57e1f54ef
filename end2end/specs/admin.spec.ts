// The admin desk: finding accounts, acting on one, inviting somebody; with script and, to look, without.
import { expect, expectAccessible, newAccount, register, signIn, test } from "../fixtures.ts";
import { accountPage, accountsPage, invitationsPage } from "../pages/admin.ts";
import { frame } from "../pages/frame.ts";
import { resetPage } from "../pages/recovery.ts";
import { signInPage } from "../pages/sign_in.ts";
import { signUpPage } from "../pages/sign_up.ts";

// Any setting gives the test a server of its own, and so a first admin of its own.
test.use({ settings: { CONCIERGE_REGISTRATION: "open" } });

const THEMES = ["light", "dark"];
const LANGUAGES = ["en", "fr"];
const NEW_PASSWORD = "nine paper boats sink slowly";

test("an account is found, locked and unlocked", async ({ page, admin, account, stranger, faults }) => {
  faults.expect(401, "/api/auth/login");
  await signIn(page, admin);
  await frame(page).house.click();
  const desk = accountsPage(page);
  await expect(desk.rows).toHaveCount(2);
  await desk.searchFor(account.email.toUpperCase());
  await expect(desk.rows).toHaveCount(1);
  await desk.link(account.email).click();
  await expect(page).toHaveURL(/\/admin\/accounts\?id=acc_[0-9a-f]{32}$/);

  const one = accountPage(page);
  await expect(page.getByRole("heading", { level: 2, name: account.email })).toBeVisible();
  // The program that registered is signed in.
  await expect(one.sessions).toHaveCount(1);
  await one.act("Lock").click();
  await expect(one.question("Lock")).toContainText("Sessions that end at once: 1.");
  await one.question("Lock").getByRole("button", { name: "Cancel" }).click();
  await one.confirm("Lock");
  await expect(one.said("The account is locked.")).toBeVisible();
  await expect(one.facts).toContainText("Locked since");
  await expect(one.sessions).toHaveCount(0);

  const theirs = await stranger.newPage();
  const door = signInPage(theirs);
  await door.open();
  await door.submitAs(account);
  await expect(door.problem).toContainText("The e-mail address or the password is not right.");

  await one.unlock.click();
  await expect(one.said("The account is open again.")).toBeVisible();
  await signIn(theirs, account);

  await one.back.click();
  await expect(desk.rows).toHaveCount(2);
});

test("a member becomes an admin and a member again, and is signed out by it", async ({ page, admin, account, stranger }) => {
  await signIn(page, admin);
  const desk = accountsPage(page);
  await desk.open(account.email);
  await desk.link(account.email).click();
  const one = accountPage(page);
  await one.confirm("Make admin");
  await expect(one.said("The account is an admin now.")).toBeVisible();
  await expect(one.sessions).toHaveCount(0);

  const theirs = await stranger.newPage();
  await signIn(theirs, account);
  await expect(frame(theirs).house).toBeVisible();
  await theirs.close();

  await page.reload();
  await expect(one.sessions).toHaveCount(1);
  await one.confirm("Sign out everywhere");
  await expect(one.said("Signed out everywhere.")).toBeVisible();
  await expect(one.act("Sign out everywhere")).toHaveCount(0);
  await one.confirm("Make member");
  await expect(one.said("The account is a member now.")).toBeVisible();
});

test("a reset link leads its owner back in", async ({ page, admin, account, stranger }) => {
  await signIn(page, admin);
  const desk = accountsPage(page);
  await desk.open(account.email);
  await desk.link(account.email).click();
  const one = accountPage(page);
  await one.resetLink.click();
  await expect(one.handed).toBeFocused();
  await expect(one.handed).toHaveAttribute("readonly", "");
  await expect(one.copy).toBeVisible();
  const link = await one.handed.inputValue();
  await page.reload();
  await expect(one.resetLink).toBeEnabled();
  await expect(one.handed).toHaveCount(0);

  const theirs = await stranger.newPage();
  await theirs.goto(link);
  const reset = resetPage(theirs);
  await expect(reset.token).not.toHaveValue("");
  await reset.password.fill(NEW_PASSWORD);
  await reset.set.click();
  await expect(theirs.getByText("Your new password is set.")).toBeVisible();
  await signIn(theirs, { ...account, password: NEW_PASSWORD });
});

test("an account is deleted for good", async ({ page, admin, account, stranger, faults }) => {
  faults.expect(401, "/api/auth/login");
  await signIn(page, admin);
  const desk = accountsPage(page);
  await desk.open(account.email);
  await desk.link(account.email).click();
  await accountPage(page).confirm("Delete for good");
  await expect(page).toHaveURL("/admin/accounts?done=deleted");
  await expect(desk.deleted).toBeVisible();
  await expect(desk.rows).toHaveCount(1);
  await desk.searchFor(account.email);
  await expect(desk.none).toBeVisible();

  const theirs = await stranger.newPage();
  const door = signInPage(theirs);
  await door.open();
  await door.submitAs(account);
  await expect(door.problem).toContainText("The e-mail address or the password is not right.");
});

test("nobody acts on themself", async ({ page, admin }) => {
  await signIn(page, admin);
  const desk = accountsPage(page);
  await desk.open();
  await desk.link(admin.email).click();
  const one = accountPage(page);
  await expect(one.own).toBeVisible();
  await expect(one.act("Lock")).toHaveCount(0);
  await expect(one.act("Delete for good")).toHaveCount(0);
});

test("to a member there is no such page", async ({ page, account, faults }) => {
  faults.expect(404, /^\/admin\//);
  await signIn(page, account);
  await expect(frame(page).house).toHaveCount(0);
  for (const path of ["/admin/accounts", "/admin/invitations", "/admin/keys", "/admin/reports"]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
    await expect(page.getByRole("heading")).toHaveCount(1);
  }
});

test("a name is nothing but text, however long and hostile", async ({ page, admin, server }) => {
  const hostile = { ...newAccount(), name: "<img src=/nowhere onerror=alert(1)></script><script>alert(1)</script>" };
  const long = { ...newAccount(), name: "w".repeat(100) };
  await register(server, hostile);
  await register(server, long);
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, admin);
  const overflow = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const desk = accountsPage(page);
  await desk.open();
  await expect(page.getByText(hostile.name)).toBeVisible();
  expect(await overflow()).toBeLessThanOrEqual(0);
  await desk.link(long.email).click();
  await expect(page.getByText(long.name)).toBeVisible();
  expect(await overflow()).toBeLessThanOrEqual(0);
  await invitationsPage(page).open();
  await expect(invitationsPage(page).none).toBeVisible();
  expect(await overflow()).toBeLessThanOrEqual(0);
});

test("an account is found with the keyboard alone", async ({ page, admin, account }) => {
  await signIn(page, admin);
  const desk = accountsPage(page);
  await desk.open();
  await expect(desk.query).toBeVisible();
  const tabTo = async (target: typeof desk.query): Promise<void> => {
    const isThere = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement);
    for (let step = 0; step < 30 && !(await isThere()); step += 1) await page.keyboard.press("Tab");
    await expect(target).toBeFocused();
  };
  await tabTo(desk.query);
  await page.keyboard.type(account.email);
  await page.keyboard.press("Enter");
  await expect(desk.rows).toHaveCount(1);
  await tabTo(desk.link(account.email));
  await page.keyboard.press("Enter");
  const one = accountPage(page);
  await expect(one.heading).toBeVisible();
  // Now the page lives: the way back is no page load, and the focus comes along.
  await expect(one.act("Lock")).toBeEnabled();
  await tabTo(one.back);
  await page.keyboard.press("Enter");
  await expect(desk.heading).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });
  test.skip(({ browserName }) => browserName === "firefox", "Firefox ignores the switch");

  test("an account is found and looked at", async ({ page, admin, account }) => {
    await signIn(page, admin);
    const desk = accountsPage(page);
    await desk.open();
    await expect(desk.rows).toHaveCount(2);
    await desk.searchFor("certainly nobody");
    await expect(desk.none).toBeVisible();
    await expect(desk.query).toHaveValue("certainly nobody");
    await desk.searchFor(account.email);
    await expect(desk.rows).toHaveCount(1);
    await desk.link(account.email).click();
    await expect(accountPage(page).sessions).toHaveCount(1);
    await expect(accountPage(page).act("Lock")).toBeDisabled();
  });
});

test("who is invited makes an account with the role that was meant", async ({ page, admin, stranger }) => {
  await signIn(page, admin);
  await accountsPage(page).open();
  await frame(page).desk("Invitations").click();
  const desk = invitationsPage(page);
  await expect(desk.none).toBeVisible();
  await desk.role.selectOption({ label: "Admin" });
  await desk.days.selectOption({ label: "1 day" });
  await desk.note.fill("Cy from <next> door");
  await desk.make.click();
  await expect(desk.handed).toBeFocused();
  await expect(desk.copy).toBeVisible();
  await expect(desk.invitations).toHaveCount(1);
  await expect(desk.invitations).toContainText("Cy from <next> door");
  await expect(desk.note).toHaveValue("");
  const link = new URL(await desk.handed.inputValue());
  expect(link.pathname).toBe("/sign-up");

  const theirs = await stranger.newPage();
  await theirs.goto(link.href);
  await expect(theirs.getByLabel("Invitation", { exact: true })).not.toHaveValue("");
  await expect(theirs).toHaveURL("/sign-up");
  await signUpPage(theirs).submitAs(newAccount());
  await expect(theirs).toHaveURL("/profile");
  await expect(frame(theirs).house).toBeVisible();

  await page.reload();
  await expect(desk.none).toBeVisible();
});

test("an invitation is taken back", async ({ page, admin }) => {
  await signIn(page, admin);
  const desk = invitationsPage(page);
  await desk.open();
  await desk.make.click();
  await expect(desk.invitations).toHaveCount(1);
  await expect(desk.handed).toBeVisible();
  await desk.takeBack();
  await expect(desk.takenBack).toBeVisible();
  await expect(desk.none).toBeVisible();
  await expect(desk.handed).toHaveCount(0);
});

for (const theme of THEMES) {
  test(`axe finds nothing on the desk in ${theme}`, async ({ page, admin, account }) => {
    await page.goto(`/?theme=${theme}`);
    await signIn(page, admin);
    for (const language of LANGUAGES) {
      for (const path of ["/admin/accounts", "/admin/accounts?query=nobody", "/admin/invitations", "/admin/reports"]) {
        await page.goto(`${path}${path.includes("?") ? "&" : "?"}lang=${language}`);
        await expect(page.locator("html")).toHaveAttribute("lang", language);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expectAccessible(page);
      }
    }
    await page.goto(`/admin/accounts?query=${account.email}&lang=en`);
    await accountsPage(page).link(account.email).click();
    const one = accountPage(page);
    await one.resetLink.click();
    await expect(one.handed).toBeVisible();
    await one.act("Delete for good").click();
    await expect(one.question("Delete for good")).toBeVisible();
    await expectAccessible(page);
    const invitations = invitationsPage(page);
    await invitations.open();
    await invitations.make.click();
    await expect(invitations.invitations).toHaveCount(1);
    await expect(invitations.handed).toBeVisible();
    await expectAccessible(page);
  });
}
