"""A mail server on 127.0.0.1 that keeps what comes in a Maildir. Prints its port, and ends when its input does.

Arguments: the folder; then, or not, a certificate, its key, a user and a password, all four demanded of whoever sends.
"""

import asyncio
import ssl
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult


class Kept(Mailbox):
    """The framework's client names the mechanism in lower case. Other servers do not mind; this one knows what it is told."""

    async def auth_login(self, server, args):
        return await server.auth_LOGIN(self, args)


async def main(folder, certificate=None, key=None, user=None, password=None):
    options = {}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        wanted = (user.encode(), password.encode())
        options = dict(
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=lambda server, session, envelope, mechanism, given: AuthResult(success=(given.login, given.password) == wanted),
        )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Kept(folder), **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(*sys.argv[1:]))
