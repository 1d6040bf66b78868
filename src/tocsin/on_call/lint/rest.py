"""Rest: people whose turns leave them too little of it. Pure; every instant is UTC."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tocsin.escalations.directory import Directory
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity
from tocsin.on_call.lint.needs import Span, union
from tocsin.on_call.turns import turns_of

LEAST_REST = timedelta(hours=11)  # at a stretch, in any 24 hours of turns. Source: Directive 2003/88/EC, article 3
DAY = timedelta(days=1)
LONGEST_DUTY = timedelta(days=7)  # without a break
CLOCK_CHANGE = timedelta(hours=2)  # by so much a week may be longer


def findings(directory: Directory, start: datetime, end: datetime) -> Iterator[Finding]:
    """Of everybody who is told anything, over all schedules that are in force."""
    before = start - LONGEST_DUTY - CLOCK_CHANGE - DAY  # what is under way has begun before
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for schedule in directory.schedules.values():
        if schedule.enabled and schedule.id not in directory.inactive:
            for user_id, turns in turns_of(schedule, directory, before, end).items():
                spans[user_id] += turns
    for user_id, found in spans.items():
        if directory.is_told(user_id):
            yield from _of_person(directory, user_id, union(found), start)


def _of_person(directory: Directory, user_id: str, turns: Sequence[Span], at: datetime) -> Iterator[Finding]:
    name = directory.people[user_id].username
    long = [it for it in turns if it[1] > at and it[1] - it[0] > LONGEST_DUTY + CLOCK_CHANGE]
    if long:
        since, until = long[0]
        facts = {"from": since, "to": until}
        yield Finding(Code.LONG_DUTY, Severity.HINT, ObjectType.USER, user_id, name, facts)
    little = too_little_rest(turns, at)
    if little is not None:
        since, rest = little
        about = {"from": since, "to": since + DAY, "rest": rest}
        yield Finding(Code.LITTLE_REST, Severity.HINT, ObjectType.USER, user_id, name, about)


def too_little_rest(turns: Sequence[Span], at: datetime) -> tuple[datetime, timedelta] | None:
    """The first 24 hours with several turns, or parts of them, and no rest of 11 hours: its start, the longest rest.

    Those that are over at `at` do not count. `turns` are in order and do not touch. A day that one turn fills is no
    such day: see LONGEST_DUTY.
    """
    if not turns:
        return None
    first, last = turns[0][0], turns[-1][1]
    starts = {since for since, _ in turns} | {until - DAY for _, until in turns}
    for start in sorted(it for it in starts if max(first, at - DAY) <= it <= last - DAY):
        longest = _longest_rest(turns, start, start + DAY)
        if timedelta(0) < longest < LEAST_REST:
            return start, longest
    return None


def _longest_rest(turns: Sequence[Span], start: datetime, end: datetime) -> timedelta:
    within = [(max(since, start), min(until, end)) for since, until in turns if since < end and until > start]
    edges = [(start, start), *within, (end, end)]
    return max(after[0] - before[1] for before, after in pairwise(edges))
