"""A mail server that keeps what it gets, on a port of its own: the wire's far end in tests."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class SmtpSink:
    """What arrived, in order. `answers` are given instead of taking the next mails, e.g. "451 4.3.0 try later".

    An address of `unknown` is refused for good.
    """

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    connections: int = 0
    takes_leave: bool = True  # answers QUIT
    logins: list[tuple[str, str]] = field(default_factory=list)
    writers: list[asyncio.BaseTransport] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take one mail, or give the next of `answers`."""
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return f"250 2.0.0 kept as {len(self.mails)}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an address, or refuse it."""
        if address in self.unknown:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Say goodbye, or nothing at all."""
        if not self.takes_leave:
            await asyncio.Event().wait()
        return "221 2.0.0 bye"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to `address`, oldest first."""
        return [mail for mail in self.mails if address in str(mail["To"])]

    def hang_up(self) -> None:
        """Close every open connection, as servers do with idle clients."""
        while self.writers:
            self.writers.pop().close()


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    """The HTML of a mail."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


@asynccontextmanager
async def smtp_sink(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> AsyncIterator[SmtpSink]:
    """A sink that runs in this event loop; `url` fits TOCSIN_SMTP_URL, and holds no login.

    It speaks TLS from the start with `tls`; with `starttls` it takes nothing before that; with `login` it takes mails
    only from who signs in with that name and password.
    """
    sink = SmtpSink()

    def authenticate(*said: object) -> AuthResult:
        data = said[-1]
        assert isinstance(data, LoginPassword)
        sink.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=sink.logins[-1] == login, handled=False)

    class Server(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            sink.connections += 1
            sink.writers.append(transport)
            super().connection_made(transport)

    def make_server() -> SMTP:
        return Server(
            sink,
            hostname="sink.example.com",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=login is not None and tls is None,  # aiosmtpd does not see TLS that was there first
            auth_require_tls=tls is None,
            authenticator=authenticate if login is not None else None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: make_server(), "127.0.0.1", 0, ssl=tls)
    scheme = "smtps" if tls is not None else "smtp+starttls" if starttls is not None else "smtp"
    sink.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield sink
    finally:
        server.close()
        sink.hang_up()
        await server.wait_closed()
        await asyncio.sleep(0)  # a handshake that failed is put away in the next turn
