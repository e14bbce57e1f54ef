// Getting back in: recovery codes, a forgotten password, and the pages that mails link to.
import type { Locator, Page } from "@playwright/test";

export interface RecoveryCodesPage {
  heading: Locator;
  codes: Locator;
  copy: Locator;
  download: Locator;
  print: Locator;
  kept: Locator;
  once: Locator;
}

export function recoveryCodesPage(page: Page): RecoveryCodesPage {
  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  return {
    heading: page.getByRole("heading", { level: 1, name: "Recovery codes" }),
    codes: page.getByRole("main").getByRole("listitem"),
    copy: button("Copy"),
    download: button("Download"),
    print: button("Print"),
    kept: button("I kept them"),
    once: page.getByText("Recovery codes are shown only once"),
  };
}

export interface ForgotPage {
  heading: Locator;
  email: Locator;
  send: Locator;
  sent: Locator;
  notMe: Locator;
  open(): Promise<void>;
}

export function forgotPage(page: Page): ForgotPage {
  return {
    heading: page.getByRole("heading", { level: 1, name: "Forgotten password" }),
    email: page.getByLabel("E-mail address", { exact: true }),
    send: page.getByRole("button", { name: "Send the link" }),
    sent: page.getByText("If this address has an account, a mail is on its way."),
    notMe: page.getByText("Every session has ended."),
    async open() {
      await page.goto("/forgot");
    },
  };
}

export interface ResetPage {
  heading: Locator;
  token: Locator;
  password: Locator;
  set: Locator;
  problem: Locator;
}

export function resetPage(page: Page): ResetPage {
  return {
    heading: page.getByRole("heading", { level: 1, name: "New password" }),
    token: page.getByLabel("Token of the mail", { exact: true }),
    // The card is named after its heading, which says the same.
    password: page.getByRole("textbox", { name: "New password", exact: true }),
    set: page.getByRole("button", { name: "Set the password" }),
    problem: page.getByRole("alert"),
  };
}
