// The alerts of the house.
import type { Locator, Page } from "@playwright/test";

export interface AlertsPage {
  heading: Locator;
  state: Locator;
  rules: Locator;
  channels: Locator;
  log: Locator;
  said: Locator;
  problem: Locator;
  secret: Locator;
  open(): Promise<void>;
  /** The row of a rule or a channel by its name. */
  row(card: Locator, name: string): Locator;
  makeChannel(name: string, way: string, to: string): Promise<void>;
  /** Gives a channel another address. */
  lead(name: string, to: string): Promise<void>;
  makeRule(values: Record<string, string>): Promise<void>;
}

const WATCHED = "Event or metric";

export function alertsPage(page: Page): AlertsPage {
  const card = (name: string): Locator => page.getByRole("region", { name, exact: true });
  const rules = card("Rules");
  const channels = card("Channels");
  return {
    heading: page.getByRole("heading", { level: 1, name: "Alerts", exact: true }),
    state: card("Right now"),
    rules,
    channels,
    log: card("Latest messages"),
    said: page.locator("p.saved[role=status]").first(),
    problem: page.getByRole("alert"),
    secret: channels.getByLabel("Secret for checking signatures"),
    async open() {
      await page.goto("/admin/alerts");
    },
    row(within, name) {
      return within.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
    },
    async makeChannel(name, way, to) {
      await channels.getByLabel("Name of the channel").fill(name);
      await channels.getByLabel("Way", { exact: true }).selectOption(way);
      await channels.getByLabel("Mail address, or https address").fill(to);
      await channels.getByRole("button", { name: "Make the channel" }).click();
    },
    async lead(name, to) {
      await this.row(channels, name).getByRole("button", { name: "Change the address" }).click();
      await channels.getByLabel("Mail address, or https address").fill(to);
      await channels.getByRole("button", { name: "Save the address" }).click();
    },
    async makeRule(values) {
      for (const [label, value] of Object.entries(values)) {
        const field = rules.getByLabel(label);
        // What is watched is chosen, the rest is typed.
        await (label === WATCHED ? field.selectOption(value) : field.fill(value));
      }
      await rules.getByRole("button", { name: "Save the rule" }).click();
    },
  };
}
