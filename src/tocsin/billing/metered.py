"""Use of SMS, voice and call legs: recorded once, counted as it happens, rated when its window is billed.

Source: licensing requirements R9, R10, M9, CHOICE-43, CHOICE-45, S28, S30
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.billing import books, metered_store, new_countries, usage_letters
from tocsin.billing.books import PublishedBooks
from tocsin.billing.metered_store import Terms
from tocsin.billing.usage_view import WindowUsage, window_usage
from tocsin.db import Tx
from tocsin.licensing import usage_store
from tocsin.licensing.metering import LATE, LOOP, Closing, Facts, Meter, rate
from tocsin.licensing.model import Term
from tocsin.licensing.pricebook import Beyond
from tocsin.licensing.quota import Allowed, Level, Stopped, Used, levels, may_send
from tocsin.licensing.tariff import Tariff
from tocsin.licensing.usage import Correction, UsageKind, UsageRecord
from tocsin.licensing.usage_store import WindowCount
from tocsin.licensing.windows import Footing, Window, in_force, window_at, windows

REACH = timedelta(days=100)
"""How far back records are read to rate a window: late ones of the three windows before, and those beside them."""

LOOK_BACK = LOOP + timedelta(days=32)
"""Before a window: free minutes that a subscription before it used, and the window in which it did. Source: S39"""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordedUsage:
    """Where billing reads usage, and notes the windows that it billed (`keeping.UsageSource`)."""

    async def facts(self, tx: Tx, account_ids: Sequence[int], until: datetime) -> Mapping[int, Facts]:
        """What the usage of those accounts that have any is rated from."""
        used = await usage_store.accounts_with_usage(tx, account_ids)
        if not used:
            return {}
        published = await books.load(tx)
        known = await metered_store.list_terms(tx, used)
        closings = await usage_store.list_closings(tx, used)
        since = min((_since(closings.get(account_id, ())) for account_id in used), default=BEGINNING)
        records = _by_account(await usage_store.list_records(tx, used, since, until))
        corrections = _corrections(await usage_store.list_corrections(tx, used))
        return {
            account_id: facts_of(
                terms, published, records.get(account_id, ()), closings.get(account_id, ()),
                corrections.get(account_id, ()),
            )
            for account_id, terms in known.items()
        }  # fmt: skip

    async def close(self, tx: Tx, closings: Mapping[int, Sequence[Closing]]) -> None:
        """Note that bills of these windows were made."""
        await usage_store.insert_closings(tx, closings)


def _since(closings: Sequence[Closing]) -> datetime:
    return closings[-1].window_starts_at - REACH if closings else BEGINNING


def facts_of(
    terms: Terms,
    published: PublishedBooks,
    records: Sequence[UsageRecord],
    closings: Sequence[Closing] = (),
    corrections: Sequence[Correction] = (),
) -> Facts:
    """An account's facts, its tariffs among them. Closings from before the records that were read are left out."""
    versions = {term.book_version for term in terms.terms}
    tariffs = {version: Tariff(published.version(version), terms.currency) for version in versions}
    first = min((record.at for record in records), default=None)
    near = [it for it in closings if first is None or it.window_starts_at >= first - REACH]
    return Facts(terms.terms, tariffs, records, corrections, near)


def _by_account(records: Iterable[UsageRecord]) -> dict[int, list[UsageRecord]]:
    found: dict[int, list[UsageRecord]] = {}
    for record in records:
        found.setdefault(record.account_id, []).append(record)
    return found


def _corrections(corrections: Iterable[Correction]) -> dict[int, list[Correction]]:
    found: dict[int, list[Correction]] = {}
    for correction in corrections:
        found.setdefault(correction.account_id, []).append(correction)
    return found


def _review_at(window: Window) -> datetime | None:
    """When the cost of a paid window is looked at: when late use has come in."""
    return window.ends_at + LATE if window.ends_at is not None and window.footing is Footing.PAID else None


