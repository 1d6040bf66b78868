"""The channels against real servers: an SMTP server, an HTTP receiver."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from tests.support.makers import START
from tests.support.smtp import html_of, smtp_sink, text_of
from tests.support.webhooks import WebhookSink, webhook_sink

from tocsin.clock import SystemClock
from tocsin.mail import SmtpTransport, parse_smtp_url
from tocsin.notifications.channels.email.channel import EmailChannel
from tocsin.notifications.channels.webhook.channel import WebhookChannel
from tocsin.notifications.model import AlertSummary, ChannelError, Envelope, Notification, Receiver
from tocsin.notifications.outbound import parse_networks

ALERT = AlertSummary(
    account_id=1, id="6a1-1772442000000", tiny_id=7, alias="disk", message="Disk full <web3>", description="97 %",
    entity="web3", source="probe", priority=1, status="open", acknowledged=False, acknowledged_at=None,
    acknowledged_by="", snoozed_until=None, owner="", tags=["disk"], details={"mount": "/var"}, count=3,
    created_at=START, updated_at=START,
)  # fmt: skip
LINKS = {
    "acknowledge": "http://127.0.0.1:1/a/t?do=acknowledge",
    "close": "http://127.0.0.1:1/a/t?do=close",
    "alert": "http://127.0.0.1:1/alerts/6a1-1772442000000",
}


def envelope(
    address: str, *, alert: AlertSummary | None = ALERT, locale: str = "en", action_type: str = "create-alert"
) -> Envelope:
    notification = Notification(
        1, 42, alert.id if alert else None, uuid4(), uuid4(), "email", address, action_type, {}, START, 0
    )
    receiver = Receiver(
        1, uuid4(), uuid4(), "ana@example.com", "Ana", "active", "Europe/Warsaw", locale, address, True, True, b"sealed"
    )  # fmt: skip
    return Envelope(notification, receiver, alert, LINKS if alert else {}, ("on call in Web",))


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with webhook_sink() as sink:
        yield sink


def channel(allowed: str = "127.0.0.0/8", timeout_seconds: float = 10) -> WebhookChannel:
    return WebhookChannel(SystemClock(), parse_networks(allowed), lambda sealed: b"a signing secret", timeout_seconds)


async def test_a_webhook_is_signed_and_its_answer_is_the_receipt(hook: WebhookSink) -> None:
    webhook = channel()

    sent = await webhook.send(envelope(hook.url))
    await webhook.close()

    assert (sent.delivered, sent.receipt, hook.forged) == (True, "HTTP 200", 0)
    [body] = hook.bodies
    assert body["type"] == "notification.create-alert"
    assert body["data"]["alert"]["message"] == "Disk full <web3>"
    assert body["data"]["alert"]["priority"] == "P1"
    assert body["data"]["links"] == LINKS


@pytest.mark.parametrize(("status", "retry"), [(500, True), (429, True), (404, False), (410, False), (301, True)])
async def test_a_refused_webhook_says_whether_to_try_again(hook: WebhookSink, status: int, retry: bool) -> None:
    hook.statuses, hook.location = [status], "http://169.254.169.254/"
    webhook = channel()

    with pytest.raises(ChannelError) as caught:
        await webhook.send(envelope(hook.url))
    await webhook.close()

    assert (caught.value.retry, caught.value.unknown) == (retry, False)
    assert f"HTTP {status}" in caught.value.reason
    assert len(hook.bodies) == 1  # a redirect is not followed


async def test_a_webhook_that_does_not_answer_may_have_arrived(hook: WebhookSink) -> None:
    hook.silent = True
    webhook = channel(timeout_seconds=0.2)

    with pytest.raises(ChannelError) as caught:
        await webhook.send(envelope(hook.url))
    await webhook.close()

    assert (caught.value.retry, caught.value.unknown) == (True, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_private_network_is_never_called_unless_allowed(hook: WebhookSink, host: str) -> None:
    webhook = channel(allowed="")

    with pytest.raises(ChannelError, match="private network") as caught:
        await webhook.send(envelope(hook.url.replace("127.0.0.1", host)))
    await webhook.close()

    assert caught.value.retry is False
    assert hook.bodies == []


async def test_nobody_listening_is_tried_again() -> None:
    webhook = channel()

    with pytest.raises(ChannelError, match="could not connect") as caught:
        await webhook.send(envelope("http://127.0.0.1:9/"))
    await webhook.close()

    assert (caught.value.retry, caught.value.unknown) == (True, False)


async def test_a_mail_says_what_when_and_why_and_how_to_act() -> None:
    async with smtp_sink() as sink:
        email = EmailChannel(SmtpTransport(parse_smtp_url(sink.url)), "Tocsin <tocsin@example.com>", SystemClock())
        sent = await email.send(envelope("ana@example.com"))
        await email.close()

    [mail] = sink.mails
    assert (sent.delivered, sent.receipt) == (False, "2.0.0 kept as 1")
    assert mail["Subject"] == "[P1] #7 Disk full <web3>"
    text, html = text_of(mail), html_of(mail)
    for part in (LINKS["acknowledge"], LINKS["close"], LINKS["alert"], "97 %", "/var", "on call in Web"):
        assert part in text
    assert "2 Mar 2026, 10:00" in text  # the reader's zone
    assert "Disk full &lt;web3&gt;" in html
    assert "Disk full <web3>" in text


async def test_a_mail_speaks_the_readers_language() -> None:
    async with smtp_sink() as sink:
        email = EmailChannel(SmtpTransport(parse_smtp_url(sink.url)), "Tocsin <tocsin@example.com>", SystemClock())
        await email.send(envelope("ana@example.com", locale="pl"))
        await email.send(envelope("ana@example.com", locale="pl", alert=None))
        await email.send(envelope("ana@example.com", locale="pl", action_type="last-resort"))
        await email.close()

    page, test, last = sink.mails
    assert "Potwierdź: http" in text_of(page)
    assert test["Subject"] == "Próbne powiadomienie z Tocsin"
    assert str(last["Subject"]).startswith("Nikogo nie udało się powiadomić")


async def test_a_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not() -> None:
    async with smtp_sink() as sink:
        email = EmailChannel(SmtpTransport(parse_smtp_url(sink.url)), "Tocsin <tocsin@example.com>", SystemClock())
        sink.answers = ["451 4.3.0 try later", "550 5.1.1 no such mailbox"]
        with pytest.raises(ChannelError) as busy:
            await email.send(envelope("ana@example.com"))
        with pytest.raises(ChannelError) as refused:
            await email.send(envelope("ana@example.com"))
        await email.close()

    assert (busy.value.retry, refused.value.retry) == (True, False)
    assert "no such mailbox" in refused.value.reason
