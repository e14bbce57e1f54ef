// The page that makes the first admin.
import type { Locator, Page } from "@playwright/test";

export interface SetupPage {
  heading: Locator;
  token: Locator;
  problem: Locator;
  submitAs(who: { email: string; password: string; name: string }): Promise<void>;
}

export function setupPage(page: Page): SetupPage {
  return {
    heading: page.getByRole("heading", { level: 1, name: "Set up Concierge" }),
    token: page.getByLabel("Setup token", { exact: true }),
    problem: page.getByRole("alert"),
    async submitAs(who) {
      await page.getByLabel("Name (optional)", { exact: true }).fill(who.name);
      await page.getByLabel("E-mail address", { exact: true }).fill(who.email);
      await page.getByLabel("Password", { exact: true }).fill(who.password);
      await page.getByRole("button", { name: "Create the first admin" }).click();
    },
  };
}
