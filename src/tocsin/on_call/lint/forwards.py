"""Forwardings that rest because nobody is at their other end, and those that go in a circle. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from tocsin.escalations.directory import Directory
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity
from tocsin.schedules.forwarding import Forwarding, forwards_at


def findings(directory: Directory, start: datetime, end: datetime) -> Iterator[Finding]:
    """Of the forwardings in force at some time within [start, end)."""
    there = [it for it in directory.forwardings if it.starts_at < end and it.ends_at > start]
    for it in there:
        if not directory.is_told(it.to_user_id):
            facts = {"from": it.starts_at, "to": it.ends_at}
            yield _finding(Code.FORWARDING_RESTS, Severity.WARNING, it, facts)
    usable = [it for it in there if directory.is_told(it.to_user_id)]
    seen: set[frozenset[str]] = set()
    for at in sorted({max(it.starts_at, start) for it in usable}):
        forwards = forwards_at(usable, at)
        for circle in _circles(forwards):
            if frozenset(it.id for it in circle) not in seen:
                seen.add(frozenset(it.id for it in circle))
                way = (*(it.from_user_id for it in circle), circle[0].from_user_id)
                yield _finding(Code.FORWARDING_LOOP, Severity.WARNING, circle[0], {"at": at, "people": way})


def _circles(forwards: dict[str, Forwarding]) -> Iterator[list[Forwarding]]:
    """Each circle of three or more once, from its least user id on. Two who stand in for each other swap: no circle."""
    for first in sorted(forwards):
        way = [forwards[first]]
        passed = {first}
        while way[-1].to_user_id in forwards and way[-1].to_user_id not in passed:
            passed.add(way[-1].to_user_id)
            way.append(forwards[way[-1].to_user_id])
        if way[-1].to_user_id == first and len(way) > 2 and first == min(passed):
            yield way


def _finding(code: Code, severity: Severity, it: Forwarding, facts: Mapping[str, object]) -> Finding:
    about = {"from_user": it.from_user_id, "to_user": it.to_user_id, **facts}
    return Finding(code, severity, ObjectType.FORWARDING, it.id, it.alias, about)
