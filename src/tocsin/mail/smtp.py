"""SMTP: where mails leave the house. Used by the outbox and by the e-mail channel alike."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from tocsin.errors import Invalid
from tocsin.mail.attachment import Attachment

SCHEMES: dict[str, tuple[Literal["none", "tls", "starttls"], int]] = {
    "smtp": ("none", 25),
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
}
EXAMPLE = "smtp+starttls://user:password@mail.example.com:587"
TIMEOUT_SECONDS = 20.0
CONNECTIONS = 4
GOODBYE_SECONDS = 1.0
IDLE_SECONDS = 20.0  # mail servers hang up on idle clients, some after half a minute


class MailError(Exception):
    """A mail did not leave: why, in words for the ledger, and whether trying again makes sense."""

    def __init__(self, reason: str, *, retry: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


class Transport(Protocol):
    """Takes a mail and returns the receipt. Raises: MailError."""

    async def send(self, message: EmailMessage) -> str: ...


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """An address out of TOCSIN_SMTP_URL."""

    host: str
    port: int
    security: Literal["none", "tls", "starttls"]
    username: str = ""
    password: str = field(default="", repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """The server that `url` names; the password may be percent-encoded. Raises: Invalid, never echoing the password."""
    wrong = f"TOCSIN_SMTP_URL is not usable: %s. Write it like {EXAMPLE} (or smtp://, or smtps://)."
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise Invalid(wrong % "its host or port cannot be read") from None
    if parts.scheme not in SCHEMES:
        raise Invalid(wrong % f"its scheme is {parts.scheme!r}" if parts.scheme else wrong % "it has no scheme")
    if not parts.hostname:
        raise Invalid(wrong % "it names no host")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise Invalid(wrong % "something follows the port (percent-encode / ? # in a password)")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password):
        raise Invalid(wrong % "a user name needs a password, and a password a user name")
    security, usual_port = SCHEMES[parts.scheme]
    return SmtpServer(parts.hostname, port or usual_port, security, username, password)


def transport_of(smtp_url: str | None) -> "SmtpTransport | None":
    """The transport of TOCSIN_SMTP_URL; None when it is not set. Raises: Invalid."""
    return SmtpTransport(parse_smtp_url(smtp_url)) if smtp_url else None


class SmtpTransport:
    """Sends through one server. Connections stay open for bursts, at most `connections` at once."""

    def __init__(
        self, server: SmtpServer, *, timeout_seconds: float = TIMEOUT_SECONDS, connections: int = CONNECTIONS
    ) -> None:
        self.server = server
        self._timeout = timeout_seconds
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[tuple[aiosmtplib.SMTP, float]] = []

    async def send(self, message: EmailMessage) -> str:
        """The server's answer, which is the receipt. Raises: MailError."""
        async with self._slots:
            client = self._take_idle()
            if client is not None:
                try:
                    return await self._send_by(client, message)
                except (aiosmtplib.SMTPServerDisconnected, ConnectionError):
                    pass  # it hung up while idle: that says nothing about this mail
                except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                    raise mail_error(error) from error
            try:
                return await self._send_by(await self._connect(), message)
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                raise mail_error(error) from error

    async def check(self) -> None:
        """Greet the server and sign in, without a mail. Raises: MailError."""
        try:
            client = await self._connect()
            await client.quit()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise mail_error(error) from error

    async def close(self) -> None:
        """Say goodbye on the idle connections, to all at once; whoever does not answer keeps nobody waiting."""
        clients, self._idle = [client for client, _ in self._idle], []
        await asyncio.gather(*map(_say_goodbye, clients))

    async def _send_by(self, client: aiosmtplib.SMTP, message: EmailMessage) -> str:
        sent = False
        try:
            _, receipt = await client.send_message(message)
            sent = True
        finally:
            if sent:
                self._idle.append((client, time.monotonic() + IDLE_SECONDS))
            else:
                client.close()
        return " ".join(receipt.split())

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self.server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            timeout=self._timeout,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def _take_idle(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            client, until = self._idle.pop()
            if client.is_connected and time.monotonic() < until:
                return client
            client.close()
        return None


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=GOODBYE_SECONDS)
    client.close()


def mail_error(error: Exception) -> MailError:
    """What went wrong, in words, and whether another try may help: 4xx and lost connections yes, 5xx no.

    What the operator set wrongly is tried again, too: he may mend it before the mail is too old.
    """
    setting = _wrong_setting(error)
    if setting:
        return MailError(setting, retry=True)
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            refused = error.recipients[0]
            return _refused("the recipient", refused.code, refused.message)
        case aiosmtplib.SMTPSenderRefused():
            return _refused("the sender", error.code, error.message)
        case aiosmtplib.SMTPResponseException():
            return _refused("the mail", error.code, error.message)
        case TimeoutError():
            return MailError("The mail server did not answer in time.", retry=True)
        case aiosmtplib.SMTPNotSupported() | ValueError():
            return MailError(f"The mail cannot be sent as it is: {error}", retry=False)
        case _:
            return MailError(f"The mail server cannot be reached: {str(error) or type(error).__name__}", retry=True)


def _wrong_setting(error: Exception) -> str:
    """What is wrong with TOCSIN_SMTP_URL or the server's certificate, if that is what `error` says."""
    tls = error if isinstance(error, ssl.SSLError) else error.__cause__  # connecting wraps it, STARTTLS does not
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return f"The mail server refused the user name or the password ({error.code})."
        case aiosmtplib.SMTPResponseException(code=530):
            return f"The mail server wants a user name and a password in TOCSIN_SMTP_URL: {_line(error.message)}"
        case _ if isinstance(tls, ssl.SSLCertVerificationError):
            return (
                f"The certificate of the mail server is not trusted: {tls.verify_message}. "
                "For an authority of your own set SSL_CERT_FILE to its certificate."
            )
        case _ if isinstance(tls, ssl.SSLError) and tls.reason == "WRONG_VERSION_NUMBER":
            return "The mail server does not speak TLS from the start. Use smtp+starttls:// or, without TLS, smtp://."
        case aiosmtplib.SMTPException(message=str(said)) if "STARTTLS extension not supported" in said:
            return "The mail server offers no STARTTLS. Use smtps:// if it speaks TLS from the start."
        case aiosmtplib.SMTPException(message=str(said)) if "AUTH extension is not supported" in said:
            return "The mail server knows no sign-in, at least not without TLS. Use smtp+starttls:// or smtps://."
        case _:
            return ""


def _refused(what: str, code: int, message: str) -> MailError:
    return MailError(f"The mail server refused {what}: {code} {' '.join(message.split())}", retry=code < 500)


def make_message(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    at: datetime,
    message_id: str,
    headers: dict[str, str] | None = None,
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """A mail in text and HTML. `message_id` is its part before the @: the same on each try, so that a mail that was
    sent twice shows once where the reader's program looks. `sender` is `Name <address>`. Raises: MailError.
    """
    name, address = parseaddr(sender)
    try:
        user, _, domain = address.rpartition("@")
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(_line(name), user, domain)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = _line(subject)
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{message_id}@{domain or 'localhost'}>"
        message["Auto-Submitted"] = "auto-generated"
        for header, value in (headers or {}).items():
            message[header] = _line(value)
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        for each in attachments:
            main, _, sub = each.media_type.partition("/")
            message.add_attachment(each.content, maintype=main, subtype=sub, filename=_line(each.name))
    except (ValueError, IndexError) as error:  # what the e-mail package raises for addresses it cannot read
        raise MailError(f"The mail cannot be written: {error}", retry=False) from error
    return message


def _line(text: str) -> str:
    return " ".join(text.split())
