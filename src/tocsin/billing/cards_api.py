"""/v1/billing: who invoices are for, and the cards on file. A card is added on the page alone. Source: R5.1, R7.2"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from tocsin.billing import vat_registry
from tocsin.billing.api_access import (
    Envelope,
    Instant,
    OnceKey,
    Paying,
    ResultBody,
    Wire,
    billing_of,
    perform,
    rails_of,
)
from tocsin.billing.buyers import API_NAMES
from tocsin.billing.cards import service as cards
from tocsin.billing.cards import store as cards_store
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.billing.commands import CardAdded, ChangeBuyer
from tocsin.billing.model import Buyer
from tocsin.billing.pages.information import checked
from tocsin.billing.payments import collects_with
from tocsin.errors import Invalid, NotFound
from tocsin.http import answer
from tocsin.settings import Settings

router = APIRouter(tags=["Billing"])


class InformationBody(Wire):
    """Who the next invoices are for. `vatVerifiedAt`: when the registry last confirmed the VAT id."""

    name: str
    address: list[str]
    postal_code: str
    city: str
    country: str
    vat_id: str
    vat_verified_at: Instant | None
    emails: list[str]
    reference: str
    locale: str


class CardBody(Wire):
    """A card on file; its number never reaches this server."""

    id: UUID
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_default: bool
    added_at: Instant


class CardsBody(Wire):
    """The cards on file, the newest first."""

    cards: list[CardBody]


class BuyerBody(Wire):
    """Who the next invoices are for from now on; what is left out is empty, but `locale`."""

    name: str = Field(max_length=200)
    address: list[Annotated[str, Field(max_length=200)]] = Field(max_length=4)
    postal_code: str = Field("", max_length=20)
    city: str = Field(max_length=200)
    country: str
    vat_id: str = Field("", max_length=40)
    emails: list[str]
    reference: str = Field("", max_length=200)
    locale: str = "en"


@router.get("/v1/billing/information", responses=Envelope(InformationBody).responses())
async def get_information(ctx: Paying) -> Response:
    """The billing address, and where invoices are mailed to."""
    return await _information(ctx)


async def _information(ctx: Paying) -> Response:
    buyer = (await billing_of(ctx)).buyer
    body = InformationBody(
        name=buyer.name,
        address=list(buyer.address),
        postal_code=buyer.postal_code,
        city=buyer.city,
        country=buyer.country,
        vat_id=buyer.vat_id,
        vat_verified_at=buyer.vat_verified_at,
        emails=list(buyer.emails),
        reference=buyer.reference,
        locale=buyer.locale,
    )
    return answer(ctx.request, data=body.as_json())


@router.put("/v1/billing/information", responses=Envelope(InformationBody).responses())
async def put_information(ctx: Paying, given: BuyerBody, key: OnceKey = "") -> Response:
    """Another billing address, for the invoices that are finalised from now on. Source: R7.2"""
    buyer, errors = checked(
        Buyer(
            given.name.strip(),
            tuple(line.strip() for line in given.address if line.strip()),
            given.postal_code.strip(),
            given.city.strip(),
            given.country,
            given.vat_id.upper().replace(" ", ""),
            emails=tuple(dict.fromkeys(given.emails)),
            reference=given.reference,
            locale=given.locale,
        )
    )
    if errors:
        raise Invalid(
            "The billing address is not right yet.", {API_NAMES.get(name, name): it for name, it in errors.items()}
        )
    settings: Settings = ctx.request.app.state.settings
    last = (await billing_of(ctx)).vat_check
    vat_check = await vat_registry.check_of(ctx.db, settings.vat_registry_url, buyer, last, ctx.at)
    await perform(ctx, ChangeBuyer(buyer, vat_check), key, action="changed-address")
    return await _information(ctx)


@router.get("/v1/billing/cards", responses=Envelope(CardsBody).responses())
async def get_cards(ctx: Paying) -> Response:
    """The cards that can be charged."""
    default = (await billing_of(ctx)).subscription.default_card_id
    async with ctx.db.transaction() as tx:
        found = await cards_store.list_cards(tx, ctx.account_id)
    body = CardsBody(
        cards=[
            CardBody(
                id=it.id,
                brand=it.brand,
                last4=it.last4,
                exp_month=it.exp_month,
                exp_year=it.exp_year,
                is_default=it.id == default,
                added_at=it.added_at,
            )
            for it in found
        ]
    )
    return answer(ctx.request, data=body.as_json())


@router.post("/v1/billing/cards/{card_id}/default", responses=Envelope(ResultBody).responses())
async def post_default(ctx: Paying, card_id: str, key: OnceKey = "") -> Response:
    """Charge this card from now on; it pays what is open."""
    card = await _card(ctx, card_id)
    result = await perform(ctx, CardAdded(card.id), key, action="chose-card")
    return answer(ctx.request, data=result.as_json())


@router.delete("/v1/billing/cards/{card_id}")
async def delete_card(ctx: Paying, card_id: str) -> Response:
    """Forget a card, here and at the provider. 428 for the one that the subscription is paid with."""
    card, gateway = await _card(ctx, card_id), rails_of(ctx).gateway
    if gateway is None:
        raise NotFound("This server has no card provider.")
    needed = collects_with(await billing_of(ctx), card.id)
    await cards.remove(ctx.db, gateway, ctx.actor, card, needed=needed)
    return answer(ctx.request, result="Deleted")


async def _card(ctx: Paying, card_id: str) -> CardOnFile:
    """Raises: NotFound."""
    try:
        ident = UUID(card_id)
    except ValueError:
        raise NotFound(cards_store.UNKNOWN_CARD) from None
    async with ctx.db.transaction() as tx:
        return await cards_store.get_card(tx, ctx.account_id, ident)
