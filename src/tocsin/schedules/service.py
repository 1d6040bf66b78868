"""What people change about a schedule: each one transaction, with its line in the audit log."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, available_timezones

from psycopg.errors import UniqueViolation

from tocsin.accounts import audit
from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import INACTIVE, Gate
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid, NotFound, PlanRequired
from tocsin.i18n import N_
from tocsin.schedules import store
from tocsin.schedules.forms import (
    ALIAS_LIMIT,
    DESCRIPTION_LIMIT,
    LENGTH_LIMIT,
    NAME_LIMIT,
    OVERRIDE_LIMIT,
    PARTICIPANTS_LIMIT,
    ROTATIONS_LIMIT,
    OverrideForm,
    RotationForm,
    ScheduleForm,
)
from tocsin.schedules.model import OverrideRow, RotationRow, ScheduleRow
from tocsin.schedules.restrictions import as_json, from_json
from tocsin.schedules.rotation import Participant, ParticipantKind, RotationKind
from tocsin.wall import snapped, wall_clock, wall_instant

TAKEN = N_("Another schedule has this name.")


async def create_schedule(db: Db, gate: Gate, actor: Actor, form: ScheduleForm) -> UUID:
    """A new schedule with its rotations. Raises: Invalid, Conflict (the name), NotFound, PlanRequired."""
    _check_schedule(form)
    schedule_id = uuid4()
    async with db.transaction() as tx:
        await gate.require_room(tx, actor.account_id, "schedules", actor.at)
        try:
            await store.insert_schedule(
                tx, actor.account_id, schedule_id, form.name, time_zone=form.time_zone, team_id=form.team_id,
                at=actor.at, description=form.description, enabled=form.enabled,
            )  # fmt: skip
        except UniqueViolation:
            raise Conflict(TAKEN) from None
        schedule = await _lock(tx, actor, schedule_id)
        await _insert_rotations(tx, actor, schedule, form.rotations or ())
        await audit.record(tx, actor, "created", "schedule", schedule_id, form.name, after=_schedule_facts(schedule))
    return schedule_id


async def change_schedule(
    db: Db, actor: Actor, schedule_id: UUID, change: Callable[[ScheduleForm], ScheduleForm]
) -> None:
    """Make it what `change` makes of it: name, zone, on or off, all its rotations where there are any in the form.

    Raises: NotFound, Invalid, Conflict (the name), PlanRequired.
    """
    async with db.transaction() as tx:
        before = await _lock(tx, actor, schedule_id)
        form = change(ScheduleForm(before.name, before.time_zone, before.description, before.enabled, before.team_id))
        _check_schedule(form)
        after = replace(
            before, name=form.name, time_zone=form.time_zone, description=form.description, enabled=form.enabled,
            team_id=form.team_id,
        )  # fmt: skip
        taken = {it.name for it in await store.list_schedules(tx, actor.account_id) if it.id != schedule_id}
        if form.name in taken:
            raise Conflict(TAKEN)
        await store.update_schedule(tx, after)
        await _recorded(tx, actor, "changed", before, _schedule_facts(before), _schedule_facts(after))
        if form.rotations is not None:
            for row in await store.list_rotations(tx, actor.account_id, schedule_id):
                await store.delete_rotation(tx, actor.account_id, row.id)
                await _recorded(tx, actor, "removed a rotation from", after, _facts(_form_of(row), after), None)
            await _insert_rotations(tx, actor, after, form.rotations)


async def remove_schedule(
    db: Db, gate: Gate, actor: Actor, schedule_id: UUID, check: Callable[[Tx], Awaitable[None]]
) -> ScheduleRow:
    """Delete it with its rotations and overrides, once `check` finds nothing that needs it; returns what it was.

    Raises: NotFound, and what `check` raises.
    """
    async with db.transaction() as tx:
        schedule = await store.lock_schedule(tx, actor.account_id, schedule_id)
        await check(tx)
        rotations = await store.list_rotations(tx, actor.account_id, schedule_id)
        facts = {**_schedule_facts(schedule), "rotations": [_facts(_form_of(row), schedule) for row in rotations]}
        await store.delete_schedule(tx, actor.account_id, schedule_id)
        await gate.settle(tx, actor.account_id, actor.at)
        await audit.record(tx, actor, "deleted", "schedule", schedule_id, schedule.name, before=facts)
    return schedule


async def add_rotation(db: Db, actor: Actor, schedule_id: UUID, form: RotationForm) -> UUID:
    """One more rotation, after the others. Raises: NotFound, Invalid."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        [rotation_id] = await _insert_rotations(tx, actor, schedule, (form,))
    return rotation_id


