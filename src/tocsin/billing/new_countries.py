"""Telling of a country that an account never used and suddenly uses a lot: the owners and the operators, once.

Source: licensing requirements R11.2
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from tocsin import i18n
from tocsin.accounts import operators_store
from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Account
from tocsin.billing import letters_store
from tocsin.billing import new_countries_store as store
from tocsin.billing.letters_store import Reader
from tocsin.db import Tx
from tocsin.i18n import N_, Translator
from tocsin.licensing.new_countries import CountryUse, by_country, is_sudden, with_units
from tocsin.licensing.numbers import NOWHERE
from tocsin.licensing.usage import UsageRecord
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written

NO_COUNTRY = N_("no country, such as satellite telephones")
HEADING = N_("SMS and calls suddenly go to a new country: %(country)s")


async def watch(tx: Tx, account_id: int, records: Sequence[UsageRecord], most: int, base_url: str) -> None:
    """Count what the carrier took, and tell of a new country that got more than `most` units in its first day."""
    for country, instants in sorted(by_country(records).items()):
        use = with_units(await store.lock(tx, account_id, country, instants[0]), instants)
        if is_sudden(use, await store.homes(tx, account_id), most):
            use = replace(use, alerted_at=instants[-1])
            await _tell_owners(tx, use, base_url, instants[-1])
            await _tell_operators(tx, use, base_url, instants[-1])
        await store.save(tx, use)


def name_of(country: str, locale: str) -> str:
    return Translator(locale)(NO_COUNTRY) if country == NOWHERE else i18n.country(locale, country)


def for_owners(use: CountryUse, reader: Reader, base_url: str) -> Letter:
    """What happened, and what to look at."""
    _ = Translator(reader.locale)
    heading = _(HEADING, country=name_of(use.country, reader.locale))
    return Letter(
        subject=heading,
        heading=heading,
        paragraphs=(
            _("Your account never sent anything there before, and now %(count)s SMS and calls within a day.",
              count=i18n.number(reader.locale, use.units)),
            _("If somebody of yours is there, all is well. If not, look at who added that number, and change API keys "
              "that others may know: they may cost you money."),
        ),
        buttons=(Button(_("See the usage"), f"{base_url}/settings/usage"),),
    )  # fmt: skip


def for_operators(use: CountryUse, account: Account, reader: Reader, base_url: str) -> Letter:
    """Which account it is."""
    _ = Translator(reader.locale)
    heading = _(HEADING, country=name_of(use.country, reader.locale))
    return Letter(
        subject=f"{heading} ({account.id})",
        heading=heading,
        paragraphs=(_("The account never used that country before. Nothing is stopped; its owners are told, too."),),
        facts=(
            (_("Account"), f"{account.name} ({account.id})"),
            (_("SMS and calls within a day"), i18n.number(reader.locale, use.units)),
        ),
        buttons=(Button(_("See the inbox"), f"{base_url}/operator/inbox"),),
    )


async def _tell_owners(tx: Tx, use: CountryUse, base_url: str, at: datetime) -> None:
    letter_id = uuid4()
    for reader in (await letters_store.readers(tx, [use.account_id])).get(use.account_id, []):
        letter = for_owners(use, reader, base_url)
        text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
        await outbox.enqueue(
            tx, use.account_id, "new-country", reader.address, letter.subject, text, html, at, letter_id=letter_id
        )


async def _tell_operators(tx: Tx, use: CountryUse, base_url: str, at: datetime) -> None:
    account = await accounts_store.get_account(tx, use.account_id)
    for operator in await operators_store.list_operators(tx):
        if operator.status != "active":
            continue
        servers = await accounts_store.get_account(tx, operator.account_id)
        reader = Reader(operator.username, servers.locale, ZoneInfo(servers.time_zone))
        letter = for_operators(use, account, reader, base_url)
        text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
        await outbox.enqueue(tx, servers.id, "new-country-used", reader.address, letter.subject, text, html, at)
