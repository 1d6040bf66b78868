"""What people change about a schedule: each one transaction, with its line in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, available_timezones

from tocsin.accounts import audit
from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import INACTIVE
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid, NotFound, PlanRequired
from tocsin.i18n import N_
from tocsin.schedules import store
from tocsin.schedules.rotation import Participant, ParticipantKind, RotationKind
from tocsin.schedules.store import RotationRow, ScheduleRow
from tocsin.wall import snapped, wall_instant

NAME_LIMIT = 100
LENGTH_LIMIT = 365
PARTICIPANTS_LIMIT = 50
OVERRIDE_LIMIT = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class RotationForm:
    """A rotation as somebody wants it; `starts` is what the schedule's clock shows."""

    name: str
    kind: RotationKind
    length: int
    starts: datetime  # without a zone
    participants: tuple[Participant, ...]


async def change_schedule(db: Db, actor: Actor, schedule_id: UUID, name: str, time_zone: str, *, enabled: bool) -> None:
    """Rename it, move it to another zone, switch it on or off. Raises: NotFound, Invalid, Conflict (the name)."""
    name = _name(name)
    if time_zone not in available_timezones():
        raise Invalid(N_("There is no such time zone."), {"time_zone": "must be an IANA time zone"})
    async with db.transaction() as tx:
        before = await _lock(tx, actor, schedule_id)
        taken = {it.name for it in await store.list_schedules(tx, actor.account_id) if it.id != schedule_id}
        if name in taken:
            raise Conflict(N_("Another schedule has this name."))
        await store.update_schedule(tx, actor.account_id, schedule_id, name, time_zone, enabled=enabled)
        await _recorded(
            tx, actor, "changed", before,
            {"name": before.name, "time_zone": before.time_zone, "enabled": before.enabled},
            {"name": name, "time_zone": time_zone, "enabled": enabled},
        )  # fmt: skip


async def add_rotation(db: Db, actor: Actor, schedule_id: UUID, form: RotationForm) -> UUID:
    """One more rotation, after the others. Raises: NotFound, Invalid."""
    _check(form)
    rotation_id = uuid4()
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        await _check_responders(tx, actor, form.participants)
        rotations = await store.list_rotations(tx, actor.account_id, schedule_id)
        await store.insert_rotation(
            tx,
            actor.account_id,
            schedule_id,
            rotation_id,
            form.name,
            position=max((it.position for it in rotations), default=-1) + 1,
            kind=form.kind,
            length=form.length,
            starts_at=_starts_at(form, schedule),
            ends_at=None,
            participants=form.participants,
        )
        await _recorded(tx, actor, "added a rotation to", schedule, None, _facts(form))
    return rotation_id


async def change_rotation(db: Db, actor: Actor, schedule_id: UUID, rotation_id: UUID, form: RotationForm) -> None:
    """The same rotation, otherwise. Raises: NotFound, Invalid."""
    _check(form)
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        before = await _rotation(tx, actor, schedule_id, rotation_id)
        there = {it.get("id") for it in before.participants}
        await _check_responders(tx, actor, [it for it in form.participants if it.id not in there])
        await store.update_rotation(
            tx,
            actor.account_id,
            rotation_id,
            form.name,
            kind=form.kind,
            length=form.length,
            starts_at=_starts_at(form, schedule),
            participants=form.participants,
        )
        await _recorded(tx, actor, "changed a rotation of", schedule, _row_facts(before, schedule), _facts(form))


