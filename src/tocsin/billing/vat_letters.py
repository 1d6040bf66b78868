"""The mail that a VAT id is not in force any more: what that means, to the owners, once for each change.

Source: licensing requirements R7.2, CHOICE-37
"""

from datetime import datetime
from uuid import uuid4

from tocsin.billing import letters_store
from tocsin.billing.letters import INFORMATION
from tocsin.db import Tx
from tocsin.i18n import Translator
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written

PURPOSE = "vat-id-out-of-force"


def in_words(vat_id: str, locale: str, base_url: str) -> Letter:
    """The letter in the reader's language."""
    _ = Translator(locale)
    subject = _("Your VAT ID is not valid any more")
    return Letter(
        subject=subject,
        heading=subject,
        paragraphs=(
            _("The VAT registry says that %(vat_id)s is not in force.", vat_id=vat_id),
            _("From the next invoice on VAT is charged. Invoices that you have stay as they are."),
            _("If that is a mistake, correct the ID in Billing Information, or ask your tax office."),
        ),
        buttons=(Button(_("See Billing Information"), f"{base_url}{INFORMATION}"),),
    )


async def send(tx: Tx, account_id: int, vat_id: str, base_url: str, at: datetime) -> None:
    """To every owner."""
    letter_id = uuid4()
    for reader in (await letters_store.readers(tx, [account_id])).get(account_id, []):
        letter = in_words(vat_id, reader.locale, base_url)
        text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
        await outbox.enqueue(
            tx, account_id, PURPOSE, reader.address, letter.subject, text, html, at, letter_id=letter_id
        )
