"""Stands in for HashiCorp Vault on a free port of this machine: KV 2 at `secret/`, KV 1 at `old/`, tokens, AppRole.

    python vault_stub.py [CERTIFICATE KEY]

Prints one line of JSON: the port. `vault_client.py check` holds it against hvac, the client of Vault's own documentation.
A POST to /stub with {"mode": ...} makes it sealed, busy, broken, slow, or well again.
"""

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MOUNTS = {"secret/": "2", "old/": "1"}
# What each token may do.
TOKENS = {"root-token": {"read", "write"}, "reader-token": {"read"}, "stranger-token": set()}
ROLE, SECRET = "the-role", "the-secret"

lock = threading.Lock()
kept = {}  # path -> list of data, the newest last
state = {"mode": "well"}


class Vault(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def fail(self, status, *errors):
        self.answer(status, {"errors": list(errors)})

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def may(self, what):
        return what in TOKENS.get(self.headers.get("X-Vault-Token"), set())

    def handle_any(self, body):
        path = self.path.split("?")[0]
        if path == "/stub":
            state.update(body)
            return self.answer(204)
        mode = state["mode"]
        if mode == "sealed":
            return self.fail(503, "Vault is sealed")
        if mode == "busy":
            return self.fail(429, "request path rate limit quota exceeded")
        if mode == "broken":
            return self.fail(502, "the key is hunter2")
        if mode == "slow":
            # Answers nobody: the connection stays open until the client gives up.
            self.rfile.read(1)
            return None
        path = path.removeprefix("/v1/")
        if path == "auth/approle/login" and self.command in ("POST", "PUT"):
            if (body.get("role_id"), body.get("secret_id")) != (ROLE, SECRET):
                return self.fail(400, "invalid role or secret ID")
            auth = {"client_token": "root-token", "accessor": "a", "policies": ["default"], "lease_duration": 300}
            return self.answer(200, {"auth": auth})
        if self.headers.get("X-Vault-Token") not in TOKENS:
            return self.fail(403, "permission denied")
        if path.startswith("sys/internal/ui/mounts/"):
            return self.mount(path.removeprefix("sys/internal/ui/mounts/"))
        for mount, version in MOUNTS.items():
            if path.startswith(mount):
                rest = path.removeprefix(mount)
                return self.second(rest, body) if version == "2" else self.first(rest, body)
        return self.fail(404)

    def mount(self, path):
        mount = next((mount for mount in MOUNTS if path.startswith(mount)), None)
        if mount is None or not (self.may("read") or self.may("write")):
            return self.fail(403, "preflight capability check returned 403, please ensure client's policies grant access to path")
        options = {"version": MOUNTS[mount]} if MOUNTS[mount] == "2" else None
        self.answer(200, {"data": {"path": mount, "type": "kv", "options": options}})

    def first(self, path, body):
        if self.command == "GET":
            if not self.may("read"):
                return self.fail(403, "1 error occurred:\n\t* permission denied\n\n")
            found = kept.get("old/" + path)
            return self.answer(200, {"data": found[-1]}) if found else self.fail(404)
        if not self.may("write"):
            return self.fail(403, "1 error occurred:\n\t* permission denied\n\n")
        kept["old/" + path] = [body]
        self.answer(204)

    def second(self, path, body):
        if not path.startswith("data/"):
            return self.fail(404, "Invalid path for a versioned K/V secrets engine.")
        versions = kept.setdefault(path, [])
        if self.command == "GET":
            if not self.may("read"):
                return self.fail(403, "1 error occurred:\n\t* permission denied\n\n")
            if not versions:
                return self.fail(404)
            return self.answer(200, {"data": {"data": versions[-1], "metadata": self.metadata(versions)}})
        if not self.may("write"):
            return self.fail(403, "1 error occurred:\n\t* permission denied\n\n")
        with lock:
            expected = body.get("options", {}).get("cas")
            if expected is not None and expected != len(versions):
                return self.fail(400, "check-and-set parameter did not match the current version")
            versions.append(body["data"])
            self.answer(200, {"data": self.metadata(versions)})

    @staticmethod
    def metadata(versions):
        return {"version": len(versions), "created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False, "custom_metadata": None}

    def do_GET(self):
        self.handle_any({})

    def do_POST(self):
        self.handle_any(self.body())

    do_PUT = do_POST


server = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
server.daemon_threads = True
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
