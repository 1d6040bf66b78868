"""The Team API: teams, their members, roles and logs. A team's key sees its own team only.

Source: reference, teams
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from tocsin.accounts import audit_store, team_service, team_store
from tocsin.accounts import store as accounts_store
from tocsin.accounts.access import ApiContext, api, configuring
from tocsin.accounts.directory import Reference
from tocsin.accounts.model import Right, Team, TeamMember
from tocsin.accounts.team_store import IdentifierType, TeamRole
from tocsin.alerts import fields
from tocsin.alerts.access import default
from tocsin.db import Tx
from tocsin.errors import Forbidden, NotFound
from tocsin.escalations import config_service, config_wire, drafts
from tocsin.http import answer, base_url, body_object, text_of

router = APIRouter(tags=["Teams"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(configuring(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(configuring(Right.DELETE))]
TypeParam = Annotated[IdentifierType, default("id"), Query(alias="identifierType")]
TeamTypeParam = Annotated[IdentifierType, default("id"), Query(alias="teamIdentifierType")]
Order = Literal["asc", "desc"]
OrderParam = Annotated[Order, default("desc"), Query()]
LimitParam = Annotated[int, default(100), Query(ge=1, le=100)]
OffsetParam = Annotated[int, default(0), Query(ge=0, le=1_000_000)]

EXPANDABLE = ["member"]
PATH = "/v2/teams"
ROLES = PATH + "/{identifier}/roles"


async def get_team(tx: Tx, ctx: ApiContext, identifier: str, identifier_type: IdentifierType) -> Team:
    """The team that a path segment names. Raises: NotFound, also for another team than that of the calling key."""
    named = fields.clean(text_of(identifier))
    found = await team_store.find_team(tx, ctx.account_id, named, identifier_type)
    own = ctx.integration.team_id
    if found is None or (own is not None and found.id != own):
        raise NotFound(f"Team does not exist with {identifier_type}: [{named}]")
    return found


async def team_id_of(ctx: ApiContext, identifier: str, identifier_type: IdentifierType) -> UUID:
    """The id of the team that a path segment names. Raises: as `get_team`."""
    async with ctx.db.transaction() as tx:
        return (await get_team(tx, ctx, identifier, identifier_type)).id


@router.post(PATH, status_code=201)
async def post_team(ctx: Writing) -> Response:
    """Create a team, with a schedule, an escalation and a routing rule of its own."""
    if ctx.integration.team_id is not None:
        raise Forbidden("API Key of a team cannot create teams")
    draft = drafts.team(await body_object(ctx.request))
    fields.required("name", draft.name)
    people = [(it.user, it.role) for it in draft.members or ()]
    made = await config_service.make_team(
        ctx.db, ctx.gate, ctx.actor, draft.name or "", draft.description or "", people
    )
    return answer(ctx.request, status=201, result="Created", data=config_wire.named(made.id, made.name))


@router.get(PATH)
async def get_teams(ctx: Reading, expand: Annotated[str, Query()] = "") -> Response:
    """Every team; with `expand=member` who is in each."""
    async with ctx.db.transaction() as tx:
        teams = await accounts_store.list_teams(tx, ctx.account_id)
        people = await accounts_store.list_team_members(tx, ctx.account_id)
    own = ctx.integration.team_id
    shown = []
    for team in teams:
        if own is None or team.id == own:
            more = {"members": config_wire.members(_of(people, team))} if "member" in expand.split(",") else {}
            shown.append(config_wire.team(team, base_url(ctx.request)) | more)
    return answer(ctx.request, data=shown, expandable=EXPANDABLE)


@router.get(PATH + "/{identifier}")
async def get_one_team(ctx: Reading, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """One team with its members."""
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
        people = _of(await accounts_store.list_team_members(tx, ctx.account_id), team)
    return answer(
        ctx.request, data=config_wire.team(team, base_url(ctx.request)) | {"members": config_wire.members(people)}
    )


@router.patch(PATH + "/{identifier}")
async def patch_team(ctx: Writing, identifier: str) -> Response:
    """Change a team by its id; what the body leaves out stays, and `members` replaces them all."""
    draft = drafts.team(await body_object(ctx.request))
    team_id = await team_id_of(ctx, identifier, "id")
    people = None if draft.members is None else [(it.user, it.role) for it in draft.members]
    changed = await team_service.change_team(ctx.db, ctx.actor, team_id, draft.name, draft.description, people)
    return answer(ctx.request, result="Updated", data=config_wire.named(changed.id, changed.name))


@router.delete(PATH + "/{identifier}")
async def delete_team(ctx: Deleting, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Delete a team with its schedules, escalations, routing rules and roles; its members stay."""
    team_id = await team_id_of(ctx, identifier, identifier_type)
    await config_service.delete_team(ctx.db, ctx.gate, ctx.actor, team_id)
    return answer(ctx.request, result="Deleted")


