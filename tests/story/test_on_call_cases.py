"""Who is told when, played as rehearsals with instants computed by hand: tests/cases/on_call."""

from pathlib import Path

import pytest

from tocsin.rehearsal.expectation import in_words
from tocsin.rehearsal.files import read_scenario
from tocsin.rehearsal.run import rehearse
from tocsin.rehearsal.scratch import Scratch

FOLDER = Path(__file__).parents[1] / "cases" / "on_call"
CASES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
async def test_a_case_comes_as_it_was_computed_by_hand(scratch: Scratch, case: Path) -> None:
    scenario = read_scenario(case)

    rehearsal = await rehearse(scenario, scratch)

    assert scenario.expectation is not None
    assert scenario.expectation.events
    assert not rehearsal.unmet, in_words(rehearsal.unmet)
