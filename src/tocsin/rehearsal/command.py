"""`tocsin rehearse`: a file in, a table or JSON out, and an exit status."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tocsin.errors import Invalid
from tocsin.rehearsal.scratch import scratch_soon

if TYPE_CHECKING:
    from tocsin.rehearsal.run import Rehearsal
    from tocsin.settings import Settings

AS_EXPECTED, NOT_AS_EXPECTED, UNUSABLE = 0, 1, 2


def run(file: Path, settings: "Settings | None", *, as_json: bool, account: str | None = None) -> int:
    """The exit status. With `settings` it is on a copy of the live account that they lead to.

    Raises: ServerFailed, and NotFound or Conflict about the live account.
    """
    try:
        rehearsal = _rehearsed(file, settings, account)
    except Invalid as error:
        sys.stderr.write(f"{file}: {error.message}\n")
        return UNUSABLE
    if as_json:
        sys.stdout.write(as_text(rehearsal))
    else:
        _show(rehearsal)
    if rehearsal.unmet:
        sys.stdout.flush()
        sys.stderr.write(_unmet(rehearsal) + "\n")
        return NOT_AS_EXPECTED
    return AS_EXPECTED


def _rehearsed(file: Path, settings: "Settings | None", account: str | None) -> "Rehearsal":
    """The server starts while the engine is imported, which takes about as long, and the file is read."""
    with ended_by_sigterm(), scratch_soon() as scratch:
        from tocsin.rehearsal.files import read_scenario
        from tocsin.rehearsal.live import live_database, read_account
        from tocsin.rehearsal.run import rehearse

        quiet()
        scenario = read_scenario(file, live=settings is not None)
        live = asyncio.run(read_account(live_database(settings), account)) if settings is not None else None
        return asyncio.run(rehearse(scenario, scratch(), live))


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block as an exception does, so that the scratch server and its folder go with it."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def as_text(rehearsal: "Rehearsal") -> str:
    """The JSON that is printed."""
    return json.dumps(rehearsal.as_json(), indent=2, ensure_ascii=False) + "\n"


def quiet() -> None:
    """The engine's log lines are told as events already."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))


def _show(rehearsal: "Rehearsal") -> None:
    from tocsin.rehearsal.timeline import make_console, show

    show(rehearsal, make_console())


def _unmet(rehearsal: "Rehearsal") -> str:
    from tocsin.rehearsal.timeline import unmet_in_words

    return unmet_in_words(rehearsal)
