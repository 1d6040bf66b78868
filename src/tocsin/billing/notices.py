"""What an account's owners read above every page: a trial that ends, what is owed, a limit that is reached.

Source: licensing requirements R3.1, R9.3, §4, S16
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from tocsin import i18n
from tocsin.billing import metered_store, notices_store
from tocsin.billing.notices_store import Stand
from tocsin.db import Tx
from tocsin.i18n import Translator
from tocsin.licensing import pricebook_service, usage_store
from tocsin.licensing.model import Standing
from tocsin.licensing.quota import Level
from tocsin.licensing.windows import window_at
from tocsin.templating import Notice

SUBSCRIPTIONS = "/settings/subscriptions"
INVOICES = f"{SUBSCRIPTIONS}/invoices"
CARD = "/settings/billing/information/card"


async def of_account(tx: Tx, account_id: int, *, locale: str, zone: tzinfo, at: datetime) -> Sequence[Notice]:
    """What the owners have to know now (`accounts.notices.Notices`); nothing for an account without a subscription."""
    stand = await notices_store.find(tx, account_id, at)
    if stand is None:
        return ()
    if stand.standing is Standing.TRIALING:
        return (_trial(stand, await _plan_name(tx, stand.chosen), locale, at),)
    if stand.grace_ends_at is not None:
        return (_grace(stand.grace_ends_at, locale, zone),)
    owing = _owing(stand, locale)
    if stand.standing is Standing.FREE:
        limit = await _limit(tx, account_id, locale, at)
        return tuple(it for it in (owing, limit) if it is not None)
    return (owing,) if owing else ()


async def _plan_name(tx: Tx, key: str | None) -> str:
    book = await pricebook_service.current(tx)
    plan = book.plans.get(key) if key else None
    return plan.name if plan else ""


def _trial(stand: Stand, chosen: str, locale: str, at: datetime) -> Notice:
    _ = Translator(locale)
    left = max(0, (stand.trial_ends_at - at) // timedelta(days=1)) if stand.trial_ends_at else 0
    days = (
        _.ngettext("Your trial goes on for %(num)s day.", "Your trial goes on for %(num)s days.", left)
        if left
        else _("This is the last day of your trial.")
    )
    if chosen:
        then = _("Then %(plan)s begins.", plan=chosen)
        return Notice("info", f"{days} {then}", SUBSCRIPTIONS, _("See the plan"))
    then = _("Then the account is on Free, unless you choose a plan.")
    return Notice("info", f"{days} {then}", SUBSCRIPTIONS, _("Choose a plan"))


def _grace(until: datetime, locale: str, zone: tzinfo) -> Notice:
    _ = Translator(locale)
    text = _(
        "The first payment for your plan failed. Everything works until %(until)s.",
        until=i18n.instant(locale, zone, until),
    )
    return Notice("warning", text, CARD, _("Add a card"))


def _owing(stand: Stand, locale: str) -> Notice | None:
    _ = Translator(locale)
    money = i18n.money(locale, stand.owed_minor, stand.currency)
    if stand.standing is Standing.RESTRICTED:
        text = _("%(money)s is long overdue: nothing can be configured until it is paid. Alerts go on.", money=money)
        return Notice("danger", text, INVOICES, _("Pay now"))
    if stand.owed_minor > 0 and stand.standing in (Standing.PAST_DUE, Standing.FREE):
        return Notice("warning", _("%(money)s is overdue.", money=money), INVOICES, _("Pay now"))
    return None


async def _limit(tx: Tx, account_id: int, locale: str, at: datetime) -> Notice | None:
    """On Free nothing is sent beyond what is included. Source: R9.3"""
    _ = Translator(locale)
    terms = (await metered_store.list_terms(tx, [account_id])).get(account_id)
    window = window_at(terms.terms, at) if terms else None
    if window is None:
        return None
    count = await usage_store.find_window(tx, account_id, window.counts_from)
    if Level.POOL_USED.value not in count.told:
        return None
    day = i18n.date_in_full(locale, window.ends_on) if window.ends_on else ""
    text = _(
        "The SMS that Free includes are used up: until %(day)s people are told by push and e-mail. With a plan more "
        "are sent at once.",
        day=day,
    )
    return Notice("warning", text, SUBSCRIPTIONS, _("Choose a plan"))
