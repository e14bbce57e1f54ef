// A copy of the working tree in target/watch: what a journey edits there can't be left behind in the sources.
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "..");
/** What is built, and nothing that cargo or npm make of it; of .cargo/config.toml the one above the copy counts. */
const PARTS = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "clippy.toml", ".gitignore", "crates", "public", "style"];

export const COPY = join(ROOT, "target/watch");

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(COPY, folder), { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function write(path: string, bytes: Buffer): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(bytes)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** Makes the copy equal to the working tree. What is equal already keeps its time, so that cargo builds only the rest. */
export async function copyWorkingTree(): Promise<void> {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...PARTS];
  const { stdout } = await promisify(execFile)("git", list, { cwd: ROOT, maxBuffer: 1 << 24 });
  const wanted = new Set<string>();
  for (const path of stdout.split("\0").filter(Boolean)) {
    const bytes = await readFile(join(ROOT, path)).catch(() => undefined);
    if (bytes === undefined) continue; // deleted, not yet committed
    wanted.add(join(COPY, path));
    await write(join(COPY, path), bytes);
  }
  const held = (await Promise.all(PARTS.map(filesOf))).flat();
  await Promise.all(held.filter((path) => !wanted.has(path)).map((path) => rm(path)));
  await rm(join(COPY, "data"), { recursive: true, force: true });
}

/** Replaces one text in one file of the copy. */
export async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(COPY, path), "utf8");
  if (text.split(from).length !== 2) throw new Error(`${path} should hold ${JSON.stringify(from)} once`);
  await writeFile(join(COPY, path), text.replace(from, () => to));
}
