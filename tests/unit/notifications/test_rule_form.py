from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts.criteria import MATCH_ALL, Condition, Criteria, CriteriaType, Field, Operation
from tocsin.errors import Invalid
from tocsin.notifications.rule_form import ConditionRow, HoursRow, condition_rows, criteria_of, hours_of, hours_rows
from tocsin.schedules import restrictions
from tocsin.schedules.restrictions import WEEKDAYS

HALF_HOURS = st.integers(0, 47).map(lambda it: (it // 2, it % 2 * 30))


def daily(start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    return {"startHour": start[0], "startMin": start[1], "endHour": end[0], "endMin": end[1]}


def weekly(start_day: str, end_day: str, start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    return {"startDay": start_day, "endDay": end_day, **daily(start, end)}


SPANS = st.lists(st.builds(daily, HALF_HOURS, HALF_HOURS | st.just((24, 0))), min_size=1, max_size=3)
WEEKS = st.lists(
    st.builds(weekly, st.sampled_from(WEEKDAYS), st.sampled_from(WEEKDAYS), HALF_HOURS, HALF_HOURS | st.just((24, 0))),
    min_size=1,
    max_size=3,
)


@given(SPANS.map(lambda it: ("time-of-day", it)) | WEEKS.map(lambda it: ("weekday-and-time-of-day", it)))
def test_hours_that_the_form_shows_are_saved_as_they_were(written: tuple[str, list[dict[str, Any]]]) -> None:
    kind, spans = written
    restriction = restrictions.from_json({"type": kind, "restrictions": spans})

    assert hours_of(hours_rows(restriction)) == restriction


def test_without_hours_the_form_has_blank_rows_and_saves_none() -> None:
    assert hours_rows(None) == [HoursRow(), HoursRow()]
    assert hours_of(hours_rows(None)) is None


@pytest.mark.parametrize(
    "rows",
    [
        [HoursRow("every-day", "22:00", "every-day", "")],
        [HoursRow("every-day", "", "every-day", "06:00")],
        [HoursRow("every-day", "ten", "every-day", "06:00")],
        [HoursRow("monday", "22:00", "tuesday", "06:00"), HoursRow("every-day", "12:00", "every-day", "13:00")],
    ],
)
def test_hours_that_cannot_be_are_refused(rows: list[HoursRow]) -> None:
    with pytest.raises(Invalid):
        hours_of(rows)


def test_a_day_without_its_end_ends_the_same_day() -> None:
    found = hours_of([HoursRow("monday", "09:00", "", "17:00")])

    assert restrictions.as_json(found) == {
        "type": "weekday-and-time-of-day",
        "restrictions": [weekly("monday", "monday", (9, 0), (17, 0))],
    }


def test_conditions_that_the_form_shows_are_saved_as_they_were() -> None:
    found = Criteria(
        CriteriaType.MATCH_ANY,
        (
            Condition(Field.PRIORITY, Operation.GREATER_THAN, "P3"),
            Condition(Field.MESSAGE, Operation.STARTS_WITH, " disk", negated=True),
            Condition(Field.EXTRA_PROPERTIES, Operation.EQUALS, "eu", key="region"),
            Condition(Field.ENTITY, Operation.IS_EMPTY),
        ),
    )

    rows = condition_rows(found)

    assert rows[-1] == ConditionRow()
    assert condition_rows(MATCH_ALL) == [ConditionRow(), ConditionRow()]
    assert criteria_of(found.type, rows) == found
    assert criteria_of("match-all", rows) == MATCH_ALL
    assert criteria_of("match-any-condition", rows[-1:]) == MATCH_ALL


def test_a_condition_that_cannot_be_says_why() -> None:
    with pytest.raises(Invalid, match="This condition cannot be used: Priority should be one of"):
        criteria_of("match-any-condition", [ConditionRow("priority", False, "equals", "", "urgent")])
