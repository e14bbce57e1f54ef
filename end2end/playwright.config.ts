// How the journeys run: Debian's own browsers, every test with servers of its own (fixtures.ts).
import { defineConfig } from "@playwright/test";

const chromium = {
  browserName: "chromium" as const,
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

const firefox = {
  browserName: "firefox" as const,
  // For a picture Playwright adds a style to the page, which the content policy refuses and reports.
  screenshot: "off" as const,
  channel: "moz-firefox",
  launchOptions: { executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr" },
};

export default defineConfig({
  testDir: ".",
  outputDir: "test-results",
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  workers: 2,
  // What hangs is found by `expect`; a journey over many pages with axe takes Firefox a minute on two busy cores.
  timeout: 150_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: { locale: "en-US", video: "off", trace: "off", screenshot: "only-on-failure" },
  projects: [
    { name: "chromium", testMatch: "specs/*.spec.ts", use: chromium },
    {
      name: "firefox",
      testMatch: "specs/*.spec.ts",
      // Driven this way Firefox ignores the switches for JavaScript and for the system's theme, and only
      // Chromium tells the bytes on the wire.
      grepInvert: /@chromium/,
      testIgnore: ["specs/no_script.spec.ts", "specs/first_visit.spec.ts"],
      use: firefox,
    },
    { name: "csr", testMatch: "csr.ts", use: chromium },
    { name: "watch", testMatch: "watch.ts", use: chromium },
    { name: "screenshots", testMatch: "screenshots.ts", use: chromium },
  ],
});
