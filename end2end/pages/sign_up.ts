// The sign-up page.
import type { Locator, Page } from "@playwright/test";

import { enter } from "./fields.ts";

export interface SignUpPage {
  heading: Locator;
  email: Locator;
  password: Locator;
  problem: Locator;
  open(): Promise<void>;
  submitAs(who: { email: string; password: string; name: string }): Promise<void>;
}

export function signUpPage(page: Page): SignUpPage {
  const name = page.getByLabel("Name (optional)", { exact: true });
  const email = page.getByLabel("E-mail address", { exact: true });
  const password = page.getByLabel("Password", { exact: true });
  const submit = page.getByRole("button", { name: "Create account" });
  return {
    heading: page.getByRole("heading", { level: 1, name: "Create your account" }),
    email,
    password,
    problem: page.getByRole("alert"),
    async open() {
      await page.goto("/sign-up");
    },
    async submitAs(who) {
      await name.fill(who.name);
      await enter(email, who.email);
      await password.fill(who.password);
      await submit.click();
    },
  };
}
