"""Verifies Concierge's access tokens with its public keys."""

import json
import time
import urllib.request

import jwt
from jwt.algorithms import OKPAlgorithm

try:
    # PyJWT knows Ed25519 by its older name, EdDSA.
    jwt.register_algorithm("Ed25519", OKPAlgorithm())
except ValueError:
    pass  # this version knows both


class Verifier:
    """From a token to its claims; raises `jwt.InvalidTokenError` for one that Concierge at `origin` did not make."""

    def __init__(self, origin: str):
        self.origin = origin
        self._keys: dict = {}
        self._read_at = float("-inf")

    def __call__(self, token: str) -> dict:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("not an access token")
        return jwt.decode(
            token,
            self._key(header.get("kid")),
            algorithms=["Ed25519"],
            issuer=self.origin,
            audience=self.origin,
            leeway=5,
            options={"require": ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"]},
        )

    def _key(self, kid):
        # A minute, as the answer says: a key that was revoked is believed no longer than that.
        # An unknown key is asked for at most every five seconds, however many made-up tokens come.
        age = time.monotonic() - self._read_at
        if age > 60 or (age > 5 and kid not in self._keys):
            with urllib.request.urlopen(self.origin + "/.well-known/jwks.json", timeout=5) as answer:
                found = json.load(answer)["keys"]
            self._keys = {key["kid"]: OKPAlgorithm.from_jwk(key) for key in found if key.get("alg") == "Ed25519"}
            self._read_at = time.monotonic()
        if kid not in self._keys:
            raise jwt.InvalidTokenError("unknown key")
        return self._keys[kid]
