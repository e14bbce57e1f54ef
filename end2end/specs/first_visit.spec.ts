// What a first visit to the sign-in page loads: bytes as they are on the wire, and the number of requests.
import { expect, test } from "../fixtures.ts";
import { signInPage } from "../pages/sign_in.ts";

const TOTAL = 245_000;
const PAGE = 8_000;
const REQUESTS = 8;

// Of the release: what a debug build weighs says nothing.
test("the sign-in page stays within its budget", { tag: "@release" }, async ({ page, context }) => {
  const wire = await context.newCDPSession(page);
  const kinds = new Map<string, string>();
  const sizes = new Map<string, number>();
  wire.on("Network.responseReceived", ({ requestId, type, response }) => {
    if (response.url.startsWith("http")) kinds.set(requestId, type);
  });
  wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (kinds.has(requestId)) sizes.set(requestId, encodedDataLength);
  });
  await wire.send("Network.enable");

  await page.goto("/sign-in");
  await expect(signInPage(page).submit).toBeEnabled();
  await page.waitForLoadState("networkidle");

  const loaded = [...sizes].map(([id, bytes]) => ({ kind: kinds.get(id) ?? "", bytes }));
  const total = loaded.reduce((sum, { bytes }) => sum + bytes, 0);
  const list = loaded.map(({ kind, bytes }) => `${kind} ${bytes}`).join(", ");
  console.log(`first visit: ${total} bytes in ${loaded.length} requests (${list})`);
  expect(loaded.length, list).toBeLessThanOrEqual(REQUESTS);
  expect(total, list).toBeLessThanOrEqual(TOTAL);
  expect(loaded.find(({ kind }) => kind === "Document")?.bytes ?? 0, list).toBeLessThanOrEqual(PAGE);
});
