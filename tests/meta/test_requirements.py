"""docs/licensing.md tells truly which test shows which licensing requirement."""

import re

from tests.support import requirements
from tests.support.requirements import AREAS, FURTHER, LATER, NOT_YET, PAGE, STATEMENTS


def test_every_requirement_has_a_test_or_says_what_it_waits_for() -> None:
    named = {one.requirement for one in requirements.shown()}

    assert sorted(set(STATEMENTS) - named - set(NOT_YET)) == []


def test_nothing_that_has_a_test_is_said_to_wait() -> None:
    named = {one.requirement for one in requirements.shown()}

    assert sorted(named & set(NOT_YET)) == []


def test_what_waits_for_an_area_in_part_has_tests_for_the_rest_and_the_area_is_not_there() -> None:
    named = {one.requirement for one in requirements.shown()}
    waited_for = {area for areas in LATER.values() for area in areas}

    assert sorted(set(LATER) - named) == []
    assert sorted(area for area in waited_for if AREAS[area]()) == []


def test_the_page_is_as_it_is_generated() -> None:
    assert requirements.table() in PAGE.read_text(encoding="utf-8")


def test_no_test_is_named_after_a_requirement_that_there_is_not() -> None:
    unknown = [one for one in requirements.shown() if one.requirement not in STATEMENTS]

    assert [one for one in unknown if not FURTHER.fullmatch(one.requirement)] == []


def test_the_table_has_a_row_for_each_and_links_to_what_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in STATEMENTS if f"| {name} | " not in page] == []
    assert [link for link in re.findall(r"\]\((\.\./tests/[^)]+)\)", page) if not (PAGE.parent / link).is_file()] == []
