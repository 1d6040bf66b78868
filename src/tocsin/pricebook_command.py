"""`tocsin pricebook`: what an operator does with the price book on the machine."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tocsin.backup import open_target
from tocsin.clock import Clock
from tocsin.db import Db, open_databases
from tocsin.errors import Conflict, Invalid
from tocsin.licensing import pricebook_service, pricebook_store
from tocsin.licensing.pricebook import PriceBook
from tocsin.licensing.pricebook_diff import Change
from tocsin.settings import Settings

T = TypeVar("T")
COMMAND_LINE = ""  # who published


def show(settings: Settings, version: int | None) -> str:
    """The document of a version, or of the newest. Raises: NotFound, BackupFailed."""

    async def read(engine: Db) -> str:
        async with engine.transaction() as tx:
            found = await (pricebook_store.newest(tx) if version is None else pricebook_store.get(tx, version))
        return found.document

    return _with_engine(settings, read)


def check(settings: Settings, file: Path) -> str:
    """What publishing the file would change, in lines. Raises: Invalid with every problem, BackupFailed."""
    document = _read(file)

    async def compare(engine: Db) -> str:
        async with engine.transaction() as tx:
            try:
                book, found = await pricebook_service.compare(tx, document)
            except Conflict as error:
                return error.message
        return _in_lines(book, found) + f"\nThe file is good. Publishing it makes version {book.version}."

    return _with_engine(settings, compare)


def publish(settings: Settings, file: Path, note: str, clock: Clock) -> str:
    """Publish the file; what it changed, in lines. Raises: Invalid, Conflict, BackupFailed."""
    document = _read(file)

    async def make(engine: Db) -> str:
        book, found = await pricebook_service.publish(engine, document, note, COMMAND_LINE, clock.now())
        notice = book.thresholds.price_notice_days
        return _in_lines(book, found) + (
            f"\nVersion {book.version} is published: new orders use it now, renewals from {notice} days on."
        )

    return _with_engine(settings, make)


def _in_lines(book: PriceBook, found: list[Change]) -> str:
    lines = [f"  {change}" for change in found]
    if book.seller is None:
        lines += ["", "There is no seller in it: no invoice can be finalised."]
    return "\n".join(lines)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Invalid(f"{file} is not UTF-8 text.") from None


def _with_engine(settings: Settings, work: Callable[[Db], Coroutine[Any, Any, T]]) -> T:
    async def run(url: str) -> T:
        async with open_databases(url, app_size=1, engine_size=1) as databases:
            return await work(databases.engine)

    with open_target(settings, exclusive=False) as target:
        return asyncio.run(run(target.role_url(target.database)))
