// What surrounds every page: navigation, sign-out, language and theme.
import type { Locator, Page } from "@playwright/test";

export interface Frame {
  signOut: Locator;
  signOutEverywhere: Locator;
  signIn: Locator;
  profile: Locator;
  security: Locator;
  accounts: Locator;
  french: Locator;
  english: Locator;
}

export function frame(page: Page): Frame {
  return {
    signOut: page.getByRole("button", { name: /^(Sign out|Se déconnecter)$/ }),
    signOutEverywhere: page.getByRole("button", { name: "Sign out everywhere" }),
    signIn: page.getByRole("link", { name: "Sign in", exact: true }),
    profile: page.getByRole("link", { name: "Profile", exact: true }),
    security: page.getByRole("link", { name: "Security", exact: true }),
    accounts: page.getByRole("link", { name: "Accounts", exact: true }),
    french: page.getByRole("link", { name: "Français" }),
    english: page.getByRole("link", { name: "English" }),
  };
}
