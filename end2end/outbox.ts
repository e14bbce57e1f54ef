// The mails that a test server wrote into its outbox folder instead of sending them.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "@playwright/test";

import type { Server } from "./server.ts";

/** Waits for the mail to `address` with a link to `path`, and gives the link. */
export async function mailedLink({ data }: Server, address: string, path: string): Promise<string> {
  let link: string | undefined;
  const look = async (): Promise<boolean> => {
    const texts = await mails(join(data, "outbox"));
    link = texts.filter((text) => text.includes(address)).flatMap((text) => linksTo(text, path))[0];
    return link !== undefined;
  };
  await expect.poll(look, { message: `a mail to ${address} with a link to ${path}`, timeout: 15_000 }).toBe(true);
  return link ?? "";
}

/** All mails as text, newest first. */
async function mails(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  // A name with a dot before it is a mail that is being written.
  const files = names.filter((name) => name.endsWith(".eml") && !name.startsWith(".")).sort().reverse();
  return Promise.all(files.map(async (name) => decoded(await readFile(join(folder, name), "utf8"))));
}

function linksTo(text: string, path: string): string[] {
  return text.match(/https?:\/\/[^\s"<>]+/g)?.filter((link) => new URL(link).pathname === path && link.includes("#")) ?? [];
}

/** Quoted-printable (RFC 2045) undone where a mail uses it; the links are ASCII. */
function decoded(mail: string): string {
  if (!/^Content-Transfer-Encoding: quoted-printable/im.test(mail)) return mail;
  return mail
    .replaceAll(/=\r?\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
