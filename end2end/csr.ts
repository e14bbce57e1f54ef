// The client-rendered build behind `trunk serve`: one journey through the same app without server rendering.
// `npm run csr`; Trunk must be on PATH (`scripts/tools.sh trunk`).
import { resolve } from "node:path";

import { accessExpired, expect, newAccount, test as base } from "./fixtures.ts";
import { frame } from "./pages/frame.ts";
import { profilePage } from "./pages/profile.ts";
import { signInPage } from "./pages/sign_in.ts";
import { signUpPage } from "./pages/sign_up.ts";
import { openProxy } from "./proxy.ts";
import { end, freePort, run, startServer, untilReady } from "./server.ts";

const BUILT_WITHIN = 15 * 60_000;

const test = base.extend({
  server: async ({}, use) => {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const server = await startServer({ CONCIERGE_PUBLIC_URL: url, CONCIERGE_ACCESS_TTL: "5s" });
    const line = await openProxy();
    line.forwardTo(server.address);
    const backend = ["--proxy-backend", `${line.url}/api`];
    const address = ["--address", "127.0.0.1", "--port", String(port)];
    const [trunk, log] = run("trunk", ["serve", "--offline", "--no-autoreload", ...address, ...backend], process.env, resolve(".."));
    try {
      await untilReady(url, trunk, log, BUILT_WITHIN);
      await use(server);
    } finally {
      await end(trunk);
      await line.close();
      await server.stop();
    }
  },
});

test("sign-up, guard, silent refresh, sign-out", async ({ page, faults }) => {
  test.setTimeout(BUILT_WITHIN + 60_000);
  faults.expect(401, "/api/profile");
  const account = newAccount();
  await page.goto("/sign-up");
  await signUpPage(page).submitAs(account);
  await expect(profilePage(page).heading).toBeVisible();

  await accessExpired(page);
  await profilePage(page).rename("Renewed Reader");
  await expect(profilePage(page).saved).toBeVisible();

  await frame(page).signOut.click();
  await expect(signInPage(page).heading).toBeVisible();
  await page.goto("/profile");
  await expect(signInPage(page).heading).toBeVisible();
  await signInPage(page).submitAs(account);
  await expect(profilePage(page).heading).toBeVisible();
});
