"""Pages: the price book, for operators: what holds, every version, and the next one: checked, compared, published.

Source: licensing requirements part 2, M16
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from starlette.datastructures import UploadFile

from tocsin import i18n
from tocsin.accounts.pages_access import PageContext, operator_page
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing import pricebook_service, pricebook_store
from tocsin.licensing.features import FEATURES
from tocsin.licensing.model import Interval
from tocsin.licensing.pages.pricing import feature_text
from tocsin.licensing.pricebook import Beyond, Plan, PriceBook, Tier, Zone
from tocsin.licensing.pricebook_diff import Entry, entries
from tocsin.licensing.pricebook_store import PublishedBook

router = APIRouter()
Operator = Annotated[PageContext, Depends(operator_page())]
ConfirmedOperator = Annotated[PageContext, Depends(operator_page(confirmed=True))]
HERE = "/operator/price-book"
LOOK_AT_LIMIT = 9  # digits
INTERVALS: Mapping[Interval, str] = {Interval.MONTH: N_("Monthly"), Interval.YEAR: N_("Annual")}
BEYOND: Mapping[Beyond, str] = {
    Beyond.STOP: N_("they stop"),
    Beyond.CHARGE: N_("each is charged"),
    Beyond.UNLIMITED: N_("no fixed limit"),
}
ZONES: Mapping[Zone, str] = {Zone.US_CA: N_("USA and Canada"), Zone.OTHER: N_("other countries")}


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What each seat of a tier costs, by currency."""

    plan: str
    interval: str
    seats: str  # "1–50", "51+"
    amounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: what it is about, and its values."""

    title: str
    values: tuple[str, ...]


@router.get(HERE)
async def get_price_book(ctx: Operator) -> Response:
    """The version in force, or that of `?version=`, in tables; every version; and where the next one is checked."""
    return await _page(ctx)


@router.get(f"{HERE}/export")
async def get_document(ctx: Operator) -> Response:
    """The document of a version as a file."""
    shown = await _shown(ctx)
    headers = {"Content-Disposition": f'attachment; filename="price-book-{shown.version}.yaml"'}
    return Response(shown.document, media_type="application/yaml", headers=headers)


async def _shown(ctx: PageContext) -> PublishedBook:
    """The version that is asked for; the newest where none is. Raises: NotFound."""
    asked = ctx.request.query_params.get("version", "")
    async with ctx.databases.engine.transaction() as tx:
        if not asked:
            return await pricebook_store.newest(tx)
        if not (asked.isascii() and asked.isdecimal() and len(asked) <= LOOK_AT_LIMIT):
            raise NotFound(N_("There is no such page."))
        return await pricebook_store.get(tx, int(asked))


async def _page(
    ctx: PageContext, typed: str | None = None, problems: tuple[str, ...] = (), error: str = "", status: int = 200
) -> Response:
    """With `typed`, the document that has `problems`, or is refused by `error`."""
    shown = await _shown(ctx)
    async with ctx.databases.engine.transaction() as tx:
        published = await pricebook_store.list_newest_first(tx)
    book = pricebook_service.read(shown)
    plans = list(book.plans.values())
    return ctx.html(
        "licensing/operator_price_book.html",
        status_code=status,
        shown=shown,
        in_force=shown.version == published[0].version,
        published=published,
        book=book,
        plans=[plan.name + (f" ({ctx.words('hidden')})" if plan.hidden else "") for plan in plans],
        prices=_prices(ctx, book),
        limits=_limits(ctx, plans),
        features=[
            Row(ctx.say(it.words), tuple(feature_text(ctx, it, plan.features[key]) or "–" for plan in plans))
            for key, it in FEATURES.items()
        ],
        rates=_rates(ctx, book),
        rules=_rules(book),
        typed=typed if typed is not None else published[0].document,
        problems=problems,
        error=error,
        **ctx.settings_tabs,
    )


def _prices(ctx: PageContext, book: PriceBook) -> list[PriceRow]:
    return [
        PriceRow(plan.name, ctx.say(INTERVALS[interval]), seats, amounts)
        for plan in book.plans.values()
        for interval, by_currency in plan.seat_prices.items()
        for seats, amounts in _tiers(ctx.viewer.locale, by_currency)
    ]


def _tiers(locale: str, by_currency: Mapping[str, tuple[Tier, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    """Each tier of any currency: its seats, and what one costs in each; tiers may differ by currency."""
    starts = sorted({tier.from_seat for tiers in by_currency.values() for tier in tiers})
    return [
        (
            f"{i18n.number(locale, start)}–{i18n.number(locale, following - 1)}" if following else f"{start}+",
            tuple(i18n.money(locale, _at(tiers, start), code) for code, tiers in by_currency.items()),
        )
        for start, following in zip(starts, [*starts[1:], None], strict=True)
    ]


def _at(tiers: tuple[Tier, ...], seat: int) -> int:
    """What the seat of this number costs."""
    return [tier.minor for tier in tiers if tier.from_seat <= seat][-1]


def _limits(ctx: PageContext, plans: list[Plan]) -> list[Row]:
    """What a plan takes and includes."""
    _ = ctx.words

    def limit(value: int | None) -> str:
        return _("No limit") if value is None else i18n.number(ctx.viewer.locale, value)

    def messages(plan: Plan) -> str:
        included = plan.messages.included
        if included is None:
            return _("no fixed limit")
        count = i18n.number(ctx.viewer.locale, included)
        return _("%(count)s for each seat", count=count) if plan.messages.per_seat else count

    def yes(value: bool) -> str:
        return _("Yes") if value else "–"

    return [
        Row(_("Responders"), tuple(limit(it.seats_limit) for it in plans)),
        Row(_("Stakeholders"), tuple(limit(it.stakeholders_limit) for it in plans)),
        Row(_("SMS and calls a month"), tuple(messages(it) for it in plans)),
        Row(_("Beyond them"), tuple(ctx.say(BEYOND[it.messages.beyond]) for it in plans)),
        Row(_("Voice calls"), tuple(yes(it.messages.voice) for it in plans)),
        Row(_("Incoming numbers may be rented"), tuple(yes(it.incoming.rentable) for it in plans)),
        Row(_("Incoming numbers included"), tuple(limit(it.incoming.numbers_included) for it in plans)),
        Row(_("Minutes to the USA and Canada included"), tuple(limit(it.incoming.minutes_included) for it in plans)),
    ]


def _rates(ctx: PageContext, book: PriceBook) -> list[Row]:
    """What is charged by use, by currency."""
    _ = ctx.words

    def money(amounts: Mapping[str, int]) -> tuple[str, ...]:
        return tuple(i18n.money(ctx.viewer.locale, amounts[code], code) for code in book.currencies)

    rates = book.rates
    return [
        *(Row(_("SMS or call, %(zone)s", zone=ctx.say(ZONES[zone])), money(it)) for zone, it in rates.messages.items()),
        *(Row(_("Minute of a call, %(zone)s", zone=ctx.say(ZONES[zone])), money(it))
          for zone, it in rates.minutes.items()),
        Row(_("Incoming number, a month"), money(rates.number)),
    ]  # fmt: skip


def _rules(book: PriceBook) -> list[Entry]:
    """Trial, fair use and thresholds, as the document writes them."""
    return [it for it in entries(book) if it.path.startswith(("trial.", "fair_use.", "thresholds."))]


@router.post(f"{HERE}/check")
async def post_check(ctx: Operator) -> Response:
    """Every mistake of a document, or what publishing it would change. Nothing is published yet."""
    try:
        document = await _document(ctx)
    except Invalid as error:
        return await _page(ctx, ctx.form.raw("document"), error=ctx.say(error), status=422)
    return await _checked(ctx, document)


@router.post(f"{HERE}/publish")
async def post_publish(ctx: ConfirmedOperator) -> Response:
    """What was looked at becomes the next version, unless somebody else has published since."""
    document, expected = _plain(ctx.form.raw("document")), ctx.form.text("expected")[:LOOK_AT_LIMIT]
    if not (expected.isascii() and expected.isdecimal()):
        return await _checked(ctx, document, error=ctx.words("Look at the changes first."), status=422)
    try:
        book, found = await pricebook_service.publish(
            ctx.databases.engine, document, ctx.form.text("note"), ctx.user.username, ctx.at,
            expected=int(expected), actor=ctx.actor,
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return await _checked(ctx, document, error=ctx.say(error), status=error.status)
    said = ctx.words.ngettext(
        "Version %(version)s is published, with %(num)s change.",
        "Version %(version)s is published, with %(num)s changes.",
        len(found), version=book.version,
    )  # fmt: skip
    return ctx.redirect(HERE, "success", said)


async def _document(ctx: PageContext) -> str:
    """The file, or else what was typed. Raises: Invalid for a file that is no text."""
    form = await ctx.request.form()
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return _plain(ctx.form.raw("document"))
        content = await file.read(pricebook_service.DOCUMENT_LIMIT * 4 + 1)
    finally:
        await form.close()
    try:
        return _plain(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Invalid(N_("This file is not UTF-8 text.")) from None


def _plain(document: str) -> str:
    """With the line ends of a file: browsers send others."""
    return document.replace("\r\n", "\n")


async def _checked(ctx: PageContext, document: str, *, error: str = "", status: int = 200) -> Response:
    """What `document` changes in what holds now, with `error` where publishing it was refused."""
    try:
        async with ctx.databases.engine.transaction() as tx:
            newest = await pricebook_store.newest(tx)
            book, found = await pricebook_service.compare(tx, document)
    except Invalid as refusal:
        said = refusal.message.splitlines()
        return await _page(ctx, document, tuple(said), status=422)
    except Conflict as refusal:
        return await _page(ctx, document, error=ctx.say(refusal), status=409)
    return ctx.html(
        "licensing/operator_price_book_check.html",
        status_code=status,
        newest=newest,
        book=book,
        changes=found,
        document=document,
        note=ctx.form.text("note"),
        note_limit=pricebook_service.NOTE_LIMIT,
        error=error,
        **ctx.settings_tabs,
    )
