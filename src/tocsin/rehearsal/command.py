"""`tocsin rehearse`: a file in, a table or JSON out, and an exit status."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import structlog

from tocsin.errors import Invalid
from tocsin.rehearsal.files import read_scenario
from tocsin.rehearsal.live import LiveAccount, live_database, read_account
from tocsin.rehearsal.run import Rehearsal, rehearse
from tocsin.rehearsal.scenario import Scenario
from tocsin.rehearsal.scratch import scratch_server
from tocsin.rehearsal.timeline import make_console, show, unmet_in_words
from tocsin.settings import Settings

AS_EXPECTED, NOT_AS_EXPECTED, UNUSABLE = 0, 1, 2


def run(file: Path, settings: Settings, *, as_json: bool, live: bool, account: str | None) -> int:
    """The exit status. Raises: ServerFailed, and NotFound or Conflict about the live account."""
    quiet()
    try:
        scenario = read_scenario(file, live=live)
        copied = asyncio.run(read_account(live_database(settings), account)) if live else None
        rehearsal = _rehearse(scenario, copied)
    except Invalid as error:
        sys.stderr.write(f"{file}: {error.message}\n")
        return UNUSABLE
    if as_json:
        sys.stdout.write(as_text(rehearsal))
    else:
        show(rehearsal, make_console())
    if rehearsal.unmet:
        sys.stdout.flush()
        sys.stderr.write(unmet_in_words(rehearsal) + "\n")
        return NOT_AS_EXPECTED
    return AS_EXPECTED


def _rehearse(scenario: Scenario, live: LiveAccount | None) -> Rehearsal:
    with ended_by_sigterm(), scratch_server() as scratch:
        return asyncio.run(rehearse(scenario, scratch, live))


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


def as_text(rehearsal: Rehearsal) -> str:
    """The JSON that is printed."""
    return json.dumps(rehearsal.as_json(), indent=2, ensure_ascii=False) + "\n"


def quiet() -> None:
    """The engine's log lines are told as events already."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
