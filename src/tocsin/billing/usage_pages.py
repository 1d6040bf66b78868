"""Pages: what was used of SMS, voice and call minutes, what it costs so far, and the spending cap. Owners only."""

from datetime import timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.billing import fair_use_store, metered, service
from tocsin.billing.commands import SetSpendingCap
from tocsin.billing.keeping import Rails
from tocsin.billing.service import Asked
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing import usage_store
from tocsin.licensing.pricebook import Beyond

router = APIRouter()
Owner = Annotated[PageContext, Depends(page(Action.MANAGE_BILLING))]
HERE = "/settings/usage"
SHOWN = timedelta(days=92)
COUNTRIES = 5
CAP_LIMIT = 10_000_000  # whole units of the currency


@router.get(HERE)
async def get_usage(ctx: Owner) -> Response:
    """The running window, those before it, the countries that cost most."""
    return await _page(ctx)


async def _page(ctx: PageContext, typed: str | None = None, error: str = "") -> Response:
    async with ctx.db.transaction() as tx:
        found = await metered.usage(tx, ctx.account_id, ctx.at, ctx.at - SHOWN)
        running = found.windows[0] if found is not None else None
        since = running.window.starts_at if running else ctx.at
        until = ctx.at + timedelta(microseconds=1)
        case = await fair_use_store.find_open(tx, ctx.account_id)
        notes = await fair_use_store.list_notes(tx, ctx.account_id, case.id) if case is not None else []
        countries = await usage_store.dearest_countries(tx, ctx.account_id, since, until, COUNTRIES)
    cap = found.cap_minor if found is not None else None
    if typed is None:
        typed = _plain(cap, running.currency) if cap is not None and running is not None else ""
    locale = ctx.viewer.locale
    return ctx.html(
        "billing/usage.html",
        status_code=422 if error else 200,
        running=running,
        case=case,
        case_notes=[note for note in notes if note.note],
        before=found.windows[1:] if found is not None else (),
        cap=cap,
        typed=typed,
        error=error,
        charges=running is not None and running.beyond is Beyond.CHARGE,
        countries=[(i18n.country(locale, it.region), it) for it in countries],
        money=lambda minor: i18n.money(locale, minor, running.currency if running else "USD"),
        **ctx.settings_tabs,
    )


def _plain(minor: int, currency: str) -> str:
    """An amount as it is typed: 25.50."""
    decimals = i18n.decimals(currency)
    return f"{minor // 10**decimals}.{minor % 10**decimals:0{decimals}}" if decimals else str(minor)


def parse_amount(text: str, currency: str) -> int | None:
    """Minor units of what was typed, a comma or a point before the decimals; None for nothing. Raises: Invalid."""
    if not text:
        return None
    decimals = i18n.decimals(currency)
    whole, _, part = text.replace(" ", "").replace("\u00a0", "").replace(",", ".").partition(".")
    if not (whole.isascii() and whole.isdecimal() and (not part or (part.isascii() and part.isdecimal()))):
        raise Invalid(N_("An amount looks like 25 or 25.50."))
    if len(part) > decimals or int(whole) > CAP_LIMIT:
        raise Invalid(N_("An amount looks like 25 or 25.50."))
    return int(whole + part.ljust(decimals, "0"))


@router.post(HERE + "/cap")
async def post_cap(ctx: Owner) -> Response:
    """The most that is spent beyond what is included; empty: as much as it takes."""
    typed = ctx.form.text("cap")
    billing = await service.find(ctx.db, ctx.account_id)
    if billing is None:
        raise NotFound(N_("This account has no subscription."))
    try:
        minor = parse_amount(typed, billing.subscription.currency)
    except Invalid as error:
        return await _page(ctx, typed, ctx.say(error))
    rails: Rails = ctx.request.app.state.rails
    asked = Asked(SetSpendingCap(minor), f"cap:{uuid4()}", ctx.user.id)
    await service.perform(ctx.db, rails, ctx.account_id, asked, ctx.at)
    said = ctx.words("The spending cap is set.") if minor is not None else ctx.words("The spending cap is taken away.")
    return ctx.redirect(HERE, "success", said)
