"""Gives each token of standard input to an example and says what it made of it: the account, or why not.

    python3 check.py FOLDER ORIGIN
"""

import sys

import jwt

_, folder, origin = sys.argv
sys.path.insert(0, folder)
from concierge import Verifier  # noqa: E402

verify = Verifier(origin)
for line in sys.stdin:
    try:
        print(verify(line.strip())["sub"])
    except jwt.InvalidTokenError as error:
        print(f"refused: {error!r}")
