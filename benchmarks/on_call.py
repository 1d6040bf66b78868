"""Who is on call at an instant, and a year's timeline: ten weekly rotations with a weekday restriction, 50 overrides.

python -m benchmarks.on_call
"""

from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

from tocsin.schedules.on_call import Schedule, Shift, on_call_at, shifts
from tocsin.schedules.overrides import Override
from tocsin.schedules.restrictions import from_json
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, RotationKind

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
YEAR = timedelta(days=365)
INSTANTS = 20_000
ROUNDS = 9


def make_schedule() -> Schedule:
    """Five people a rotation; each rotation Monday to Friday from its own hour on."""
    rotations = tuple(
        Rotation(
            f"r{number}",
            f"Rotation {number}",
            tuple(Participant(ParticipantKind.USER, f"u{number}-{it}") for it in range(5)),
            START,
            None,
            RotationKind.WEEKLY,
            1,
            from_json(
                {
                    "type": "weekday-and-time-of-day",
                    "restrictions": [
                        {"startDay": "monday", "startHour": 8 + number, "endDay": "friday", "endHour": 8 + number}
                    ],
                }
            ),
        )
        for number in range(10)
    )
    overrides = tuple(
        Override(
            f"o{number}",
            f"u{number % 10}-0",
            START + number * timedelta(days=7),
            START + number * timedelta(days=7) + timedelta(hours=30),
            START + timedelta(minutes=number),
            frozenset() if number % 2 else frozenset({f"r{number % 10}"}),
        )
        for number in range(50)
    )
    return Schedule("s", "Schedule", ZoneInfo("Europe/Warsaw"), True, rotations, overrides)


def main() -> None:
    """Print the median of each, in µs and ms."""
    schedule = make_schedule()
    instants = [START + n * YEAR / INSTANTS for n in range(INSTANTS)]
    for at in instants:
        on_call_at(schedule, at)
    rounds = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        for at in instants:
            on_call_at(schedule, at)
        rounds.append((perf_counter() - begun) / INSTANTS)
    timelines = []
    found: list[Shift] = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        found = list(shifts(schedule, START, START + YEAR))
        timelines.append(perf_counter() - begun)
    print(f"on call at an instant: {median(rounds) * 1e6:.1f} µs")
    print(
        f"a year's timeline, {len(found)} shifts: {median(timelines) * 1e3:.1f} ms, at first {timelines[0] * 1e3:.1f}"
    )


if __name__ == "__main__":
    main()
