"""VAT ids are asked for again before they decide a tax: by the worker before an account is due, and when one orders.

What is asked early enough survives an outage of the registry: the last answer stands for a day, the registry is asked
again and again meanwhile, and after that day VAT is charged. Nothing is asked within a transaction.
Source: licensing requirements R7.2, CHOICE-37
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import aiohttp
import structlog

from tocsin.billing import books, tax, vat_letters, vat_registry, vat_store
from tocsin.billing.keeping import Rails
from tocsin.billing.vat_areas import UNION
from tocsin.billing.vat_id import RENEW_AFTER, VatCheck, check_format
from tocsin.billing.vat_registry import Registry
from tocsin.billing.vat_store import Asked
from tocsin.db import Db, Tx
from tocsin.errors import Unavailable

log = structlog.get_logger("tocsin.billing")

BATCH = 16  # asked at once: the registry refuses more than a few
ASK_AGAIN = timedelta(minutes=15)
NOT_AGAIN = timedelta(days=365)  # what is no VAT id is not asked about


async def refresh_due(db: Db, rails: Rails, now: datetime) -> int:
    """Ask about the ids of accounts that are due within the time for which an answer decides; how many.

    Those that are due already are all asked about, so that none is billed by an old answer; while the registry is down
    nobody waits for it longer than one batch.
    """
    if rails.registry is None:
        return 0
    count, more = 0, True
    while more:
        async with db.transaction() as tx:
            seller, countries = await _sales(tx, now)
            asked = await vat_store.claim_due(tx, countries, now, RENEW_AFTER, now + ASK_AGAIN, BATCH)
        answered = await _ask(db, rails, rails.registry, asked, seller, now)
        count += len(asked)
        more = bool(answered) and asked[-1].needed_at <= now
    return count


async def refresh(db: Db, rails: Rails, account_id: int, at: datetime) -> None:
    """Ask about the account's id, if it may decide a tax now and what is known of it is old."""
    if rails.registry is None:
        return
    async with db.transaction() as tx:
        seller, countries = await _sales(tx, at)
        asked = await vat_store.claim(tx, account_id, countries, at, RENEW_AFTER, at + ASK_AGAIN)
    await _ask(db, rails, rails.registry, asked, seller, at)


async def earliest_due(db: Db, rails: Rails, now: datetime) -> datetime | None:
    """When the next id is to be asked about; None where none is, or no registry is set."""
    if rails.registry is None:
        return None
    async with db.transaction() as tx:
        _, countries = await _sales(tx, now)
        return await vat_store.earliest_due(tx, countries, RENEW_AFTER)


async def _sales(tx: Tx, at: datetime) -> tuple[str, list[str]]:
    """The seller's own VAT id, and the countries whose buyers' ids decide the tax."""
    published = await books.load(tx)
    seller = published.version(published.newest(at)).seller
    if seller is None:
        return "", []
    return seller.vat_id, [code for code in UNION if tax.registry_decides(seller, code)]


async def _ask(
    db: Db, rails: Rails, registry: Registry, asked: Sequence[Asked], seller_vat_id: str, at: datetime
) -> int:
    """Ask about all of them at once, keep the answers, tell whose id is out of force; how many answers there were."""
    if not asked:
        return 0
    async with aiohttp.ClientSession() as http:
        answers = await asyncio.gather(*(_answer(http, registry, one, seller_vat_id, at) for one in asked))
    async with db.transaction() as tx:
        for one, answer in zip(asked, answers, strict=True):
            if answer is None or not await vat_store.save_check(tx, one, answer, _again_at(answer, at)):
                continue
            if _is_news(one.last, answer):
                log.warning("vat_id_out_of_force", account_id=one.account_id)
                await vat_letters.send(tx, one.account_id, answer.vat_id, rails.base_url, at)
    return sum(1 for answer in answers if answer is not None and answer.answered)


def _is_news(last: VatCheck | None, answer: VatCheck) -> bool:
    """Whether the registry says now that an id is not in force, and did not say so before."""
    out_of_force = answer.source == "registry" and answer.answered and not answer.valid
    known = last is not None and last.source == "registry" and last.answered and not last.valid
    return out_of_force and not known


async def _answer(
    http: aiohttp.ClientSession, registry: Registry, asked: Asked, seller_vat_id: str, at: datetime
) -> VatCheck | None:
    """What is known of the id now; None where the registry is down and its last answer stands for as long as it holds.

    Being well formed is no answer of the registry, so that does not stand.
    """
    formal = check_format(asked.vat_id, asked.country, at)
    if not formal.valid:
        return formal
    try:
        return await vat_registry.look_up(http, registry.url, formal.vat_id, seller_vat_id, at)
    except Unavailable as error:
        log.warning("vat_registry_down", account_id=asked.account_id, reason=str(error))
        if asked.last is not None and asked.last.source == "registry" and asked.last.answered:
            return None
        return VatCheck(formal.vat_id, False, "registry", at, answered=False)


def _again_at(answer: VatCheck, at: datetime) -> datetime | None:
    if answer.source == "format":
        return at + NOT_AGAIN
    return None if answer.answered else at + ASK_AGAIN
