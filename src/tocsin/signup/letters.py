"""The mail with the link that starts a trial."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin import i18n
from tocsin.db import Tx
from tocsin.i18n import Translator
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written
from tocsin.signup.store import SignUp


async def send_link(tx: Tx, server_account: int, sign_up: SignUp, link: str, at: datetime) -> None:
    """Confirm the address, and begin. There is no account yet: the mail is the server's own."""
    _, zone = Translator(sign_up.locale), ZoneInfo(sign_up.time_zone)
    until = i18n.instant_in_full(sign_up.locale, zone, sign_up.expires_at)
    letter = Letter(
        subject=_("Start your Tocsin trial"),
        heading=_("Start the trial of %(company)s", company=sign_up.company),
        paragraphs=(
            _("One step is left: follow this link, choose a password, and everything is there."),
            _("No card is needed. When the trial ends, the account goes on as Free unless you choose a plan."),
        ),
        buttons=(Button(_("Start the trial"), link),),
        afterwards=(
            _("The link works once, until %(until)s.", until=until),
            _("If you expected nothing of this kind, ignore this mail."),
        ),
    )
    text, html = written(letter, locale=sign_up.locale, zone=zone, at=at)
    await outbox.enqueue(tx, server_account, "sign-up", sign_up.email, letter.subject, text, html, at)
