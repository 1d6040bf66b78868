"""The page of supported countries: where SMS and calls go. Source: licensing requirements R12.3"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tocsin import i18n
from tocsin.accounts.pages_access import Page, visitor
from tocsin.db import Databases
from tocsin.http import answer
from tocsin.licensing import countries_service
from tocsin.licensing.countries import Country

router = APIRouter()
api_router = APIRouter(tags=["Plans and prices"])
SEARCHED = 60  # characters


@router.get("/supported-countries")
async def get_supported_countries(here: Annotated[Page, Depends(visitor)]) -> Response:
    """Every country by its name, or those that a search finds."""
    sought = here.request.query_params.get("q", "").strip()[:SEARCHED]
    async with here.databases.engine.transaction() as tx:
        table = await countries_service.in_force(tx)
    named = sorted(
        ((i18n.country(here.viewer.locale, code), country) for code, country in table.items()),
        key=lambda pair: i18n.alphabetical(pair[0]),
    )
    return here.html(
        "licensing/countries.html",
        sought=sought,
        countries=[(name, country) for name, country in named if _fits(sought.casefold(), name, country)],
        sms=sum(country.sms for _, country in named),
        voice=sum(country.voice for _, country in named),
        sold=here.settings.billing == "on",
    )


def _fits(sought: str, name: str, country: Country) -> bool:
    code = f"+{country.calling_code}"
    return sought in name.casefold() or sought in {country.code.casefold(), code, code[1:]}


@api_router.get("/v1/countries")
async def get_countries(request: Request) -> Response:
    """Every ISO 3166 country: its calling code, whether SMS and calls go there, and the zone of their prices."""
    databases: Databases = request.app.state.databases
    async with databases.engine.transaction() as tx:
        table = await countries_service.in_force(tx)
    data = [
        {
            "code": it.code,
            "callingCode": it.calling_code or None,
            "sms": it.sms,
            "voice": it.voice,
            "zone": it.zone.value,
            "registeredSender": it.registered_sender,
            "numericSender": it.numeric_sender,
            "note": it.note,
        }
        for it in table.values()
    ]
    return answer(request, data=data)
