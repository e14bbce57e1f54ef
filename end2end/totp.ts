// An authenticator app: codes of a key, by a generator that is not ours.
import { authenticator } from "otplib";

const STEP = 30_000;

/**
 * The code of a key, now or some steps ahead. A server takes each code once, and one a step ahead of its own
 * clock: so a test need not wait for the next half minute.
 */
export function totpCode(key: string, ahead = 0): string {
  return authenticator.clone({ epoch: Date.now() + ahead * STEP }).generate(key.replaceAll(/\s/g, ""));
}
