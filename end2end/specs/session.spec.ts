// Staying signed in, and ceasing to be: expiry, several tabs, lost answers, sign-out, idleness.
import type { Page } from "@playwright/test";

import { accessExpired, expect, expectAccessible, lineTest, signIn, test } from "../fixtures.ts";
import { NO_ANSWER } from "../faults.ts";
import { frame } from "../pages/frame.ts";
import { profilePage } from "../pages/profile.ts";
import { signInPage } from "../pages/sign_in.ts";

/** A life that a test can outwait. */
const SHORT = { CONCIERGE_ACCESS_TTL: "5s" };

/** The statuses of the refreshes that a page makes from now on. */
function refreshesOf(page: Page): number[] {
  const statuses: number[] = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/api/auth/refresh") statuses.push(response.status());
  });
  return statuses;
}

test.describe("when the access token runs out", () => {
  test.use({ settings: SHORT });

  test("the page renews it and nobody notices", async ({ page, account, faults }) => {
    faults.expect(401, "/api/profile");
    await signIn(page, account);
    const refreshes = refreshesOf(page);
    await accessExpired(page);

    const profile = profilePage(page);
    await profile.rename("Renewed Reader");
    await expect(profile.saved).toBeVisible();
    expect(refreshes).toContain(200);
    expect(new Set(refreshes)).toEqual(new Set([200]));
  });

  test("a navigation renews it before the page is made", async ({ page, account }) => {
    await signIn(page, account);
    await page.goto("about:blank");
    await accessExpired(page);
    await page.goto("/profile");
    await expect(profilePage(page).heading).toBeVisible();
    await expect(page).toHaveURL("/profile");
  });

  test("two tabs renew it at once and both go on", async ({ page, context, account, faults }) => {
    faults.expect(401, "/api/profile");
    await signIn(page, account);
    const other = await context.newPage();
    await other.goto("/profile");
    await accessExpired(page);

    const tabs = [profilePage(page), profilePage(other)];
    await Promise.all(tabs.map((tab, number) => tab.rename(`Reader ${number}`)));
    for (const tab of tabs) await expect(tab.saved).toBeVisible();
    await other.reload();
    await expect(frame(other).signOut).toBeVisible();
  });
});

lineTest.describe("over a bad line", () => {
  lineTest.use({ settings: SHORT });

  lineTest("an answer to a refresh that got lost signs nobody out", async ({ page, line, account, faults }) => {
    faults.expect(401, "/api/profile");
    faults.expect(NO_ANSWER, "/api/auth/refresh");
    await signIn(page, account);
    await accessExpired(page);
    const lost = line.loseAnswer("/api/auth/refresh");

    const profile = profilePage(page);
    await profile.rename("Patient Reader");
    await lost;
    await expect(async () => {
      await profile.save.click({ timeout: 2_000 });
      await expect(profile.saved).toBeVisible({ timeout: 2_000 });
    }).toPass();
    await page.reload();
    await expect(profile.name).toHaveValue("Patient Reader");
  });

  lineTest("a late refresh of the old session leaves a new sign-in alone", async ({ page, context, line, account, faults }) => {
    faults.expect(401, "/api/profile");
    faults.expect(401, "/api/auth/refresh");
    await signIn(page, account);
    const other = await context.newPage();
    await other.goto("/profile");
    await accessExpired(page);

    const refresh = line.holdRequest("/api/auth/refresh");
    await profilePage(page).rename("Late Reader");
    await refresh.arrived;
    // Not through the form, which would wait for the refresh of its neighbour.
    const status = await other.evaluate(async ({ email, password }) => {
      const answer = await fetch("/api/auth/login", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ email, password }),
      });
      return answer.status;
    }, account);
    expect(status).toBe(200);
    const late = page.waitForResponse("**/api/auth/refresh");
    refresh.letGo();
    expect((await late).status()).toBe(401);

    await other.goto("/profile");
    await expect(other).toHaveURL("/profile");
    await expect(frame(other).signOut).toBeVisible();
  });
});

test("signing out in one tab is seen in the other", async ({ page, context, account }) => {
  await signIn(page, account);
  const other = await context.newPage();
  await other.goto("/profile");
  await expect(profilePage(other).heading).toBeVisible();

  await frame(page).signOut.click();
  await expect(page).toHaveURL(/\/sign-in\?ended=signed_out/);
  await expect(signInPage(other).heading).toBeVisible();
  await expect(frame(other).signOut).toBeHidden();

  await other.goto("/profile");
  await expect(other).toHaveURL(/\/sign-in\?next=/);
});

