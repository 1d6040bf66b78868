"""Shifts as a calendar that other programs subscribe to: iCalendar, RFC 5545. Pure.

Source: reference, schedules (.ics)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from icalendar import Calendar, Event

from tocsin.escalations.directory import Directory
from tocsin.escalations.resolve import everybody
from tocsin.i18n import Translator
from tocsin.schedules.on_call import Schedule, Shift, shifts
from tocsin.schedules.rotation import Participant, ParticipantKind

AHEAD = timedelta(days=92)  # three months
REFRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a calendar reaches, and when it is written."""

    start: datetime
    end: datetime
    at: datetime


def of_schedule(schedule: Schedule, directory: Directory, span: Span, names: Mapping[str, str], locale: str) -> bytes:
    """Who is on call in the schedule, as one event a shift; `names` maps user ids to what people read."""
    found = shifts(schedule, span.start, span.end, directory.standing_in) if schedule.enabled else ()
    events = (_event(schedule, it, _who(it.participant, directory, names, locale), span.at) for it in found)
    return _calendar(schedule.name, events)


def of_person(user_id: str, title: str, directory: Directory, span: Span, locale: str) -> bytes:
    """When the person is on call in any enabled schedule, also by a team or an escalation that takes a turn."""
    _ = Translator(locale)
    events = (
        _event(schedule, shift, _("On call: %(schedule)s", schedule=schedule.name), span.at)
        for schedule, shift in shifts_of(user_id, directory, span.start, span.end)
    )
    return _calendar(title, events)


def shifts_of(user_id: str, directory: Directory, start: datetime, end: datetime) -> Iterator[tuple[Schedule, Shift]]:
    """The person's shifts in [start, end), schedule by schedule; a team's or an escalation's as they begin."""
    for schedule in directory.schedules.values():
        if not schedule.enabled or schedule.id in directory.inactive:
            continue
        for shift in shifts(schedule, start, end, directory.standing_in):
            if shift.participant.kind is ParticipantKind.USER:
                mine = shift.participant.id == user_id
            else:
                people = everybody(shift.participant, directory, shift.starts_at)
                mine = any(told.user_id == user_id for told in people)
            if mine:
                yield schedule, shift


def _who(participant: Participant, directory: Directory, names: Mapping[str, str], locale: str) -> str:
    _ = Translator(locale)
    ident = participant.id or ""
    if participant.kind is ParticipantKind.USER:
        return names.get(ident) or _("(deleted)")
    things = directory.teams if participant.kind is ParticipantKind.TEAM else directory.escalations
    return things[ident].name if ident in things else _("(deleted)")


def _event(schedule: Schedule, shift: Shift, summary: str, at: datetime) -> Event:
    event = Event()
    lane = shift.rotation.id if shift.rotation else schedule.id
    facts = f"{schedule.id}:{lane}:{shift.participant.id}:{shift.starts_at.isoformat()}"
    event.add("uid", f"{sha256(facts.encode()).hexdigest()[:32]}@tocsin")
    event.add("dtstamp", at)
    event.add("dtstart", shift.starts_at)
    event.add("dtend", shift.ends_at)
    event.add("summary", summary)
    event.add("description", f"{schedule.name}: {shift.rotation.name}" if shift.rotation else schedule.name)
    return event


def _calendar(title: str, events: Iterable[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Tocsin//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for event in events:
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