async def reserve(tx: Tx, record: UsageRecord) -> Allowed | Stopped:
    """May one more be sent now? Then `record` is counted already: confirm or release it when the carrier has answered.

    An account without a subscription is the operator's own: everything is allowed and nothing is counted.
    """
    terms = (await metered_store.list_terms(tx, [record.account_id])).get(record.account_id)
    term = in_force(terms.terms, record.at) if terms is not None else None
    window = window_at(terms.terms, record.at) if terms is not None else None
    if terms is None or term is None or window is None:
        return Allowed()
    published = await books.load(tx)
    tariff = Tariff(published.version(term.book_version), terms.currency)
    count = await usage_store.lock_window(tx, record.account_id, window.counts_from, _review_at(window))
    answer = may_send(term, tariff, await _used(tx, count, record, term), record.kind, record.zone, terms.cap_minor)
    if isinstance(answer, Allowed) and await usage_store.insert_records(tx, [record], reserved=True):
        await usage_store.save_window(tx, _counted(count, window, [record], term, tariff, terms))
    return answer


async def _used(tx: Tx, count: WindowCount, record: UsageRecord, term: Term) -> Used:
    codes = 0
    if record.kind is UsageKind.VERIFICATION and record.user_id is not None:
        zone = ZoneInfo(term.zone)
        midnight = record.at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        codes = await usage_store.count_codes(tx, record.account_id, record.user_id, midnight)
    return Used(count.included, count.sms, count.voice, count.charged_minor, codes)


async def confirm(tx: Tx, account_id: int, record_id: str, base_url: str, cost_minor: int | None = None) -> None:
    """The carrier took it: the owners are told of a level that this reaches."""
    record = await usage_store.confirm(tx, account_id, record_id, cost_minor)
    if record is not None:
        await _watch(tx, account_id, [record], await books.load(tx), base_url)
    known = await _window_of(tx, record) if record is not None else None
    if record is not None and known is not None:
        count = await usage_store.lock_window(tx, account_id, known.window.counts_from)
        await _tell(tx, count, known.window, known.term, known.tariff, known.terms, base_url, record.at)


async def release(tx: Tx, account_id: int, record_id: str) -> None:
    """The carrier did not take it: it counts for nothing. Source: CHOICE-44"""
    record = await usage_store.release(tx, account_id, record_id)
    known = await _window_of(tx, record) if record is not None else None
    if known is None:
        return
    window, until = known.window, known.window.ends_at or FOREVER
    count = await usage_store.lock_window(tx, account_id, window.counts_from)
    left = await usage_store.list_records(tx, [account_id], window.counts_from, until, with_reserved=True)
    empty = WindowCount(account_id, window.counts_from, told=count.told)
    messages = [it for it in left if it.kind.is_message]
    await usage_store.save_window(tx, _counted(empty, window, messages, known.term, known.tariff, known.terms))


async def release_forgotten(tx: Tx, before: datetime) -> int:
    """Give back what was reserved before then: its sender died, and nobody tried again. How many there were."""
    forgotten = await usage_store.list_reserved(tx, before)
    for account_id, record_id in forgotten:
        await release(tx, account_id, record_id)
    return len(forgotten)


@dataclass(frozen=True, slots=True)
class _Known:
    """The window of a record, and by what it is rated."""

    window: Window
    term: Term
    tariff: Tariff
    terms: Terms


async def _window_of(tx: Tx, record: UsageRecord) -> _Known | None:
    """Of a message; None for what no window counts."""
    terms = (await metered_store.list_terms(tx, [record.account_id])).get(record.account_id)
    if terms is None or not record.kind.is_message:
        return None
    window, term = window_at(terms.terms, record.at), in_force(terms.terms, record.at)
    if window is None or term is None:
        return None
    return _Known(window, term, Tariff((await books.load(tx)).version(term.book_version), terms.currency), terms)


async def record(tx: Tx, account_id: int, records: Sequence[UsageRecord], base_url: str) -> int:
    """Keep what providers report, each unit once; how many were new. Running windows are counted on."""
    new = await usage_store.insert_records(tx, records)
    terms = (await metered_store.list_terms(tx, [account_id])).get(account_id)
    if terms is None or not new:
        return len(new)
    published = await books.load(tx)
    await _watch(tx, account_id, [it for it in records if it.id in new], published, base_url)
    by_window: dict[datetime, list[UsageRecord]] = {}
    for it in sorted((it for it in records if it.id in new), key=lambda it: it.order):
        window = window_at(terms.terms, it.at)
        if window is not None:
            by_window.setdefault(window.starts_at, []).append(it)
    for starts_at, found in by_window.items():
        window = window_at(terms.terms, starts_at)
        term = in_force(terms.terms, found[0].at)
        if window is None or term is None:
            continue
        tariff = Tariff(published.version(term.book_version), terms.currency)
        count = await usage_store.lock_window(tx, account_id, window.counts_from, _review_at(window))
        if messages := [it for it in found if it.kind.is_message]:
            count = _counted(count, window, messages, term, tariff, terms)
            await usage_store.save_window(tx, count)
            await _tell(tx, count, window, term, tariff, terms, base_url, messages[-1].at)
    return len(new)


