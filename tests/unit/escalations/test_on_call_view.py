"""What the on-call pages say of a schedule."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.escalations.directory import Directory, Member, Team
from tocsin.escalations.on_call_view import DAYS, Names, now_of, timeline
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.rotation import NOBODY, Participant, ParticipantKind, Rotation, RotationKind

WARSAW = ZoneInfo("Europe/Warsaw")
START = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)  # a Monday, 08:00 in Warsaw
AT = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)  # Sunday, 03:10

ANA, BO, WEB = "ana", "bo", "web"
NAMES = Names(
    Directory(teams={WEB: Team(WEB, "Web", (Member(ANA),))}), {ANA: "Ana Nowak", BO: "Bo Lind"}, me=ANA, locale="en"
)


def person(ident: str) -> Participant:
    return Participant(ParticipantKind.USER, ident)


def weekly(*participants: Participant, name: str = "Rot1", ends_at: datetime | None = None) -> Rotation:
    return Rotation(name, name, participants, START, ends_at, RotationKind.WEEKLY)


def schedule(*rotations: Rotation, enabled: bool = True, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule("s", "Web_schedule", WARSAW, enabled, rotations, overrides)


def test_it_says_who_is_on_call_until_when_and_who_follows() -> None:
    [turn] = now_of(schedule(weekly(person(ANA), person(BO))), AT, NAMES).turns

    assert (turn.who, turn.is_me, turn.rotation) == ("Ana Nowak", True, "Rot1")
    assert turn.until == START + timedelta(days=7)
    assert (turn.then, turn.then_at) == ("Bo Lind", turn.until)


def test_one_person_alone_is_on_call_without_an_end() -> None:
    [turn] = now_of(schedule(weekly(person(BO))), AT, NAMES).turns

    assert (turn.who, turn.is_me, turn.until, turn.then) == ("Bo Lind", False, None, "")


def test_an_override_decides_and_ends() -> None:
    override = Override("swap", BO, AT - timedelta(hours=1), AT + timedelta(hours=2), START)

    [turn] = now_of(schedule(weekly(person(ANA)), overrides=(override,)), AT, NAMES).turns

    assert (turn.who, turn.by_override, turn.until, turn.then) == ("Bo Lind", True, override.ends_at, "Ana Nowak")


def test_a_team_on_call_is_mine_when_i_am_in_it() -> None:
    now = now_of(schedule(weekly(Participant(ParticipantKind.TEAM, WEB))), AT, NAMES)

    assert now.is_mine
    assert now.turns[0].who == "team Web"


def test_nobody_on_call_is_a_gap_that_says_when_it_ends() -> None:
    now = now_of(schedule(weekly(NOBODY, person(BO))), AT, NAMES)

    assert now.is_gap
    assert (now.next, now.next_at) == ("Bo Lind", START + timedelta(days=7))


def test_a_schedule_that_is_over_is_a_gap_without_end() -> None:
    now = now_of(schedule(weekly(person(ANA), ends_at=AT - timedelta(hours=1))), AT, NAMES)

    assert now.is_gap
    assert now.next_at is None


def test_a_shift_that_nobody_follows_says_so() -> None:
    [turn] = now_of(schedule(weekly(person(ANA), ends_at=AT + timedelta(hours=1))), AT, NAMES).turns

    assert turn.until == AT + timedelta(hours=1)
    assert (turn.then, turn.then_at) == ("", None)


def test_a_disabled_schedule_has_nobody_and_no_gap() -> None:
    now = now_of(schedule(weekly(person(ANA)), enabled=False), AT, NAMES)

    assert now.turns == ()
    assert not now.is_gap


def test_a_timeline_covers_two_weeks_of_the_readers_days() -> None:
    shown = timeline(schedule(weekly(person(ANA), person(BO))), AT, WARSAW, NAMES)

    assert shown.width == DAYS * 24 * 60
    assert shown.now_x == 3 * 60 + 10
    assert [x for x, _ in shown.days] == [day * 24 * 60 for day in range(DAYS)]
    [lane] = shown.lanes
    assert [bar.who for bar in lane.bars] == ["Ana Nowak", "Bo Lind", "Ana Nowak"]
    assert sum(bar.width for bar in lane.bars) == shown.width
    assert shown.gaps == ()


def test_a_timeline_over_a_clock_change_is_an_hour_longer() -> None:
    shown = timeline(schedule(weekly(person(ANA))), datetime(2026, 10, 20, tzinfo=UTC), WARSAW, NAMES)

    assert shown.width == DAYS * 24 * 60 + 60


def test_a_gap_is_where_no_rotation_has_anybody() -> None:
    days = weekly(person(ANA), NOBODY, name="days")
    nights = weekly(NOBODY, NOBODY, name="nights")

    shown = timeline(schedule(days, nights), AT, WARSAW, NAMES)

    [gap] = shown.gaps
    assert (gap.starts_at, gap.ends_at) == (START + timedelta(days=7), START + timedelta(days=14))
