"""Escalations that tell nobody, end with nobody, tell the same person twice, or go in a circle. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import Escalation, RecipientKind
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity
from tocsin.on_call.lint.reach import Piece, Reach, Way, onwards, reachable

Node = tuple[RecipientKind, str]

OBJECTS = {
    RecipientKind.TEAM: ObjectType.TEAM,
    RecipientKind.SCHEDULE: ObjectType.SCHEDULE,
    RecipientKind.ESCALATION: ObjectType.ESCALATION,
}


def findings(directory: Directory, reach: Reach) -> Iterator[Finding]:
    """Of every escalation that the plan includes, and of the circles among all things."""
    for escalation in directory.escalations.values():
        if escalation.id not in directory.inactive:
            yield from _of_steps(escalation, reach)
    yield from _circles(directory)


def steps_of(escalation: Escalation) -> list[tuple[timedelta, list[Way]]]:
    """What fires together, by its delay."""
    rules = escalation.in_due_order()
    return [
        (delay, [Way(rule.recipient, rule.notify_type) for rule in group])
        for delay, group in groupby(rules, key=lambda rule: rule.delay)
    ]


def _of_steps(escalation: Escalation, reach: Reach) -> Iterator[Finding]:
    told = [(delay, reach.together(ways)) for delay, ways in steps_of(escalation)]
    horizon = reach.end - reach.start
    if all(piece.surely_nobody for _, pieces in told for piece in pieces):
        code = Code.ESCALATION_TELLS_NOBODY
        yield _finding(code, Severity.ERROR, escalation, empty=not told, horizon=horizon)
        return
    last, pieces = told[-1]
    if all(piece.surely_nobody for piece in pieces):
        code = Code.ESCALATION_ENDS_WITH_NOBODY
        yield _finding(code, Severity.WARNING, escalation, after=last, horizon=horizon)
    for (first, before), (second, after) in pairwise(told):
        same = list(_same(before, after))
        if same:
            person, since, until = same[0]
            yield _finding(
                Code.FIRST_AND_SECOND, Severity.WARNING, escalation, person=person, first=first, second=second,
                since=since, until=until, always=_always(same, reach),
            )  # fmt: skip
            return


Same = tuple[str, datetime, datetime]  # user id, from, to


def _same(first: list[Piece], second: list[Piece]) -> Iterator[Same]:
    """When both steps surely reach one and the same person and nobody else."""
    place = 0
    current: Same | None = None
    cuts = sorted({it.starts_at for it in (*first, *second)} | {first[-1].ends_at})
    others = 0
    for since, until in pairwise(cuts):
        while first[place].ends_at <= since:
            place += 1
        while second[others].ends_at <= since:
            others += 1
        person = first[place].surely
        if person is None or second[others].surely != person:
            continue
        if current is not None and current[0] == person and current[2] == since:
            current = (person, current[1], until)
            continue
        if current is not None:
            yield current
        current = (person, since, until)
    if current is not None:
        yield current


def _always(same: list[Same], reach: Reach) -> bool:
    """Is it so all the time, with whomever?"""
    ends = [(since, until) for _, since, until in same]
    joined = all(until == since for (_, until), (since, _) in pairwise(ends))
    return joined and ends[0][0] == reach.start and ends[-1][1] == reach.end


def _finding(code: Code, severity: Severity, escalation: Escalation, **facts: object) -> Finding:
    return Finding(code, severity, ObjectType.ESCALATION, escalation.id, escalation.name, facts)


def _circles(directory: Directory) -> Iterator[Finding]:
    """One finding for each set of things that lead to one another, at one way round it."""
    nodes: list[Node] = [
        *((RecipientKind.ESCALATION, it) for it in directory.escalations),
        *((RecipientKind.TEAM, it) for it in directory.teams),
        *((RecipientKind.SCHEDULE, it) for it in directory.schedules),
    ]
    leads_to = {node: reachable(directory, node) for node in nodes}
    done: set[Node] = set()
    for node in sorted(nodes):
        way = None if node in done else way_round(directory, node, leads_to)
        if way is not None:
            done |= {it for it in leads_to[node] if node in leads_to.get(it, ())}
            kind, ident = node
            names = tuple((it.value, _name(directory, (it, other))) for it, other in way)
            yield Finding(
                Code.LOOP, Severity.WARNING, OBJECTS[kind], ident, _name(directory, node), {"way": names}
            )  # fmt: skip


def way_round(directory: Directory, start: Node, leads_to: dict[Node, set[Node]]) -> list[Node] | None:
    """The shortest way from `start` back to itself, with it at both ends; None where there is none."""
    waiting: list[list[Node]] = [[start]]
    seen: set[Node] = set()
    while waiting:
        way = waiting.pop(0)
        for node in onwards(directory, way[-1]):
            if node == start:
                return [*way, start]
            if node not in seen and start in leads_to.get(node, ()):
                seen.add(node)
                waiting.append([*way, node])
    return None


def _name(directory: Directory, node: Node) -> str:
    kind, ident = node
    match kind:
        case RecipientKind.ESCALATION:
            return directory.escalations[ident].name
        case RecipientKind.TEAM:
            return directory.teams[ident].name
        case _:
            return directory.schedules[ident].name
