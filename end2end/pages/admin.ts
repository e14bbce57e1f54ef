// The admin desk: the accounts, one account, the invitations.
import type { Locator, Page } from "@playwright/test";

export interface AccountsPage {
  heading: Locator;
  query: Locator;
  search: Locator;
  /** The accounts of the table, without its head. */
  rows: Locator;
  none: Locator;
  deleted: Locator;
  open(query?: string): Promise<void>;
  searchFor(text: string): Promise<void>;
  link(address: string): Locator;
}

export function accountsPage(page: Page): AccountsPage {
  const query = page.getByLabel("Address or name begins with", { exact: true });
  const search = page.getByRole("button", { name: "Search", exact: true });
  return {
    heading: page.getByRole("heading", { level: 1, name: "Accounts" }),
    query,
    search,
    rows: page.locator("tbody tr"),
    none: page.getByText(/^Nobody’s address or name begins with/),
    deleted: page.getByText("The account is deleted."),
    async open(text) {
      await page.goto(text === undefined ? "/admin/accounts" : `/admin/accounts?query=${encodeURIComponent(text)}`);
    },
    async searchFor(text) {
      await query.fill(text);
      await search.click();
    },
    link: (address) => page.getByRole("link", { name: address, exact: true }),
  };
}

export interface AccountPage {
  heading: Locator;
  back: Locator;
  facts: Locator;
  sessions: Locator;
  own: Locator;
  problem: Locator;
  resetLink: Locator;
  handed: Locator;
  copy: Locator;
  unlock: Locator;
  act(name: string): Locator;
  question(name: string): Locator;
  /** Presses the button of an act and says yes to its question. */
  confirm(name: string): Promise<void>;
  said(words: string): Locator;
}

export function accountPage(page: Page): AccountPage {
  // The menu signs out everywhere, too.
  const button = (name: string): Locator => page.getByRole("main").getByRole("button", { name, exact: true });
  const question = (name: string): Locator => page.getByRole("group", { name, exact: true });
  return {
    heading: page.getByRole("heading", { level: 1, name: "Account", exact: true }),
    back: page.getByRole("link", { name: "Back to the accounts" }),
    facts: page.locator(".facts"),
    sessions: page.getByRole("main").getByRole("listitem"),
    own: page.getByText("This is your own account"),
    problem: page.getByRole("alert"),
    resetLink: button("Make a link to a new password"),
    handed: page.getByLabel("Link to a new password, to hand to the owner"),
    copy: button("Copy"),
    unlock: button("Unlock"),
    act: button,
    question,
    async confirm(name) {
      await button(name).click();
      await question(name).getByRole("button", { name, exact: true }).click();
    },
    said: (words) => page.getByRole("status").filter({ hasText: words }),
  };
}

export interface InvitationsPage {
  heading: Locator;
  role: Locator;
  days: Locator;
  note: Locator;
  make: Locator;
  handed: Locator;
  copy: Locator;
  invitations: Locator;
  none: Locator;
  takenBack: Locator;
  open(): Promise<void>;
  takeBack(): Promise<void>;
}

export function invitationsPage(page: Page): InvitationsPage {
  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  return {
    heading: page.getByRole("heading", { level: 1, name: "Invitations" }),
    role: page.getByRole("combobox", { name: "Role of the new account" }),
    days: page.getByRole("combobox", { name: "The link works for" }),
    note: page.getByLabel("For whom (optional)", { exact: true }),
    make: button("Make the invitation"),
    handed: page.getByLabel("Link to hand to the person"),
    copy: button("Copy"),
    invitations: page.getByRole("main").getByRole("listitem"),
    none: page.getByText("No invitation is waiting."),
    takenBack: page.getByRole("status").filter({ hasText: "The invitation is taken back." }),
    async open() {
      await page.goto("/admin/invitations");
    },
    async takeBack() {
      await button("Take back").click();
      await page.getByRole("group", { name: "Take back" }).getByRole("button", { name: "Take back" }).click();
    },
  };
}
