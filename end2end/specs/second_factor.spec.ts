// The second step: setting it up, signing in with it, and without the app; with script and without.
import type { Page } from "@playwright/test";

import { type Account, expect, expectAccessible, signIn, test } from "../fixtures.ts";
import { frame } from "../pages/frame.ts";
import { recoveryCodesPage } from "../pages/recovery.ts";
import { enrolPage, secondFactorPage } from "../pages/second_factor.ts";
import { signInPage } from "../pages/sign_in.ts";
import { totpCode } from "../totp.ts";

/** Signs in and sets a factor up; gives its key and the recovery codes. */
async function enrol(page: Page, account: Account, scripted: boolean): Promise<{ key: string; codes: string[] }> {
  await signIn(page, account);
  const form = enrolPage(page);
  await form.open();
  await expect(form.heading).toBeVisible();
  await form.begin.click();
  await expect(form.image).toBeVisible();
  const key = await form.key();
  const made = recoveryCodesPage(page);
  const done = "/security/recovery-codes";
  await expect(async () => {
    if (!page.url().endsWith(done)) {
      await form.code.fill("");
      await form.code.fill(totpCode(key));
      // With script six digits send themselves, once the page lives: typed before, they wait for the button.
      if (!scripted) await form.confirm.click();
    }
    await expect(page).toHaveURL(done, { timeout: 3_000 });
  }).toPass();
  await expect(made.codes).toHaveCount(10);
  return { key, codes: await made.codes.allInnerTexts() };
}

/** Ends the session and enters the password again. */
async function passwordAgain(page: Page, account: Account, next?: string): Promise<void> {
  await frame(page).signOut.click();
  await expect(page).toHaveURL(/\/sign-in\?ended=signed_out/);
  const form = signInPage(page);
  await form.open(next);
  await form.submitAs(account);
  await expect(secondFactorPage(page).heading).toBeVisible();
}

for (const scripted of [true, false]) {
  test.describe(scripted ? "with script" : "without script", () => {
    test.use({ javaScriptEnabled: scripted });
    test.skip(({ browserName }) => !scripted && browserName === "firefox", "Firefox ignores the switch");

    test("a factor is set up, and a code of it leads on", async ({ page, account }) => {
      const { key } = await enrol(page, account, scripted);
      await recoveryCodesPage(page).kept.click();
      await expect(page).toHaveURL("/security");

      await passwordAgain(page, account, "/profile?from=guard");
      const step = secondFactorPage(page);
      const code = totpCode(key, 1);
      await step.code.fill(`${code.slice(0, 3)} ${code.slice(3)}`);
      if (!scripted) await step.continue.click();
      await expect(page).toHaveURL("/profile?from=guard");
    });

    test("a wrong code is told, and a recovery code stands in once", async ({ page, account, faults }) => {
      faults.expect(401, "/api/auth/login/totp");
      faults.expect(401, "/api/auth/login/recovery");
      const { key, codes } = await enrol(page, account, scripted);
      const [first = ""] = codes;
      await passwordAgain(page, account);
      const step = secondFactorPage(page);
      const right = totpCode(key, 1);
      await step.code.fill(right.startsWith("0") ? `1${right.slice(1)}` : `0${right.slice(1)}`);
      if (!scripted) await step.continue.click();
      await expect(step.problem).toContainText("The code is not right.");

      await step.useRecovery.click();
      await step.recoveryCode.fill(first);
      await step.continue.click();
      await expect(page).toHaveURL("/profile");

      await passwordAgain(page, account);
      await step.useRecovery.click();
      await step.recoveryCode.fill(first);
      await step.continue.click();
      await expect(step.problem).toContainText("The code is not right.");
    });

    test("codes that were kept are not shown again", async ({ page, account, faults }) => {
      faults.expect(404, "/api/recovery/codes");
      await enrol(page, account, scripted);
      const made = recoveryCodesPage(page);
      await page.reload();
      await expect(made.codes).toHaveCount(10);
      await made.kept.click();
      await expect(page).toHaveURL("/security");
      await page.goto("/security/recovery-codes");
      await expect(made.once).toBeVisible();
      await expect(made.codes).toHaveCount(0);
    });

    test("who has no step under way starts again", async ({ page }) => {
      await page.goto("/sign-in/second-factor");
      await expect(secondFactorPage(page).expired).toBeVisible();
      await page.getByRole("main").getByRole("link", { name: "Sign in", exact: true }).click();
      await expect(signInPage(page).heading).toBeVisible();
    });
  });
}

test("the codes can be taken along as a file", async ({ page, account, browserName }) => {
  test.skip(browserName === "firefox", "its driver tells of no downloads");
  const { codes } = await enrol(page, account, true);
  const made = recoveryCodesPage(page);
  const [download] = await Promise.all([page.waitForEvent("download"), made.download.click()]);
  expect(download.suggestedFilename()).toBe("concierge-recovery-codes.txt");
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe(`${codes.join("\n")}\n`);
});

test("on paper are the codes and what they are", async ({ page, account, browserName }) => {
  test.skip(browserName === "firefox", "its driver shows no page as printed");
  await enrol(page, account, true);
  const made = recoveryCodesPage(page);
  await page.emulateMedia({ media: "print" });
  await expect(made.heading).toBeVisible();
  await expect(made.codes.first()).toBeVisible();
  await expect(made.kept).toBeHidden();
  await expect(page.getByRole("navigation").first()).toBeHidden();
});

test("axe finds nothing from set-up to sign-in", async ({ page, account }) => {
  await signIn(page, account);
  const form = enrolPage(page);
  await form.open();
  await expectAccessible(page);
  await form.begin.click();
  await expect(form.image).toBeVisible();
  await expectAccessible(page);
  await form.code.fill(totpCode(await form.key()));
  await expect(recoveryCodesPage(page).codes).toHaveCount(10);
  await expectAccessible(page);
  await passwordAgain(page, account);
  await expectAccessible(page);
  await secondFactorPage(page).useRecovery.click();
  await expect(secondFactorPage(page).recoveryCode).toBeVisible();
  await expectAccessible(page);
});
