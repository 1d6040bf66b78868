"""Acceptance lines of the licensing requirements, played as rehearsals on their price book: tests/cases/licensing."""

from pathlib import Path

import pytest
from tests.support.books import REQUIREMENTS

from tocsin.rehearsal.expectation import in_words
from tocsin.rehearsal.files import read_scenario
from tocsin.rehearsal.run import rehearse
from tocsin.rehearsal.scratch import Scratch

FOLDER = Path(__file__).parents[1] / "cases" / "licensing"
CASES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
async def test_an_acceptance_line_comes_as_it_says(scratch: Scratch, case: Path) -> None:
    scenario = read_scenario(case)

    rehearsal = await rehearse(scenario, scratch, price_book=REQUIREMENTS)

    assert scenario.expectation is not None
    assert scenario.expectation.events
    assert not rehearsal.unmet, in_words(rehearsal.unmet)
