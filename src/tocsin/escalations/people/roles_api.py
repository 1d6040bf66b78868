"""Custom user roles by API: what a base role may do, more what is granted, less what is disallowed.

Source: reference, custom user roles
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Response

from tocsin.accounts.access import ApiContext, api, configuring, of_the_account
from tocsin.accounts.model import CustomRole, Right
from tocsin.accounts.people import roles_service, roles_store
from tocsin.accounts.people import store as people
from tocsin.alerts import fields
from tocsin.alerts.access import default
from tocsin.errors import Invalid
from tocsin.escalations.people.payload import limited
from tocsin.http import answer, body_object, text_of

router = APIRouter(tags=["Custom user roles"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(configuring(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(configuring(Right.DELETE))]
RoleTypeParam = Annotated[Literal["id", "name"], default("id"), Query(alias="identifierType")]
PATH = "/v2/roles"
RIGHTS_LIMIT, RIGHT_LIMIT = 500, 100


def _written(ctx: ApiContext, payload: Mapping[str, Any], before: CustomRole | None = None) -> CustomRole:
    """The role that the payload says; what it leaves out is as before, or the user role with nothing changed."""
    errors: fields.Errors = {}
    name = limited(payload, "name", roles_service.NAME_LIMIT, errors) or (before.name if before else "")
    base = fields.text(payload, "extendedRole", RIGHT_LIMIT, errors).lower() or (before.base if before else "user")
    granted, disallowed = (
        fields.texts(payload, field, RIGHTS_LIMIT, RIGHT_LIMIT, errors) if payload.get(field) is not None else was
        for field, was in (
            ("grantedRights", before.granted if before else []),
            ("disallowedRights", before.disallowed if before else []),
        )
    )
    fields.check(errors)
    fields.required("name", name)
    return CustomRole(ctx.account_id, uuid4(), name, base, granted, disallowed, ctx.at)


def _as_json(role: CustomRole) -> dict[str, Any]:
    return {
        "id": str(role.id),
        "name": role.name,
        "extendedRole": role.base,
        "grantedRights": role.granted,
        "disallowedRights": role.disallowed,
    }


@router.post(PATH, status_code=201)
async def post_role(ctx: Writing) -> Response:
    """A new role."""
    of_the_account(ctx)
    role = _written(ctx, await body_object(ctx.request))
    try:
        await roles_service.create(ctx.db, ctx.gate, ctx.actor, role)
    except Invalid as error:
        raise Invalid(fields.NOT_PROCESSABLE, error.errors) from None
    return answer(ctx.request, status=201, result="Created", data={"id": str(role.id), "name": role.name})


@router.get(PATH)
async def get_roles(ctx: Reading) -> Response:
    """Ids and names of the custom roles."""
    async with ctx.db.transaction() as tx:
        found = await roles_store.list_roles(tx, ctx.account_id)
    return answer(ctx.request, data=[{"id": str(role.id), "name": role.name} for role in found])


@router.get(PATH + "/{identifier}")
async def get_role(ctx: Reading, identifier: str, identifier_type: RoleTypeParam = "id") -> Response:
    """One custom role."""
    async with ctx.db.transaction() as tx:
        found = await people.get_role(tx, ctx.account_id, text_of(identifier), identifier_type)
    return answer(ctx.request, data=_as_json(found))


@router.put(PATH + "/{identifier}")
async def put_role(ctx: Writing, identifier: str, identifier_type: RoleTypeParam = "id") -> Response:
    """Change a role; what the body leaves out stays."""
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        before = await people.get_role(tx, ctx.account_id, text_of(identifier), identifier_type)
    try:
        role = await roles_service.change(
            ctx.db, ctx.gate, ctx.actor, str(before.id), "id", _written(ctx, payload, before)
        )
    except Invalid as error:
        raise Invalid(fields.NOT_PROCESSABLE, error.errors) from None
    return answer(ctx.request, result="Updated", data={"id": str(role.id), "name": role.name})


@router.delete(PATH + "/{identifier}")
async def delete_role(ctx: Deleting, identifier: str, identifier_type: RoleTypeParam = "id") -> Response:
    """Delete a role; 428 while somebody has it."""
    of_the_account(ctx)
    role = await roles_service.delete(ctx.db, ctx.actor, text_of(identifier), identifier_type)
    return answer(ctx.request, result="Deleted", data={"id": str(role.id), "name": role.name})
