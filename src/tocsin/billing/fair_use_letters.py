"""The mails about a fair-use case, to the owners. Source: licensing requirements R11.3, R11.4"""

from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from tocsin import i18n
from tocsin.accounts import operators_store
from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Account
from tocsin.billing import letters_store
from tocsin.billing.fair_use_store import number_of
from tocsin.billing.letters_store import Reader
from tocsin.db import Tx
from tocsin.i18n import Translator
from tocsin.licensing.fair_use import Case
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written

PAGE = "/settings/usage#case"


def notice(case: Case, note: str, reader: Reader, base_url: str) -> Letter:
    """From when on use is billed, why, and how to answer."""
    _ = Translator(reader.locale)
    number, at = number_of(case.id), case.effective_at or case.opened_at
    heading = _("SMS and voice are billed by use from %(on)s", on=i18n.instant_in_full(reader.locale, reader.zone, at))
    return Letter(
        subject=f"{heading} ({number})",
        heading=heading,
        paragraphs=(
            _("The use of SMS and calls by your account is far above what its plan is made for. We looked at it."),
            note,
            _("From then on your plan includes SMS and calls for each seat; more is charged by the price list. "
              "Everything else of the plan stays. After two ordinary windows use is unlimited again."),
            _("You can answer, set a spending cap, or leave the plan; on an annual plan unused months are paid back."),
        ),
        facts=((_("Case"), number),),
        buttons=(Button(_("Answer"), f"{base_url}{PAGE}"),),
    )  # fmt: skip


def withdrawal(case: Case, note: str, reader: Reader, base_url: str) -> Letter:
    """The notice is taken back."""
    _ = Translator(reader.locale)
    number, heading = number_of(case.id), _("SMS and voice stay without a limit")
    return Letter(
        subject=f"{heading} ({number})",
        heading=heading,
        paragraphs=(_("The notice is taken back."), note),
        facts=((_("Case"), number),),
        buttons=(Button(_("See the usage"), f"{base_url}/settings/usage"),),
    )


def for_operators(number: str, account: Account, said: str, reader: Reader, base_url: str) -> Letter:
    """A case waits: the meter opened it, or an owner answered."""
    _ = Translator(reader.locale)
    heading = _("An answer about a case of fair use") if said else _("A case of fair use waits for you")
    opened = _("What the SMS and calls of this account cost is far above what its seats pay. Nothing happens to it "
               "until somebody has looked at it and decided.")  # fmt: skip
    return Letter(
        subject=f"{heading} ({number})",
        heading=heading,
        paragraphs=tuple(line for line in said.splitlines() if line.strip()) or (opened,),
        facts=((_("Case"), number), (_("Account"), f"{account.name} ({account.id})")),
        buttons=(Button(_("See the case"), f"{base_url}/operator/fair-use"),),
    )


async def tell_operators(tx: Tx, account_id: int, case_id: UUID, said: str, base_url: str, at: datetime) -> None:
    """Tell everybody who runs the server of a case, or of what an owner `said` about it."""
    account = await accounts_store.get_account(tx, account_id)
    for operator in await operators_store.list_operators(tx):
        if operator.status != "active":
            continue
        servers = await accounts_store.get_account(tx, operator.account_id)
        reader = Reader(operator.username, servers.locale, ZoneInfo(servers.time_zone))
        letter = for_operators(number_of(case_id), account, said, reader, base_url)
        text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
        await outbox.enqueue(tx, servers.id, "fair-use-case", reader.address, letter.subject, text, html, at)


async def send_notice(tx: Tx, case: Case, note: str, base_url: str, at: datetime) -> None:
    letter_id = uuid4()
    for reader in (await letters_store.readers(tx, [case.account_id])).get(case.account_id, []):
        await _send(tx, case, notice(case, note, reader, base_url), reader, "fair-use-notice", letter_id, at)


async def send_withdrawal(tx: Tx, case: Case, note: str, base_url: str, at: datetime) -> None:
    letter_id = uuid4()
    for reader in (await letters_store.readers(tx, [case.account_id])).get(case.account_id, []):
        await _send(tx, case, withdrawal(case, note, reader, base_url), reader, "fair-use-withdrawn", letter_id, at)


async def _send(
    tx: Tx, case: Case, letter: Letter, reader: Reader, purpose: str, letter_id: UUID, at: datetime
) -> None:
    text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
    await outbox.enqueue(
        tx, case.account_id, purpose, reader.address, letter.subject, text, html, at, letter_id=letter_id
    )
