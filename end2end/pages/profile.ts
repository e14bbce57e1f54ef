// The profile page.
import type { Locator, Page } from "@playwright/test";

export interface ProfilePage {
  heading: Locator;
  name: Locator;
  language: Locator;
  save: Locator;
  saved: Locator;
  download: Locator;
  close: Locator;
  confirmClose: Locator;
  problem: Locator;
  open(): Promise<void>;
  rename(name: string): Promise<void>;
}

export function profilePage(page: Page): ProfilePage {
  const name = page.getByLabel("Name", { exact: true });
  const save = page.getByRole("button", { name: "Save", exact: true });
  return {
    heading: page.getByRole("heading", { level: 1, name: "Your profile" }),
    name,
    language: page.getByRole("combobox", { name: "Language", exact: true }),
    save,
    saved: page.getByRole("status").filter({ hasText: "Saved." }),
    download: page.getByRole("button", { name: "Download my data", exact: true }),
    close: page.getByRole("button", { name: "Close my account", exact: true }),
    confirmClose: page.getByRole("button", { name: "Close my account for good", exact: true }),
    problem: page.getByRole("alert").filter({ visible: true }),
    async open() {
      await page.goto("/profile");
    },
    async rename(to) {
      await name.fill(to);
      await save.click();
    },
  };
}
