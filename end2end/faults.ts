// Watches browsers for what must not happen: console errors, page errors, violations of the content security
// policy, answers and connections that fail. A test names the failures it expects by status and path.
import type { BrowserContext, ConsoleMessage } from "@playwright/test";

/** The status of a request that got no answer. */
export const NO_ANSWER = 0;

export class Faults {
  readonly #seen: { text: string; status?: number; path?: string }[] = [];
  readonly #expected: { status: number; path: string | RegExp }[] = [];

  /** This test expects answers of this status at this path. */
  expect(status: number, path: string | RegExp): void {
    this.#expected.push({ status, path });
  }

  /** What happened and was not expected. */
  unexpected(): string[] {
    return this.#seen.filter((fault) => !this.#isExpected(fault)).map(({ text }) => text);
  }

  /** Starts to watch every page of a context, those opened later included. */
  async watch(context: BrowserContext): Promise<void> {
    context.on("console", (message) => this.#onConsole(message));
    context.on("weberror", (error) => this.#seen.push({ text: `page error: ${error.error().stack ?? error.error().message}` }));
    context.on("response", (response) => {
      const status = response.status();
      if (status < 400) return;
      const path = new URL(response.url()).pathname;
      this.#seen.push({ text: `${status} ${response.request().method()} ${response.url()}`, status, path });
    });
    context.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText ?? "";
      if (/ABORT|CANCEL/i.test(reason)) return; // a navigation or a script gave it up
      const path = new URL(request.url()).pathname;
      this.#seen.push({ text: `${reason} ${request.method()} ${request.url()}`, status: NO_ANSWER, path });
    });
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (violation) => {
        console.error(`CSP: ${violation.violatedDirective} ${violation.blockedURI} ${violation.sample}`);
      });
    });
  }

  #onConsole(message: ConsoleMessage): void {
    // The browser's own line for a failed answer; the answer itself is judged above.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
    this.#seen.push({ text: `console: ${message.text()} (${message.location().url})` });
  }

  #isExpected(fault: { status?: number; path?: string }): boolean {
    return this.#expected.some(
      ({ status, path }) =>
        status === fault.status && (typeof path === "string" ? path === fault.path : path.test(fault.path ?? "")),
    );
  }
}
