import express from "express";

import { bearer, verifier } from "./concierge.mjs";

const verify = verifier(process.env.CONCIERGE_PUBLIC_URL ?? "http://localhost:3000");
const app = express();

app.use(async (request, response, next) => {
  try {
    request.claims = await verify(bearer(request.headers.authorization));
  } catch {
    return response.status(401).set("WWW-Authenticate", "Bearer").json({ code: "unauthenticated" });
  }
  next();
});

app.get("/orders", (request, response) => {
  response.json({ account: request.claims.sub, orders: [] });
});

app.listen(4000, "127.0.0.1");