async def _watch(
    tx: Tx, account_id: int, records: Sequence[UsageRecord], published: PublishedBooks, base_url: str
) -> None:
    """Look whether they suddenly go to a new country, by the rule of the newest price book. Source: R11.2"""
    newest = published.version(published.newest(max(it.at for it in records)))
    await new_countries.watch(tx, account_id, records, newest.fair_use.new_country_units, base_url)


async def correct(tx: Tx, corrections: Sequence[Correction]) -> None:
    """What the provider says of durations later; each once. Source: S33"""
    await usage_store.insert_corrections(tx, corrections)


def _counted(
    count: WindowCount, window: Window, records: Sequence[UsageRecord], term: Term, tariff: Tariff, terms: Terms
) -> WindowCount:
    """The count with these messages."""
    meter = Meter(window, included=count.included, charged_minor=count.charged_minor)
    for it in sorted(records, key=lambda it: it.order):
        meter.count(it, in_force(terms.terms, it.at) or term, tariff)
    return replace(
        count,
        included=meter.included,
        sms=count.sms + meter.units[UsageKind.SMS],
        voice=count.voice + meter.units[UsageKind.VOICE],
        charged_minor=meter.charged_minor,
    )


async def _tell(
    tx: Tx,
    count: WindowCount,
    window: Window,
    term: Term,
    tariff: Tariff,
    terms: Terms,
    base_url: str,
    at: datetime,
) -> None:
    """Tell the owners of each level that was reached, once a window. What is being sent still may come to nothing."""
    known, taken = set(count.told), count.included
    if levels(term, tariff, taken, count.charged_minor, terms.cap_minor) - known:
        under_way = await usage_store.count_reserved(
            tx, count.account_id, window.counts_from, window.ends_at or FOREVER
        )
        taken = min(taken, count.sms + count.voice - under_way)
    reached = levels(term, tariff, taken, count.charged_minor, terms.cap_minor)
    fresh = [level for level in Level if level in reached and level.value not in known]
    if not fresh:
        return
    await usage_store.save_window(tx, replace(count, told=[*count.told, *(level.value for level in fresh)]))
    for level in fresh:
        pool = tariff.pool(term) or 0
        said = usage_letters.Said(
            level, taken, pool, count.charged_minor, terms.cap_minor, terms.currency, _plans_beyond(tariff)
        )
        await usage_letters.send(tx, count.account_id, said, term, window, base_url, at)


def _plans_beyond(tariff: Tariff) -> tuple[str, ...]:
    """The plans that send more than what they include. Source: R9.3"""
    plans = [it for it in tariff.book.plans.values() if not it.hidden and it.messages.beyond is not Beyond.STOP]
    return tuple(plan.name for plan in plans)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account has used, the running window first, and the most that its owner spends in a window."""

    windows: Sequence[WindowUsage]
    cap_minor: int | None


async def usage(tx: Tx, account_id: int, at: datetime, since: datetime) -> Usage | None:
    """Each window from the one that holds `since` to that of `at`; None for an account without a subscription."""
    terms = (await metered_store.list_terms(tx, [account_id])).get(account_id)
    shown = windows(terms.terms, since, at) if terms is not None else []
    if terms is None or not shown:
        return None
    until = at + timedelta(microseconds=1)
    records = await usage_store.list_records(tx, [account_id], shown[0].starts_at - LOOK_BACK, until)
    corrections = await usage_store.list_corrections(tx, [account_id])
    closings = (await usage_store.list_closings(tx, [account_id])).get(account_id, ())
    facts = facts_of(terms, await books.load(tx), records, closings, corrections)
    return Usage([window_usage(facts, it, *rate(facts, it)) for it in reversed(shown)], terms.cap_minor)
