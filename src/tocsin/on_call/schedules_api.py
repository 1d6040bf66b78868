"""Schedules, rotations and overrides by API.

Source: reference, schedules
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from tocsin.accounts.access import ApiContext
from tocsin.accounts.store import get_account, load_directory
from tocsin.db import Tx
from tocsin.errors import InUse
from tocsin.http import answer, body_object, text_of
from tocsin.on_call import payload, wire
from tocsin.on_call.access import (
    Deleting,
    Reading,
    ScheduleTypeParam,
    TypeParam,
    Writing,
    get_schedule,
    reaches,
)
from tocsin.on_call.store import needing
from tocsin.schedules import service, store
from tocsin.schedules.forms import RotationForm, ScheduleForm

router = APIRouter(tags=["Schedules"])

PATH = "/v2/schedules"
ROTATIONS = f"{PATH}/{{identifier}}/rotations"
OVERRIDES = f"{PATH}/{{identifier}}/overrides"


@router.post(PATH, status_code=201)
async def post_schedule(ctx: Writing) -> Response:
    """A new schedule, with its rotations if there are any."""
    body = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        account = await get_account(tx, ctx.account_id)
        directory = await load_directory(tx, ctx.account_id)
    form = payload.schedule_form(body, directory, ScheduleForm("", account.time_zone, rotations=()))
    form = payload.of_team(form, ctx.integration.team_id)
    schedule_id = await service.create_schedule(ctx.db, ctx.gate, ctx.actor, form)
    data = {"id": str(schedule_id), "name": form.name, "enabled": form.enabled}
    return answer(ctx.request, status=201, result="Created", data=data)


@router.get(PATH)
async def get_schedules(ctx: Reading, expand: Annotated[str, Query()] = "") -> Response:
    """Every schedule; with `expand=rotation` with its rotations."""
    async with ctx.db.transaction() as tx:
        rows = [row for row in await store.list_schedules(tx, ctx.account_id) if reaches(ctx, row)]
        rotations = await store.list_all_rotations(tx, ctx.account_id) if "rotation" in expand.split(",") else []
        directory = await load_directory(tx, ctx.account_id)
    data = [wire.whole(row, [it for it in rotations if it.schedule_id == row.id], directory) for row in rows]
    return answer(ctx.request, data=data, expandable=wire.EXPANDABLE)


@router.get(PATH + "/{identifier}")
async def get_one(ctx: Reading, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """One schedule with its rotations."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, identifier_type)
        rotations = await store.list_rotations(tx, ctx.account_id, row.id)
        directory = await load_directory(tx, ctx.account_id)
    return answer(ctx.request, data=wire.whole(row, rotations, directory))


