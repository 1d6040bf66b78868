"""The mail that tells whoever sells of a question."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.accounts.model import Account
from tocsin.db import Tx
from tocsin.i18n import Translator
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written


async def send(
    tx: Tx,
    server: Account,
    to: str,
    *,
    name: str,
    email: str,
    about: str,
    message: str,
    said_of: str,
    inbox: str,
    at: datetime,
) -> None:
    """It speaks the language of the server's own account, in whose outbox it waits."""
    _ = Translator(server.locale)
    letter = Letter(
        subject=_("%(name)s asks: %(about)s", name=name, about=_(about)),
        heading=_("A question by the contact form"),
        paragraphs=tuple(line for line in message.splitlines() if line.strip()),
        facts=(
            (_("Name"), name),
            (_("E-mail address"), email),
            (_("About"), _(about)),
            *([(_("Account"), said_of)] if said_of else []),
        ),
        buttons=(Button(_("Open the inbox"), inbox),),
        afterwards=(_("Answer to the address above; a reply to this mail does not reach them."),),
    )
    text, html = written(letter, locale=server.locale, zone=ZoneInfo(server.time_zone), at=at)
    await outbox.enqueue(tx, server.id, "inquiry", to, letter.subject, text, html, at)
