"""The registry of VAT ids: asked on the wire, believed for a day, and not missed when it is off."""

from datetime import timedelta

import aiohttp
import pytest
from tests.support.documents import GERMAN, NOON, SELLER
from tests.support.vat_registry import VatRegistry, vat_registry

from tocsin.billing.tax import treatment
from tocsin.billing.vat_id import VatCheck
from tocsin.billing.vat_registry import checked, look_up
from tocsin.errors import Unavailable


async def ask(registry: VatRegistry, vat_id: str = "DE136695976", last: VatCheck | None = None) -> VatCheck:
    async with aiohttp.ClientSession() as http:
        return await checked(http, registry.url, vat_id, "DE", last=last, seller_vat_id=SELLER.vat_id, at=NOON)


async def test_r7_2_a_number_in_force_is_kept_with_the_registrys_own_reference() -> None:
    async with vat_registry("DE136695976") as registry:
        found = await ask(registry, "136 695 976")

    assert found == VatCheck("DE136695976", True, "registry", NOON, "WAPI0001", "BEISPIEL GMBH", "")
    assert registry.asked == [
        {
            "countryCode": "DE",
            "vatNumber": "136695976",
            "requesterMemberStateCode": "PL",
            "requesterNumber": "8567346215",
        }
    ]
    assert treatment(SELLER, GERMAN, found, NOON).category == "AE"


async def test_r7_2_a_number_that_is_not_in_force_saves_no_vat_though_it_is_well_formed() -> None:
    async with vat_registry() as registry:
        found = await ask(registry)

    assert not found.valid
    assert treatment(SELLER, GERMAN, found, NOON).rate_bp == 2300


async def test_a_malformed_number_is_not_asked_for() -> None:
    async with vat_registry() as registry:
        found = await ask(registry, "DE1")

    assert (found.valid, found.source, registry.asked) == (False, "format", [])


@pytest.mark.parametrize("broken", ["MS_UNAVAILABLE", "html"])
@pytest.mark.parametrize(("hours", "category"), [(24, "AE"), (25, "S")])
async def test_choice_37_while_the_registry_is_down_its_last_answer_stands_for_a_day(
    broken: str, hours: int, category: str
) -> None:
    last = VatCheck("DE136695976", True, "registry", NOON - timedelta(hours=hours))
    async with vat_registry("DE136695976") as registry:
        registry.broken = broken

        found = await ask(registry, last=last)

    assert treatment(SELLER, GERMAN, found, NOON).category == category


async def test_choice_37_an_answer_about_another_number_and_a_look_at_the_form_do_not_stand() -> None:
    async with vat_registry() as registry:
        registry.broken = "MS_UNAVAILABLE"

        assert not (await ask(registry, last=VatCheck("DE811569869", True, "registry", NOON))).valid
        assert not (await ask(registry, last=VatCheck("DE136695976", True, "format", NOON))).valid
        assert not (await ask(registry)).valid


async def test_without_a_registry_the_form_decides() -> None:
    found = await checked(None, None, GERMAN.vat_id, "DE", last=None, seller_vat_id=SELLER.vat_id, at=NOON)

    assert found == VatCheck("DE136695976", True, "format", NOON)


async def test_nobody_listening_is_said_to_be_so() -> None:
    async with vat_registry() as registry:
        url = registry.url
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Unavailable, match="does not answer"):
            await look_up(http, url, "DE136695976", "", NOON)


async def test_the_registrys_own_word_for_its_trouble_is_told() -> None:
    async with vat_registry() as registry, aiohttp.ClientSession() as http:
        registry.broken = "MS_MAX_CONCURRENT_REQ"
        with pytest.raises(Unavailable, match="MS_MAX_CONCURRENT_REQ"):
            await look_up(http, registry.url, "DE136695976", "", NOON)
