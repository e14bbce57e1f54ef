import { createServer } from "node:http";

import { asker } from "./concierge.mjs";

const ask = asker(process.env.CONCIERGE_PUBLIC_URL ?? "http://localhost:3000");

const server = createServer(async (request, response) => {
  const send = (status, body) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  try {
    const account = await ask(request.headers.authorization);
    if (account) send(200, { account: account.id, transferred: true });
    else send(401, { code: "unauthenticated" });
  } catch {
    send(503, { code: "unavailable" });
  }
});

server.listen(4000, "127.0.0.1");
