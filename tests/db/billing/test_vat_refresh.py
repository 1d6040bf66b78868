"""VAT ids are asked for again before they decide a tax: a business abroad pays none while it is one.

The seller is Polish and the buyer German: with a number that the registry knows, no VAT is charged; otherwise 23 %.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import randrange

import pytest
from stdnum.iso7064 import mod_11_10
from tests.support.billing_accounts import Subscriber, advance, at, make_subscriber
from tests.support.documents import GERMAN, POLISH
from tests.support.stripe_fake import StripeFake
from tests.support.vat_registry import VatRegistry, vat_registry

from tocsin.billing import service, vat_letters, vat_refresh
from tocsin.billing.commands import AcceptOfflineOrder, ChangeBuyer, Order
from tocsin.billing.keeping import Rails
from tocsin.billing.model import Buyer
from tocsin.billing.vat_id import VatCheck
from tocsin.billing.vat_registry import Registry
from tocsin.db import Databases
from tocsin.licensing.model import Interval, Target


def number() -> str:
    """A well formed German number that no other account has."""
    digits = str(randrange(10_000_000, 100_000_000))
    return f"DE{digits}{mod_11_10.calc_check_digit(digits)}"


MONTHLY = Order(Target("standard", Interval.MONTH, 10), start_today=True)


@pytest.fixture
async def registry() -> AsyncIterator[VatRegistry]:
    async with vat_registry() as running:
        yield running


@pytest.fixture
def german(registry: VatRegistry) -> Buyer:
    """A business whose number is in force."""
    buyer = replace(GERMAN, vat_id=number())
    registry.valid.add(buyer.vat_id)
    return buyer


@pytest.fixture
def asking(rails: Rails, registry: VatRegistry) -> Rails:
    """What billing needs, with the registry on the wire."""
    return replace(rails, registry=Registry(registry.url))


async def subscriber(databases: Databases, rails: Rails, fake: StripeFake, buyer: Buyer) -> Subscriber:
    """Standard ×10 by the month since 10 March 2026."""
    made = await make_subscriber(databases, rails, buyer=buyer)
    await made.add_card(fake, "2026-03-10 09:30")
    assert (await made.do("2026-03-10 10:00", MONTHLY)).status == "done"
    return made


async def work(it: Subscriber, until: str, *, asks_from: str | None = None) -> None:
    """What a worker does up to an instant: it wakes whenever a number is to be asked about, then bills."""
    end, engine = at(until), it.databases.engine
    now = at(asks_from) if asks_from else end
    while now <= end:
        await vat_refresh.refresh_due(engine, it.rails, now)
        ask_at = await vat_refresh.earliest_due(engine, it.rails, now)
        if ask_at is None or ask_at <= now:
            break
        now = ask_at
    await advance(it, until)


def asked_about(registry: VatRegistry, buyer: Buyer) -> int:
    return sum(1 for question in registry.asked if question["countryCode"] + question["vatNumber"] == buyer.vat_id)


async def test_choice_37_a_renewal_asks_again_and_a_number_in_force_still_saves_the_vat(
    databases: Databases, asking: Rails, fake: StripeFake, registry: VatRegistry, german: Buyer
) -> None:
    ana = await subscriber(databases, asking, fake, german)
    before = asked_about(registry, german)

    await work(ana, "2026-04-10 01:00", asks_from="2026-04-09 03:59")

    first, renewal = await ana.documents()
    assert [document.taxes[0].category for document in (first, renewal)] == ["AE", "AE"]
    assert asked_about(registry, german) == before + 1
    assert renewal.buyer.vat_verified_at == at("2026-04-09 04:00")


async def test_choice_37_a_number_that_is_out_of_force_by_then_saves_no_vat(
    databases: Databases, asking: Rails, fake: StripeFake, registry: VatRegistry, german: Buyer
) -> None:
    ana = await subscriber(databases, asking, fake, german)
    registry.valid.clear()

    await work(ana, "2026-04-10 01:00", asks_from="2026-04-09 12:00")

    renewal = (await ana.documents())[-1]
    assert (renewal.net_minor, renewal.tax_minor, renewal.buyer.vat_verified_at) == (23_000, 5_290, None)


async def test_choice_37_a_registry_that_is_down_is_asked_every_quarter_of_an_hour_until_it_answers(
    databases: Databases, asking: Rails, fake: StripeFake, registry: VatRegistry, german: Buyer
) -> None:
    ana = await subscriber(databases, asking, fake, german)
    before = asked_about(registry, german)
    registry.broken = "MS_UNAVAILABLE"
    engine = databases.engine

    for hour in ("12:00", "12:05", "12:15"):
        await vat_refresh.refresh_due(engine, asking, at(f"2026-04-09 {hour}"))
    assert asked_about(registry, german) == before + 2
    registry.broken = ""
    await work(ana, "2026-04-10 01:00", asks_from="2026-04-09 12:30")

    assert (await ana.documents())[-1].tax_minor == 0


async def test_choice_37_a_registry_that_is_down_for_longer_than_its_answer_stands_costs_the_vat(
    databases: Databases, asking: Rails, fake: StripeFake, registry: VatRegistry, german: Buyer
) -> None:
    ana = await subscriber(databases, asking, fake, german)
    registry.broken = "MS_UNAVAILABLE"

    await work(ana, "2026-04-10 01:00", asks_from="2026-04-09 04:00")

    assert (await ana.documents())[-1].tax_minor == 5_290
    registry.broken = ""
    await work(ana, "2026-05-10 01:00", asks_from="2026-05-09 04:00")
    assert (await ana.documents())[-1].tax_minor == 0


@pytest.mark.parametrize(("when", "tax_minor"), [("2026-03-25 09:00", 0), ("2026-03-25 11:00", 131_100)])
async def test_choice_37_when_one_orders_the_last_answer_stands_for_a_day_while_the_registry_is_down(
    databases: Databases, asking: Rails, registry: VatRegistry, german: Buyer, when: str, tax_minor: int
) -> None:
    ana = await make_subscriber(databases, asking, "2026-03-03 09:00", german)
    verified = VatCheck(german.vat_id, True, "registry", at("2026-03-24 10:00"))
    await ana.do("2026-03-24 10:00", ChangeBuyer(german, verified))
    registry.broken = "html"
    order = AcceptOfflineOrder(Target("standard", Interval.YEAR, 25), "4500-77")

    await ana.do(when, order)

    [invoice] = await ana.documents()
    assert (invoice.net_minor, invoice.tax_minor) == (570_000, tax_minor)


async def test_r7_2_an_order_is_previewed_with_the_tax_that_its_invoice_has(
    databases: Databases, asking: Rails, registry: VatRegistry, german: Buyer
) -> None:
    ana = await make_subscriber(databases, asking, "2026-03-03 09:00", german)
    order = AcceptOfflineOrder(Target("standard", Interval.YEAR, 25))
    when = at("2026-03-25 10:00")
    await advance(ana, "2026-03-25 09:00")

    outcome = await service.preview(ana.tenant.app, asking, ana.tenant.account_id, order, when)
    before = asked_about(registry, german)
    await ana.do("2026-03-25 10:00", order)

    [invoice] = await ana.documents()
    assert [document.gross_minor for document in outcome.documents] == [570_000] == [invoice.gross_minor]
    assert asked_about(registry, german) == before


async def test_a_number_that_was_only_well_formed_does_not_stand_while_the_registry_is_down(
    databases: Databases, asking: Rails, registry: VatRegistry, german: Buyer
) -> None:
    ana = await make_subscriber(databases, asking, "2026-03-03 09:00", german)
    registry.broken = "MS_UNAVAILABLE"

    await ana.do("2026-03-25 10:00", AcceptOfflineOrder(Target("standard", Interval.YEAR, 25)))

    assert (await ana.documents())[-1].tax_minor == 131_100
    found = (await ana.billing()).vat_check
    assert found is not None
    assert (found.answered, found.valid) == (False, False)


async def test_where_the_number_decides_nothing_it_is_not_asked_about(
    databases: Databases, asking: Rails, fake: StripeFake, registry: VatRegistry
) -> None:
    polish = await subscriber(databases, asking, fake, POLISH)

    await work(polish, "2026-04-10 01:00", asks_from="2026-04-09 04:00")

    assert asked_about(registry, POLISH) == 0
    assert (await polish.documents())[-1].tax_minor == 5_290


async def test_an_answer_that_comes_after_the_number_was_changed_is_dropped(
    databases: Databases, asking: Rails, registry: VatRegistry, german: Buyer
) -> None:
    ana = await make_subscriber(databases, asking, "2026-03-03 09:00", german)
    eve = await make_subscriber(databases, asking, "2026-03-03 09:00", german)
    other = replace(german, vat_id="DE811569869")
    registry.on_question = lambda: ana.do("2026-03-10 10:00", ChangeBuyer(other))

    await vat_refresh.refresh(ana.tenant.app, asking, ana.tenant.account_id, at("2026-03-10 10:00"))

    mine, hers = (await ana.billing()).vat_check, (await eve.billing()).vat_check
    assert mine is not None and hers is not None  # noqa: PT018
    assert (mine.vat_id, mine.source, hers.source) == ("DE811569869", "format", "format")


async def test_without_a_registry_nothing_is_asked_and_nothing_is_due(databases: Databases, rails: Rails) -> None:
    now: datetime = at("2026-03-10 10:00")

    assert await vat_refresh.refresh_due(databases.engine, rails, now + timedelta(days=400)) == 0
    assert await vat_refresh.earliest_due(databases.engine, rails, now) is None


OUT_OF_FORCE = "Your VAT ID is not valid any more"


async def test_that_a_number_is_out_of_force_is_told_once_for_each_change(
    databases: Databases, asking: Rails, fake: StripeFake, registry: VatRegistry, german: Buyer
) -> None:
    ana = await subscriber(databases, asking, fake, german)
    app, account_id, when = ana.tenant.app, ana.tenant.account_id, at("2026-03-20 10:00")
    mailed = []
    for day, in_force in enumerate([True, False, False, True, False]):
        registry.valid = {german.vat_id} if in_force else set()
        await vat_refresh.refresh(app, asking, account_id, when + timedelta(days=day))
        mailed.append((await ana.mails()).count(OUT_OF_FORCE))

    assert mailed == [0, 1, 1, 1, 2]
    async with databases.engine.transaction() as tx:
        text: str = await tx.value(
            "select text_body from mails where account_id = %(id)s and subject = %(subject)s order by id limit 1",
            id=account_id,
            subject=OUT_OF_FORCE,
        )
    assert german.vat_id in text
    assert "From the next invoice on VAT is charged" in text
    assert "/settings/billing/information" in text


async def test_an_outage_of_the_registry_is_no_news_of_a_number(
    databases: Databases, asking: Rails, fake: StripeFake, registry: VatRegistry, german: Buyer
) -> None:
    ana = await subscriber(databases, asking, fake, german)
    registry.broken = "MS_UNAVAILABLE"
    app, account_id = ana.tenant.app, ana.tenant.account_id

    for day in range(3):
        await vat_refresh.refresh(app, asking, account_id, at("2026-03-20 10:00") + timedelta(days=day))

    assert OUT_OF_FORCE not in await ana.mails()


def test_the_letter_about_a_number_is_in_the_reader_s_language() -> None:
    letter = vat_letters.in_words("DE136695976", "pl", "https://tocsin.example")

    assert letter.subject == "Twój numer VAT nie jest już ważny"
    assert letter.buttons[0].href == "https://tocsin.example/settings/billing/information"
