// Filling fields in.
import type { Locator } from "@playwright/test";

/** Puts a text into a field. Firefox, driven this way, appends to an e-mail field that holds a text already. */
export async function enter(field: Locator, text: string): Promise<void> {
  if ((await field.inputValue()) !== text) await field.fill(text);
}
