// The keys of the house.
import type { Locator, Page } from "@playwright/test";

export interface KeysPage {
  heading: Locator;
  checks: Locator;
  rings: Locator;
  incidents: Locator;
  problem: Locator;
  open(): Promise<void>;
  ring(name: string): RingCard;
}

export interface RingCard {
  heading: Locator;
  keys: Locator;
  rotate: Locator;
  undo: Locator;
  outcome: Locator;
  question(name: string): Locator;
  /** Presses a button and says yes to its question. */
  confirm(name: string): Promise<void>;
  /** The key that is in use. */
  active: Locator;
  revoke: Locator;
  reason: Locator;
  revokeNow: Locator;
  cancel: Locator;
}

export function keysPage(page: Page): KeysPage {
  const card = (name: string): Locator => page.getByRole("region", { name, exact: true });
  return {
    heading: page.getByRole("heading", { level: 1, name: "Keys", exact: true }),
    checks: card("Checklist").locator(".check-line"),
    rings: page.getByRole("region", { name: /ring$/ }),
    incidents: card("Incidents").locator(".ring-key"),
    problem: page.getByRole("alert"),
    async open() {
      await page.goto("/admin/keys");
    },
    ring(name) {
      const ring = card(name);
      const button = (label: string): Locator => ring.getByRole("button", { name: label, exact: true });
      const question = (label: string): Locator => ring.getByRole("group", { name: label, exact: true });
      const keys = ring.locator(".ring-key");
      const active = keys.filter({ hasText: "Active: in use" });
      return {
        heading: ring.getByRole("heading", { level: 2 }),
        keys,
        rotate: button("Rotate"),
        undo: button("Undo the rotation"),
        outcome: ring.getByText(/^Active now: /),
        question,
        async confirm(label) {
          await button(label).click();
          await question(label).getByRole("button", { name: label, exact: true }).click();
        },
        active,
        revoke: active.getByRole("button", { name: "Revoke and end every session" }),
        reason: ring.getByLabel("Reason", { exact: true }),
        revokeNow: button("Revoke now"),
        cancel: button("Cancel"),
      };
    },
  };
}
