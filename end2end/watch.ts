// `cargo leptos watch` as `make dev` starts it: what is edited shows by itself, and the sign-in survives.
// `npm run watch` prints how long each change took to be seen. It edits a copy of the working tree.
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { type Page } from "@playwright/test";

import { expect, newAccount, test as base } from "./fixtures.ts";
import { profilePage } from "./pages/profile.ts";
import { signUpPage } from "./pages/sign_up.ts";
import { type Server, end, freePort, run, untilReady } from "./server.ts";
import { COPY, copyWorkingTree, edit } from "./working_copy.ts";

const BUILT_WITHIN = 20 * 60_000;
const SEEN_WITHIN = 5 * 60_000;

/** The settings of a second copy on other ports, given as a person gives them: in `.env`. */
async function writeSettings(url: string, port: number, reload: number): Promise<void> {
  const lines = [
    `CONCIERGE_LISTEN=127.0.0.1:${port}`,
    `CONCIERGE_PUBLIC_URL=${url}`,
    `LEPTOS_SITE_ADDR=127.0.0.1:${port}`,
    `LEPTOS_RELOAD_PORT=${reload}`,
  ];
  await writeFile(join(COPY, ".env"), `${lines.join("\n")}\n`);
}

const test = base.extend<{ server: Server }>({
  // Building is not part of the time that a test may take.
  server: [
    async ({}, use, testInfo) => {
      const [port, reload] = [await freePort(), await freePort()];
      const url = `http://localhost:${port}`;
      await copyWorkingTree();
      await writeSettings(url, port, reload);
      const target = resolve("..", process.env.CARGO_TARGET_DIR ?? "target");
      const env = { ...process.env, CARGO_TARGET_DIR: target };
      const [watch, log] = run("cargo", ["leptos", "watch", "--", "serve"], env, COPY);
      try {
        await untilReady(`${url}/readyz`, watch, log, BUILT_WITHIN);
        await use({ url, address: url, data: join(COPY, "data"), log, stop: () => end(watch) });
      } finally {
        await end(watch);
        await testInfo.attach("watch.log", { body: log(), contentType: "text/plain" });
      }
    },
    { scope: "test", timeout: BUILT_WITHIN },
  ],
});

/** Makes a change and waits until it is seen; prints how long that took. */
async function change(what: string, make: Promise<void>, seen: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  await make;
  await seen();
  console.log(`  ${what.padEnd(40)} ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

/** Something that only this document has: a reload takes it away. */
const mark = (page: Page): Promise<void> => page.evaluate(() => void Object.assign(window, { marked: true }));
const marked = (page: Page): Promise<boolean> => page.evaluate(() => "marked" in window).catch(() => true);

test("views, styles and handlers show by themselves, signed in all the while", async ({ page }) => {
  test.setTimeout(4 * SEEN_WITHIN);
  const account = newAccount();
  const profile = profilePage(page);
  const patient = { timeout: SEEN_WITHIN };
  await signUpPage(page).open();
  await signUpPage(page).submitAs(account);
  await expect(profile.heading).toBeVisible();

  const renamed = page.getByRole("heading", { level: 1, name: "Your edited profile" });
  await change(
    "a view, until the page shows it",
    edit("crates/app/src/text/table.rs", '"Your profile"', '"Your edited profile"'),
    () => expect(renamed).toBeVisible(patient),
  );
  await expect(profile.name).toHaveValue(account.name);

  await mark(page);
  await change(
    "a style, until the page shows it",
    edit("style/base.css", "body {\n  background: var(--paper);", "body {\n  background: rgb(1, 2, 3);"),
    () => expect(page.locator("body")).toHaveCSS("background-color", "rgb(1, 2, 3)", patient),
  );
  expect(await marked(page), "a style sheet is exchanged in place").toBe(true);

  await change(
    "a handler, until the page has reloaded",
    edit("crates/server/src/http/system.rs", '{ "https" } else { "http" }', '{ "https" } else { "edited" }'),
    () => expect.poll(() => marked(page), { ...patient, intervals: [100] }).toBe(false),
  );
  await expect(renamed).toBeVisible();
  await expect(profile.name).toHaveValue(account.name);
  expect(await (await page.request.get("/api/whoami")).json()).toHaveProperty("scheme", "edited");

  // The page is alive, and what it saves arrives.
  await profile.rename("Watching Reader");
  await expect(profile.saved).toBeVisible();
});