@router.patch(PATH + "/{identifier}")
async def patch_schedule(ctx: Writing, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Change what the body holds; `rotations` replaces them all."""
    body = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, identifier_type)
        directory = await load_directory(tx, ctx.account_id)

    def change(before: ScheduleForm) -> ScheduleForm:
        return payload.of_team(payload.schedule_form(body, directory, before), ctx.integration.team_id)

    await service.change_schedule(ctx.db, ctx.actor, row.id, change)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, str(row.id), "id")
    return answer(ctx.request, result="Updated", data=wire.parent(row))


@router.delete(PATH + "/{identifier}")
async def delete_schedule(ctx: Deleting, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Delete it with its rotations and overrides; 428 while an escalation or a routing rule needs it."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, identifier_type)

    async def check(tx: Tx) -> None:
        users = await needing(tx, ctx.account_id, row.id)
        if users:
            raise InUse(f"Schedule is used by: {', '.join(users)}. Change them first.")

    await service.remove_schedule(ctx.db, ctx.gate, ctx.actor, row.id, check)
    return answer(ctx.request, result="Deleted", data={"id": str(row.id), "name": row.name})


@router.post(ROTATIONS, status_code=201)
async def post_rotation(ctx: Writing, identifier: str, kind: ScheduleTypeParam = "id") -> Response:
    """One more rotation, after the others."""
    body = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        there = await store.list_rotations(tx, ctx.account_id, row.id)
        directory = await load_directory(tx, ctx.account_id)
    form = payload.rotation_form(body, directory, None, len(there) + 1)
    rotation_id = await service.add_rotation(ctx.db, ctx.actor, row.id, form)
    return answer(ctx.request, status=201, result="Created", data={"id": str(rotation_id), "name": form.name})


@router.get(ROTATIONS)
async def get_rotations(ctx: Reading, identifier: str, kind: ScheduleTypeParam = "id") -> Response:
    """The schedule's rotations, in their order."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotations = await store.list_rotations(tx, ctx.account_id, row.id)
        directory = await load_directory(tx, ctx.account_id)
    return answer(ctx.request, data=[wire.rotation(it, directory) for it in rotations])


@router.get(ROTATIONS + "/{rotation_id}")
async def get_rotation(ctx: Reading, identifier: str, rotation_id: str, kind: ScheduleTypeParam = "id") -> Response:
    """One rotation."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotation = await service.find_rotation(tx, ctx.account_id, row.id, text_of(rotation_id))
        directory = await load_directory(tx, ctx.account_id)
    return answer(ctx.request, data={"_parent": wire.parent(row), **wire.rotation(rotation, directory)})


@router.patch(ROTATIONS + "/{rotation_id}")
async def patch_rotation(ctx: Writing, identifier: str, rotation_id: str, kind: ScheduleTypeParam = "id") -> Response:
    """Change what the body holds of a rotation."""
    body = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotation = await service.find_rotation(tx, ctx.account_id, row.id, text_of(rotation_id))
        directory = await load_directory(tx, ctx.account_id)

    def change(before: RotationForm) -> RotationForm:
        return payload.rotation_form(body, directory, before)

    await service.change_rotation(ctx.db, ctx.actor, row.id, rotation.id, change)
    return answer(ctx.request, result="Updated", data=await _named(ctx, row.id, rotation.id))


async def _named(ctx: ApiContext, schedule_id: UUID, rotation_id: UUID) -> dict[str, str]:
    async with ctx.db.transaction() as tx:
        rotation = await service.find_rotation(tx, ctx.account_id, schedule_id, str(rotation_id))
    return {"id": str(rotation.id), "name": rotation.name}


@router.delete(ROTATIONS + "/{rotation_id}")
async def delete_rotation(ctx: Deleting, identifier: str, rotation_id: str, kind: ScheduleTypeParam = "id") -> Response:
    """The schedule without that rotation."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotation = await service.find_rotation(tx, ctx.account_id, row.id, text_of(rotation_id))
    await service.remove_rotation(ctx.db, ctx.actor, row.id, rotation.id)
    return answer(ctx.request, result="Deleted", data={"id": str(rotation.id), "name": rotation.name})


@router.post(OVERRIDES, status_code=201)
async def post_override(ctx: Writing, identifier: str, kind: ScheduleTypeParam = "id") -> Response:
    """Somebody, or nobody, in the place of all rotations or of some, for a while."""
    body = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotations = await store.list_rotations(tx, ctx.account_id, row.id)
        directory = await load_directory(tx, ctx.account_id)
    form = payload.override_form(body, directory, rotations)
    alias = await service.add_override(ctx.db, ctx.actor, row.id, form)
    return answer(ctx.request, status=201, result="Created", data={"alias": alias})


@router.get(OVERRIDES)
async def get_overrides(ctx: Reading, identifier: str, kind: ScheduleTypeParam = "id") -> Response:
    """The schedule's overrides, past ones included, by their start."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotations = await store.list_rotations(tx, ctx.account_id, row.id)
        found = await store.list_overrides(tx, ctx.account_id, row.id)
        directory = await load_directory(tx, ctx.account_id)
    return answer(ctx.request, data=[wire.override(it, row, rotations, directory) for it in found])


@router.get(OVERRIDES + "/{alias}")
async def get_override(ctx: Reading, identifier: str, alias: str, kind: ScheduleTypeParam = "id") -> Response:
    """One override."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotations = await store.list_rotations(tx, ctx.account_id, row.id)
        found = await service.find_override(tx, ctx.account_id, row.id, text_of(alias))
        directory = await load_directory(tx, ctx.account_id)
    return answer(ctx.request, data=wire.override(found, row, rotations, directory))


@router.put(OVERRIDES + "/{alias}")
async def put_override(ctx: Writing, identifier: str, alias: str, kind: ScheduleTypeParam = "id") -> Response:
    """The override of that alias as the body says, in full."""
    body = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
        rotations = await store.list_rotations(tx, ctx.account_id, row.id)
        directory = await load_directory(tx, ctx.account_id)
    form = payload.override_form(body, directory, rotations)
    await service.change_override(ctx.db, ctx.actor, row.id, text_of(alias), form)
    return answer(ctx.request, result="Updated", data={"alias": text_of(alias)})


@router.delete(OVERRIDES + "/{alias}")
async def delete_override(ctx: Deleting, identifier: str, alias: str, kind: ScheduleTypeParam = "id") -> Response:
    """The rotations decide again."""
    async with ctx.db.transaction() as tx:
        row = await get_schedule(tx, ctx, identifier, kind)
    await service.remove_override(ctx.db, ctx.actor, row.id, text_of(alias))
    return answer(ctx.request, result="Deleted", data={"alias": text_of(alias)})
