"""Schedules to test with: makers with defaults, and strategies around the clock changes that hurt."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, RotationKind

ANA, BO, CY = (Participant(ParticipantKind.USER, name) for name in ("ana", "bo", "cy"))
NONE = Participant(ParticipantKind.NONE)

# Each zone with the wall-clock days on which its clock changes.
CHANGES = {
    "UTC": ["2026-03-29"],
    "Europe/Berlin": ["2026-03-29", "2026-10-25"],
    "America/St_Johns": ["2026-03-08", "2026-11-01"],
    "America/Santiago": ["2026-09-06", "2026-04-05"],
    "Australia/Lord_Howe": ["2026-10-04", "2026-04-05"],
    "Asia/Kathmandu": ["2026-05-01"],
    "Pacific/Chatham": ["2026-09-27", "2026-04-05"],
    "Pacific/Apia": ["2011-12-30"],
}
DAY = timedelta(days=1)
NIGHT = range(-4, 10)  # half hours around midnight, when clocks change


def make_rotation(
    starts: str,
    zone: ZoneInfo,
    *,
    id: str = "r1",  # noqa: A002 - the field's name
    kind: RotationKind = RotationKind.WEEKLY,
    length: int = 1,
    who: tuple[Participant, ...] = (ANA, BO),
    ends_at: datetime | None = None,
) -> Rotation:
    """`starts` is on the zone's wall clock."""
    starts_at = instant(starts, zone)
    return Rotation(id, f"Rotation {id}", who, starts_at, ends_at, kind, length)


def instant(wall: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=zone).astimezone(UTC)


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone, and an instant on the half hour near one of its clock changes, oftener at night than by day."""
    name = draw(st.sampled_from(sorted(CHANGES)))
    zone = ZoneInfo(name)
    midnight = datetime.fromisoformat(draw(st.sampled_from(CHANGES[name]))) - draw(st.integers(-1, 3)) * DAY
    wall = midnight + draw(st.sampled_from(NIGHT) | st.integers(0, 47)) * timedelta(minutes=30)
    return zone, wall.replace(tzinfo=zone, fold=draw(st.integers(0, 1))).astimezone(UTC)


@st.composite
def rotations(draw: st.DrawFn, starts_at: datetime, id: str = "r1") -> Rotation:  # noqa: A002 - as above
    """Any kind and length of rotation, half of them ending within days."""
    kind = draw(st.sampled_from(RotationKind))
    length = draw(st.sampled_from([1, 2, 3, 5, 12, 24]) if kind is RotationKind.HOURLY else st.integers(1, 3))
    ends_at = draw(st.none() | st.integers(1, 20 * 96).map(lambda n: starts_at + n * timedelta(minutes=15)))
    who = draw(st.lists(st.sampled_from([ANA, BO, CY, NONE]), min_size=1, max_size=5))
    return Rotation(id, f"Rotation {id}", tuple(who), starts_at, ends_at, kind, length)


@st.composite
def placed_rotations(draw: st.DrawFn) -> tuple[Rotation, ZoneInfo]:
    zone, starts_at = draw(moments())
    return draw(rotations(starts_at)), zone


@st.composite
def overrides(draw: st.DrawFn, around: datetime, ids: tuple[str, ...]) -> Override:
    """An override within days of `around`; created at one of few instants, so that ties occur."""
    starts_at = around + draw(st.integers(-200, 400)) * timedelta(minutes=15)
    return Override(
        alias=draw(st.text("abcdef", min_size=4, max_size=4)),
        user_id=draw(st.sampled_from(["ana", "bo", "cy", "dee", None])),
        starts_at=starts_at,
        ends_at=starts_at + draw(st.integers(1, 300)) * timedelta(minutes=15),
        created_at=around + draw(st.integers(0, 3)) * timedelta(hours=1),
        rotation_ids=draw(st.frozensets(st.sampled_from([*ids, "gone"]), max_size=2)),
    )


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """A schedule of up to three rotations and six overrides, and an instant they lie around."""
    zone, around = draw(moments())
    ids = ("r1", "r2", "r3")[: draw(st.integers(0, 3))]
    lanes = tuple(draw(rotations(around + draw(st.integers(-96, 96)) * timedelta(minutes=15), one)) for one in ids)
    made = draw(st.lists(overrides(around, ids), max_size=6, unique_by=lambda override: override.alias))
    return Schedule("s1", "Schedule", zone, True, lanes, tuple(made)), around
