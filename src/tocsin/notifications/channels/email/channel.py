"""The e-mail transport, and what stands in for it when no server is set."""

from datetime import datetime
from email.message import EmailMessage

from tocsin.clock import Clock
from tocsin.db import Db
from tocsin.mail import MailError, Transport, make_message, outbox
from tocsin.notifications.channels.email.message import Mail, compose
from tocsin.notifications.model import ChannelError, Envelope, Sent


class EmailChannel:
    """Hands mails to an SMTP server. Its answer is all we learn, so a mail ends as accepted, never as delivered."""

    name = "email"
    in_flight = 20

    def __init__(self, transport: Transport, sender: str, clock: Clock) -> None:
        self._transport = transport
        self._sender = sender
        self._clock = clock

    async def send(self, envelope: Envelope) -> Sent:
        """Raises: ChannelError."""
        try:
            receipt = await self._transport.send(
                _as_message(compose(envelope), envelope, self._sender, self._clock.now())
            )
        except MailError as error:
            raise ChannelError(error.reason, retry=error.retry, provider="smtp") from None
        return Sent(provider="smtp", receipt=receipt)

    async def close(self) -> None:
        close = getattr(self._transport, "close", None)
        if close is not None:
            await close()


class MailboxChannel:
    """Without an SMTP server nobody outside is reached: the mail is kept for /mailbox, and the page has failed."""

    name = "email"
    in_flight = 20

    def __init__(self, engine: Db, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def send(self, envelope: Envelope) -> Sent:
        """Raises: ChannelError, always."""
        mail, told = compose(envelope), envelope.notification
        async with self._engine.transaction() as tx:
            await outbox.keep(
                tx,
                told.account_id,
                told.action_type,
                envelope.receiver.address,
                mail.subject,
                mail.text,
                mail.html,
                self._clock.now(),
            )
        raise ChannelError(outbox.NO_SERVER, retry=False, provider="mailbox")

    async def close(self) -> None:
        """Nothing is held open."""


def _as_message(mail: Mail, envelope: Envelope, sender: str, at: datetime) -> EmailMessage:
    told = envelope.notification
    headers = {"X-Tocsin-Notification": str(told.id)}
    if told.alert_id is not None:
        headers["References"] = f"<{told.account_id}.{told.alert_id}@alerts.tocsin>"  # one conversation an alert
    return make_message(
        sender=sender,
        to=envelope.receiver.address,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        at=at,
        message_id=f"notification.{told.account_id}.{told.id}",
        headers=headers,
    )
