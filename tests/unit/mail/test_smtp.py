from datetime import UTC, datetime

import aiosmtplib
import pytest

from tocsin.errors import Invalid
from tocsin.mail.smtp import MailError, SmtpServer, mail_error, make_message, parse_smtp_url

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, "none")),
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 25, "none")),
        ("smtps://a:b@mail.example.com/", SmtpServer("mail.example.com", 465, "tls", "a", "b")),
        (
            "smtp+starttls://ops%40example.com:p%2Fw%40@mail.example.com",
            SmtpServer("mail.example.com", 587, "starttls", "ops@example.com", "p/w@"),
        ),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, "none")),
    ],
)
def test_an_smtp_url_names_a_server(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("mail.example.com:25", "its scheme is 'mail.example.com'"),
        ("http://mail.example.com", "its scheme is 'http'"),
        ("mail", "it has no scheme"),
        ("smtp://:25", "it names no host"),
        ("smtp://mail.example.com:port", "its host or port"),
        ("smtp://mail.example.com:99999", "its host or port"),
        ("smtp://user@mail.example.com", "a user name needs a password"),
        ("smtp://user:geheim/@mail.example.com", "port"),
        ("smtp://user:geheim@mail.example.com/path", "something follows the port"),
    ],
)
def test_an_unusable_smtp_url_is_refused_with_the_reason(url: str, because: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_smtp_url(url)

    assert because in refusal.value.message
    assert "geheim" not in refusal.value.message


def test_the_password_does_not_show_in_a_representation() -> None:
    assert "geheim" not in repr(parse_smtp_url("smtp://user:geheim@mail.example.com"))


@pytest.mark.parametrize(
    ("error", "reason", "retry"),
    [
        (aiosmtplib.SMTPAuthenticationError(535, "no"), "user name or the password", True),
        (aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "no such\nuser", "x")]), "550", False),
        (aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(450, "later", "x")]), "later", True),
        (aiosmtplib.SMTPSenderRefused(553, "not yours", "x"), "the sender: 553 not yours", False),
        (aiosmtplib.SMTPDataError(552, "too big"), "the mail: 552 too big", False),
        (aiosmtplib.SMTPDataError(451, "later"), "451 later", True),
        (aiosmtplib.SMTPReadTimeoutError("slow"), "in time", True),
        (aiosmtplib.SMTPServerDisconnected("gone"), "cannot be reached: gone", True),
        (ConnectionRefusedError(), "ConnectionRefusedError", True),
        (aiosmtplib.SMTPNotSupported("SMTPUTF8"), "as it is", False),
    ],
)
def test_each_failure_says_why_and_whether_to_try_again(error: Exception, reason: str, retry: bool) -> None:
    found = mail_error(error)

    assert reason in found.reason
    assert found.retry is retry


def test_a_message_has_text_and_html_and_the_same_id_each_time() -> None:
    first, second = (
        make_message(
            sender="Tocsin <tocsin@example.com>",
            to="ana@example.com",
            subject="dysk pełny\r\nBcc: eve@example.com",
            text="tekst ą",
            html="<p>tekst ą</p>",
            at=AT,
            message_id="7.1",
        )
        for _ in range(2)
    )

    assert first["Subject"] == "dysk pełny Bcc: eve@example.com"
    assert first["Bcc"] is None
    assert first["Message-ID"] == second["Message-ID"] == "<7.1@example.com>"
    assert first["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]
    assert first.get_body(("plain",)).get_content().strip() == "tekst ą"  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize(
    "to", ["nobody", "two words@example.com", "a@b, c@d", "", "a@example.com\nBcc: eve@example.com"]
)
def test_an_address_that_is_none_is_an_error_of_its_own(to: str) -> None:
    with pytest.raises(MailError) as refusal:
        make_message(sender="t@example.com", to=to, subject="s", text="t", html="h", at=AT, message_id="1")

    assert not refusal.value.retry
