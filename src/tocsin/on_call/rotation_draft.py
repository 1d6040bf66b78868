"""A rotation as a form holds it, before it is one: what was typed, to be shown again, previewed or saved. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.accounts.directory import Directory
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.schedules.forms import LENGTH_LIMIT, PARTICIPANTS_LIMIT, RotationForm
from tocsin.schedules.restrictions import WEEKDAYS, WINDOWS_LIMIT, Restriction, RestrictionKind, Window, from_json
from tocsin.schedules.rotation import NOBODY, Participant, ParticipantKind, Rotation, RotationKind
from tocsin.wall import snapped, wall_instant

NO_RESTRICTION = "none"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FIELD = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """Opening hours as they were chosen; days count in a week's restriction alone."""

    start_day: str = "monday"
    start: str = "09:00"
    end_day: str = "monday"
    end: str = "17:00"

    @property
    def over_midnight(self) -> bool:
        """Do the hours of a day go on into the next?"""
        return self.end <= self.start and self.end != "00:00"


@dataclass(frozen=True, slots=True)
class RotationDraft:
    """All fields of the form as text."""

    name: str
    kind: str
    length: str
    starts: str
    ends: str
    participants: tuple[str, ...]  # "user:<id>", "none:", or empty
    restriction: str = NO_RESTRICTION
    windows: tuple[WindowDraft, ...] = (WindowDraft(),)

    def form(self, directory: Directory) -> RotationForm:
        """What the form asks for. Raises: Invalid."""
        if self.kind not in set(RotationKind):
            raise Invalid(N_("Choose days, weeks or hours."))
        if not self.length.isdecimal() or not 1 <= int(self.length[:5]) <= LENGTH_LIMIT:
            raise Invalid(N_("A turn lasts 1 to 365 units."))
        participants = tuple(_participant(it, directory) for it in self.participants if it)
        if not participants:
            raise Invalid(N_("Choose who takes turns."))
        return RotationForm(
            self.name, RotationKind(self.kind), int(self.length), wall_of(self.starts), participants,
            wall_of(self.ends) if self.ends else None, self._restriction(),
        )  # fmt: skip

    def changed(self, what: str) -> "RotationDraft":
        """The draft after a button that changes a list: "add-participant", "up:2", "down:2", "remove:2", "add-window",
        "drop-window:1"; as it is for anything else.
        """
        verb, _, number = what.partition(":")
        place = int(number) if number.isdecimal() and len(number) < 4 else 0
        people, windows = list(self.participants), list(self.windows)
        match verb:
            case "add-participant" if len(people) < PARTICIPANTS_LIMIT:
                people.append("")
            case "remove" if place < len(people):
                del people[place]
            case "up" if 0 < place < len(people):
                people[place - 1], people[place] = people[place], people[place - 1]
            case "down" if place < len(people) - 1:
                people[place + 1], people[place] = people[place], people[place + 1]
            case "add-window" if len(windows) < WINDOWS_LIMIT:
                windows.append(windows[-1] if windows else WindowDraft())
            case "drop-window" if place < len(windows):
                del windows[place]
        return replace(self, participants=tuple(people) or ("",), windows=tuple(windows) or (WindowDraft(),))

    def _restriction(self) -> Restriction | None:
        if self.restriction == NO_RESTRICTION:
            return None
        if self.restriction not in set(RestrictionKind):
            raise Invalid(N_("Choose when the rotation holds."))
        weekly = self.restriction == RestrictionKind.WEEKDAY_AND_TIME_OF_DAY
        return from_json({"type": self.restriction, "restrictions": [_window_json(it, weekly) for it in self.windows]})


def draft_of(rotation: Rotation, zone: ZoneInfo) -> RotationDraft:
    """A rotation, as the form shows it."""
    restriction = rotation.restriction
    return RotationDraft(
        rotation.name,
        rotation.kind.value,
        str(rotation.length),
        rotation.starts_at.astimezone(zone).strftime(FIELD),
        rotation.ends_at.astimezone(zone).strftime(FIELD) if rotation.ends_at else "",
        tuple(f"{it.kind.value}:{it.id or ''}" for it in rotation.participants),
        restriction.kind.value if restriction else NO_RESTRICTION,
        tuple(_window_draft(it) for it in restriction.windows) if restriction else (WindowDraft(),),
    )


def draft_from(fields: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> RotationDraft:
    """What was posted: `fields` by name, and `lists` of those that come several times."""
    columns = (lists["window_start_day"], lists["window_start"], lists["window_end_day"], lists["window_end"])
    windows = tuple(WindowDraft(*it) for it in zip(*columns, strict=False))
    return RotationDraft(
        fields["name"], fields["kind"], fields["length"], fields["starts"], fields["ends"],
        tuple(lists["participant"]) or ("",), fields["restriction"], windows or (WindowDraft(),),
    )  # fmt: skip


def as_rotation(form: RotationForm, zone: ZoneInfo) -> Rotation:
    """The rotation that the form would make, for a preview. Raises: Invalid."""
    starts_at, ends_at = (
        None if it is None else wall_instant(snapped(it).date(), snapped(it).time(), zone)
        for it in (form.starts, form.ends)
    )
    assert starts_at is not None  # noqa: S101 - for the type checker
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(N_("A rotation ends after it starts."))
    return Rotation(
        "preview", form.name, form.participants, starts_at, ends_at, form.kind, form.length, form.restriction
    )


def _participant(value: str, directory: Directory) -> Participant:
    kind, _, ident = value.partition(":")
    if kind == ParticipantKind.NONE:
        return NOBODY
    if kind not in set(ParticipantKind) or directory.entry(kind, ident) is None:
        raise Invalid(N_("Choose who takes turns."))
    return Participant(ParticipantKind(kind), ident)


def wall_of(text: str) -> datetime:
    """What a clock shows, from a field of type datetime-local. Raises: Invalid."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(N_("Give day and time, as in 2026-11-22T08:00.")) from None
    if not 1970 <= wall.year <= 2200:
        raise Invalid(N_("Give a year between 1970 and 2200."))
    return wall.replace(tzinfo=None)


def _window_json(window: WindowDraft, weekly: bool) -> dict[str, object]:
    made: dict[str, object] = {}
    for which, day, text in (("start", window.start_day, window.start), ("end", window.end_day, window.end)):
        hour, _, minute = text.partition(":")
        if not (hour.isdecimal() and minute[:2].isdecimal()):
            raise Invalid(N_("Give the hours as in 09:00."))
        made |= {f"{which}Hour": int(hour), f"{which}Min": int(minute[:2])}
        if weekly:
            made[f"{which}Day"] = day
    return made


def _window_draft(window: Window) -> WindowDraft:
    end = window.start + window.length
    return WindowDraft(WEEKDAYS[window.start // DAY % 7], _clock(window.start), WEEKDAYS[end // DAY % 7], _clock(end))


def _clock(at: timedelta) -> str:
    minutes = at % DAY // MINUTE
    return f"{minutes // 60:02}:{minutes % 60:02}"