@router.get(PATH + "/{identifier}/logs")
async def get_team_logs(
    ctx: Reading,
    identifier: str,
    identifier_type: TypeParam = "id",
    limit: LimitParam = 100,
    offset: OffsetParam = 0,
    order: OrderParam = "desc",
) -> Response:
    """What was changed about a team, as far as the plan's audit log reaches back; `offset` is where to go on."""
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
        since = await ctx.gate.since(tx, ctx.account_id, "audit_history", ctx.at)
        found = await audit_store.list_of_object(
            tx, ctx.account_id, "team", str(team.id), newest_first=order == "desc", limit=limit, offset=offset,
            since=since,
        )  # fmt: skip
    logs = [config_wire.team_log(entry) for entry in found]
    return answer(ctx.request, data={"offset": str(offset + len(logs)), "logs": logs})


@router.post(PATH + "/{identifier}/members", status_code=201)
async def post_member(ctx: Writing, identifier: str, identifier_type: TeamTypeParam = "id") -> Response:
    """Add a user to a team; for one who is in it, change the role."""
    draft = drafts.member(await body_object(ctx.request))
    team_id = await team_id_of(ctx, identifier, identifier_type)
    team = await team_service.set_member(ctx.db, ctx.actor, team_id, draft.user, draft.role)
    return answer(ctx.request, status=201, result="Added", data=config_wire.named(team.id, team.name))


@router.delete(PATH + "/{identifier}/members/{user}")
async def delete_member(ctx: Deleting, identifier: str, user: str, identifier_type: TeamTypeParam = "id") -> Response:
    """Remove a user, named by id or username, from a team."""
    team_id = await team_id_of(ctx, identifier, identifier_type)
    named = fields.clean(text_of(user))
    team = await team_service.remove_member(ctx.db, ctx.actor, team_id, Reference("user", named, named))
    return answer(ctx.request, result="Removed", data=config_wire.named(team.id, team.name))


@router.get(ROLES)
async def get_roles(ctx: Reading, identifier: str, identifier_type: TeamTypeParam = "id") -> Response:
    """The roles that a team made itself."""
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
        found = await team_store.list_roles(tx, ctx.account_id, team.id)
    return answer(ctx.request, data=[config_wire.role(it) for it in found])


@router.post(ROLES, status_code=201)
async def post_role(ctx: Writing, identifier: str, identifier_type: TeamTypeParam = "id") -> Response:
    """Create a team role."""
    draft = drafts.role(await body_object(ctx.request))
    fields.required("name", draft.name)
    fields.required("rights", draft.rights)
    team_id = await team_id_of(ctx, identifier, identifier_type)
    made = await team_service.make_role(ctx.db, ctx.actor, team_id, draft.name or "", draft.rights or {})
    return answer(ctx.request, status=201, result="Created", data=config_wire.named(made.id, made.name))


@router.get(ROLES + "/{role}")
async def get_role(
    ctx: Reading,
    identifier: str,
    role: str,
    identifier_type: TeamTypeParam = "id",
    role_type: TypeParam = "id",
) -> Response:
    """One team role."""
    found = await _role(ctx, identifier, identifier_type, role, role_type)
    return answer(ctx.request, data=config_wire.role(found))


@router.patch(ROLES + "/{role}")
async def patch_role(
    ctx: Writing,
    identifier: str,
    role: str,
    identifier_type: TeamTypeParam = "id",
    role_type: TypeParam = "id",
) -> Response:
    """Change a team role; `rights` replaces them all, and its members keep it."""
    draft = drafts.role(await body_object(ctx.request))
    found = await _role(ctx, identifier, identifier_type, role, role_type)
    changed = await team_service.change_role(ctx.db, ctx.actor, found.team_id, found.id, draft.name, draft.rights)
    return answer(ctx.request, result="Updated", data=config_wire.named(changed.id, changed.name))


@router.delete(ROLES + "/{role}")
async def delete_role(
    ctx: Deleting,
    identifier: str,
    role: str,
    identifier_type: TeamTypeParam = "id",
    role_type: TypeParam = "id",
) -> Response:
    """Delete a team role that no member has."""
    found = await _role(ctx, identifier, identifier_type, role, role_type)
    await team_service.delete_role(ctx.db, ctx.actor, found.team_id, found.id)
    return answer(ctx.request, result="Deleted")


async def _role(
    ctx: ApiContext, identifier: str, identifier_type: IdentifierType, role: str, role_type: IdentifierType
) -> TeamRole:
    named = fields.clean(text_of(role))
    async with ctx.db.transaction() as tx:
        team = await get_team(tx, ctx, identifier, identifier_type)
        for found in await team_store.list_roles(tx, ctx.account_id, team.id):
            if (str(found.id) == named.lower()) if role_type == "id" else (found.name == named):
                return found
    raise NotFound(f"Team role does not exist with {role_type}: [{named}]")


def _of(people: list[TeamMember], team: Team) -> list[TeamMember]:
    return [it for it in people if it.team_id == team.id]
