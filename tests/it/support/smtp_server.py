"""An SMTP server that a test holds on a leash.

The test writes one JSON order per line to standard input; everything that happens comes back as one JSON object per
line on standard output: {"port": …} first, {"done": null} for each order, {"message": …} for each mail. When standard
input closes, the server ends: none outlives its test.

    smtp_server.py [--auth USER PASSWORD] [--cert FILE --key FILE [--implicit-tls]] [--port PORT]
"""

import argparse
import asyncio
import base64
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(thing):
    sys.stdout.write(json.dumps(thing) + "\n")
    sys.stdout.flush()


class Behaviour:
    """What to answer: one order for everybody, others for single recipients."""

    def __init__(self):
        self.general = {"do": "accept"}
        self.by_recipient = {}

    def obey(self, order):
        what = {key: order[key] for key in ("do", "stage", "code", "text", "times", "mails", "ms") if key in order}
        if order.get("recipient"):
            self.by_recipient[order["recipient"]] = what
        else:
            self.general = what

    def at(self, stage, recipients=()):
        """The reply to give at this stage instead of going on, or None."""
        for order in [self.by_recipient[r] for r in recipients if r in self.by_recipient] + [self.general]:
            if order["do"] == "refuse" and order["stage"] == stage:
                return f"{order['code']} {order['text']}"
            if order["do"] == "sometimes" and order["stage"] == stage and order["times"] > 0:
                order["times"] -= 1
                return f"{order['code']} {order['text']}"
        return None

    def number(self, what):
        """How many, or how long, of an order for everybody that may hold now."""
        return self.general["ms" if what == "slow" else "mails"] if self.general["do"] == what else None

    def does(self, what, recipients=()):
        orders = [self.by_recipient[r] for r in recipients if r in self.by_recipient] + [self.general]
        return any(order["do"] == what for order in orders)


class Handler:
    def __init__(self, behaviour):
        self.behaviour = behaviour

    # The recipients of the mails that are being taken at this moment, over all connections.
    coming = []

    async def handle_MAIL(self, server, session, envelope, address, options):
        if (most := self.behaviour.number("few")) is not None and server.taken >= most:
            asyncio.get_running_loop().call_later(0.02, server.transport.close)
            return "421 4.7.0 That is enough for one connection"
        refusal = self.behaviour.at("mail")
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = self.behaviour.at("rcpt", [address])
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos
        refusal = self.behaviour.at("data", to)
        if refusal:
            return refusal
        beside = list(self.coming)
        self.coming.extend(to)
        if (ms := self.behaviour.number("slow")) is not None:
            await asyncio.sleep(ms / 1000)
        for recipient in to:
            self.coming.remove(recipient)
        server.taken += 1
        closes, hangs = self.behaviour.does("close", to), self.behaviour.does("hang", to)
        say({"message": describe(server, session, envelope, beside, acknowledged=not (closes or hangs))})
        if closes:
            server.transport.abort()
        if closes or hangs:
            await asyncio.sleep(3600)
        return "250 OK: kept"


def describe(server, session, envelope, beside, acknowledged):
    """The mail as a person would read it, beside its bytes."""
    mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "beside": beside,
        "acknowledged": acknowledged,
        "encrypted": server.transport.get_extra_info("ssl_object") is not None,
        "authenticated": session.authenticated is True,
        "headers": [[name, str(value)] for name, value in mail.items()],
        "parts": [
            {"content_type": part.get_content_type(), "text": part.get_content()}
            for part in mail.walk()
            if part.get_content_maintype() == "text"
        ],
        "raw": base64.b64encode(envelope.original_content).decode("ascii"),
    }


class Server(SMTP):
    """As aiosmtpd's, but it can be told to say nothing at all."""

    def __init__(self, behaviour, **settings):
        super().__init__(Handler(behaviour), **settings)
        self.taken = 0
        self.behaviour = behaviour

    async def _handle_client(self):
        if self.behaviour.does("silence"):
            await asyncio.sleep(3600)
        await super()._handle_client()


async def obey_orders(behaviour):
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        behaviour.obey(json.loads(line))
        say({"done": None})


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--auth", nargs=2, metavar=("USER", "PASSWORD"))
    arguments.add_argument("--cert")
    arguments.add_argument("--key")
    arguments.add_argument("--implicit-tls", action="store_true")
    arguments.add_argument("--port", type=int, default=0)
    given = arguments.parse_args()

    settings = {"enable_SMTPUTF8": True, "data_size_limit": None, "hostname": "localhost"}
    if given.auth:
        wanted = tuple(part.encode() for part in given.auth)

        def check(server, session, envelope, mechanism, data):
            # A refusal counts as handled, or aiosmtpd answers it a second time.
            return AuthResult(success=(data.login, data.password) == wanted, handled=False)

        settings |= {"authenticator": check, "auth_required": True, "auth_require_tls": False}
    tls = None
    if given.cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(given.cert, given.key)
    if tls and not given.implicit_tls:
        settings |= {"tls_context": tls}

    behaviour = Behaviour()
    server = await asyncio.get_running_loop().create_server(
        lambda: Server(behaviour, **settings), "127.0.0.1", given.port, ssl=tls if given.implicit_tls else None
    )
    say({"port": server.sockets[0].getsockname()[1]})
    await obey_orders(behaviour)


asyncio.run(main())
