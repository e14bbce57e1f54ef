// The host live.
import type { Locator, Page } from "@playwright/test";

export interface MonitorPage {
  heading: Locator;
  standing: Locator;
  pause: Locator;
  goOn: Locator;
  alerts: Locator;
  charts: Locator;
  events: Locator;
  open(range?: string): Promise<void>;
  /** The number of a measure in the table: now, least, average or most. */
  number(measure: string, column: string): Locator;
  range(name: string): Locator;
  /** The line of a chart. */
  line(chart: string): Locator;
}

export function monitorPage(page: Page): MonitorPage {
  return {
    alerts: page.getByRole("region", { name: "Alerts right now" }),
    heading: page.getByRole("heading", { level: 1, name: "Monitor", exact: true }),
    standing: page.locator(".live-head").getByRole("status"),
    pause: page.getByRole("button", { name: "Pause", exact: true }),
    goOn: page.getByRole("button", { name: "Go on", exact: true }),
    charts: page.getByRole("img"),
    events: page.getByRole("region", { name: "Last security events" }).getByRole("listitem"),
    async open(range) {
      await page.goto(range === undefined ? "/monitor" : `/monitor?range=${range}`);
    },
    number(measure, column) {
      const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: measure, exact: true }) });
      return row.locator(`td[data-label="${column}"]`);
    },
    range(name) {
      return page.getByRole("navigation", { name: "Range" }).getByRole("link", { name, exact: true });
    },
    line(chart) {
      return page.getByRole("img", { name: chart, exact: true }).locator(".chart-line").first();
    },
  };
}
