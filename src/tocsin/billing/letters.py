"""The mails about an account's billing: facts made into words, in each reader's language, and put into the outbox.

What a trial's end takes away from *this* account is counted by a function that is passed in. Source: licensing
requirements R3.1, R9.1, §4, M16, S28
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from tocsin import i18n
from tocsin.billing import letters_store
from tocsin.billing.account import Letter as Facts
from tocsin.billing.account import LetterKind, Outcome
from tocsin.billing.letters_store import Reader
from tocsin.db import Tx
from tocsin.i18n import N_, Translator
from tocsin.licensing.differences import Difference
from tocsin.licensing.features import FeatureValue
from tocsin.licensing.model import FREE
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that another plan has less of: a source text, and how many of how many rest where it is counted.

    `values` are those before and after, where less of it is left.
    """

    text: str
    count: int | None = None
    of: int | None = None
    values: tuple[FeatureValue, FeatureValue] | None = None

    def in_words(self, locale: str) -> str:
        """For instance "Responders: 7 of 12"."""
        _ = Translator(locale)
        if self.count is None:
            return Difference(self.text, self.values).in_words(locale)
        return _("%(what)s: %(count)s of %(of)s", what=_(self.text), count=self.count, of=self.of)


Losses = Callable[[Tx, int, str, int | None, datetime], Awaitable[Sequence[Loss]]]
"""What an account would lose with a plan and so many seats (None: as many as it has) at an instant."""


