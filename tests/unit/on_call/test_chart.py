"""A schedule's timeline: its windows, its bars, and what they say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tocsin.escalations.directory import Directory, Person
from tocsin.escalations.on_call_view import Names
from tocsin.on_call.chart import Chart, Clocks, View, chart, window_of
from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, RotationKind

WARSAW, NEW_YORK = ZoneInfo("Europe/Warsaw"), ZoneInfo("America/New_York")
START = datetime(2026, 3, 2, 7, tzinfo=UTC)  # a Monday, 08:00 in Warsaw
AT = datetime(2026, 3, 4, 11, tzinfo=UTC)
PEOPLE = {it: Person(it, f"{it}@example.com") for it in ("ana", "bo", "cy")}
NAMES = Names(Directory(people=PEOPLE), {"ana": "Ana Nowak", "bo": "Bo Lind", "cy": "Cy Ode"}, me="ana", locale="en")
DAILY = Rotation(
    "rot", "Days", tuple(Participant(ParticipantKind.USER, it) for it in ("ana", "bo")), START, None, RotationKind.DAILY
)
PLAIN = Schedule("s", "Web_schedule", WARSAW, rotations=(DAILY,))


def drawn(schedule: Schedule, view: str, day: str, names: Names = NAMES, zone: ZoneInfo = WARSAW) -> Chart:
    window = window_of(view, day, AT, WARSAW)
    return chart(schedule, window, names, Clocks(WARSAW, zone, "en"), AT, "/schedules/s", may_override=True)


@pytest.mark.parametrize(
    ("view", "day", "first", "days", "previous", "following"),
    [
        ("day", "2026-03-04", "2026-03-04", 1, "2026-03-03", "2026-03-05"),
        ("week", "2026-03-08", "2026-03-02", 7, "2026-02-23", "2026-03-09"),
        ("2-weeks", "2026-03-04", "2026-03-02", 14, "2026-02-16", "2026-03-16"),
        ("month", "2026-03-31", "2026-03-01", 31, "2026-02-01", "2026-04-01"),
        ("month", "2028-02-10", "2028-02-01", 29, "2028-01-01", "2028-03-01"),
        ("", "", "2026-03-02", 7, "2026-02-23", "2026-03-09"),
        ("decade", "tomorrow", "2026-03-02", 7, "2026-02-23", "2026-03-09"),
    ],
)
def test_a_window_is_made_of_whole_days(
    view: str, day: str, first: str, days: int, previous: str, following: str
) -> None:
    window = window_of(view, day, AT, WARSAW)

    assert (window.days[0], len(window.days)) == (date.fromisoformat(first), days)
    assert (str(window.previous), str(window.next)) == (previous, following)


def test_a_day_of_23_hours_is_drawn_as_such() -> None:
    window = window_of("day", "2026-03-29", AT, WARSAW)

    assert window.length == timedelta(hours=23)


def test_bars_fill_the_window_and_mine_are_marked() -> None:
    shown = drawn(PLAIN, "week", "2026-03-09")

    [lane] = shown.final
    assert [bar.is_me for bar in lane.bars[:3]] == [True, False, True]  # 8 March is the seventh turn: Ana's
    assert sum(bar.width for bar in lane.bars) == pytest.approx(100, abs=0.05)
    assert shown.gaps == ()
    assert lane.bars[1].text == "Bo Lind, 9 Mar 2026, 08:00 – 10 Mar 2026, 08:00 (Europe/Warsaw), by turn"


def test_the_now_line_stands_where_now_is_and_only_there() -> None:
    assert drawn(PLAIN, "day", "2026-03-04").now_x == 50  # noon
    assert drawn(PLAIN, "day", "2026-03-05").now_x is None


def test_before_the_first_turn_there_is_a_gap_that_leads_to_an_override() -> None:
    shown = drawn(PLAIN, "day", "2026-03-02")

    [gap] = shown.gaps
    assert gap.text == "Nobody, 2 Mar 2026, 00:00 – 2 Mar 2026, 08:00 (Europe/Warsaw), gap"
    assert gap.href == "/schedules/s/overrides/new?start=2026-03-01T23%3A00%3A00Z&end=2026-03-02T07%3A00%3A00Z"
    assert drawn(replace(PLAIN, enabled=False), "day", "2026-03-02").gaps == ()


def test_layers_say_why_an_override_and_a_forwarding_decide() -> None:
    override = Override("o", "bo", AT, AT + timedelta(hours=2), START)
    forwarding = Forwarding("f", "f", "bo", "cy", AT, AT + timedelta(hours=1), START)
    names = replace(NAMES, directory=Directory(people=PEOPLE, forwardings=(forwarding,)))

    shown = drawn(replace(PLAIN, overrides=(override,)), "day", "2026-03-04", names)

    [lane] = shown.final
    assert [(bar.who, bar.why) for bar in lane.bars] == [
        ("Bo Lind", "by turn"),
        ("Ana Nowak", "by turn"),
        ("Cy Ode", "forwarded, instead of Bo Lind"),
        ("Bo Lind", "by an override"),
        ("Ana Nowak", "by turn"),
    ]
    assert [bar.who for bar in shown.overrides[0].bars] == ["Bo Lind"]
    assert [bar.who for bar in shown.forwardings[0].bars] == ["Cy Ode"]
    assert [bar.who for bar in shown.base[0].bars] == ["Bo Lind", "Ana Nowak"]


def test_the_reader_s_clock_stands_beside_where_it_differs() -> None:
    here, there = drawn(PLAIN, "day", "2026-03-04"), drawn(PLAIN, "day", "2026-03-04", zone=NEW_YORK)

    assert not here.differs
    assert [tick.other for tick in here.ticks] == [""] * 8
    assert (there.ticks[3].label, there.ticks[3].other) == ("09:00", "03:00")
    assert there.final[0].bars[1].text.endswith("; for you: 4 Mar 2026, 02:00 – 4 Mar 2026, 18:00")


def test_the_table_has_shifts_and_gaps_by_their_start() -> None:
    rows = drawn(PLAIN, View.FORTNIGHT, "2026-03-02").rows

    assert rows[0].is_gap
    assert [row.bar.starts_at for row in rows] == sorted(row.bar.starts_at for row in rows)
    assert len(rows) == 15
