"""From "try it free" to an account: the mailed link first, then everything it takes for the first alert."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from tocsin import crypto, i18n
from tocsin.accounts import audit, operators_store, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.people.service import Profile, mail_address
from tocsin.accounts.sign_in import service as sign_in
from tocsin.accounts.sign_in import throttle
from tocsin.billing import service as billing
from tocsin.billing.model import Buyer
from tocsin.db import Db, Tx
from tocsin.errors import Invalid, NotFound, Unavailable
from tocsin.escalations.new_account import furnish, new_owner
from tocsin.i18n import N_
from tocsin.licensing import pricebook_service
from tocsin.licensing.model import Subscription
from tocsin.licensing.places import currency_in, is_country
from tocsin.signup import letters
from tocsin.signup import store as sign_ups
from tocsin.signup.organisation import organisation_hash
from tocsin.signup.store import SignUp

LINK_LASTS = timedelta(days=2)
COMPANY_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody who wants to try it writes."""

    email: str
    company: str
    country: str
    time_zone: str
    locale: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A new account; `api_key` is shown once and kept nowhere. Without `trial` it begins on Free."""

    account_id: int
    user_id: UUID
    api_key: str
    trial_ends_at: datetime | None

    @property
    def trial(self) -> bool:
        return self.trial_ends_at is not None


def check(form: Form) -> Form:
    """The form with its address made plain. Raises: Invalid, with what is wrong by field."""
    errors: dict[str, str] = {}
    email = form.email
    try:
        email = mail_address(form.email).lower()
    except Invalid as error:
        errors |= error.errors
    if not form.company:
        errors["company"] = N_("Name the company or organisation that will use it.")
    elif len(form.company) > COMPANY_LENGTH:
        errors["company"] = N_("A name may have at most 100 characters.")
    if not is_country(form.country):
        errors["country"] = N_("Choose the country: prices and taxes depend on it.")
    if form.time_zone not in available_timezones():
        errors["time_zone"] = N_("There is no such time zone.")
    if form.locale not in i18n.LOCALES:
        errors["locale"] = N_("There is no such language.")
    if errors:
        raise Invalid(N_("Something is not right yet."), errors)
    return Form(email, form.company, form.country, form.time_zone, form.locale)


async def request(engine: Db, form: Form, base_url: str, *, address: str, at: datetime) -> None:
    """Mail the link by which the trial starts. Raises: Invalid, Throttled, Unavailable before the first account."""
    good = check(form)
    limits = {f"sign-up:{good.email}": throttle.MAILS, f"sign-up-address:{address}": throttle.ADDRESS}
    await sign_in.count_try(engine, limits, at)
    token = crypto.new_token()
    made = SignUp(
        crypto.token_hash(token), good.email, good.company, good.country, good.time_zone, good.locale, at,
        at + LINK_LASTS,
    )  # fmt: skip
    async with engine.transaction() as tx:
        operators = await operators_store.list_operators(tx)
        if not operators:
            raise Unavailable(N_("This server is not set up yet."))
        await sign_ups.forget_old(tx, at)
        await sign_ups.insert_sign_up(tx, made)
        await letters.send_link(tx, operators[0].account_id, made, f"{base_url}/try/{token}", at)


async def find(engine: Db, token: str, at: datetime) -> SignUp:
    """What the link is for. Raises: NotFound."""
    async with engine.transaction() as tx:
        return await _find(tx, token, at)


async def _find(tx: Tx, token: str, at: datetime) -> SignUp:
    found = await sign_ups.find_sign_up(tx, crypto.token_hash(token), at)
    if found is None:
        raise NotFound(N_("This link was used already, or is too old. Begin again: it takes a minute."))
    return found


async def open_account(engine: Db, token: str, profile: Profile, password_hash: str, at: datetime) -> Opened:
    """The account with its owner, team, key and subscription, all at once or not at all. Raises: NotFound."""
    async with engine.transaction() as tx:
        sign_up = await _find(tx, token, at)
        await sign_ups.use_sign_up(tx, sign_up.token_hash, at)
        account_id = await store.insert_account(tx, sign_up.company, profile.time_zone, profile.locale, at)
        owner = new_owner(account_id, sign_up.email, profile.full_name, profile.time_zone, profile.locale, at)
        key = str(uuid4())
        await furnish(tx, owner, password_hash, key, at)
        trial = await sign_ups.give_trial(tx, organisation_hash(sign_up.email), at)
        subscription = await _begin(tx, account_id, sign_up, profile, trial, at)
        actor = Actor(account_id, owner.username, at, owner.id)
        after = {"trial": trial, "country": sign_up.country}
        await audit.record(tx, actor, "signed up", "account", account_id, sign_up.company, after=after)
    return Opened(account_id, owner.id, key, subscription.trial_ends_at)


async def _begin(tx: Tx, account_id: int, sign_up: SignUp, profile: Profile, trial: bool, at: datetime) -> Subscription:
    """On trial, or on Free where the organisation had its trial; invoices go to whoever signed up."""
    currencies = tuple((await pricebook_service.current(tx)).currencies)
    buyer = Buyer(sign_up.company, (), "", "", sign_up.country, emails=(sign_up.email,), locale=profile.locale)
    begin = billing.start_trial if trial else billing.start_free
    currency = currency_in(sign_up.country, currencies)
    return await begin(tx, account_id, profile.time_zone, currency, at, buyer)
