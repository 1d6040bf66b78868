"""Pages: billing information: cards, and who invoices are for. Source: R5.1, R7.2"""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4
from zoneinfo import available_timezones

from fastapi import APIRouter, Response

from tocsin import i18n
from tocsin.accounts import audit
from tocsin.accounts.pages.profile import zone_options
from tocsin.accounts.pages_access import PageContext
from tocsin.accounts.people.service import mail_address
from tocsin.billing import service, vat_registry
from tocsin.billing.buyers import missing
from tocsin.billing.cards import store as cards_store
from tocsin.billing.commands import ChangeBuyer, ChangeCurrency, ChangeZone, Command
from tocsin.billing.model import Buyer
from tocsin.billing.pages.common import (
    ADDRESS,
    BILLING,
    INFORMATION,
    Owning,
    billing_of,
    book_of,
    existing,
    rails_of,
    then_of,
)
from tocsin.billing.service import Asked
from tocsin.billing.vat_id import check_vat_id
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import N_
from tocsin.licensing.places import country_options

router = APIRouter()
TEXT_LIMIT = 200
MAILS_LIMIT = 10


@router.get(BILLING)
async def get_billing(ctx: Owning) -> Response:
    """On to the first page of billing."""
    return ctx.redirect(INFORMATION)


@router.get(INFORMATION)
async def get_information(ctx: Owning) -> Response:
    """Cards, and who invoices are for."""
    billing = await billing_of(ctx)
    if billing is None:
        return ctx.html("billing/granted.html", **ctx.settings_tabs)
    async with ctx.db.transaction() as tx:
        cards = await cards_store.list_cards(tx, ctx.account_id)
    return ctx.html(
        "billing/information.html",
        cards=cards,
        default=billing.subscription.default_card_id,
        buyer=billing.buyer,
        country=_country(ctx, billing.buyer.country),
        subscription=billing.subscription,
        has_gateway=rails_of(ctx.request).gateway is not None,
        balance=_balance(ctx, billing.subscription.balance_minor, billing.subscription.currency),
        **ctx.settings_tabs,
    )


def _balance(ctx: PageContext, minor: int, currency: str) -> str:
    return i18n.money(ctx.viewer.locale, minor, currency) if minor else ""


def _country(ctx: PageContext, code: str) -> str:
    return dict(country_options(ctx.viewer.locale)).get(code, code)


@router.get(ADDRESS)
async def get_address(ctx: Owning) -> Response:
    """Edit your Billing Address."""
    billing = await existing(ctx)
    now = billing.subscription
    return await _form(ctx, billing.buyer, now.next_zone or now.zone, now.next_currency or now.currency)


async def _form(
    ctx: PageContext, buyer: Buyer, zone: str, currency: str, errors: dict[str, str] | None = None
) -> Response:
    book = await book_of(ctx)
    return ctx.html(
        "billing/address.html",
        status_code=422 if errors else 200,
        buyer=buyer,
        zone=zone,
        currency=currency,
        zones=zone_options(zone),
        currencies=[(code, code) for code in book.currencies],
        countries=[("", ctx.words("Choose")), *country_options(ctx.viewer.locale)],
        errors={field: ctx.say(text) for field, text in (errors or {}).items()},
        then=then_of(ctx),
        key=str(uuid4()),
        **ctx.settings_tabs,
    )