class Words(NamedTuple):
    """The English source of a letter; its page is where the button leads."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str
    page: str


SUBSCRIPTIONS, BILLING, ACTIVE = "/settings/subscriptions", "/settings/billing", "/settings/active"
INVOICES, INFORMATION = f"{SUBSCRIPTIONS}/invoices", f"{BILLING}/information"
SEE_PLAN, PAY = N_("See the subscription"), N_("Pay now")

WORDS: Mapping[LetterKind, Words] = {
    LetterKind.TRIAL_REMINDER: Words(
        N_("Your trial ends on %(ends_on)s"),
        (N_("Choose a plan before it ends, and everything stays as it is. Otherwise the account moves to Free."),),
        N_("Choose a plan"),
        SUBSCRIPTIONS,
    ),
    LetterKind.TRIAL_ENDED: Words(
        N_("Your trial has ended"),
        (
            N_("Your account is on Free now. Nothing was deleted: what rests comes back as it was with a plan."),
            N_("Alerts are still accepted, and somebody is still told."),
        ),
        N_("Choose a plan"),
        SUBSCRIPTIONS,
    ),
    LetterKind.FIRST_CHARGE_FAILED: Words(
        N_("The first payment for your plan failed"),
        (
            N_("We could not charge your card with %(amount)s. Everything works until %(until)s."),
            N_("Add another card to go on; otherwise the account moves to Free, and nothing is owed."),
        ),
        N_("Add a card"),
        BILLING,
    ),
    LetterKind.MOVED_TO_FREE: Words(
        N_("Your account is on Free now"),
        (
            N_("Nothing was deleted. What Free does not include rests, and comes back as it was with a plan."),
            N_("Alerts are still accepted, and somebody is still told."),
        ),
        SEE_PLAN,
        SUBSCRIPTIONS,
    ),
    LetterKind.PAYMENT_RECEIVED: Words(
        N_("We received your payment"), (N_("%(amount)s arrived. Thank you."),), N_("See the invoices"), INVOICES
    ),
    LetterKind.CHARGE_FAILED: Words(
        N_("A payment failed"),
        (
            N_("We could not charge your card with %(owed)s for invoice %(number)s."),
            N_("We try again by ourselves. Another card pays it at once."),
        ),
        N_("Add a card"),
        BILLING,
    ),
    LetterKind.PAYMENT_TAKEN_BACK: Words(
        N_("A payment was taken back"),
        (
            N_("The bank took the payment for invoice %(number)s back: %(owed)s is owed again, due today."),
            N_("Please pay it anew, so that the account stays as it is."),
        ),
        PAY,
        INVOICES,
    ),
    LetterKind.PAYMENT_DISPUTED: Words(
        N_("A card payment is disputed"),
        (
            N_("The card's holder disputes the payment for invoice %(number)s, and the bank took it back."),
            N_("%(owed)s is owed again. That card is not charged for it any more; another card pays it at once."),
            N_("If the dispute is a mistake, withdraw it at your bank: once it is decided for us, the payment counts."),
        ),
        N_("Add a card"),
        BILLING,
    ),
    LetterKind.DISPUTE_WON: Words(
        N_("A disputed payment counts again"),
        (
            N_("The dispute about invoice %(number)s is over, and %(amount)s counts as paid again."),
            N_("What was paid otherwise meanwhile is in your balance: the next invoice uses it."),
        ),
        N_("See the invoices"),
        INVOICES,
    ),
    LetterKind.ACTION_REQUIRED: Words(
        N_("Your bank wants you to confirm a payment"),
        (N_("Invoice %(number)s over %(owed)s is open until you confirm it."),),
        N_("Confirm the payment"),
        INVOICES,
    ),
    LetterKind.DUNNING: Words(
        N_("Invoice %(number)s is open"),
        (N_("%(owed)s was due on %(due_on)s. Please pay it, so that the account stays as it is."),),
        PAY,
        INVOICES,
    ),
    LetterKind.RESTRICTED: Words(
        N_("Your account is restricted"),
        (
            N_("An invoice is open for two weeks: until it is paid, plan, seats and configuration cannot be changed."),
            N_("Alerting, on-call schedules and notifications go on untouched."),
        ),
        PAY,
        INVOICES,
    ),
    LetterKind.TELEPHONY_STOPPED: Words(
        N_("SMS, voice and numbers are stopped"),
        (N_("%(owed)s for use is unpaid. Your plan stays; SMS, voice and numbers come back with the payment."),),
        PAY,
        INVOICES,
    ),
    LetterKind.CHANGE_SCHEDULED: Words(
        N_("A change of your subscription is scheduled"),
        (N_("From %(on)s on: %(target)s. Until then everything stays, and nothing is charged today."),),
        SEE_PLAN,
        SUBSCRIPTIONS,
    ),
    LetterKind.CHANGED: Words(
        N_("Your subscription has changed"), (N_("In force now: %(target)s."),), SEE_PLAN, SUBSCRIPTIONS
    ),
    LetterKind.CANCELED: Words(
        N_("Your subscription is cancelled"),
        (
            N_("Everything works until %(on)s; then the account is on Free."),
            N_("You can resume it until then, at no charge."),
        ),
        N_("Resume"),
        SUBSCRIPTIONS,
    ),
    LetterKind.RESUMED: Words(
        N_("Your subscription goes on"), (N_("The cancellation is taken back."),), SEE_PLAN, SUBSCRIPTIONS
    ),
    LetterKind.PRICE_RISES: Words(
        N_("Your price changes on %(on)s"),
        (N_("What you have now costs %(now)s; from the renewal on %(on)s it costs %(then)s, plus tax."),),
        SEE_PLAN,
        SUBSCRIPTIONS,
    ),
    LetterKind.CARD_EXPIRES: Words(
        N_("Your card expires"),
        (N_("From %(on)s on it cannot be charged any more. Add another card, so that the account stays as it is."),),
        N_("Add a card"),
        BILLING,
    ),
    LetterKind.USAGE_BILLING: Words(
        N_("How SMS and voice are billed changes"),
        (N_("From the first billing window on or after %(from_on)s the new rule holds."),),
        SEE_PLAN,
        SUBSCRIPTIONS,
    ),
    LetterKind.PO_NEARLY_USED: Words(
        N_("Your purchase order is nearly used up"),
        (N_("%(used)s of %(ceiling)s is used. More seats need an amended purchase order."),),
        SEE_PLAN,
        SUBSCRIPTIONS,
    ),
    LetterKind.DELETION_UNDONE: Words(
        N_("Your account is back"), (N_("The deletion was taken back. Everything is as it was."),), SEE_PLAN, "/"
    ),
}
"""Letters without words are for others: invoices and credit notes leave when they are rendered, the operator finds
proposals on his billing page, and a deletion has a link that only `deletion/letters.py` knows."""


@dataclass(frozen=True, slots=True)
class OutboxTeller:
    """Writes the letters of decisions to the account's owners, about money to the invoice recipients too."""

    base_url: str
    losses: Losses | None = None

    async def tell(self, tx: Tx, outcomes: Sequence[Outcome], at: datetime) -> None:
        """Put the letters of these decisions into the outbox."""
        told = [(outcome, letter) for outcome in outcomes for letter in outcome.letters if letter.kind in WORDS]
        if not told:
            return
        accounts = {outcome.billing.subscription.account_id for outcome, _ in told}
        readers = await letters_store.readers(tx, sorted(accounts))
        for outcome, letter in told:
            await self._tell(tx, outcome, letter, readers.get(outcome.billing.subscription.account_id, ()), at)

    async def _tell(self, tx: Tx, outcome: Outcome, letter: Facts, owners: Sequence[Reader], at: datetime) -> None:
        account_id = outcome.billing.subscription.account_id
        losses, letter_id = await self._losses_of(tx, account_id, letter, at), uuid4()
        for reader in _readers(outcome, letter, owners):
            made = in_words(letter, reader.locale, reader.zone, self.base_url, losses)
            text, html = written(made, locale=reader.locale, zone=reader.zone, at=at)
            purpose = letter.kind.value.replace("_", "-")
            await outbox.enqueue(
                tx, account_id, purpose, reader.address, made.subject, text, html, letter.at, letter_id=letter_id
            )

    async def _losses_of(self, tx: Tx, account_id: int, letter: Facts, at: datetime) -> Sequence[Loss]:
        """Counted before the decision is kept: what the account has is what it had until now."""
        if self.losses is None or letter.kind not in LOSING or not letter.facts.get("free_on", True):
            return ()
        plan, seats = letter.facts.get("plan"), letter.facts.get("seats")
        return await self.losses(tx, account_id, str(plan or FREE), seats if isinstance(seats, int) else None, at)