test("signing in on another device ends the session here, and says so", async ({ page, account, stranger, faults }) => {
  faults.expect(401, "/api/profile");
  faults.expect(401, "/api/auth/refresh");
  await signIn(page, account);
  const elsewhere = await stranger.newPage();
  await signIn(elsewhere, account);

  await profilePage(page).save.click();
  await expect(signInPage(page).heading).toBeVisible();
  await expect(page.getByText("you signed in on another device")).toBeVisible();
  await elsewhere.reload();
  await expect(profilePage(elsewhere).heading).toBeVisible();
});

test.describe("with several sessions", () => {
  test.use({ settings: { CONCIERGE_SESSIONS_PER_ACCOUNT: "5" } });

  test("one signs out here, or everywhere", async ({ page, account, stranger, faults }) => {
    faults.expect(401, /^\/api\/(profile|auth\/refresh)$/);
    await signIn(page, account);
    const elsewhere = await stranger.newPage();
    await signIn(elsewhere, account);

    await frame(elsewhere).signOut.click();
    await expect(elsewhere).toHaveURL("/sign-in?ended=signed_out");
    await page.reload();
    await expect(profilePage(page).heading).toBeVisible();

    await signIn(elsewhere, account);
    await frame(elsewhere).signOutEverywhere.click();
    await expect(elsewhere).toHaveURL("/sign-in?ended=signed_out");
    await profilePage(page).save.click();
    await expect(page.getByText("Your session was ended elsewhere")).toBeVisible();
  });
});

test("Back after a guard leads out, not round", async ({ page }) => {
  await page.goto("/");
  await page.goto("/profile");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.goBack();
  await expect(page).toHaveURL("/");
  await page.goForward();
  await expect(signInPage(page).heading).toBeVisible();
});

test("Back after signing out shows nothing of the account", async ({ page, account }) => {
  await signIn(page, account);
  await expect(profilePage(page).name).toHaveValue(account.name);
  await frame(page).signOut.click();
  await expect(signInPage(page).heading).toBeVisible();
  await page.goBack();
  await expect(signInPage(page).heading).toBeVisible();
  await expect(page.getByText(account.email)).toBeHidden();
});

test("a page brought back from the cache asks whether its session still lives", async ({ page, account, baseURL, faults }) => {
  faults.expect(401, /^\/api\/(profile|auth\/refresh)$/);
  await signIn(page, account);
  const answer = await page.request.post("/api/auth/logout", { headers: { Origin: baseURL ?? "" } });
  expect(answer.status()).toBe(204);

  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await expect(signInPage(page).heading).toBeVisible();
});

test.describe("when nobody is there", () => {
  test.describe("shortly before the end", () => {
    test.use({ settings: { CONCIERGE_SESSION_IDLE: "130s" } });

    test("a dialog asks, and one key keeps the session", async ({ page, account }) => {
      await signIn(page, account);
      const dialog = page.getByRole("dialog", { name: "Still there?" });
      await expect(dialog).toBeVisible({ timeout: 30_000 });
      const stay = dialog.getByRole("button", { name: "Stay signed in" });
      await expect(stay).toBeFocused();
      await expectAccessible(page);

      await page.keyboard.press("Enter");
      await expect(dialog).toBeHidden();
      await page.reload();
      await expect(profilePage(page).heading).toBeVisible();
    });
  });

  test.describe("after the end", () => {
    test.use({ settings: { CONCIERGE_SESSION_IDLE: "6s" } });

    test("sign-in is asked for, and says why", async ({ page, account, faults }) => {
      faults.expect(401, /^\/api\/(profile|auth\/refresh)$/);
      await signIn(page, account);
      await expect(signInPage(page).heading).toBeVisible({ timeout: 30_000 });
      await expect(page.getByText("nothing happened for a while")).toBeVisible();
      await expect(frame(page).signOut).toBeHidden();
    });
  });
});

test("a link to a page that the visitor's module lacks is followed by loading it", async ({ page }) => {
  const form = signInPage(page);
  await form.open();
  // What the router takes over, it takes over from now on.
  await expect(form.submit).toBeEnabled();
  await page.evaluate(() => {
    const link = Object.assign(document.createElement("a"), { href: "/profile?from=door", textContent: "Beyond" });
    document.querySelector("main")?.append(link);
  });
  const asked = page.waitForRequest((request) => request.isNavigationRequest());
  await page.getByRole("link", { name: "Beyond" }).click();
  expect(new URL((await asked).url()).pathname).toBe("/profile");
  await expect(page).toHaveURL("/sign-in?next=/profile%3Ffrom%3Ddoor");
  await page.goBack();
  await expect(page).toHaveURL("/sign-in");
});

test("Back after a sign-in leads out of the app, not to the form", async ({ page, account }) => {
  await page.goto("/");
  await signIn(page, account);
  await page.goBack();
  await expect(page).toHaveURL("/");
  // The page of a visitor may come from the browser's memory; it has to know who is signed in all the same.
  await expect(frame(page).signOut).toBeVisible();
});
