// What happened: one's own events, and those of the house.
import type { Locator, Page } from "@playwright/test";

export interface EventsPage {
  heading: Locator;
  /** One for each event. */
  rows: Locator;
  older: Locator;
  newest: Locator;
  csv: Locator;
  jsonl: Locator;
  open(): Promise<void>;
  /** The events of these words. */
  of(title: string): Locator;
}

export interface AllEventsPage extends EventsPage {
  event: Locator;
  severity: Locator;
  account: Locator;
  since: Locator;
  filter: Locator;
}

function list(page: Page, path: string, heading: string): EventsPage {
  const rows = page.locator("main li.event");
  return {
    heading: page.getByRole("heading", { level: 1, name: heading, exact: true }),
    rows,
    older: page.getByRole("link", { name: "Older", exact: true }),
    newest: page.getByRole("link", { name: "Newest", exact: true }),
    csv: page.getByRole("link", { name: "as a table (CSV)" }),
    jsonl: page.getByRole("link", { name: "as JSON lines" }),
    async open() {
      await page.goto(path);
    },
    of: (title) => rows.filter({ has: page.getByRole("heading", { level: 2, name: title }) }),
  };
}

export function eventsPage(page: Page): EventsPage {
  return list(page, "/events", "Your security events");
}

export function allEventsPage(page: Page): AllEventsPage {
  const main = page.getByRole("main");
  return {
    ...list(page, "/admin/events", "Security events"),
    event: main.getByLabel("Event", { exact: true }),
    severity: main.getByLabel("Severity", { exact: true }),
    account: main.getByLabel("Account id", { exact: true }),
    since: main.getByLabel("Since (UTC)", { exact: true }),
    filter: main.getByRole("button", { name: "Filter", exact: true }),
  };
}