BEFORE = {LetterKind.TRIAL_REMINDER, LetterKind.RESTRICTED}
LOSING = {*BEFORE, LetterKind.TRIAL_ENDED, LetterKind.MOVED_TO_FREE}
ABOUT_MONEY = {
    LetterKind.CHARGE_FAILED,
    LetterKind.PAYMENT_TAKEN_BACK,
    LetterKind.PAYMENT_DISPUTED,
    LetterKind.DISPUTE_WON,
    LetterKind.DUNNING,
    LetterKind.ACTION_REQUIRED,
}


def _readers(outcome: Outcome, letter: Facts, owners: Sequence[Reader]) -> list[Reader]:
    buyer = outcome.billing.buyer
    known = {owner.address for owner in owners}
    zone = ZoneInfo(outcome.billing.subscription.zone)
    others = buyer.emails if letter.kind in ABOUT_MONEY else ()
    return [*owners, *(Reader(address, buyer.locale, zone) for address in others if address not in known)]


def in_words(letter: Facts, locale: str, zone: ZoneInfo, base_url: str, losses: Sequence[Loss] = ()) -> Letter:
    """A letter in the reader's language. Raises: KeyError for a kind without words."""
    _ = Translator(locale)
    words = WORDS[letter.kind]
    facts = _said(letter.facts, locale, zone)
    chosen = letter.kind in (LetterKind.TRIAL_REMINDER, LetterKind.TRIAL_ENDED) and "plan" in letter.facts
    ended = letter.kind not in BEFORE
    paragraphs = (CHOSEN_BEGINS if ended else CHOSEN,) if chosen else words.paragraphs
    if letter.facts.get("lacks_card"):
        without = CHOSEN_LACKS_CARD if ended else CHOSEN_WITHOUT_CARD
        paragraphs = (without,) if chosen else (*paragraphs, NO_CARD_YET)
        words = words._replace(button=N_("Add a card"), page=BILLING)
    if letter.facts.get("free_on"):
        paragraphs = (*paragraphs, MOVES_TO_FREE)
    buttons = [Button(_(words.button), f"{base_url}{words.page}")] if words.button else []
    if losses:
        buttons.append(Button(_("Choose what stays"), f"{base_url}{ACTIVE}"))
    loses = _("Rests with this plan") if chosen else _("Free has switched off") if ended else _("Free switches off")
    return Letter(
        subject=_(words.subject, **facts),
        heading=_(words.subject, **facts),
        paragraphs=tuple(_(paragraph, **facts) for paragraph in paragraphs),
        facts=tuple((loses, loss.in_words(locale)) for loss in losses),
        buttons=tuple(buttons),
    )


CHOSEN = N_("You have chosen what comes next: %(target)s. It begins by itself, and everything stays as it is.")
CHOSEN_WITHOUT_CARD = N_(
    "You have chosen what comes next: %(target)s. No card is on file yet: add one before the trial ends, and it begins"
    " by itself; without one the account moves to Free."
)
MOVES_TO_FREE = N_("If it is not paid, the account moves to Free on %(free_on)s.")
CHOSEN_BEGINS = N_("What you have chosen follows: %(target)s. Everything stays as it is.")
CHOSEN_LACKS_CARD = N_(
    "You have chosen what comes next: %(target)s. No card is on file: with one it begins, without one the account moves"
    " to Free within days."
)
NO_CARD_YET = N_("No card is on file yet. Add one before the trial ends, or the plan cannot begin.")
AMOUNTS = {
    "amount_minor": "amount",
    "owed_minor": "owed",
    "now_minor": "now",
    "then_minor": "then",
    "used_minor": "used",
    "ceiling_minor": "ceiling",
}


def _said(facts: Mapping[str, object], locale: str, zone: ZoneInfo) -> dict[str, object]:
    """The facts as they are said: amounts with their currency, days in full, what a target comes to."""
    currency = str(facts.get("currency", "USD"))
    said: dict[str, object] = {"number": "", "on": "", "until": "", "target": _target(facts, locale)}
    for name, value in facts.items():
        match value:
            case int() if name in AMOUNTS:
                said[AMOUNTS[name]] = i18n.money(locale, value, currency)
            case datetime():
                said["on" if name == "at" else name] = i18n.instant_in_full(locale, zone, value)
            case date():
                said[name] = i18n.date_in_full(locale, value)
            case UUID() | None:
                continue
            case _:
                said[name] = value
    return said


INTERVALS = {"month": N_("paid by the month"), "year": N_("paid by the year")}


def _target(facts: Mapping[str, object], locale: str) -> str:
    """For instance "standard, 10 seats, paid by the year"."""
    _ = Translator(locale)
    seats, interval = facts.get("seats"), facts.get("interval")
    parts = [str(facts["plan"]).title()] if facts.get("plan") else []
    if isinstance(seats, int):
        parts.append(_.ngettext("%(num)s seat", "%(num)s seats", seats))
    if isinstance(interval, str):
        parts.append(_(INTERVALS[interval]))
    return ", ".join(parts)
