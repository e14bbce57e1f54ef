// What surrounds every page: navigation, sign-out, language and theme.
import type { Locator, Page } from "@playwright/test";

export interface Frame {
  signOut: Locator;
  signOutEverywhere: Locator;
  signIn: Locator;
  profile: Locator;
  security: Locator;
  events: Locator;
  /** To the pages of admins. */
  house: Locator;
  /** A page of admins, by its name in their navigation. */
  desk(name: string): Locator;
  french: Locator;
  english: Locator;
}

export function frame(page: Page): Frame {
  const house = page.getByRole("navigation", { name: "Pages of the house" });
  return {
    signOut: page.getByRole("button", { name: /^(Sign out|Se déconnecter)$/ }),
    signOutEverywhere: page.getByRole("button", { name: "Sign out everywhere" }),
    signIn: page.getByRole("link", { name: "Sign in", exact: true }),
    profile: page.getByRole("link", { name: "Profile", exact: true }),
    security: page.getByRole("link", { name: "Security", exact: true }),
    events: page.getByRole("link", { name: "Events", exact: true }),
    house: page.getByRole("link", { name: "House", exact: true }),
    desk: (name) => house.getByRole("link", { name, exact: true }),
    french: page.getByRole("link", { name: "Français" }),
    english: page.getByRole("link", { name: "English" }),
  };
}
