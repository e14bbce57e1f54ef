// A bad line between browser and server: it can lose an answer, keep a request back, or drop cookies.
import { type IncomingMessage, type ServerResponse, createServer, request as send } from "node:http";
import { once } from "node:events";

import { freePort } from "./server.ts";

export interface Proxy {
  /** The address for the browser, and so the server's public URL. */
  url: string;
  /** Forwards to this address; to be called once the server is there. */
  forwardTo(url: string): void;
  /** Loses the next answer to this path: the server acts, the browser never hears of it. */
  loseAnswer(path: string): Promise<void>;
  /** Keeps the next request to this path from the server until it is let go. */
  holdRequest(path: string): { arrived: Promise<void>; letGo: () => void };
  /** From now on no answer sets a cookie. */
  dropCookies(): void;
  close(): Promise<void>;
}

type Forward = (incoming: IncomingMessage, outgoing: ServerResponse, lose: boolean) => Promise<void>;

function forwarder(target: () => URL, keepsCookies: () => boolean): Forward {
  return async (incoming, outgoing, lose) => {
    const { hostname, port } = target();
    const upstream = send({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers });
    incoming.pipe(upstream);
    const [answer] = (await once(upstream, "response")) as [IncomingMessage];
    if (lose) {
      answer.resume();
      await once(answer, "end");
      outgoing.socket?.destroy();
      return;
    }
    const headers = { ...answer.headers };
    if (!keepsCookies()) delete headers["set-cookie"];
    outgoing.writeHead(answer.statusCode ?? 502, headers);
    answer.pipe(outgoing);
  };
}

/** A promise and the function that fulfils it. */
function signal(): { done: Promise<void>; fire: () => void } {
  let fire = (): void => {};
  const done = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { done, fire };
}

export async function openProxy(): Promise<Proxy> {
  const port = await freePort();
  const lost = new Map<string, () => void>();
  const held = new Map<string, { arrived: () => void; released: Promise<void> }>();
  let target = new URL("http://127.0.0.1");
  let cookies = true;
  const forward = forwarder(() => target, () => cookies);

  const listener = createServer((incoming, outgoing) => {
    void (async () => {
      const path = (incoming.url ?? "").split("?")[0] ?? "";
      const hold = held.get(path);
      held.delete(path);
      hold?.arrived();
      await hold?.released;
      const lose = lost.get(path);
      lost.delete(path);
      await forward(incoming, outgoing, lose !== undefined);
      lose?.();
    })().catch(() => outgoing.socket?.destroy());
  }).listen(port, "127.0.0.1");
  await once(listener, "listening");

  return {
    url: `http://localhost:${port}`,
    forwardTo(url) {
      target = new URL(url);
    },
    loseAnswer(path) {
      const { done, fire } = signal();
      lost.set(path, fire);
      return done;
    },
    holdRequest(path) {
      const arrival = signal();
      const release = signal();
      held.set(path, { arrived: arrival.fire, released: release.done });
      return { arrived: arrival.done, letGo: release.fire };
    },
    dropCookies() {
      cookies = false;
    },
    async close() {
      listener.closeAllConnections();
      listener.close();
      await once(listener, "close");
    },
  };
}
