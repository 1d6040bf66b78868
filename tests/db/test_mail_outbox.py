import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from psycopg.errors import CheckViolation
from tests.support.makers import START, Tenant, make_tenant
from tests.support.smtp import SmtpSink, html_of, smtp_sink, text_of

from tocsin.db import Databases
from tocsin.errors import NotFound
from tocsin.mail import outbox, store
from tocsin.mail.attachment import LARGEST_BYTES, Attachment
from tocsin.mail.smtp import MailError, SmtpServer, SmtpTransport, Transport, make_message, parse_smtp_url
from tocsin.mail.store import Mail

SENDER = "Tocsin <tocsin@example.com>"
LEASE = timedelta(seconds=60)


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with smtp_sink() as running:
        yield running


@pytest.fixture
async def transport(sink: SmtpSink) -> AsyncIterator[SmtpTransport]:
    made = SmtpTransport(parse_smtp_url(sink.url))
    yield made
    await made.close()


class Failing:
    """A transport that fails, always."""

    def __init__(self, *, retry: bool) -> None:
        self.retry = retry
        self.tries = 0

    async def send(self, message: EmailMessage) -> str:
        self.tries += 1
        raise MailError("no way", retry=self.retry)


async def enqueue(databases: Databases, tenant: Tenant, at: datetime = START, subject: str = "Invitation") -> int:
    async with tenant.app.transaction() as tx:
        return await outbox.enqueue(
            tx, tenant.account_id, "invitation", tenant.owner.username, subject, "a text", "<p>html</p>", at
        )


async def send(databases: Databases, now: datetime, transport: Transport | None) -> None:
    while await outbox.send_due(databases.engine, now, transport, SENDER, lease=LEASE):
        pass


async def mail(tenant: Tenant, mail_id: int) -> Mail:
    async with tenant.app.transaction() as tx:
        return await store.get_mail(tx, tenant.account_id, mail_id)


async def test_a_due_mail_is_sent_and_keeps_no_body(
    databases: Databases, tenant: Tenant, sink: SmtpSink, transport: SmtpTransport
) -> None:
    mail_id = await enqueue(databases, tenant)

    await send(databases, START, transport)

    [received] = sink.to(tenant.owner.username)
    assert (received["Subject"], text_of(received).strip()) == ("Invitation", "a text")
    assert html_of(received).strip() == "<p>html</p>"
    assert received["From"] == SENDER
    kept = await mail(tenant, mail_id)
    assert (kept.status, kept.text_body, kept.html_body, kept.due_at, kept.ended_at) == (
        "accepted",
        "",
        "",
        None,
        START,
    )
    assert "kept as" in kept.reason


