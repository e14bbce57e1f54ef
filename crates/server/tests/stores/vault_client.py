"""Vault through hvac, to see what the program wrote and to write what it must read.

    python vault_client.py get PATH | put PATH FILE | check

PATH begins with the mount. Address and token come from VAULT_ADDR and VAULT_TOKEN.
"""

import os
import sys

import hvac
from hvac import exceptions


def refuses(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def get(client, mount, path):
    if mount == "old":
        return client.secrets.kv.v1.read_secret(path, mount_point=mount)["data"]
    found = client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
    return found["data"]["data"]


def put(client, mount, path, secret, **cas):
    if mount == "old":
        return client.secrets.kv.v1.create_or_update_secret(path, secret, mount_point=mount)
    return client.secrets.kv.v2.create_or_update_secret(path, secret, mount_point=mount, **cas)


def check(client):
    """Everything the program relies on, as hvac knows Vault."""
    for mount in ("secret", "old"):
        refuses(exceptions.InvalidPath, lambda: get(client, mount, "check"))
        put(client, mount, "check", {"keyring": "one"})
        assert get(client, mount, "check") == {"keyring": "one"}
    written = put(client, "secret", "cas", {"keyring": "one"}, cas=0)
    assert written["data"]["version"] == 1
    refuses(exceptions.InvalidRequest, lambda: put(client, "secret", "cas", {"keyring": "two"}, cas=0))
    refuses(exceptions.InvalidRequest, lambda: put(client, "secret", "cas", {"keyring": "two"}, cas=2))
    assert put(client, "secret", "cas", {"keyring": "two"}, cas=1)["data"]["version"] == 2
    assert get(client, "secret", "cas") == {"keyring": "two"}
    reader = hvac.Client(url=client.url, token="reader-token")
    assert get(reader, "secret", "cas") == {"keyring": "two"}
    refuses(exceptions.Forbidden, lambda: put(reader, "secret", "cas", {"keyring": "three"}))
    refuses(exceptions.Forbidden, lambda: get(hvac.Client(url=client.url, token="nobody"), "secret", "cas"))
    role = hvac.Client(url=client.url)
    refuses(exceptions.InvalidRequest, lambda: role.auth.approle.login("the-role", "another"))
    role.auth.approle.login("the-role", "the-secret")
    assert get(role, "secret", "cas") == {"keyring": "two"}
    for mode, kind in (("sealed", exceptions.VaultDown), ("busy", exceptions.RateLimitExceeded)):
        client.adapter.post("/stub", json={"mode": mode})
        refuses(kind, lambda: get(client, "secret", "cas"))
        client.adapter.post("/stub", json={"mode": "well"})


client = hvac.Client(url=os.environ["VAULT_ADDR"], token=os.environ["VAULT_TOKEN"])
if sys.argv[1] == "check":
    check(client)
elif sys.argv[1] == "get":
    mount, path = sys.argv[2].split("/", 1)
    print(get(client, mount, path)["keyring"], end="")
else:
    mount, path = sys.argv[2].split("/", 1)
    with open(sys.argv[3], encoding="utf-8") as file:
        put(client, mount, path, {"keyring": file.read()})
