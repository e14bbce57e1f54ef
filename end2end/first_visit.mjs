// What a browser that was never here loads for a page with a form, and when the form answers: for `make bench`.
// Prints a list of visits as JSON: bytes on the wire by part, requests, and milliseconds from the navigation.
//
//   node first_visit.mjs URL VISITS
import { chromium } from "@playwright/test";
import { extname } from "node:path";

const [url, visits] = process.argv.slice(2);

// Submits the empty form again and again, until the page's own code takes the event: then it would check the
// fields and say what is missing, in place. The browser's own submission, which works from the start, is held.
function watchForm() {
  const attempt = () => {
    const form = document.querySelector("form[action^='/api/auth/']");
    const judge = (event) => {
      if (event.defaultPrevented) window.answeredAfter ??= performance.now();
      event.preventDefault();
    };
    if (form) {
      // Added last, so it comes after whatever the page listens with, wherever that is.
      window.addEventListener("submit", judge);
      form.requestSubmit();
      window.removeEventListener("submit", judge);
    }
    if (window.answeredAfter === undefined) setTimeout(attempt, 2);
  };
  attempt();
}

async function visit(browser) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  const names = new Map();
  const parts = {};
  let requests = 0;
  wire.on("Network.responseReceived", ({ requestId, response }) => {
    const { protocol, pathname } = new URL(response.url);
    if (protocol === "http:") names.set(requestId, extname(pathname).slice(1) || "html");
  });
  wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const part = names.get(requestId);
    if (part === undefined) return;
    requests += 1;
    parts[part] = (parts[part] ?? 0) + encodedDataLength;
  });
  await wire.send("Network.enable");
  await page.addInitScript(watchForm);
  await page.goto(url);
  const answers = await (await page.waitForFunction(() => window.answeredAfter)).jsonValue();
  await page.waitForLoadState("networkidle");
  const painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  await context.close();
  return { parts, requests, painted, answers };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const list = [];
for (let number = 0; number < Number(visits); number += 1) list.push(await visit(browser));
await browser.close();
console.log(JSON.stringify(list));
