// The security page: sessions, password, second factor, address.
import type { Locator, Page } from "@playwright/test";

export interface SecurityPage {
  heading: Locator;
  sessions: Locator;
  endOthers: Locator;
  confirmEndOthers: Locator;
  ended: Locator;
  current: Locator;
  newPassword: Locator;
  change: Locator;
  changed: Locator;
  open(): Promise<void>;
}

export function securityPage(page: Page): SecurityPage {
  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  const endOthers = button("End all others");
  return {
    heading: page.getByRole("heading", { level: 1, name: "Security" }),
    sessions: page.getByRole("main").getByRole("listitem"),
    endOthers,
    confirmEndOthers: page.getByRole("group", { name: "End all others" }).getByRole("button", { name: "End all others" }),
    ended: page.getByRole("status").filter({ hasText: "Ended." }),
    current: page.getByLabel("Current password", { exact: true }),
    newPassword: page.getByRole("textbox", { name: "New password", exact: true }),
    change: button("Change password"),
    changed: page.getByRole("status").filter({ hasText: "Your password is changed." }),
    async open() {
      await page.goto("/security");
    },
  };
}