async def test_a_mail_is_tried_again_later_and_later_until_it_has_failed(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue(databases, tenant)
    now, waits = START, []

    while (kept := await mail(tenant, mail_id)).due_at is not None:
        waits.append(kept.due_at - now)
        now = kept.due_at
        await send(databases, now, Failing(retry=True))

    assert (kept.status, kept.reason, kept.attempts) == ("failed", "no way", 9)
    assert waits == sorted(waits)
    assert timedelta(hours=20) < now - START < timedelta(hours=30)
    assert kept.text_body == "a text"


async def test_a_refusal_for_good_ends_the_mail(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue(databases, tenant)

    await send(databases, START, Failing(retry=False))

    assert ((kept := await mail(tenant, mail_id)).status, kept.attempts) == ("failed", 1)


async def test_without_a_server_a_mail_fails_and_stays_readable(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue(databases, tenant)

    await send(databases, START, None)

    kept = await mail(tenant, mail_id)
    assert (kept.status, kept.text_body) == ("failed", "a text")
    assert "TOCSIN_SMTP_URL" in kept.reason


async def test_a_mail_to_nowhere_does_not_stop_the_others(
    databases: Databases, tenant: Tenant, sink: SmtpSink, transport: SmtpTransport
) -> None:
    async with tenant.app.transaction() as tx:
        bad = await outbox.enqueue(tx, tenant.account_id, "invitation", "not an address", "s", "t", "h", START)
    good = await enqueue(databases, tenant)

    await send(databases, START, transport)

    assert (await mail(tenant, bad)).status == "failed"
    assert (await mail(tenant, good)).status == "accepted"


async def test_a_dead_worker_s_mail_is_sent_when_its_lease_is_over(
    databases: Databases, tenant: Tenant, sink: SmtpSink, transport: SmtpTransport
) -> None:
    mail_id = await enqueue(databases, tenant)
    async with databases.engine.transaction() as tx:
        await store.claim_due(tx, START, START + LEASE, 1000)

    await send(databases, START + LEASE - timedelta(seconds=1), transport)
    before = (await mail(tenant, mail_id)).status
    await send(databases, START + LEASE, transport)

    assert (before, (await mail(tenant, mail_id)).status) == ("sending", "accepted")


async def test_a_slow_worker_does_not_overwrite_what_another_recorded(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue(databases, tenant)
    async with databases.engine.transaction() as tx:
        await store.claim_due(tx, START, START + LEASE, 1000)
    await send(databases, START + LEASE, Failing(retry=False))

    async with databases.engine.transaction() as tx:
        late = await store.end_mail(tx, tenant.account_id, mail_id, 1, status="accepted", reason="", at=START)

    assert not late
    assert (await mail(tenant, mail_id)).status == "failed"


async def test_two_workers_never_send_the_same_mail(
    databases: Databases, tenant: Tenant, sink: SmtpSink, transport: SmtpTransport
) -> None:
    for number in range(40):
        await enqueue(databases, tenant, subject=f"mail {number}")

    await asyncio.gather(send(databases, START, transport), send(databases, START, transport))

    subjects = [str(received["Subject"]) for received in sink.to(tenant.owner.username)]
    assert sorted(subjects) == sorted(f"mail {number}" for number in range(40))


async def test_a_burst_shares_few_connections(sink: SmtpSink, transport: SmtpTransport) -> None:
    await asyncio.gather(*(transport.send(message(number)) for number in range(60)))

    assert len(sink.mails) == 60
    assert 1 <= sink.connections <= 4


async def test_a_server_that_does_not_say_goodbye_holds_nobody_up(sink: SmtpSink, transport: SmtpTransport) -> None:
    sink.takes_leave = False
    await asyncio.gather(*(transport.send(message(number)) for number in range(4)))

    async with asyncio.timeout(10):  # each wait for an answer takes 20 s
        await transport.close()

    assert sink.connections == 4


async def test_a_connection_that_the_server_closed_costs_no_mail(sink: SmtpSink, transport: SmtpTransport) -> None:
    await transport.send(message(1))
    sink.hang_up()

    await transport.send(message(2))

    assert [str(received["Subject"]) for received in sink.mails] == ["mail 1", "mail 2"]


@pytest.mark.parametrize(("answer", "retry"), [("451 4.3.0 try later", True), ("554 5.7.1 spam", False)])
async def test_the_server_s_refusal_is_the_reason(
    sink: SmtpSink, transport: SmtpTransport, answer: str, retry: bool
) -> None:
    sink.answers.append(answer)

    with pytest.raises(MailError) as refusal:
        await transport.send(message(1))

    assert answer in refusal.value.reason
    assert refusal.value.retry is retry
    await transport.send(message(2))
    assert len(sink.mails) == 1


async def test_nobody_at_home_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(MailError, match="cannot be reached") as refusal:
        await SmtpTransport(SmtpServer("127.0.0.1", port, "none"), timeout_seconds=5).send(message(1))

    assert refusal.value.retry


async def test_old_failed_mails_lose_their_text(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue(databases, tenant)
    await send(databases, START, None)

    await outbox.erase_old(databases.engine, START + timedelta(days=13))
    before = (await mail(tenant, mail_id)).text_body
    await outbox.erase_old(databases.engine, START + timedelta(days=15))

    assert (before, (await mail(tenant, mail_id)).text_body) == ("a text", "")


async def test_another_account_sees_no_mail(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue(databases, tenant)
    eve = await make_tenant(databases)

    async with eve.app.transaction() as tx:
        assert await store.list_mails(tx, eve.account_id, 10) == []
        assert await store.list_mails(tx, tenant.account_id, 10) == []
        with pytest.raises(NotFound):
            await store.get_mail(tx, eve.account_id, mail_id)


def message(number: int) -> EmailMessage:
    return make_message(
        sender=SENDER, to="ana@example.com", subject=f"mail {number}", text="t", html="h", at=START,
        message_id=str(number),
    )  # fmt: skip


async def enqueue_with_files(tenant: Tenant, *files: Attachment) -> int:
    async with tenant.app.transaction() as tx:
        return await outbox.enqueue(
            tx, tenant.account_id, "invoice", tenant.owner.username, "Invoice", "a text", "<p>html</p>", START, files
        )


async def files_of(tenant: Tenant, mail_id: int) -> list[Attachment]:
    it = await mail(tenant, mail_id)
    async with tenant.app.transaction() as tx:
        return (await store.attachments_of(tx, [it])).get((tenant.account_id, mail_id), [])


async def test_a_mail_takes_its_files_along_at_each_try_and_keeps_none_when_it_is_sent(
    databases: Databases, tenant: Tenant, sink: SmtpSink, transport: SmtpTransport
) -> None:
    await send(databases, START, transport)  # what other tests left: the first answer below is for this mail
    files = [Attachment("Zażółć.pdf", "application/pdf", bytes(range(256))), Attachment("b.txt", "text/plain", b"b")]
    mail_id = await enqueue_with_files(tenant, *files)
    sink.answers = ["451 4.3.0 try later"]

    await send(databases, START, transport)
    assert await files_of(tenant, mail_id) == files
    await send(databases, START + timedelta(seconds=30), transport)

    [received] = sink.to(tenant.owner.username)
    attached = list(received.iter_attachments())
    assert [(it.get_filename(), it.get_content_type()) for it in attached] == [
        ("Zażółć.pdf", "application/pdf"),
        ("b.txt", "text/plain"),
    ]
    assert attached[0].get_payload(decode=True) == bytes(range(256))
    assert (text_of(received).strip(), html_of(received).strip()) == ("a text", "<p>html</p>")
    assert await files_of(tenant, mail_id) == []


async def test_files_of_a_mail_that_could_not_be_sent_go_with_its_text(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue_with_files(tenant, Attachment("a.pdf", "application/pdf", b"a"))
    await send(databases, START, None)

    await outbox.erase_old(databases.engine, START + timedelta(days=13))
    assert len(await files_of(tenant, mail_id)) == 1
    await outbox.erase_old(databases.engine, START + timedelta(days=15))

    assert await files_of(tenant, mail_id) == []


async def test_a_file_that_no_mail_server_would_take_is_refused(tenant: Tenant) -> None:
    with pytest.raises(CheckViolation):
        await enqueue_with_files(tenant, Attachment("a.pdf", "application/pdf", bytes(LARGEST_BYTES + 1)))


async def test_the_files_of_anothers_mail_are_not_there_for_eve(databases: Databases, tenant: Tenant) -> None:
    mail_id = await enqueue_with_files(tenant, Attachment("a.pdf", "application/pdf", b"a"))
    hers = await mail(tenant, mail_id)
    eve = await make_tenant(databases)

    async with eve.app.transaction() as tx:
        assert await store.attachments_of(tx, [hers]) == {}
