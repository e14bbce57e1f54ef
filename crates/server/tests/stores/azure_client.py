"""Azure Key Vault through Microsoft's own client.

    python azure_client.py get ADDRESS | put ADDRESS FILE | expire ADDRESS FILE | check

Identity, proxy and authority come from the environment.
"""

import os
import sys
from datetime import datetime, timedelta, timezone

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient


def client(identity=None, secret=None):
    credential = ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        identity or os.environ["AZURE_CLIENT_ID"],
        secret or os.environ["AZURE_CLIENT_SECRET"],
        disable_instance_discovery=True,
    )
    return SecretClient("https://concierge.vault.invalid", credential)


def refuses(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def check():
    """Everything the program relies on, as Microsoft's client knows Key Vault."""
    keeper = client()
    refuses(ResourceNotFoundError, lambda: keeper.get_secret("check"))
    first = keeper.set_secret("check", "one")
    second = keeper.set_secret("check", "two", content_type="application/toml")
    assert keeper.get_secret("check").value == "two"
    assert keeper.get_secret("check", first.properties.version).value == "one"
    listed = {one.version for one in keeper.list_properties_of_secret_versions("check")}
    assert listed == {first.properties.version, second.properties.version}
    refuses(ClientAuthenticationError, lambda: client(secret="another").get_secret("check"))
    reader = client("the-reader")
    assert reader.get_secret("check").value == "two"
    assert refuses(HttpResponseError, lambda: reader.set_secret("check", "three")).status_code == 403


if sys.argv[1] == "check":
    check()
else:
    name = sys.argv[2].rsplit("/", 1)[1]
    if sys.argv[1] == "get":
        print(client().get_secret(name).value, end="")
    else:
        with open(sys.argv[3], encoding="utf-8") as file:
            text = file.read()
        dates = {}
        if sys.argv[1] == "expire":
            dates["expires_on"] = datetime.now(timezone.utc) - timedelta(minutes=1)
        client().set_secret(name, text, **dates)