async def change_rotation(
    db: Db, actor: Actor, schedule_id: UUID, rotation_id: UUID, change: Callable[[RotationForm], RotationForm]
) -> None:
    """The same rotation as `change` makes it. Raises: NotFound, Invalid."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        row = await find_rotation(tx, actor.account_id, schedule_id, str(rotation_id))
        before = _form_of(row)
        form = change(before)
        starts_at, ends_at = _check(form, schedule)
        there = {it.id for it in before.participants}
        await _check_responders(tx, actor, [it for it in form.participants if it.id not in there])
        await store.update_rotation(
            tx,
            actor.account_id,
            rotation_id,
            form.name,
            kind=form.kind,
            length=form.length,
            starts_at=starts_at,
            ends_at=ends_at,
            participants=form.participants,
            restriction=form.restriction,
        )
        await _recorded(tx, actor, "changed a rotation of", schedule, _facts(before, schedule), _facts(form, schedule))


async def remove_rotation(db: Db, actor: Actor, schedule_id: UUID, rotation_id: UUID) -> RotationRow:
    """Nobody is on call by it any more; returns what it was. Raises: NotFound."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        before = await find_rotation(tx, actor.account_id, schedule_id, str(rotation_id))
        await store.delete_rotation(tx, actor.account_id, rotation_id)
        await _recorded(tx, actor, "removed a rotation from", schedule, _facts(_form_of(before), schedule), None)
    return before


async def restore_rotation(db: Db, actor: Actor, row: RotationRow) -> None:
    """A rotation that was removed, as it was, at its place; overrides that name it hold again.

    Raises: NotFound (also where a participant is gone), Conflict where it is there, Invalid.
    """
    form = _form_of(row)
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, row.schedule_id)
        there = await store.list_rotations(tx, actor.account_id, row.schedule_id)
        if any(it.id == row.id for it in there):
            raise Conflict(N_("It is there already."))
        if len(there) >= ROTATIONS_LIMIT:
            raise Invalid(N_("A schedule has 50 rotations at most."), {"rotations": "must be 50 at most"})
        await _check_responders(tx, actor, form.participants)
        order = [*(it.id for it in there if it.position < row.position), row.id]
        order += [it.id for it in there if it.position >= row.position]
        await store.insert_rotation(
            tx, actor.account_id, schedule.id, row.id, form.name, position=row.position, kind=form.kind,
            length=form.length, starts_at=row.starts_at, ends_at=row.ends_at, participants=form.participants,
            restriction=form.restriction,
        )  # fmt: skip
        await store.order_rotations(tx, actor.account_id, order)
        await _recorded(tx, actor, "added a rotation to", schedule, None, _facts(form, schedule))


async def move_rotation(db: Db, actor: Actor, schedule_id: UUID, rotation_id: UUID, by: int) -> None:
    """So many places later among the schedule's rotations, or earlier; at the ends it stays. Raises: NotFound."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        row = await find_rotation(tx, actor.account_id, schedule_id, str(rotation_id))
        names = {it.id: it.name for it in await store.list_rotations(tx, actor.account_id, schedule_id)}
        before = list(names)
        place = min(max(before.index(row.id) + by, 0), len(before) - 1)
        after = [it for it in before if it != row.id]
        after.insert(place, row.id)
        if after == before:
            return
        await store.order_rotations(tx, actor.account_id, after)
        facts = ({"rotations": [names[it] for it in order]} for order in (before, after))
        await _recorded(tx, actor, "reordered the rotations of", schedule, *facts)


async def add_override(db: Db, actor: Actor, schedule_id: UUID, form: OverrideForm) -> str:
    """One more override, which comes before those that are there; returns its alias.

    Raises: NotFound, Invalid, Conflict (the alias).
    """
    async with db.transaction() as tx:
        return await add_override_within(tx, actor, schedule_id, form)


async def add_override_within(tx: Tx, actor: Actor, schedule_id: UUID, form: OverrideForm) -> str:
    """The same, together with what else the caller's transaction does."""
    schedule = await _lock(tx, actor, schedule_id)
    starts_at, ends_at = await _check_override(tx, actor, schedule, form)
    alias = form.alias or str(uuid4())
    if await store.find_override(tx, actor.account_id, schedule_id, alias) is not None:
        raise Conflict(N_("Another override of this schedule has this alias."))
    await store.insert_override(
        tx, actor.account_id, schedule_id, alias, form.user_id, starts_at, ends_at, actor.at, form.rotation_ids
    )
    facts = {"alias": alias, **_override_facts(form.user_id, starts_at, ends_at, form.rotation_ids)}
    await _recorded(tx, actor, "added an override to", schedule, None, facts)
    return alias


