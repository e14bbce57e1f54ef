// What every spec starts from: a server, a browser that is watched for faults, accounts, accessibility checks.
import { AxeBuilder } from "@axe-core/playwright";
import { type BrowserContext, type Page, expect, request, test as base } from "@playwright/test";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Faults } from "./faults.ts";
import { signInPage } from "./pages/sign_in.ts";
import { type Proxy, openProxy } from "./proxy.ts";
import { type Server, type Settings, startServer } from "./server.ts";

export { expect };

export interface Account {
  email: string;
  password: string;
  name: string;
}

interface TestFixtures {
  /** Settings of this test's server; with any, the test has a server of its own. */
  settings: Settings;
  server: Server;
  faults: Faults;
  /** A fresh account on the server, not signed in here. */
  account: Account;
  /** The first admin of a server of its own, not signed in here. */
  admin: Account;
  /** Another browser profile on the same server, watched like the first. */
  stranger: BrowserContext;
}

interface WorkerFixtures {
  sharedServer: Server;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  settings: [{}, { option: true }],

  sharedServer: [
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],

  server: async ({ settings, sharedServer }, use, testInfo) => {
    const own = Object.keys(settings).length > 0;
    const server = own ? await startServer(settings) : sharedServer;
    await use(server);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach("server.log", { body: server.log(), contentType: "text/plain" });
    }
    if (own) await server.stop();
  },

  baseURL: async ({ server }, use) => {
    await use(server.url);
  },

  faults: async ({}, use, testInfo) => {
    const faults = new Faults();
    await use(faults);
    if (testInfo.errors.length === 0) {
      expect(faults.unexpected(), "console errors, page errors, CSP violations, failed answers").toEqual([]);
    } else {
      // The picture of a failure is itself a fault in Firefox: it adds a style.
      await testInfo.attach("faults", { body: faults.unexpected().join("\n"), contentType: "text/plain" });
    }
  },

  context: async ({ context, faults }, use) => {
    await faults.watch(context);
    await use(context);
  },

  account: async ({ server }, use) => {
    const account = newAccount();
    await register(server, account);
    await use(account);
  },

  admin: async ({ server }, use) => {
    const admin = newAccount();
    const token = (await setupLink(server)).hash.replace(/^#(token=)?/, "");
    await send(server, "/api/setup", { token, ...admin }, 201);
    await use(admin);
  },

  stranger: async ({ browser, baseURL, faults }, use) => {
    const context = await browser.newContext({ ...(baseURL === undefined ? {} : { baseURL }), locale: "en-US" });
    await faults.watch(context);
    await use(context);
    await context.close();
  },
});

/** Like `test`, with a line between browser and server that the test can spoil. */
export const lineTest = test.extend<{ line: Proxy }>({
  line: async ({}, use) => {
    const line = await openProxy();
    await use(line);
    await line.close();
  },

  server: async ({ settings, line }, use) => {
    const server = await startServer({ ...settings, CONCIERGE_PUBLIC_URL: line.url });
    line.forwardTo(server.address);
    await use(server);
    await server.stop();
  },
});

/** An account that nobody has yet. */
export function newAccount(): Account {
  return {
    email: `reader-${randomUUID().slice(0, 8)}@example.org`,
    password: "tall lantern crosses quiet marsh",
    name: "Ada Reader",
  };
}

/** Makes an account through the API, as a client that is no browser. */
export async function register(server: Server, { email, password, name }: Account): Promise<void> {
  await send(server, "/api/auth/register", { email, password, name }, 201);
}

/** Fails to sign in through the API until further tries are held back. */
export async function failUntilHeldBack({ url }: Server, email: string): Promise<void> {
  const client = await request.newContext({ baseURL: url, extraHTTPHeaders: { Origin: url } });
  let status = 401;
  while (status === 401) {
    const answer = await client.post("/api/auth/login", { data: { email, password: "certainly not this one" } });
    status = answer.status();
  }
  expect(status).toBe(429);
  await client.dispose();
}

/** Sends a request that is answered with this status. */
async function send({ url }: Server, path: string, data: Record<string, string>, status: number): Promise<void> {
  const client = await request.newContext({ baseURL: url, extraHTTPHeaders: { Origin: url } });
  const answer = await client.post(path, { data });
  expect(answer.status(), await answer.text()).toBe(status);
  await client.dispose();
}

/** The link that the server wrote beside its database, since it has no terminal here. */
export async function setupLink({ data }: Server): Promise<URL> {
  return new URL((await readFile(join(data, "setup-link"), "utf8")).trim());
}

/** Signs in on the page as a person does; ends on the profile. */
export async function signIn(page: Page, account: Account): Promise<void> {
  const form = signInPage(page);
  await form.open();
  await form.submitAs(account);
  await expect(page).toHaveURL("/profile");
}

/** Waits until the access token has run out; asks without touching the page. */
export async function accessExpired(page: Page): Promise<void> {
  const ask = async (): Promise<number> => (await page.request.get("/api/profile")).status();
  await expect.poll(ask, { timeout: 30_000, intervals: [500] }).toBe(401);
}

/** Finds nothing against WCAG 2.2 AA, nor against axe's good practice. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  expect(found, page.url()).toEqual([]);
}
