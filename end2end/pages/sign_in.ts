// The sign-in page.
import type { Locator, Page } from "@playwright/test";

import { enter } from "./fields.ts";

export interface SignInPage {
  heading: Locator;
  email: Locator;
  password: Locator;
  remember: Locator;
  submit: Locator;
  problem: Locator;
  open(next?: string): Promise<void>;
  submitAs(who: { email: string; password: string }): Promise<void>;
}

export function signInPage(page: Page): SignInPage {
  const email = page.getByLabel("E-mail address", { exact: true });
  const password = page.getByLabel("Password", { exact: true });
  const submit = page.getByRole("button", { name: "Sign in", exact: true });
  return {
    heading: page.getByRole("heading", { name: "Sign in", exact: true }),
    email,
    password,
    remember: page.getByLabel("Stay signed in on this device"),
    submit,
    problem: page.getByRole("alert"),
    async open(next) {
      await page.goto(next === undefined ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`);
    },
    async submitAs(who) {
      await enter(email, who.email);
      await password.fill(who.password);
      await submit.click();
    },
  };
}
