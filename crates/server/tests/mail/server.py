"""A mail server for tests: takes what it is sent and writes each mail as a line of JSON.

The first line is the port. Arguments: tls (none, starttls, implicit), certificate, key.

It knows the account "concierge" with the password "p@ss w0rd+"; to readers whose address begins with "unknown" it
says 550, and with "later" 451; of mails to readers whose address begins with "declined" it does not want the content.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

tls, certificate, key = sys.argv[1:4]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown"):
            return f"550 5.1.1 <{address}> is not known here"
        if address.startswith("later"):
            return f"451 4.7.1 <{address}> please come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(reader.startswith("declined") for reader in envelope.rcpt_tos):
            return "554 5.7.1 what this mail says is not wanted"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: mail.get_body((kind,)).get_content()
        report = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "text": part("plain"),
            "html": part("html"),
            "encrypted": session.ssl is not None or tls == "implicit",
            "authenticated": bool(session.authenticated),
            "peer": session.peer[1],
        }
        print(json.dumps(report), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    known = data.login == b"concierge" and data.password == b"p@ss w0rd+"
    return AuthResult(success=known, handled=False)


async def main():
    context = None
    if tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)

    def session():
        return SMTP(
            Handler(),
            hostname="localhost",
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            authenticator=authenticate,
            auth_required=tls != "none",
            auth_require_tls=tls == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        session, "127.0.0.1", 0, ssl=context if tls == "implicit" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
