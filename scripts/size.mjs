// Prints what a first visit loads, by part and compressed, against the budget; exits with 1 over it.
// The page itself is measured where it is rendered: end2end/specs/first_visit.spec.ts.
//
//   node scripts/size.mjs FOLDER
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

// In bytes. To raise one is a decision to write down, with figures. A visitor loads the module for visitors, whoever is
// signed in the members', and an admin at the desk the admins' or the one that keeps watch (ADR 8).
const BUDGET = {
  "concierge-visitor wasm": 215_000,
  "concierge-visitor js": 12_000,
  "concierge css": 10_000,
  "concierge wasm": 330_000,
  "concierge js": 12_000,
  "concierge-admin wasm": 330_000,
  "concierge-admin js": 12_000,
  "concierge-watch wasm": 330_000,
  "concierge-watch js": 12_000,
};
const NEAR = 0.9;

const folder = join(process.argv[2], "pkg");
const files = readdirSync(folder, { recursive: true }).map(String);

const sizeOf = (part) => {
  const [stem, ending] = part.split(" ");
  return files
    .filter((name) => name.startsWith(`${stem}.`) && name.endsWith(`.${ending}.br`))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
};

const kilobytes = (bytes) => (bytes / 1000).toFixed(1).padStart(6);

let over = false;
for (const [part, budget] of Object.entries(BUDGET)) {
  const size = sizeOf(part);
  if (size === 0) {
    console.error(`no compressed ${part} file in ${folder}`);
    process.exit(1);
  }
  over ||= size > budget;
  const verdict = size > budget ? "over the budget" : size > budget * NEAR ? "near the budget: trim" : "";
  const share = `${Math.round((size / budget) * 100)} %`;
  console.log(`  ${part.padEnd(23)}${kilobytes(size)} KB of ${kilobytes(budget)} KB  ${share.padStart(5)}  ${verdict}`.trimEnd());
}
process.exit(over ? 1 : 0);
