"""A mail server with TLS and a login, as nearly all are: real wire, our own certificate."""

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.support.certificates import Authority, make_authority
from tests.support.makers import START, Tenant
from tests.support.smtp import SmtpSink, smtp_sink, text_of

from tocsin.db import Databases
from tocsin.mail import outbox, store
from tocsin.mail.smtp import MailError, SmtpTransport, make_message, parse_smtp_url

LOGIN = ("ops@example.com", "p/w@:ö secret")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority, trusted as an operator trusts one of his own."""
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(authority.certificate))
    return authority


def transport(sink: SmtpSink, login: tuple[str, str] | None = LOGIN, scheme: str | None = None) -> SmtpTransport:
    usual, _, address = sink.url.partition("://")
    who = f"{quote(login[0], safe='')}:{quote(login[1], safe='')}@" if login else ""
    return SmtpTransport(parse_smtp_url(f"{scheme or usual}://{who}{address}"), timeout_seconds=10)


async def send(to: SmtpTransport) -> str:
    message = make_message(
        sender="Tocsin <tocsin@example.com>", to="ana@example.com", subject="disk full", text="text ą", html="<p>ą</p>",
        at=datetime(2026, 3, 2, tzinfo=UTC), message_id="1",
    )  # fmt: skip
    try:
        return await to.send(message)
    finally:
        await to.close()


async def refusal(to: SmtpTransport) -> MailError:
    """Why a mail did not leave, which must be said without the password."""
    with pytest.raises(MailError) as refused:
        await send(to)
    assert LOGIN[1] not in str(refused.value)
    assert quote(LOGIN[1], safe="") not in str(refused.value)
    return refused.value


async def test_a_mail_leaves_by_starttls_with_a_login(trusted: Authority) -> None:
    async with smtp_sink(starttls=trusted.server, login=LOGIN) as sink:
        receipt = await send(transport(sink))

        [mail] = sink.to("ana@example.com")
    assert receipt.startswith("2.0.0 kept as 1")
    assert "text ą" in text_of(mail)
    assert sink.logins == [LOGIN]


async def test_a_mail_leaves_by_tls_from_the_start_with_a_login(trusted: Authority) -> None:
    async with smtp_sink(tls=trusted.server, login=LOGIN) as sink:
        await send(transport(sink))

        assert len(sink.mails) == 1
    assert sink.logins == [LOGIN]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_nobody_we_trust_gets_neither_mail_nor_login(
    authority: Authority, security: str
) -> None:
    async with smtp_sink(login=LOGIN, **{security: authority.server}) as sink:
        refused = await refusal(transport(sink))

    assert refused.reason.startswith("The certificate of the mail server is not trusted: ")
    assert "SSL_CERT_FILE" in refused.reason
    assert refused.retry  # the operator's mistake: he may mend it before the mail is too old
    assert sink.mails == []
    assert sink.logins == []


async def test_a_certificate_for_another_address_is_not_trusted_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_authority(tmp_path, "127.0.0.2")
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(other.certificate))
    async with smtp_sink(starttls=other.server, login=LOGIN) as sink:
        refused = await refusal(transport(sink))

    assert "not trusted" in refused.reason
    assert "127.0.0.1" in refused.reason
    assert sink.logins == []


async def test_a_wrong_password_is_called_that(trusted: Authority) -> None:
    async with smtp_sink(starttls=trusted.server, login=("ops@example.com", "another")) as sink:
        refused = await refusal(transport(sink))
        with pytest.raises(MailError, match="refused the user name or the password"):
            await transport(sink).check()

    assert refused.reason == "The mail server refused the user name or the password (535)."
    assert refused.retry
    assert sink.mails == []


async def test_no_mail_leaves_unencrypted_where_encryption_was_asked_for(trusted: Authority) -> None:
    async with smtp_sink() as plain:
        without = await refusal(transport(plain, scheme="smtp+starttls"))
        speaking_plainly = await refusal(transport(plain, scheme="smtps"))

    assert without.reason == "The mail server offers no STARTTLS. Use smtps:// if it speaks TLS from the start."
    assert "does not speak TLS from the start" in speaking_plainly.reason
    assert plain.mails == []
    assert plain.logins == []


async def test_a_login_that_the_server_wants_or_does_not_know_is_named(trusted: Authority) -> None:
    async with smtp_sink(starttls=trusted.server, login=LOGIN) as sink:
        unnamed = await refusal(transport(sink, login=None))
    async with smtp_sink() as open_to_all:
        unknown = await refusal(transport(open_to_all))

    assert unnamed.reason.startswith("The mail server wants a user name and a password in TOCSIN_SMTP_URL: ")
    assert unnamed.retry
    assert "knows no sign-in" in unknown.reason
    assert open_to_all.mails == []


async def test_a_login_is_never_sent_unencrypted_to_a_server_that_has_encryption(trusted: Authority) -> None:
    async with smtp_sink(starttls=trusted.server, login=LOGIN) as sink:
        refused = await refusal(transport(sink, scheme="smtp"))

    assert "at least not without TLS" in refused.reason
    assert sink.logins == []


async def test_the_password_is_neither_kept_nor_printed_when_the_outbox_fails(
    trusted: Authority, databases: Databases, tenant: Tenant, capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    async with tenant.app.transaction() as tx:
        mail_id = await outbox.enqueue(
            tx, tenant.account_id, "invitation", "ana@example.com", "Invitation", "text", "<p>html</p>", START
        )
    async with smtp_sink(starttls=trusted.server, login=("ops@example.com", "another")) as sink:
        to = transport(sink)
        await outbox.send_due(databases.engine, START, to, "Tocsin <t@example.com>", lease=timedelta(seconds=60))
        await to.close()

    async with tenant.app.transaction() as tx:
        kept = await store.get_mail(tx, tenant.account_id, mail_id)
    assert kept.status == "retrying"
    assert kept.reason == "The mail server refused the user name or the password (535)."
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # the test's server
    for said in (*capsys.readouterr(), repr(to.server), *ours):
        assert LOGIN[1] not in said
        assert quote(LOGIN[1], safe="") not in said
