"""Pages: where SMS and calls really go, for operators: what they say comes before the shipped table. Source: R12"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts.pages_access import PageContext, operator_page
from tocsin.errors import Invalid
from tocsin.licensing import countries_service, countries_store
from tocsin.licensing.countries import Country, Override, table

router = APIRouter()
Operator = Annotated[PageContext, Depends(operator_page())]
ConfirmedOperator = Annotated[PageContext, Depends(operator_page(confirmed=True))]
HERE = "/operator/countries"


@router.get(HERE)
async def get_countries(ctx: Operator) -> Response:
    """What is said of countries, and the form; `?country=` chooses one, and fills in what holds for it."""
    return await _page(ctx)


async def _page(ctx: PageContext, typed: Override | None = None, errors: dict[str, str] | None = None) -> Response:
    async with ctx.databases.engine.transaction() as tx:
        overrides = await countries_store.list_overrides(tx)
    locale, known = ctx.viewer.locale, table(overrides)
    names = {code: i18n.country(locale, code) for code in known}
    return ctx.html(
        "licensing/operator_countries.html",
        status_code=422 if errors else 200,
        said=sorted(((names[code], it) for code, it in overrides.items() if code in names), key=_by_name),
        countries=sorted(names.items(), key=lambda pair: i18n.alphabetical(pair[1])),
        typed=typed or _as_it_is(known.get(ctx.request.query_params.get("country", ""))),
        errors={field: ctx.say(text) for field, text in (errors or {}).items()},
        note_limit=countries_service.NOTE_LIMIT,
        **ctx.settings_tabs,
    )


def _as_it_is(country: Country | None) -> Override:
    """What the form begins with."""
    if country is None:
        return Override("", sms=True, voice=True)
    return Override(country.code, country.sms, country.voice, country.note)


def _by_name(pair: tuple[str, Override]) -> str:
    return i18n.alphabetical(pair[0])


@router.post(HERE)
async def post_country(ctx: ConfirmedOperator) -> Response:
    """From now on this holds for a country."""
    form = ctx.form
    typed = Override(form.text("code"), form.has("sms"), form.has("voice"), form.text("note"))
    try:
        await countries_service.set_override(ctx.databases.engine, ctx.actor, typed)
    except Invalid as error:
        return await _page(ctx, typed, error.errors)
    return ctx.redirect(HERE, "success", ctx.words("Saved: %(country)s.", country=_name(ctx, typed.code)))


@router.post(HERE + "/remove")
async def post_remove(ctx: ConfirmedOperator) -> Response:
    """The shipped table holds again for a country."""
    code = ctx.form.text("code")
    await countries_service.remove_override(ctx.databases.engine, ctx.actor, code)
    said = ctx.words("%(country)s is as in the shipped table again.", country=_name(ctx, code))
    return ctx.redirect(HERE, "success", said)


def _name(ctx: PageContext, code: str) -> str:
    return i18n.country(ctx.viewer.locale, code)