async def remove_rotation(db: Db, actor: Actor, schedule_id: UUID, rotation_id: UUID) -> None:
    """Nobody is on call by it any more. Raises: NotFound."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        before = await _rotation(tx, actor, schedule_id, rotation_id)
        await store.delete_rotation(tx, actor.account_id, rotation_id)
        await _recorded(tx, actor, "removed a rotation from", schedule, _row_facts(before, schedule), None)


async def add_override(
    db: Db, actor: Actor, schedule_id: UUID, user_id: UUID | None, starts: datetime, ends: datetime
) -> str:
    """Somebody (None: nobody) is on call from `starts` to `ends` on the schedule's clock; returns the alias.

    Raises: NotFound, Invalid.
    """
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        zone = ZoneInfo(schedule.time_zone)
        starts_at, ends_at = (wall_instant(wall.date(), wall.time(), zone) for wall in (starts, ends))
        if ends_at <= starts_at:
            raise Invalid(N_("An override ends after it starts."))
        if ends_at <= actor.at:
            raise Invalid(N_("This override would be over already."))
        if ends_at - starts_at > OVERRIDE_LIMIT:
            raise Invalid(N_("An override lasts a year at most."))
        await accounts_store.require_responders(tx, actor.account_id, [user_id] if user_id else [])
        alias = str(uuid4())
        await store.insert_override(tx, actor.account_id, schedule_id, alias, user_id, starts_at, ends_at, actor.at)
        facts = {"user_id": str(user_id) if user_id else None, "starts_at": starts_at, "ends_at": ends_at}
        await _recorded(tx, actor, "added an override to", schedule, None, facts)
    return alias


async def remove_override(db: Db, actor: Actor, schedule_id: UUID, alias: str) -> None:
    """The rotations decide again. Raises: NotFound."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        if not await store.delete_override(tx, actor.account_id, schedule_id, alias):
            raise NotFound(N_("There is no such override."))
        await _recorded(tx, actor, "removed an override from", schedule, {"alias": alias}, None)


def _name(name: str) -> str:
    if not name or len(name) > NAME_LIMIT:
        raise Invalid(N_("A name has 1 to 100 characters."), {"name": "must have 1 to 100 characters"})
    return name


def _check(form: RotationForm) -> None:
    _name(form.name)
    if not 1 <= form.length <= LENGTH_LIMIT:
        raise Invalid(N_("A turn lasts 1 to 365 units."), {"length": "must be between 1 and 365"})
    if not 1 <= len(form.participants) <= PARTICIPANTS_LIMIT:
        raise Invalid(N_("A rotation needs at least one participant."), {"participants": "must not be empty"})


def _starts_at(form: RotationForm, schedule: ScheduleRow) -> datetime:
    wall = snapped(form.starts)
    return wall_instant(wall.date(), wall.time(), ZoneInfo(schedule.time_zone))


async def _check_responders(tx: Tx, actor: Actor, participants: Sequence[Participant]) -> None:
    """Raises: NotFound, Invalid for a stakeholder."""
    people = [UUID(it.id) for it in participants if it.kind is ParticipantKind.USER and it.id]
    await accounts_store.require_responders(tx, actor.account_id, people)


async def _lock(tx: Tx, actor: Actor, schedule_id: UUID) -> ScheduleRow:
    """The schedule, to be changed. Raises: NotFound, PlanRequired where the plan does not include it."""
    schedule = await store.lock_schedule(tx, actor.account_id, schedule_id)
    if schedule.inactive_since is not None:
        raise PlanRequired(INACTIVE, params={"name": schedule.name})
    return schedule


async def _rotation(tx: Tx, actor: Actor, schedule_id: UUID, rotation_id: UUID) -> RotationRow:
    for row in await store.list_rotations(tx, actor.account_id, schedule_id):
        if row.id == rotation_id:
            return row
    raise NotFound(N_("There is no such rotation."))


def _facts(form: RotationForm) -> dict[str, object]:
    return {
        "name": form.name,
        "kind": form.kind.value,
        "length": form.length,
        "starts": form.starts.isoformat(),
        "participants": _participants(form.participants),
    }


def _participants(participants: Sequence[Participant]) -> list[dict[str, str]]:
    return [{"type": it.kind.value, **({"id": it.id} if it.id else {})} for it in participants]


def _row_facts(row: RotationRow, schedule: ScheduleRow) -> dict[str, object]:
    local = row.starts_at.astimezone(ZoneInfo(schedule.time_zone)).replace(tzinfo=None)
    return {
        "name": row.name,
        "kind": row.kind,
        "length": row.length,
        "starts": local.isoformat(),
        "participants": row.participants,
    }


async def _recorded(
    tx: Tx,
    actor: Actor,
    action: str,
    schedule: ScheduleRow,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    await audit.record(tx, actor, action, "schedule", schedule.id, schedule.name, before=before, after=after)
