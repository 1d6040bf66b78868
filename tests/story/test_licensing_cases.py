"""Acceptance lines of the licensing requirements, played as rehearsals on their price book: tests/cases/licensing."""

from pathlib import Path

import pytest
from tests.support.books import REQUIREMENTS

from tocsin.rehearsal.expectation import in_words
from tocsin.rehearsal.run import rehearse
from tocsin.rehearsal.scenario import parse_scenario
from tocsin.rehearsal.scratch import Scratch

FOLDER = Path(__file__).parents[1] / "cases" / "licensing"
CASES = {case.stem: case.read_text(encoding="utf-8") for case in sorted(FOLDER.glob("*.yaml"))}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_an_acceptance_line_comes_as_it_says(scratch: Scratch, case: str) -> None:
    scenario = parse_scenario(case)

    rehearsal = await rehearse(scenario, scratch, price_book=REQUIREMENTS)

    assert scenario.expectation is not None
    assert scenario.expectation.events
    assert not rehearsal.unmet, in_words(rehearsal.unmet)
