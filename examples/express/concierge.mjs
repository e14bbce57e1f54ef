// Verifies Concierge's access tokens with its public keys.

import { createRemoteJWKSet, jwtVerify } from "jose";

/** A function from a token to its claims; it throws for a token that Concierge at this address did not make. */
export function verifier(origin) {
  // A minute, as the answer says: a key that was revoked is believed no longer than that.
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", origin), { cacheMaxAge: 60_000 });
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ["Ed25519"],
      typ: "at+jwt",
      issuer: origin,
      audience: origin,
      requiredClaims: ["sub", "sid", "iat", "nbf", "exp"],
      clockTolerance: 5,
    });
    return payload;
  };
}

/** The token of an `Authorization` header. */
export function bearer(authorization = "") {
  const [, token] = /^Bearer ([\w.-]+)$/i.exec(authorization) ?? [];
  return token;
}
