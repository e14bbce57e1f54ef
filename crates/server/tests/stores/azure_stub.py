"""Stands in for Azure Key Vault and for Entra, which hands out its tokens, as a proxy on a free port of this machine.

    python azure_stub.py CERTIFICATE KEY

A client that is told HTTPS_PROXY asks it for `concierge.vault.invalid` and `login.invalid`; it answers for both itself,
with a certificate for both. So clients run with all their own checks of addresses. No such names exist elsewhere.
Prints one line of JSON: the port. `azure_client.py check` holds it against Microsoft's own client. A POST to /stub
changes its state: {"mode": ...}, or {"rival": {"text": ..., "is_first": ...}}, who writes just before or just after
the next one who writes.
"""

import json
import socket
import ssl
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

VAULT, ENTRA = "concierge.vault.invalid", "login.invalid"
TENANT, CLIENT, SECRET = "the-tenant", "the-client", "the-secret"

lock = threading.Lock()
state = {"mode": "well"}
kept = {}  # name -> list of (version, secret), the newest last
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])


class Azure(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def fail(self, status, code, message="no"):
        self.answer(status, {"error": {"code": code, "message": message}})

    def do_CONNECT(self):
        host = self.path.split(":")[0]
        if host not in (VAULT, ENTRA):
            return self.send_error(502)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        try:
            inner = context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return None
        handler = type("Inner", (Azure,), {"host": host})
        handler(inner, self.client_address, self.server)
        try:
            inner.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.close_connection = True

    def handle_any(self, text):
        path = self.path.split("?")[0]
        if self.host is None and path == "/stub":
            state.update(json.loads(text))
            return self.answer(200, {})
        mode = state["mode"]
        if self.host == ENTRA:
            if mode == "locked out":
                return self.answer(503, "<html>", [])
            if mode == "nobody signs in":
                return self.connection.shutdown(socket.SHUT_RDWR)
            return self.entra(path, text)
        if mode == "busy":
            return self.fail(429, "Throttled")
        if mode == "broken":
            return self.fail(502, "Broken", "the key is hunter2")
        if mode == "endless":
            return self.fail(400, "Endless", "x" * (4 << 20))
        if mode == "slow":
            # Answers nobody: the connection stays open until the client gives up.
            self.rfile.read(1)
            return None
        token = self.headers.get("Authorization", "")
        if token not in ("Bearer the-keeper", "Bearer the-reader"):
            challenge = f'Bearer authorization="https://{ENTRA}/{TENANT}", resource="https://vault.invalid"'
            return self.answer(401, {"error": {"code": "Unauthorized"}}, [("WWW-Authenticate", challenge)])
        parts = path.strip("/").split("/")
        if parts[0] != "secrets" or len(parts) < 2:
            return self.fail(404, "NotFound")
        versions = kept.get(parts[1], [])
        if self.command == "PUT":
            if token != "Bearer the-keeper":
                return self.fail(403, "Forbidden")
            return self.put(parts[1], json.loads(text))
        if len(parts) == 3 and parts[2] == "versions":
            listed = [{key: value for key, value in one.items() if key != "value"} for one in versions]
            return self.answer(200, {"value": listed, "nextLink": None})
        wanted = parts[2] if len(parts) == 3 and parts[2] else None
        found = [one for one in versions if wanted is None or one["id"].endswith(wanted)]
        if not found:
            return self.fail(404, "SecretNotFound")
        return self.answer(200, found[-1])

    def put(self, name, given):
        rival, state["rival"] = state.get("rival"), None
        if rival is not None and rival["is_first"]:
            self.store(name, {"value": rival["text"]})
        one = self.store(name, given)
        if rival is not None and not rival["is_first"]:
            self.store(name, {"value": rival["text"]})
        self.answer(200, one)

    @staticmethod
    def store(name, given):
        with lock:
            attributes = {"enabled": True, "created": int(time.time()), "updated": int(time.time())}
            attributes.update(given.get("attributes") or {})
            one = {
                "id": f"https://{VAULT}/secrets/{name}/{uuid.uuid4().hex}",
                "value": given["value"],
                "contentType": given.get("contentType"),
                "attributes": attributes,
            }
            kept.setdefault(name, []).append(one)
        return one

    def entra(self, path, text):
        if path.endswith("/v2.0/.well-known/openid-configuration") or path == "/common/discovery/instance":
            return self.answer(200, {
                "issuer": f"https://{ENTRA}/{TENANT}/v2.0",
                "authorization_endpoint": f"https://{ENTRA}/{TENANT}/oauth2/v2.0/authorize",
                "token_endpoint": f"https://{ENTRA}/{TENANT}/oauth2/v2.0/token",
            })
        if path != f"/{TENANT}/oauth2/v2.0/token":
            return self.answer(404, {"error": "invalid_request"})
        form = {name: values[0] for name, values in parse_qs(text.decode()).items()}
        if form.get("scope", "").split()[:1] != ["https://vault.invalid/.default"]:
            return self.answer(400, {"error": "invalid_scope", "error_description": "AADSTS70011: no such scope"})
        who = {(CLIENT, SECRET): "the-keeper", ("the-reader", SECRET): "the-reader"}
        token = who.get((form.get("client_id"), form.get("client_secret")))
        if token is None:
            return self.answer(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."})
        self.answer(200, {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": token})

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self):
        self.handle_any(self.body())

    do_POST = do_PUT = do_GET


server = ThreadingHTTPServer(("127.0.0.1", 0), Azure)
server.daemon_threads = True
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
