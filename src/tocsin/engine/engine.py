"""What the engine advances: each kind of due row by the room that owns it. Who drives it brings the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tocsin import crypto
from tocsin.accounts.people.contacts import CONTACT_SECRET
from tocsin.alerts import search_store
from tocsin.billing import (
    charges_store,
    charging,
    fair_use_service,
    fair_use_store,
    letters_store,
    metered,
    rendering,
    vat_refresh,
)
from tocsin.billing import due as billing_due
from tocsin.billing.cards import gateway_of
from tocsin.billing.cards.gateway import CardGateway
from tocsin.billing.keeping import Rails
from tocsin.billing.letters import OutboxTeller
from tocsin.billing.metered import RecordedUsage
from tocsin.billing.vat_registry import Registry
from tocsin.clock import Clock
from tocsin.db import Db
from tocsin.deletion import service as deletion
from tocsin.deletion import store as deletion_store
from tocsin.engine import store
from tocsin.escalations import due as escalations
from tocsin.escalations import explain, repeats, retention, retention_store, snooze
from tocsin.escalations import store as runs_store
from tocsin.escalations.due import Advanced
from tocsin.escalations.failed import last_resort_for
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.escalations.reason import from_json
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.mail import Transport, outbox, transport_of
from tocsin.mail import store as mails_store
from tocsin.notifications import store as notifications_store
from tocsin.notifications.channels import Channel
from tocsin.notifications.channels.email.channel import EmailChannel, MailboxChannel
from tocsin.notifications.channels.webhook.channel import WebhookChannel
from tocsin.notifications.model import Notification
from tocsin.notifications.outbound import parse_networks
from tocsin.notifications.sender import Sender, Watch
from tocsin.on_call import turns_due
from tocsin.settings import Settings

KEEP_REQUESTS = timedelta(days=7)
KEEP_RESERVED = timedelta(days=1)  # room for an SMS whose sender died
KEEP_PROOFS = timedelta(hours=12)  # mails that an account is gone, where they could not be sent


@dataclass(slots=True)
class Engine:
    """The steps, one for each kind of due row. Each may run in any number of workers at once."""

    db: Db
    clock: Clock
    sender: Sender
    snapshots: Snapshots
    lease: timedelta
    rails: Rails
    limits: PlanLimits
    mail_transport: Transport | None = None
    mail_from: str = ""

    async def advance_escalations(self, now: datetime, *, claim: bool = True, busy: Sequence[int] = ()) -> Advanced:
        """Tell who is next; notifications that are due at once come back leased, if `claim`, but of `busy` accounts."""
        return await escalations.advance_due(self.db, self.snapshots, now, lease=self.lease, claim=claim, busy=busy)

    async def repeat_rules(self, now: datetime) -> int:
        """Begin the steps of notification rules again that repeat."""
        return await repeats.advance_due(self.db, self.snapshots, now)

    async def tell_of_turns(self, now: datetime) -> int:
        """Tell people that turns of theirs start or end."""
        return await turns_due.advance_due(self.db, self.snapshots, now)

    async def wake_snoozed(self, now: datetime) -> int:
        return await snooze.wake_due(self.db, now)

    async def send_mails(self, now: datetime) -> int:
        """Mails that are not about an alert."""
        return await outbox.send_due(
            self.db, now, self.mail_transport, self.mail_from, lease=self.lease, readers=letters_store.stand_ins
        )

    async def advance_subscriptions(self, now: datetime) -> int:
        """Trials, boundaries, renewals, dunning: what happens to accounts by itself; before that, old VAT ids."""
        asked = await vat_refresh.refresh_due(self.db, self.rails, now)
        return asked + await billing_due.advance_due(self.db, self.rails, now)

    async def review_usage(self, now: datetime) -> int:
        """What finished windows of SMS and calls cost: may open a case of fair use."""
        return await fair_use_service.review_due(self.db, self.rails, now)

    async def charge_cards(self, now: datetime) -> int:
        """Charges that are to be made, and those whose end nobody knows yet."""
        return await charging.charge_due(self.db, self.rails, now, lease=self.lease)

    async def remove_old_alerts(self, now: datetime) -> int:
        """Closed alerts that a plan does not keep any longer."""
        return await retention.advance_due(self.db, now)

    async def erase_accounts(self, now: datetime) -> int:
        """Accounts whose deletion cannot be taken back any more."""
        return await deletion.advance_due(self.db, now, self.rails.gateway)

    async def render_documents(self, now: datetime) -> int:
        """Files of finalised invoices and credit notes, and the mails that announce them."""
        return await rendering.render_due(self.db, self.rails.base_url, now, lease=self.lease)

    async def index_alerts(self) -> int:
        """Bring search up to date with new and changed alerts; how many there were, 2,000 at most."""
        async with self.db.transaction() as tx:
            return await search_store.index_alerts(tx)

    async def clean_up(self, now: datetime) -> int:
        """Forget what is kept for a while only: answers to requests, sessions, failed sign-ins, old mails."""
        erased = await outbox.erase_old(self.db, now)
        async with self.db.transaction() as tx:
            erased += await deletion_store.erase_proofs(tx, now - KEEP_PROOFS)
            erased += await metered.release_forgotten(tx, now - KEEP_RESERVED)
            erased += await self.limits.enrol(tx, now)
            return erased + await store.forget_old(tx, now, now - KEEP_REQUESTS)

    async def earliest(self) -> dict[store.Kind, datetime]:
        """When each kind of row is due next, asked at once."""
        async with self.db.transaction() as tx:
            return await store.earliest(tx)

    async def earliest_run(self) -> datetime | None:
        async with self.db.statements() as tx:
            return await runs_store.earliest_due(tx)

    async def earliest_repeat(self) -> datetime | None:
        return await repeats.earliest_due(self.db)

    async def earliest_turn(self) -> datetime | None:
        return await turns_due.earliest_due(self.db)

    async def earliest_notification(self) -> datetime | None:
        async with self.db.statements() as tx:
            return await notifications_store.earliest_due(tx)

    async def earliest_snooze(self) -> datetime | None:
        return await snooze.earliest_due(self.db)

    async def earliest_subscription(self) -> datetime | None:
        due = [
            await billing_due.earliest_due(self.db),
            await vat_refresh.earliest_due(self.db, self.rails, self.clock.now()),
        ]
        return min((at for at in due if at is not None), default=None)

    async def earliest_retention(self) -> datetime | None:
        async with self.db.statements() as tx:
            return await retention_store.earliest_due(tx)

    async def earliest_deletion(self) -> datetime | None:
        async with self.db.transaction() as tx:
            return await deletion_store.earliest_due(tx)

    async def earliest_review(self) -> datetime | None:
        async with self.db.transaction() as tx:
            return await fair_use_store.earliest_review(tx)

    async def earliest_charge(self) -> datetime | None:
        async with self.db.transaction() as tx:
            return await charges_store.earliest_due(tx)

    async def earliest_document(self) -> datetime | None:
        return await rendering.earliest_due(self.db)

    async def earliest_mail(self) -> datetime | None:
        async with self.db.statements() as tx:
            return await mails_store.earliest_due(tx)


def make_engine(
    settings: Settings,
    db: Db,
    clock: Clock,
    channels: Mapping[str, Channel] | None = None,
    watch: Watch | None = None,
    gateway: CardGateway | None = None,
) -> Engine:
    """The engine with the channels of `settings`, or with others (a rehearsal's). Raises: Invalid for bad settings.

    `watch` hears what comes of every notification that is sent. With other channels, cards are charged by `gateway`.
    """
    lease = timedelta(seconds=settings.lease_seconds)
    snapshots = Snapshots()
    transport = transport_of(settings.smtp_url) if channels is None else None
    sender = Sender(
        db,
        clock,
        make_channels(settings, db, clock, transport) if channels is None else channels,
        key=settings.key,
        base_url=settings.base_url,
        explain=in_words,
        on_failed=last_resort_for(snapshots, lease),
        watch=watch,
    )
    limits = PlanLimits(billing=settings.billing == "on")
    if channels is None:
        rails = make_rails(settings, limits, gateway_of(settings), registry_of(settings))
    else:
        rails = make_rails(settings, limits, gateway)
    return Engine(db, clock, sender, snapshots, lease, rails, limits, transport, settings.mail_from)


def registry_of(settings: Settings) -> Registry | None:
    """The registry of VAT ids that is asked, if any."""
    return Registry(settings.vat_registry_url) if settings.vat_registry_url else None


def make_rails(
    settings: Settings, limits: PlanLimits, gateway: CardGateway | None = None, registry: Registry | None = None
) -> Rails:
    """What billing needs besides the database; without a provider no card is charged."""
    teller = OutboxTeller(settings.base_url, limits.lost_with)
    return Rails(RecordedUsage(), teller, gateway, settings.base_url, limits, registry)


def make_channels(settings: Settings, db: Db, clock: Clock, transport: Transport | None) -> dict[str, Channel]:
    """Every channel of this server, by method."""

    @lru_cache(maxsize=10_000)  # the same few contacts over and over
    def unseal(sealed: bytes) -> bytes:
        return crypto.unseal(settings.key, CONTACT_SECRET, sealed)

    email = MailboxChannel(db, clock) if transport is None else EmailChannel(transport, settings.mail_from, clock)
    return {
        "email": email,
        "webhook": WebhookChannel(clock, parse_networks(settings.allowed_private_networks), unseal),
    }


def in_words(told: Notification, locale: str, zone: ZoneInfo) -> tuple[str, ...]:
    """Why a notification is sent, in its reader's language."""
    if "last_resort" in told.reason:
        return (explain.last_resort_in_words(told.reason["last_resort"], locale),)
    if "by" in told.reason or "turn" in told.reason:
        return ()  # a report says itself what happened
    reader = explain.Reader(locale, zone, told.told_at)
    return tuple(explain.path_in_words(from_json(told.reason.get("path", [])), reader))
