// Pictures of every page for a person to judge, in test-results/screens: `npm run screenshots`.
import { expect, signIn, test } from "./fixtures.ts";

// Any setting gives a test a server of its own, and so a first admin of its own.
test.use({ settings: { CONCIERGE_REGISTRATION: "open" } });

const LANGUAGES = { en: [360, 768, 1440], fr: [360, 768, 1440] };
const THEMES = ["light", "dark"];
const PAGES = {
  home: "/",
  setup: "/setup",
  "sign-up": "/sign-up",
  "sign-in": "/sign-in",
  "sign-in-failed": "/sign-in?code=bad_credentials",
  "sign-in-ended": "/sign-in?ended=replaced",
  "not-found": "/nowhere",
  forgot: "/forgot",
  reset: "/reset",
  confirm: "/confirm?code=bad_credentials",
  "not-me": "/not-me",
  help: "/help",
  profile: "/profile",
  security: "/security",
  events: "/events",
  "second-factor": "/sign-in/second-factor",
  accounts: "/admin/accounts",
  "accounts-none": "/admin/accounts?query=nobody",
  invitations: "/admin/invitations",
  keys: "/admin/keys",
  monitor: "/monitor",
  alerts: "/admin/alerts",
  "all-events": "/admin/events",
  reports: "/admin/reports",
};

for (const theme of THEMES) {
  for (const [language, widths] of Object.entries(LANGUAGES)) {
    for (const width of widths) {
      test(`${theme} at ${width}, ${language}`, async ({ page, admin, account, faults }) => {
        const file = (name: string): string => `test-results/screens/${name}-${width}-${theme}-${language}.png`;
        faults.expect(404, "/nowhere");
        await page.setViewportSize({ width, height: Math.round(width < 768 ? width * 2 : width * 0.65) });
        await page.goto(`/?theme=${theme}`);
        await page.goto(`/?lang=${language}`);
        for (const [name, path] of Object.entries(PAGES)) {
          if (name === "profile") {
            // The words of the page of sign-in that the test knows are English.
            await page.goto("/?lang=en");
            await signIn(page, admin);
            await page.goto(`/?lang=${language}`);
          }
          await page.goto(path);
          await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
          await page.screenshot({ path: file(name), fullPage: true });
        }
        await page.goto(`/admin/accounts?query=${account.email}`);
        await page.getByRole("link", { name: account.email }).click();
        await page.getByRole("button", { name: /^(Delete for good|Supprimer définitivement)$/ }).click();
        await page.screenshot({ path: file("account"), fullPage: true });
        await page.goto("/admin/keys");
        await page.getByRole("button", { name: /^(Revoke and end|Révoquer et fermer)/ }).first().click();
        await expect(page.getByRole("textbox", { name: /^(Reason|Raison)$/ })).toBeFocused();
        await page.screenshot({ path: file("keys-revoke"), fullPage: true });
      });
    }
  }
}
