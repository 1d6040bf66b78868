"""The mails about a fair-use case, to the owners. Source: licensing requirements R11.3, R11.4"""

from datetime import datetime

from tocsin import i18n
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


async def send_notice(tx: Tx, case: Case, note: str, base_url: str, at: datetime) -> None:
    for reader in (await letters_store.readers(tx, [case.account_id])).get(case.account_id, []):
        await _send(tx, case, notice(case, note, reader, base_url), reader, "fair-use-notice", at)


async def send_withdrawal(tx: Tx, case: Case, note: str, base_url: str, at: datetime) -> None:
    for reader in (await letters_store.readers(tx, [case.account_id])).get(case.account_id, []):
        await _send(tx, case, withdrawal(case, note, reader, base_url), reader, "fair-use-withdrawn", at)


async def _send(tx: Tx, case: Case, letter: Letter, reader: Reader, purpose: str, at: datetime) -> None:
    text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
    await outbox.enqueue(tx, case.account_id, purpose, reader.address, letter.subject, text, html, at)
