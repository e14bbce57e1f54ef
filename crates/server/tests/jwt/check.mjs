// Gives each token of standard input to an example and says what it made of it: the account, or why not.
//
//   node check.mjs EXAMPLE ORIGIN

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , example, origin] = process.argv;
const { asker, bearer, verifier } = await import(pathToFileURL(example));
const ask = asker?.(origin);
const verify = verifier?.(origin);

async function outcome(token) {
  const authorization = `Bearer ${token}`;
  return ask ? ((await ask(authorization))?.id ?? "nobody") : (await verify(bearer(authorization))).sub;
}

for await (const token of createInterface({ input: process.stdin })) {
  console.log(await outcome(token).catch((error) => `refused: ${error.code ?? error}`));
}
