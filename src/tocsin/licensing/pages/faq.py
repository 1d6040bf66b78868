"""Questions about licences. Every number is read from the price book in force. Source: licensing requirements R0"""

from fastapi import APIRouter, Response

from tocsin.licensing import countries_service
from tocsin.licensing.access import Shop
from tocsin.licensing.model import Interval
from tocsin.licensing.pages.pricing import book_of, money_in
from tocsin.licensing.pricebook import PriceBook, Zone

router = APIRouter()
HERE = "/licensing-faq"


@router.get(HERE)
async def get_faq(here: Shop) -> Response:
    """Thirteen questions, each with an address of its own."""
    book = await book_of(here)
    async with here.databases.engine.transaction() as tx:
        countries = await countries_service.in_force(tx)
    currency = here.request.query_params.get("currency", "")
    currency = currency if currency in book.currencies else next(iter(book.currencies))
    money = money_in(here.viewer.locale, currency)
    rates = book.rates
    return here.html(
        "licensing/faq.html",
        book=book,
        trial_plan=book.plan(book.trial.plan).name,
        sms_us=money(rates.messages[Zone.US_CA][currency]),
        sms_other=money(rates.messages[Zone.OTHER][currency]),
        minute_us=money(rates.minutes[Zone.US_CA][currency]),
        minute_other=money(rates.minutes[Zone.OTHER][currency]),
        number=money(rates.number[currency]),
        free=next((plan for plan in book.plans.values() if plan.is_free), None),
        pooled=[plan for plan in book.on_sale if plan.messages.per_seat and plan.messages.included is not None],
        unlimited=" / ".join(plan.name for plan in book.on_sale if plan.messages.included is None),
        with_minutes=next((plan for plan in book.on_sale if plan.incoming.minutes_included), None),
        with_stakeholders=" / ".join(plan.name for plan in book.on_sale if plan.stakeholders_limit != 0),
        voice_countries=sum(country.voice for country in countries.values()),
        yearly_saves=_saves_by_the_year(book, currency),
        sign_up=here.settings.sign_up == "open",
        takes_cards=here.settings.takes_cards,
    )


def _saves_by_the_year(book: PriceBook, currency: str) -> bool:
    """Does a year cost less than twelve months, in every plan that has both?"""
    both = [plan.seat_prices for plan in book.on_sale if len(plan.seat_prices) == len(Interval)]
    return bool(both) and all(
        prices[Interval.YEAR][currency][0].minor < Interval.YEAR.months * prices[Interval.MONTH][currency][0].minor
        for prices in both
    )
