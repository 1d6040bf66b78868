"""The mails about how much is used: a warning, the limit, a spending cap. Each level once a window, to the owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from tocsin import i18n
from tocsin.billing import letters_store
from tocsin.billing.letters_store import Reader
from tocsin.db import Tx
from tocsin.i18n import N_, Translator
from tocsin.licensing.model import FREE, Term
from tocsin.licensing.quota import Level
from tocsin.licensing.windows import Window
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written


@dataclass(frozen=True, slots=True)
class Said:
    """What a letter about usage says. Amounts are minor units of `currency`."""

    level: Level
    used: int
    pool: int
    charged_minor: int
    cap_minor: int | None
    currency: str
    plans: tuple[str, ...] = ()  # the names of those with which more is sent


SUBJECTS: Mapping[Level, str] = {
    Level.POOL_WARNING: N_("Most of your SMS and voice calls are used"),
    Level.POOL_USED: N_("Your included SMS and voice calls are used up"),
    Level.CAP_WARNING: N_("Most of your spending cap is used"),
    Level.CAP_REACHED: N_("Your spending cap is reached"),
}
BEYOND_FREE = N_("On Free nothing is sent beyond that: push and e-mail tell people until the next window begins.")
OFFER = N_("With a plan more is sent at once: %(plans)s.")
BEYOND_PAID = N_("What is sent beyond that is charged by the rates of your price list, on the next regular invoice.")
BEYOND_CAP = N_("Beyond it no SMS is sent and no call is made: people are told by push and e-mail.")


def in_words(said: Said, term: Term, window: Window, reader: Reader, base_url: str) -> Letter:
    """The letter in the reader's language."""
    _ = Translator(reader.locale)
    cap = said.level in {Level.CAP_WARNING, Level.CAP_REACHED}
    if cap:
        money = i18n.money(reader.locale, said.charged_minor, said.currency)
        most = i18n.money(reader.locale, said.cap_minor or 0, said.currency)
        first = _("%(used)s of %(most)s is spent on SMS and voice in this window.", used=money, most=most)
    else:
        first = _("%(used)s of %(most)s included SMS and voice calls are used.", used=said.used, most=said.pool)
    then = BEYOND_CAP if cap else BEYOND_FREE if term.plan == FREE else BEYOND_PAID
    free = term.plan == FREE and not cap
    offer = [_(OFFER, plans=" / ".join(said.plans))] if free and said.plans else []
    choose = [Button(_("Choose a plan"), f"{base_url}/settings/subscriptions")] if free else []
    facts = []
    if window.ends_at is not None:
        facts.append((_("The next window begins"), i18n.instant_in_full(reader.locale, reader.zone, window.ends_at)))
    return Letter(
        subject=_(SUBJECTS[said.level]),
        heading=_(SUBJECTS[said.level]),
        paragraphs=(first, _(then), *offer),
        facts=tuple(facts),
        buttons=(*choose, Button(_("See the usage"), f"{base_url}/settings/usage")),
    )


async def send(tx: Tx, account_id: int, said: Said, term: Term, window: Window, base_url: str, at: datetime) -> None:
    """To every owner."""
    letter_id = uuid4()
    for reader in (await letters_store.readers(tx, [account_id])).get(account_id, []):
        letter = in_words(said, term, window, reader, base_url)
        text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
        purpose = f"usage-{said.level.value}"
        await outbox.enqueue(
            tx, account_id, purpose, reader.address, letter.subject, text, html, at, letter_id=letter_id
        )