async def change_override(db: Db, actor: Actor, schedule_id: UUID, alias: str, form: OverrideForm) -> None:
    """The override of that alias as `form` says. Raises: NotFound, Invalid."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        before = await find_override(tx, actor.account_id, schedule_id, alias)
        starts_at, ends_at = await _check_override(tx, actor, schedule, form)
        await store.update_override(
            tx, actor.account_id, schedule_id, alias, form.user_id, starts_at, ends_at, form.rotation_ids
        )
        facts = _override_facts(form.user_id, starts_at, ends_at, form.rotation_ids)
        await _recorded(tx, actor, "changed an override of", schedule, _row_facts(before), facts)


async def remove_override(db: Db, actor: Actor, schedule_id: UUID, alias: str) -> OverrideRow:
    """The rotations decide again; returns what it was. Raises: NotFound."""
    async with db.transaction() as tx:
        schedule = await _lock(tx, actor, schedule_id)
        before = await find_override(tx, actor.account_id, schedule_id, alias)
        await store.delete_override(tx, actor.account_id, schedule_id, alias)
        await _recorded(tx, actor, "removed an override from", schedule, {"alias": alias, **_row_facts(before)}, None)
    return before


async def find_rotation(tx: Tx, account_id: int, schedule_id: UUID, rotation: str) -> RotationRow:
    """The schedule's rotation of that id, or name. Raises: NotFound."""
    rows = await store.list_rotations(tx, account_id, schedule_id)
    by_id = (row for row in rows if str(row.id) == rotation.lower())
    found = next(by_id, None) or next((row for row in rows if row.name == rotation), None)
    if found is None:
        raise NotFound(N_("There is no such rotation."))
    return found


async def find_override(tx: Tx, account_id: int, schedule_id: UUID, alias: str) -> OverrideRow:
    """The schedule's override of that alias. Raises: NotFound."""
    found = await store.find_override(tx, account_id, schedule_id, alias)
    if found is None:
        raise NotFound(N_("There is no such override."))
    return found


def _check_schedule(form: ScheduleForm) -> None:
    _check_name(form.name)
    if form.time_zone not in available_timezones():
        raise Invalid(N_("There is no such time zone."), {"timezone": "must be an IANA time zone"})
    if len(form.description) > DESCRIPTION_LIMIT:
        raise Invalid(N_("A description has at most 1000 characters."), {"description": "is too long"})
    if form.rotations is not None and len(form.rotations) > ROTATIONS_LIMIT:
        raise Invalid(N_("A schedule has 50 rotations at most."), {"rotations": "must be 50 at most"})


def _check_name(name: str) -> None:
    if not name or len(name) > NAME_LIMIT:
        raise Invalid(N_("A name has 1 to 100 characters."), {"name": "must have 1 to 100 characters"})


def _check(form: RotationForm, schedule: ScheduleRow) -> tuple[datetime, datetime | None]:
    """When the rotation begins and ends, on the half hour. Raises: Invalid."""
    _check_name(form.name)
    if not 1 <= form.length <= LENGTH_LIMIT:
        raise Invalid(N_("A turn lasts 1 to 365 units."), {"length": "must be between 1 and 365"})
    if not 1 <= len(form.participants) <= PARTICIPANTS_LIMIT:
        raise Invalid(N_("A rotation needs at least one participant."), {"participants": "must not be empty"})
    starts_at = _on_the_half_hour(form.starts, schedule.zone)
    ends_at = None if form.ends is None else _on_the_half_hour(form.ends, schedule.zone)
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(N_("A rotation ends after it starts."), {"endDate": "must be after startDate"})
    return starts_at, ends_at


def _on_the_half_hour(given: datetime, zone: ZoneInfo) -> datetime:
    """The instant, moved to the nearest :00 or :30 that the schedule's clock shows."""
    if given.tzinfo is None:
        wall = snapped(given)
        return wall_instant(wall.date(), wall.time(), zone)
    local = wall_clock(given, zone)
    return given + (snapped(local) - local)


