"""The two mails of a deletion: how to take it back, and that it is done."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin import i18n
from tocsin.db import Tx
from tocsin.deletion.store import Deletion
from tocsin.i18n import Translator
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written

PROOF = "deletion-proof"


async def send_requested(
    tx: Tx,
    server: int,
    deletion: Deletion,
    owners: Sequence[str],
    account_name: str,
    undo: str,
    at: datetime,
    *,
    held: bool,
) -> None:
    """To every owner: access has ended; until when it can be taken back, and when everything is gone."""
    _, zone = Translator(deletion.locale), ZoneInfo(deletion.time_zone)
    until = i18n.instant_in_full(deletion.locale, zone, deletion.due_at)
    paragraphs = [
        _("You asked for the account to be deleted. Nobody can sign in any more, and its API keys do not work."),
        _("Until %(until)s you can take it back: everything is as it was then.", until=until),
        _("After that it is erased for good, within two days of your request. Only invoices are kept, by law."),
    ]
    if held:
        paragraphs.append(_("The account is under legal hold: it is erased when the hold ends."))
    letter = Letter(
        subject=_("%(account)s is being deleted", account=account_name),
        heading=_("%(account)s is being deleted", account=account_name),
        paragraphs=tuple(paragraphs),
        buttons=(Button(_("Take it back"), undo),),
        afterwards=(_("If you did not ask for this, take it back at once and change your password."),),
    )
    for owner in owners:
        await _send(tx, server, "deletion-requested", deletion, owner, letter, at)


async def send_proof(tx: Tx, server: int, deletion: Deletion, documents: int, at: datetime) -> None:
    """It is done: when, and what is left. This mail goes too once it has left."""
    _, zone = Translator(deletion.locale), ZoneInfo(deletion.time_zone)
    letter = Letter(
        subject=_("Your account is erased"),
        heading=_("Your account is erased"),
        paragraphs=(
            _("Everything of it is gone: people, contacts, schedules, alerts, keys and files."),
            _("Backups that still hold it are overwritten within 35 days."),
        ),
        facts=(
            (_("Asked for"), i18n.instant_in_full(deletion.locale, zone, deletion.requested_at)),
            (_("Done"), i18n.instant_in_full(deletion.locale, zone, at)),
            (_("Invoices kept by law"), i18n.number(deletion.locale, documents)),
        ),
    )
    await _send(tx, server, PROOF, deletion, deletion.proof_to, letter, at)


async def _send(tx: Tx, server: int, purpose: str, deletion: Deletion, to: str, letter: Letter, at: datetime) -> None:
    zone = ZoneInfo(deletion.time_zone)
    text, html = written(letter, locale=deletion.locale, zone=zone, at=at)
    await outbox.enqueue(tx, server, purpose, to, letter.subject, text, html, at)