@router.post(ADDRESS)
async def post_address(ctx: Owning) -> Response:
    """The next invoices are for this buyer; those that are made stay as they are."""
    billing, form = await existing(ctx), ctx.form
    zone, currency = form.text("time_zone"), form.text("currency")
    buyer = replace(
        billing.buyer,
        name=form.text("name")[:TEXT_LIMIT],
        address=tuple(line.strip()[:TEXT_LIMIT] for line in form.raw("street").splitlines() if line.strip())[:4],
        postal_code=form.text("postal_code")[:20],
        city=form.text("city")[:TEXT_LIMIT],
        country=form.text("country"),
        vat_id=_plain(form.text("vat_id")),
        emails=tuple(dict.fromkeys(form.raw("emails").replace(",", " ").split())),
        reference=form.text("reference")[:TEXT_LIMIT],
        locale=form.text("locale"),
    )
    buyer, errors = checked(buyer, ctx.say)
    if zone not in available_timezones():
        errors["time_zone"] = N_("There is no such time zone.")
    if currency not in (await book_of(ctx)).currencies:
        errors["currency"] = N_("There are no prices in this currency.")
    if errors:
        return await _form(ctx, buyer, zone, currency, errors)
    commands: list[Command] = []  # the one that may be refused first, so that a refusal leaves all as it was
    subscription = billing.subscription
    if currency != (subscription.next_currency or subscription.currency):
        commands.append(ChangeCurrency(currency))
    if zone != (subscription.next_zone or subscription.zone):
        commands.append(ChangeZone(zone))
    registry_url = ctx.settings.vat_registry_url
    vat_check = await vat_registry.check_of(ctx.db, registry_url, buyer, billing.vat_check, ctx.at)
    commands.append(ChangeBuyer(buyer, vat_check))
    try:
        for command in commands:
            asked = Asked(command, f"page-address-{type(command).__name__}-{form.text('key')[:64]}", ctx.user.id)
            await service.perform(ctx.db, rails_of(ctx.request), ctx.account_id, asked, ctx.at)
    except (Invalid, Conflict) as error:
        return await _form(ctx, buyer, zone, currency, error.errors or {"name": error.message})
    await _record(ctx, billing.buyer, buyer)
    return ctx.redirect(then_of(ctx), "success", ctx.words("Saved. It holds for the invoices from now on."))


async def _record(ctx: PageContext, before: Buyer, after: Buyer) -> None:
    async with ctx.db.transaction() as tx:
        await audit.record(
            tx, ctx.actor, "changed", "billing-address", ctx.account_id, after.name,
            before=_facts(before), after=_facts(after),
        )  # fmt: skip


def _plain(vat_id: str) -> str:
    return vat_id.upper().replace(" ", "")[:20]


@router.post(f"{ADDRESS}/vat-id")
async def post_vat_id(ctx: Owning) -> Response:
    """The tax id alone, which is asked for where something is bought; and back to there. Source: R4.4"""
    billing, to = await existing(ctx), then_of(ctx)
    buyer, errors = checked(replace(billing.buyer, vat_id=_plain(ctx.form.text("vat_id"))), ctx.say)
    if errors:
        return ctx.redirect(to, "danger", " ".join(dict.fromkeys(ctx.say(text) for text in errors.values())))
    registry_url = ctx.settings.vat_registry_url
    command = ChangeBuyer(buyer, await vat_registry.check_of(ctx.db, registry_url, buyer, billing.vat_check, ctx.at))
    asked = Asked(command, f"page-vat-id-{ctx.form.text('key')[:64]}", ctx.user.id)
    try:
        await service.perform(ctx.db, rails_of(ctx.request), ctx.account_id, asked, ctx.at)
    except (Invalid, Conflict) as error:
        return ctx.redirect(to, "danger", ctx.say(error))
    await _record(ctx, billing.buyer, buyer)
    return ctx.redirect(to, "success", ctx.words("Saved. It holds for the invoices from now on."))


def _facts(buyer: Buyer) -> dict[str, object]:
    return {"country": buyer.country, "vat_id": buyer.vat_id, "emails": list(buyer.emails), "city": buyer.city}


def checked(buyer: Buyer, say: Callable[[Invalid], str] = lambda error: error.message) -> tuple[Buyer, dict[str, str]]:
    """The buyer with addresses made plain, and what is wrong by field; `say` puts a refusal into words."""
    errors = missing(buyer)
    if buyer.vat_id and "country" not in errors:
        try:
            check_vat_id(buyer.vat_id, buyer.country)
        except Invalid as error:
            errors["vat_id"] = say(error)
    if buyer.locale not in i18n.LOCALES:
        errors["locale"] = N_("There is no such language.")
    return buyer, errors | _wrong_mails(buyer.emails)


def _wrong_mails(emails: tuple[str, ...]) -> dict[str, str]:
    if len(emails) > MAILS_LIMIT:
        return {"emails": N_("At most ten addresses.")}
    for address in emails:
        try:
            mail_address(address, "emails")
        except Invalid as error:
            return error.errors
    return {}