async def _check_override(tx: Tx, actor: Actor, schedule: ScheduleRow, form: OverrideForm) -> tuple[datetime, datetime]:
    starts_at, ends_at = (
        given.replace(microsecond=0) if given.tzinfo else wall_instant(given.date(), given.time(), schedule.zone)
        for given in (form.starts, form.ends)
    )
    if ends_at <= starts_at:
        raise Invalid(N_("An override ends after it starts."), {"endDate": "must be after startDate"})
    if ends_at <= actor.at:
        raise Invalid(N_("This override would be over already."), {"endDate": "must be in the future"})
    if ends_at - starts_at > OVERRIDE_LIMIT:
        raise Invalid(N_("An override lasts a year at most."), {"endDate": "must be within a year of startDate"})
    if len(form.alias) > ALIAS_LIMIT:
        raise Invalid(N_("An alias has at most 512 characters."), {"alias": "is too long"})
    await accounts_store.require_responders(tx, actor.account_id, [form.user_id] if form.user_id else [])
    for rotation_id in form.rotation_ids:
        await find_rotation(tx, actor.account_id, schedule.id, str(rotation_id))
    return starts_at, ends_at


async def _check_responders(tx: Tx, actor: Actor, participants: Sequence[Participant]) -> None:
    """Raises: NotFound, Invalid for a stakeholder."""
    people = [UUID(it.id) for it in participants if it.kind is ParticipantKind.USER and it.id]
    await accounts_store.require_responders(tx, actor.account_id, people)


async def _insert_rotations(tx: Tx, actor: Actor, schedule: ScheduleRow, forms: Sequence[RotationForm]) -> list[UUID]:
    """Add them after those that are there; their ids."""
    there = await store.list_rotations(tx, actor.account_id, schedule.id)
    if len(there) + len(forms) > ROTATIONS_LIMIT:
        raise Invalid(N_("A schedule has 50 rotations at most."), {"rotations": "must be 50 at most"})
    first = max((it.position for it in there), default=-1) + 1
    ids = []
    for position, form in enumerate(forms, first):
        starts_at, ends_at = _check(form, schedule)
        await _check_responders(tx, actor, form.participants)
        ids.append(uuid4())
        await store.insert_rotation(
            tx,
            actor.account_id,
            schedule.id,
            ids[-1],
            form.name,
            position=position,
            kind=form.kind,
            length=form.length,
            starts_at=starts_at,
            ends_at=ends_at,
            participants=form.participants,
            restriction=form.restriction,
        )
        await _recorded(tx, actor, "added a rotation to", schedule, None, _facts(form, schedule))
    return ids


async def _lock(tx: Tx, actor: Actor, schedule_id: UUID) -> ScheduleRow:
    """The schedule, to be changed. Raises: NotFound, PlanRequired where the plan does not include it."""
    schedule = await store.lock_schedule(tx, actor.account_id, schedule_id)
    if schedule.inactive_since is not None:
        raise PlanRequired(INACTIVE, params={"name": schedule.name})
    return schedule


def _form_of(row: RotationRow) -> RotationForm:
    participants = tuple(Participant(ParticipantKind(it["type"]), it.get("id")) for it in row.participants)
    return RotationForm(
        row.name, RotationKind(row.kind), row.length, row.starts_at, participants, row.ends_at,
        from_json(row.restriction),
    )  # fmt: skip


def _schedule_facts(schedule: ScheduleRow) -> dict[str, object]:
    return {
        "name": schedule.name,
        "description": schedule.description,
        "time_zone": schedule.time_zone,
        "enabled": schedule.enabled,
        "team_id": str(schedule.team_id) if schedule.team_id else None,
    }


def _facts(form: RotationForm, schedule: ScheduleRow) -> dict[str, object]:
    starts_at, ends_at = (
        None if it is None else wall_clock(_on_the_half_hour(it, schedule.zone), schedule.zone).isoformat()
        for it in (form.starts, form.ends)
    )
    return {
        "name": form.name,
        "kind": form.kind.value,
        "length": form.length,
        "starts": starts_at,
        "ends": ends_at,
        "participants": [{"type": it.kind.value, **({"id": it.id} if it.id else {})} for it in form.participants],
        "restriction": as_json(form.restriction),
    }


def _override_facts(
    user_id: UUID | None, starts_at: datetime, ends_at: datetime, rotation_ids: Sequence[UUID]
) -> dict[str, object]:
    return {
        "user_id": str(user_id) if user_id else None,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "rotation_ids": [str(it) for it in rotation_ids],
    }


def _row_facts(row: OverrideRow) -> dict[str, object]:
    return _override_facts(row.user_id, row.starts_at, row.ends_at, row.rotation_ids)


async def _recorded(
    tx: Tx,
    actor: Actor,
    action: str,
    schedule: ScheduleRow,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    await audit.record(tx, actor, action, "schedule", schedule.id, schedule.name, before=before, after=after)
