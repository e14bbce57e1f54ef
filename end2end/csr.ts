// The client-rendered build behind `trunk serve`: one journey through the same app without server rendering.
// `npm run csr`; Trunk must be on PATH (`scripts/tools.sh trunk`).
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { accessExpired, expect, newAccount, test as base } from "./fixtures.ts";
import { frame } from "./pages/frame.ts";
import { profilePage } from "./pages/profile.ts";
import { signInPage } from "./pages/sign_in.ts";
import { signUpPage } from "./pages/sign_up.ts";
import { type Server, end, freePort, run, startServer, untilReady } from "./server.ts";

const ROOT = resolve(import.meta.dirname, "..");
const BUILT_WITHIN = 15 * 60_000;

/** Trunk.toml as a person uses it, but for the port: a proxy given as an argument would be a second one. */
async function configure(server: Server): Promise<string> {
  const text = await readFile(join(ROOT, "Trunk.toml"), "utf8");
  const folder = join(ROOT, "target/csr");
  await mkdir(folder, { recursive: true });
  const moved = text.replaceAll("localhost:3000", new URL(server.url).host).replace('"crates/', '"../../crates/');
  await writeFile(join(folder, "Trunk.toml"), moved);
  return join(folder, "Trunk.toml");
}

const test = base.extend({
  // Building is not part of the time that a test may take.
  server: [
    async ({}, use) => {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      const server = await startServer({ CONCIERGE_ACCESS_TTL: "5s" });
      const config = ["--config", await configure(server), "--port", String(port)];
      const [trunk, log] = run("trunk", ["serve", "--offline", "--no-autoreload", ...config], process.env, ROOT);
      try {
        await untilReady(url, trunk, log, BUILT_WITHIN);
        await use({ ...server, url });
      } finally {
        await end(trunk);
        await server.stop();
      }
    },
    { scope: "test", timeout: BUILT_WITHIN },
  ],
});

test("sign-up, guard, silent refresh, sign-out", async ({ page, faults }) => {
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
