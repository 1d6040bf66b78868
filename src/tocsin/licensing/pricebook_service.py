"""Use cases of the price book: which version holds, and publishing the next one."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from tocsin.accounts import audit
from tocsin.accounts.audit import Actor
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid
from tocsin.i18n import N_
from tocsin.licensing import pricebook_store as store
from tocsin.licensing.pricebook import PriceBook
from tocsin.licensing.pricebook_diff import Change, changes, lost
from tocsin.licensing.pricebook_document import parse_book
from tocsin.licensing.pricebook_store import PublishedBook

DOCUMENT_LIMIT = 200_000  # characters
NOTE_LIMIT = 500
AUDITED = 100  # changes that the audit log names; a new book may have thousands
SAME = N_("This document says what version %(version)s says; there is nothing to publish.")
SOMEBODY_ELSE = N_("Somebody has published another version since. Look at the changes again.")


@lru_cache(maxsize=1_000)
def _parsed(document: str) -> PriceBook:
    return parse_book(document, published=True)


def read(published: PublishedBook) -> PriceBook:
    """The book of a published version; what is published never changes, so each document is read once."""
    return replace(_parsed(published.document), version=published.version)


async def current(tx: Tx) -> PriceBook:
    """The book that pages show and new orders use: the newest."""
    return read(await store.newest(tx))


async def get(tx: Tx, version: int) -> PriceBook:
    """The book of a version, for a subscription that has it. Raises: NotFound."""
    return read(await store.get(tx, version))


async def for_renewal(tx: Tx, at: datetime) -> PriceBook:
    """The book that a renewal at `at` uses: the newest that was announced long enough before. Source: M16, S25"""
    notice = timedelta(days=(await current(tx)).thresholds.price_notice_days)
    return read(await store.newest_announced_by(tx, at - notice))


async def compare(tx: Tx, document: str) -> tuple[PriceBook, list[Change]]:
    """The book that `document` describes, numbered as the next version, and what it changes.

    Raises: Invalid with every problem of the document, Conflict when it changes nothing.
    """
    if len(document) > DOCUMENT_LIMIT:
        raise Invalid(N_("The document has more than %(most)s characters."), params={"most": DOCUMENT_LIMIT})
    newest = read(await store.newest(tx))
    book = parse_book(document, newest.version + 1)
    if missing := lost(newest, book):
        raise Invalid("\n".join(missing), {"document": "\n".join(missing)})
    found = changes(newest, book)
    if not found:
        raise Conflict(SAME, params={"version": newest.version})
    return book, found


async def publish(
    engine: Db,
    document: str,
    note: str,
    by: str,
    at: datetime,
    *,
    expected: int | None = None,
    actor: Actor | None = None,
) -> tuple[PriceBook, list[Change]]:
    """The next version, in force for new orders at once, and what it changed.

    With `expected`, only as that version: somebody else may have published since it was looked at. With `actor`, it is
    in the audit log of the publisher's account.
    Raises: Invalid, Conflict.
    """
    async with engine.transaction() as tx:
        await store.lock(tx)
        book, found = await compare(tx, document)
        if expected is not None and book.version != expected:
            raise Conflict(SOMEBODY_ELSE)
        if len(note) > NOTE_LIMIT:
            raise Invalid(
                N_("A note has at most %(most)s characters."), {"note": "too long"}, params={"most": NOTE_LIMIT}
            )
        await store.insert(tx, PublishedBook(book.version, document, at, note, by))
        if actor is not None:
            await _record(tx, actor, book, found, note)
    return book, found


async def _record(tx: Tx, actor: Actor, book: PriceBook, found: list[Change], note: str) -> None:
    after = {"note": note, "changes": len(found), **{change.path: change.after for change in found[:AUDITED]}}
    before = {change.path: change.before for change in found[:AUDITED]}
    await audit.record(
        tx, actor, "published", "price-book", book.version, f"version {book.version}", before=before, after=after
    )
