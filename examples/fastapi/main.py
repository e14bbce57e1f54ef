import os
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from concierge import Verifier

verify = Verifier(os.environ.get("CONCIERGE_PUBLIC_URL", "http://localhost:3000"))
app = FastAPI()


# Not `async`: FastAPI then runs it on a thread of its own, where reading the keys keeps nobody waiting.
def claims(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> dict:
    try:
        return verify(given.credentials)
    except jwt.InvalidTokenError:
        raise HTTPException(401, "unauthenticated", {"WWW-Authenticate": "Bearer"}) from None


@app.get("/orders")
def orders(caller: Annotated[dict, Depends(claims)]) -> dict:
    return {"account": caller["sub"], "orders": []}
