"""The Union's registry of VAT ids (VIES): whether a number is in force, asked over its REST interface.

Nobody is asked inside a transaction. Source: licensing requirements R7.2, CHOICE-37
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from tocsin.billing.model import Buyer
from tocsin.billing.vat_id import VatCheck, check_format
from tocsin.db import Db
from tocsin.errors import Unavailable
from tocsin.licensing import pricebook_service

PATIENCE = aiohttp.ClientTimeout(total=10)
NOT_TOLD = "---"
LONGEST_KEPT = 500


async def check_of(db: Db, url: str | None, buyer: Buyer, last: VatCheck | None, at: datetime) -> VatCheck | None:
    """What the registry at `url` says of the buyer's VAT id, asked for the seller of today's price book.

    None without an id, or without a registry, where its form alone decides. `last` is the check before.
    """
    if url is None or not buyer.vat_id:
        return None
    async with db.transaction() as tx:
        seller = (await pricebook_service.current(tx)).seller
    async with aiohttp.ClientSession() as http:
        return await checked(
            http, url, buyer.vat_id, buyer.country, last=last, seller_vat_id=seller.vat_id if seller else "", at=at
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """Where the registry answers: the address of its REST interface."""

    url: str


async def checked(
    http: aiohttp.ClientSession | None,
    url: str | None,
    vat_id: str,
    country: str,
    *,
    last: VatCheck | None,
    seller_vat_id: str,
    at: datetime,
) -> VatCheck:
    """What is known of a buyer's VAT id now, as `ChangeBuyer` and `tax.treatment` take it.

    Without a registry (`url` is None) the form decides. While the registry is down the last answer about this id stands
    until it is a day old, and then the id counts as not shown to be valid; asking again is right in both cases.
    """
    formal = check_format(vat_id, country, at)
    if url is None or http is None or not formal.valid:
        return formal
    try:
        return await look_up(http, url, formal.vat_id, seller_vat_id, at)
    except Unavailable:
        if last is not None and last.source == "registry" and last.holds(formal.vat_id, at):
            return last
        return VatCheck(formal.vat_id, False, "registry", at, answered=False)


async def look_up(http: aiohttp.ClientSession, url: str, vat_id: str, seller_vat_id: str, at: datetime) -> VatCheck:
    """The registry's answer about a well formed VAT id, with the number under which it keeps the enquiry.

    Raises: Unavailable when it, or the member state behind it, does not answer.
    """
    question = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
    if seller_vat_id:
        question |= {"requesterMemberStateCode": seller_vat_id[:2], "requesterNumber": seller_vat_id[2:]}
    try:
        async with http.post(f"{url.rstrip('/')}/check-vat-number", json=question, timeout=PATIENCE) as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Unavailable(f"The VAT registry does not answer: {type(error).__name__}.") from error
    return _read(answer, vat_id, at)


def _read(answer: Any, vat_id: str, at: datetime) -> VatCheck:
    """Raises: Unavailable for anything but a plain yes or no."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("valid"), bool):
        raise Unavailable(f"The VAT registry has no answer: {_reason(answer)}.")
    texts = {key: _text(answer.get(key)) for key in ("requestIdentifier", "name", "address")}
    return VatCheck(
        vat_id, answer["valid"], "registry", at, texts["requestIdentifier"], texts["name"], texts["address"]
    )


def _reason(answer: Any) -> str:
    """The registry's own word for it, e.g. MS_UNAVAILABLE."""
    errors = answer.get("errorWrappers") if isinstance(answer, Mapping) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return _text(first.get("error")) if isinstance(first, Mapping) else "not understood"


def _text(value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "" if text == NOT_TOLD else text[:LONGEST_KEPT]
