"""A receiver of webhooks over TLS that checks them with the `standardwebhooks` library.

Arguments: certificate, key. The first line out is its port; the first line in is the secret. Each request is a line of
JSON: its id, what the library made of it, and whether the library refuses the same request with one byte changed.
The first request of each id is answered with 500, the others with 204.
"""

import http.server
import json
import ssl
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

certificate, key = sys.argv[1:3]
seen = set()


def say(report):
    print(json.dumps(report), flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        report = {"id": headers.get("webhook-id"), "agent": headers.get("user-agent")}
        try:
            report["payload"] = webhook.verify(body, headers)
        except WebhookVerificationError as error:
            report["refused"] = str(error)
        try:
            webhook.verify(body.replace(b'"type"', b'"tipe"', 1), headers)
            report["forgery"] = "taken"
        except WebhookVerificationError:
            report["forgery"] = "refused"
        self.send_response(204 if report["id"] in seen else 500)
        self.end_headers()
        seen.add(report["id"])
        say(report)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
say({"port": server.server_address[1]})
webhook = Webhook(sys.stdin.readline().strip())
say({"ready": True})
server.serve_forever()
