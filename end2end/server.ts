// Starts the program under test: a real binary on a free port with a data folder of its own, stopped by its
// own process and leaving nothing behind.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Settings as environment variables, on top of those every test server has. */
export type Settings = Record<string, string>;

export interface Server {
  /** The public URL, without a slash at the end. */
  url: string;
  /** Where it listens, which a proxy may stand before. */
  address: string;
  /** Its data folder. */
  data: string;
  /** What it has written so far. */
  log(): string;
  stop(): Promise<void>;
}

const READY_WITHIN = 20_000;
const STOPPED_WITHIN = 10_000;
const ROOT = resolve(import.meta.dirname, "..");

/** The program under test. */
export function binary(): string {
  const build = process.env.CONCIERGE_BUILD ?? "release";
  const folder = build === "debug" ? (process.env.CARGO_TARGET_DIR ?? "target") : "target";
  return resolve(ROOT, process.env.CONCIERGE_BIN ?? join(folder, build, "concierge"));
}

export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  await once(listener, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

/** Waits until `url` answers with success, or the process has ended, or too long has passed. */
export async function untilReady(url: string, process: ChildProcess, log: () => string, within = READY_WITHIN): Promise<void> {
  const deadline = Date.now() + within;
  while (Date.now() < deadline && process.exitCode === null && process.signalCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await pause(50);
  }
  throw new Error(`${url} did not become ready\n${log()}`);
}

/** Asks a process to end, and ends it if it does not. */
export async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exit = once(process, "exit");
  process.kill("SIGTERM");
  const stopped = await Promise.race([exit, pause(STOPPED_WITHIN, undefined, { ref: false })]);
  if (stopped === undefined) {
    process.kill("SIGKILL");
    await exit;
  }
}

/** Runs a program, keeping what it writes. */
export function run(program: string, args: string[], env: NodeJS.ProcessEnv, cwd: string): [ChildProcess, () => string] {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let written = "";
  const keep = (chunk: Buffer): void => {
    written = (written + chunk.toString()).slice(-200_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  child.on("error", (error) => {
    written += `${program}: ${error.message}\n`;
  });
  return [child, () => written];
}

export async function startServer(settings: Settings = {}): Promise<Server> {
  const port = await freePort();
  const data = await mkdtemp(join(tmpdir(), "concierge-"));
  const env: Settings = {
    PATH: process.env.PATH ?? "",
    HOME: data,
    CONCIERGE_ENV: "test",
    CONCIERGE_DATA: data,
    CONCIERGE_LISTEN: `127.0.0.1:${port}`,
    CONCIERGE_PUBLIC_URL: `http://localhost:${port}`,
    CONCIERGE_ADDRESS_LIMIT_FACTOR: "1000",
    CONCIERGE_SIGN_IN_DEADLINE: "0s",
    ...(process.env.CONCIERGE_BUILD === "debug" ? { LEPTOS_SITE_ROOT: join(ROOT, "target/site") } : {}),
    ...settings,
  };
  const [child, log] = run(binary(), ["serve"], env, data);
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(data, { recursive: true, force: true });
  };
  try {
    await untilReady(`http://127.0.0.1:${port}/readyz`, child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: env.CONCIERGE_PUBLIC_URL ?? "", address: `http://127.0.0.1:${port}`, data, log, stop };
}
