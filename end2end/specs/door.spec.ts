// Ways to arrive that are not the plain one: another host name, a link from another site, no cookies.
import { once } from "node:events";
import { createServer } from "node:http";

import { expect, lineTest, signIn, test } from "../fixtures.ts";
import { frame } from "../pages/frame.ts";
import { profilePage } from "../pages/profile.ts";
import { signInPage } from "../pages/sign_in.ts";
import { freePort } from "../server.ts";

test("under another host name a page says where the right door is", async ({ page, server, faults }) => {
  faults.expect(421, /.*/);
  const { port } = new URL(server.url);
  // Browsers take every name under localhost for this machine.
  const answer = await page.goto(`http://another.localhost:${port}/sign-in`);
  expect(answer?.status()).toBe(421);
  await expect(page.getByRole("link", { name: server.url }).first()).toHaveAttribute("href", new RegExp(`^${server.url}/?$`));
  await expect(page.locator("script")).toHaveCount(0);
  expect(await page.context().cookies()).toEqual([]);

  await page.getByRole("link", { name: server.url }).first().click();
  await expect(page).toHaveURL(new RegExp(`^${server.url}/`));
});

test("a link from another site finds its reader signed in", async ({ page, server, account }) => {
  await signIn(page, account);
  const port = await freePort();
  const site = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Elsewhere</title><a href="${server.url}/profile">your profile</a>`);
  }).listen(port, "127.0.0.1");
  await once(site, "listening");

  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByRole("link", { name: "your profile" }).click();
  await expect(profilePage(page).heading).toBeVisible();
  await expect(page).toHaveURL(`${server.url}/profile`);

  site.closeAllConnections();
  site.close();
});

test("Back before the script has arrived leads to the page before, alive", async ({ page, account }) => {
  await signIn(page, account);
  const profile = profilePage(page);
  await expect(profile.save).toBeEnabled();
  await frame(page).security.click();
  await expect(page).toHaveURL("/security");

  let letGo = (): void => {};
  const late = new Promise<void>((resolve) => (letGo = resolve));
  await page.route("**/*.wasm", async (route) => {
    await late;
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await expect(page.getByRole("heading", { level: 1, name: "Security" })).toBeVisible();
  await page.evaluate(() => history.back());
  await expect(page).toHaveURL("/profile");
  letGo();
  await expect(profile.heading).toBeVisible();
  await expect(profile.save).toBeEnabled();
});

test("an unknown path is not found, in words", async ({ page, faults }) => {
  faults.expect(404, "/nowhere");
  const answer = await page.goto("/nowhere");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
});

lineTest("a browser that keeps no cookies is told so after signing in", async ({ page, line, account }) => {
  const form = signInPage(page);
  line.dropCookies();
  await form.open();
  await form.submitAs(account);
  await expect(page).toHaveURL(/\/sign-in\?.*code=cookies_blocked/);
  await expect(page.getByText(/cookie/i).first()).toBeVisible();
});
