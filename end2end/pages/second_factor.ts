// The second step of a sign-in, and setting a second factor up.
import type { Locator, Page } from "@playwright/test";

export interface SecondFactorPage {
  heading: Locator;
  code: Locator;
  recoveryCode: Locator;
  continue: Locator;
  useRecovery: Locator;
  problem: Locator;
  expired: Locator;
}

export function secondFactorPage(page: Page): SecondFactorPage {
  return {
    heading: page.getByRole("heading", { level: 1, name: "Second step" }),
    code: page.getByLabel("Code", { exact: true }),
    recoveryCode: page.getByLabel("Recovery code", { exact: true }),
    continue: page.getByRole("button", { name: "Continue", exact: true }),
    useRecovery: page.getByRole("link", { name: "Use a recovery code" }),
    problem: page.getByRole("alert"),
    expired: page.getByText("This step has expired."),
  };
}

export interface EnrolPage {
  heading: Locator;
  begin: Locator;
  image: Locator;
  code: Locator;
  confirm: Locator;
  problem: Locator;
  open(): Promise<void>;
  /** The key in words, as a person types it into an app. */
  key(): Promise<string>;
}

export function enrolPage(page: Page): EnrolPage {
  return {
    heading: page.getByRole("heading", { level: 1, name: "Set up a second factor" }),
    begin: page.getByRole("button", { name: "Set up", exact: true }),
    image: page.getByRole("img", { name: "QR code with the key that is written below" }),
    code: page.getByLabel("Code from the app", { exact: true }),
    confirm: page.getByRole("button", { name: "Confirm", exact: true }),
    problem: page.getByRole("alert"),
    async open() {
      await page.goto("/sign-in/second-factor");
    },
    async key() {
      return page.getByRole("main").locator("code").innerText();
    },
  };
}
