"""The users of the account by API: made, listed, changed, deleted; and where each takes part.

Source: reference, users
"""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.access import ApiContext, api, configuring, of_the_account
from tocsin.accounts.model import Contact, CustomRole, Particulars, Right, Role
from tocsin.accounts.people import service
from tocsin.accounts.people import store as people
from tocsin.accounts.people.letters import Address
from tocsin.accounts.people.service import Change, Profile
from tocsin.alerts import fields, saved_search, saved_search_store
from tocsin.alerts.access import default
from tocsin.alerts.saved_search_api import TypeParam
from tocsin.db import Databases, Tx
from tocsin.errors import Invalid, NotFound
from tocsin.escalations.people import contacts_json, payload, store
from tocsin.escalations.people.payload import PersonRow, Written
from tocsin.http import answer, base_url, body_object, text_of
from tocsin.notifications.rules_service import tell_of_new_alerts
from tocsin.settings import Settings
from tocsin.wire import wire_time

router = APIRouter(tags=["Users"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(configuring(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(configuring(Right.DELETE))]
PATH = "/v2/users"
MISSING = "User does not exist"
OBSERVER = "observer"  # the role of old; here a stakeholder. Source: licensing requirements R8.1


async def get_person(tx: Tx, ctx: ApiContext, identifier: str) -> PersonRow:
    """The person that a path segment names by id or username. Raises: NotFound."""
    found = await store.find_person(tx, ctx.account_id, text_of(identifier))
    if found is None:
        raise NotFound(MISSING)
    return found


@router.post(PATH, status_code=201)
async def post_user(ctx: Writing) -> Response:
    """Invite somebody; `data.name` is the username."""
    of_the_account(ctx)
    given = payload.written(await body_object(ctx.request))
    if given.username is None:
        raise fields.empty("username")
    if given.full_name is None:
        raise fields.empty("fullName")
    async with ctx.db.transaction() as tx:
        account = await accounts_store.get_account(tx, ctx.account_id)
        role, custom = await _role(tx, ctx, given) or (Role.USER, None)
    settings: Settings = ctx.request.app.state.settings
    locale = payload.language_of(given.language_tag) if given.language_tag else account.locale
    try:
        made = await service.invite(
            ctx.db, ctx.gate, ctx.actor, ctx.authority, Address(account.name, settings.base_url),
            email=given.username, role=role, time_zone=given.time_zone or account.time_zone, locale=locale,
            custom=custom, full_name=given.full_name, particulars=_particulars(Particulars(), given),
            mails=not given.invitation_disabled, furnish=_furnish,
        )  # fmt: skip
    except Invalid as error:
        raise Invalid(fields.NOT_PROCESSABLE, {"username": error.errors.get("email", error.message)}) from None
    return answer(ctx.request, status=201, result="Created", data={"id": str(made.id), "name": made.username})


async def _furnish(tx: Tx, contact: Contact) -> None:
    await tell_of_new_alerts(tx, contact)


async def _role(tx: Tx, ctx: ApiContext, given: Written) -> tuple[Role, CustomRole | None] | None:
    """The role that is named, any case, and the custom one it is. Raises: Invalid."""
    if given.role is None:
        return None
    ident, name = given.role
    for text in filter(None, (name, ident)):
        if text.lower() == OBSERVER:
            return Role.STAKEHOLDER, None
        if text.lower() in {*Role}:
            return Role(text.lower()), None
    try:
        custom = await people.get_role(tx, ctx.account_id, ident or name, "id" if ident else "name")
    except NotFound:
        problem = f"There is no role {ident or name}. Built in are Owner, Admin, User and Stakeholder."
        raise Invalid(fields.NOT_PROCESSABLE, {"role": problem}) from None
    return custom.role, custom


def _particulars(now: Particulars, given: Written) -> Particulars:
    return Particulars(
        skype_username=now.skype_username if given.skype_username is None else given.skype_username,
        address=now.address if given.address is None else given.address,
        tags=now.tags if given.tags is None else given.tags,
        details=now.details if given.details is None else given.details,
        language_tag=given.language_tag or now.language_tag,
    )


@router.get(PATH)
async def get_users(
    ctx: Reading,
    query: Annotated[str, Query(max_length=1000)] = "",
    offset: Annotated[int, default(0), Query(ge=0)] = 0,
    limit: Annotated[int, default(100), Query(ge=1, le=100)] = 100,
    sort: Annotated[str, default("username"), Query()] = "username",
    order: Annotated[Literal["asc", "desc"], default("asc"), Query()] = "asc",
) -> Response:
    """A page of the users that match, how many match, and links to the other pages."""
    async with ctx.db.transaction() as tx:
        found, total = await store.list_people(
            tx, ctx.account_id, query, sort=sort, order=order, offset=offset, limit=limit
        )

    def link(start: int) -> str:
        asked: dict[str, Any] = {"limit": limit, "sort": sort, "offset": start, "order": order}
        return f"{base_url(ctx.request)}{PATH}?{urlencode(asked | ({'query': query} if query else {}))}"

    paging = {"first": link(0), "last": link(max(total - 1, 0) // limit * limit)}
    if offset + limit < total:
        paging["next"] = link(offset + limit)
    if offset > 0:
        paging["prev"] = link(max(offset - limit, 0))
    return answer(
        ctx.request, data=[payload.as_json(it, ctx.at) for it in found], totalCount=total, paging=paging
    )  # fmt: skip


@router.get(PATH + "/saved-searches")
async def get_saved_searches(ctx: Reading) -> Response:
    """Ids and names of the searches that people saved."""
    async with ctx.db.transaction() as tx:
        found = await saved_search_store.list_saved_searches(tx, ctx.account_id)
    return answer(ctx.request, data=[{"id": str(search.id), "name": search.name} for search in found])


@router.get(PATH + "/saved-searches/{identifier}")
async def get_saved_search(ctx: Reading, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """One saved search."""
    async with ctx.db.transaction() as tx:
        found = await saved_search_store.get_saved_search(tx, ctx.account_id, text_of(identifier), identifier_type)
    return answer(ctx.request, data=saved_search.as_json(found))


@router.delete(PATH + "/saved-searches/{identifier}")
async def delete_saved_search(ctx: Deleting, identifier: str, identifier_type: TypeParam = "id") -> Response:
    """Delete a saved search."""
    async with ctx.db.transaction() as tx:
        found = await saved_search_store.get_saved_search(
            tx, ctx.account_id, text_of(identifier), identifier_type, lock=True
        )
        await saved_search_store.delete_saved_search(tx, ctx.account_id, found.id)
    return answer(ctx.request, result="Deleted", data={"id": str(found.id), "name": found.name})


@router.get(PATH + "/{identifier}")
async def get_user(ctx: Reading, identifier: str, expand: str = "") -> Response:
    """One user, with `expand=contact` how he is reached too."""
    async with ctx.db.transaction() as tx:
        person = await get_person(tx, ctx, identifier)
        contacts = await accounts_store.list_contacts(tx, ctx.account_id, person.id)
    data = payload.as_json(person, ctx.at)
    if "contact" in expand.split(","):
        data["userContacts"] = [contacts_json.in_user(contact) for contact in contacts]
    return answer(ctx.request, data=data, expandable=["contact"])


@router.patch(PATH + "/{identifier}")
async def patch_user(ctx: Writing, identifier: str) -> Response:
    """Change a user; what the body leaves out stays. The username is how he signs in, and stays too."""
    of_the_account(ctx)
    given = payload.written(await body_object(ctx.request))
    async with ctx.db.transaction() as tx:
        person = await get_person(tx, ctx, identifier)
        role, custom = await _role(tx, ctx, given) or (None, None)
    if given.username is not None and given.username.lower() != person.username:
        problem = "The username is the address that this person signs in by: it cannot be changed by API."
        raise Invalid(fields.NOT_PROCESSABLE, {"username": problem})
    locale = payload.language_of(given.language_tag) if given.language_tag else person.locale
    profile = Profile(given.full_name or person.full_name, given.time_zone or person.time_zone, locale)
    change = Change(profile, role, custom, _particulars(person.particulars, given))
    await service.change_user(ctx.db, ctx.gate, ctx.actor, ctx.authority, person.id, change)
    return answer(ctx.request, result="Updated", data={"id": str(person.id), "name": person.username})


@router.delete(PATH + "/{identifier}")
async def delete_user(ctx: Deleting, identifier: str) -> Response:
    """Delete a user; 428 while a rotation, an escalation, an override or a forwarding rule names him."""
    of_the_account(ctx)
    databases: Databases = ctx.request.app.state.databases
    async with ctx.db.transaction() as tx:
        person = await get_person(tx, ctx, identifier)
    await service.delete(databases.engine, ctx.gate, ctx.actor, ctx.authority, person.id, store.uses)
    return answer(ctx.request, result="Deleted", data={"id": str(person.id), "name": person.username})


@router.get(PATH + "/{identifier}/teams")
async def get_teams(ctx: Reading, identifier: str) -> Response:
    """The teams that he is in."""
    async with ctx.db.transaction() as tx:
        found = await store.teams_of(tx, ctx.account_id, (await get_person(tx, ctx, identifier)).id)
    return answer(ctx.request, data=found)


@router.get(PATH + "/{identifier}/schedules")
async def get_schedules(ctx: Reading, identifier: str) -> Response:
    """The schedules that he takes turns in, himself or as one of a team."""
    async with ctx.db.transaction() as tx:
        found = await store.schedules_of(tx, ctx.account_id, (await get_person(tx, ctx, identifier)).id)
    return answer(ctx.request, data=found)


@router.get(PATH + "/{identifier}/escalations")
async def get_escalations(ctx: Reading, identifier: str) -> Response:
    """The escalations that tell him, himself or as one of a team."""
    async with ctx.db.transaction() as tx:
        found = await store.escalations_of(tx, ctx.account_id, (await get_person(tx, ctx, identifier)).id)
    return answer(ctx.request, data=found)


@router.get(PATH + "/{identifier}/forwarding-rules")
async def get_forwarding_rules(ctx: Reading, identifier: str) -> Response:
    """The forwarding rules from him and to him."""
    async with ctx.db.transaction() as tx:
        found = await store.forwarding_rules_of(tx, ctx.account_id, (await get_person(tx, ctx, identifier)).id)
    return answer(
        ctx.request,
        data=[
            {
                "fromUser": {"type": "user", "id": it["from_user_id"], "username": it["from_username"]},
                "toUser": {"type": "user", "id": it["to_user_id"], "username": it["to_username"]},
                "startDate": wire_time(it["starts_at"]),
                "endDate": wire_time(it["ends_at"]),
                "alias": it["alias"],
                "id": it["id"],
            }
            for it in found
        ],
    )
