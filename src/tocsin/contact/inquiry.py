"""A question to whoever sells, and where it is kept. No account may be behind it, so the engine role asks."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin.accounts import operators_store, store
from tocsin.accounts.people.service import mail_address
from tocsin.accounts.sign_in import service as sign_in
from tocsin.accounts.sign_in import throttle
from tocsin.contact import letters
from tocsin.db import Db, Tx
from tocsin.errors import Invalid
from tocsin.i18n import N_

NAME_LENGTH = 100
MESSAGE_LENGTH = 5_000
COLUMNS = "id, name, email, about, message, locale, created_at, account_id, subscription"


class About(StrEnum):
    """What a question is about."""

    PRICES = "prices"
    OFFLINE = "offline"
    FAIR_USE = "fair-use"
    OTHER = "other"


ABOUT = {
    About.PRICES: N_("Plans and prices"),
    About.OFFLINE: N_("Purchase order, bank transfer or cheque"),
    About.FAIR_USE: N_("SMS and calls in large numbers"),
    About.OTHER: N_("Something else"),
}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What somebody asked. `about` is one of `About`; `subscription` is how the account behind it, if any, pays."""

    id: UUID
    name: str
    email: str
    about: str
    message: str
    locale: str
    created_at: datetime
    account_id: int | None = None
    subscription: str = ""


def check(inquiry: Inquiry) -> Inquiry:
    """The inquiry with its address made plain. Raises: Invalid, with what is wrong by field."""
    errors: dict[str, str] = {}
    email = inquiry.email
    try:
        email = mail_address(email)
    except Invalid as error:
        errors |= error.errors
    if not inquiry.name:
        errors["name"] = N_("Say who asks, so that the answer can begin with a name.")
    elif len(inquiry.name) > NAME_LENGTH:
        errors["name"] = N_("A name may have at most 100 characters.")
    if inquiry.about not in set(About):
        errors["about"] = N_("Choose what it is about.")
    if not inquiry.message:
        errors["message"] = N_("Write what you would like to know.")
    elif len(inquiry.message) > MESSAGE_LENGTH:
        errors["message"] = N_("At most 5,000 characters, please: the rest can go into the answer.")
    if errors:
        raise Invalid(N_("Something is not right yet."), errors)
    return replace(inquiry, email=email)


async def ask(engine: Db, inquiry: Inquiry, support_email: str | None, base_url: str, *, address: str) -> None:
    """Keep it for the operators, and mail it to `support_email`. The same id twice is one inquiry.

    Raises: Invalid, Throttled.
    """
    good = check(inquiry)
    limits = {f"contact:{good.email.lower()}": throttle.MAILS, f"contact-address:{address}": throttle.ADDRESS}
    await sign_in.count_try(engine, limits, good.created_at)
    async with engine.transaction() as tx:
        if not await _insert(tx, good):
            return
        operators = await operators_store.list_operators(tx)
        if support_email and operators:
            await letters.send(
                tx, await store.get_account(tx, operators[0].account_id), support_email, name=good.name,
                email=good.email, about=ABOUT[About(good.about)], message=good.message, said_of=good.subscription,
                inbox=f"{base_url}/operator/inbox", at=good.created_at,
            )  # fmt: skip


async def _insert(tx: Tx, inquiry: Inquiry) -> bool:
    return bool(
        await tx.execute(
            f"""
            insert into inquiries ({COLUMNS})
            values (%(id)s, %(name)s, %(email)s, %(about)s, %(message)s, %(locale)s, %(created_at)s, %(account_id)s,
                    %(subscription)s)
            on conflict (id) do nothing
            """,
            **asdict(inquiry),
        )
    )


async def list_inquiries(tx: Tx, limit: int) -> list[Inquiry]:
    """Newest first."""
    return await tx.all(
        Inquiry, f"select {COLUMNS} from inquiries order by created_at desc limit %(limit)s", limit=limit
    )


async def delete(tx: Tx, inquiry_id: UUID) -> bool:
    """Whether it was there."""
    return bool(await tx.execute("delete from inquiries where id = %(id)s", id=inquiry_id))


async def count(tx: Tx) -> int:
    """How many wait for an answer."""
    return int(await tx.value("select count(*) from inquiries"))
