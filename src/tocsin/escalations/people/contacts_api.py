"""How a user is reached, by API. A new address is used once its owner has confirmed it.

Source: reference, contacts
"""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.access import ApiContext, api, configuring, of_the_account
from tocsin.accounts.model import TELEPHONE, ContactMethod, Right, User
from tocsin.accounts.people import contacts
from tocsin.accounts.people import store as people
from tocsin.accounts.people.letters import Address
from tocsin.accounts.reach import Reach
from tocsin.alerts import fields
from tocsin.db import Tx
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.escalations.people import contacts_json
from tocsin.escalations.people.users_api import get_person
from tocsin.http import answer, body_object, text_of
from tocsin.licensing.numbers import undashed
from tocsin.settings import Settings

router = APIRouter(tags=["Contacts"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(configuring(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(configuring(Right.DELETE))]
PATH = "/v2/users/{identifier}/contacts"
METHODS = {it.value: it for it in (ContactMethod.EMAIL, ContactMethod.SMS, ContactMethod.VOICE)}
MISSING = "Contact does not exist"


async def _user(tx: Tx, ctx: ApiContext, identifier: str) -> User:
    return await accounts_store.get_user(tx, ctx.account_id, (await get_person(tx, ctx, identifier)).id)


async def _where(tx: Tx, ctx: ApiContext) -> Address:
    settings: Settings = ctx.request.app.state.settings
    return Address((await accounts_store.get_account(tx, ctx.account_id)).name, settings.base_url)


def _reach(ctx: ApiContext) -> Reach:
    found: Reach = ctx.request.app.state.reach
    return found


def _ident(text: str) -> UUID:
    try:
        return UUID(text_of(text))
    except ValueError:
        raise NotFound(MISSING) from None


def _address(payload: Mapping[str, Any], method: ContactMethod) -> str:
    """Where to: a number gets its plus. Raises: Invalid."""
    errors: fields.Errors = {}
    found = fields.text(payload, "to", contacts.URL_LENGTH, errors)
    fields.check(errors)
    fields.required("to", found)
    return undashed(found) if method in TELEPHONE else found


def _as_fields(error: Invalid | Conflict) -> dict[str, str]:
    """The error's fields as the payload calls them."""
    names = {"address": "to"}
    return {names.get(field, field): (error.message if error.params else text) for field, text in error.errors.items()}


@router.post(PATH, status_code=201)
async def post_contact(ctx: Writing, identifier: str) -> Response:
    """One more way to reach him; a mail asks the owner of a new address to confirm it."""
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    method = METHODS.get(str(payload.get("method") or "").lower())
    if method is None:
        raise Invalid(fields.NOT_PROCESSABLE, {"method": f"Method should be one of [{', '.join(METHODS)}]."})
    address = _address(payload, method)
    async with ctx.db.transaction() as tx:
        user, where = await _user(tx, ctx, identifier), await _where(tx, ctx)
    settings: Settings = ctx.request.app.state.settings
    try:
        made, _ = await contacts.add(
            ctx.db, settings.key, _reach(ctx), ctx.actor, user, where, method, address
        )  # fmt: skip
    except Invalid as error:
        raise Invalid(fields.NOT_PROCESSABLE, _as_fields(error)) from None
    except Conflict as error:
        raise Conflict(error.message, _as_fields(error)) from None
    return answer(ctx.request, status=201, result="Created", data={"id": str(made.id)})


@router.get(PATH)
async def get_contacts(ctx: Reading, identifier: str) -> Response:
    """All of his contacts, oldest first."""
    async with ctx.db.transaction() as tx:
        user = await _user(tx, ctx, identifier)
        found = await accounts_store.list_contacts(tx, ctx.account_id, user.id)
    return answer(ctx.request, data=[contacts_json.in_list(it, place) for place, it in enumerate(found)])


@router.get(PATH + "/{contact_id}")
async def get_contact(ctx: Reading, identifier: str, contact_id: str) -> Response:
    """One of his contacts."""
    ident = _ident(contact_id)
    async with ctx.db.transaction() as tx:
        user = await _user(tx, ctx, identifier)
        found = await accounts_store.list_contacts(tx, ctx.account_id, user.id)
    for place, it in enumerate(found):
        if it.id == ident:
            return answer(ctx.request, data=contacts_json.in_list(it, place))
    raise NotFound(MISSING)


@router.patch(PATH + "/{contact_id}")
async def patch_contact(ctx: Writing, identifier: str, contact_id: str) -> Response:
    """Another address, which its owner has to confirm; the address that signs in stays."""
    of_the_account(ctx)
    payload, ident = await body_object(ctx.request), _ident(contact_id)
    async with ctx.db.transaction() as tx:
        user, where = await _user(tx, ctx, identifier), await _where(tx, ctx)
        method = (await people.get_contact(tx, ctx.account_id, user.id, ident)).method
    address = _address(payload, method)
    try:
        await contacts.change_address(ctx.db, _reach(ctx), ctx.actor, user, where, ident, address)
    except Invalid as error:
        raise Invalid(fields.NOT_PROCESSABLE, _as_fields(error)) from None
    except Conflict as error:
        raise Conflict(error.message, _as_fields(error)) from None
    return answer(ctx.request, result="Updated", data={"id": str(ident)})


@router.delete(PATH + "/{contact_id}")
async def delete_contact(ctx: Deleting, identifier: str, contact_id: str) -> Response:
    """Without that contact, and without the steps of rules that use it; the address that signs in stays."""
    of_the_account(ctx)
    ident = _ident(contact_id)
    async with ctx.db.transaction() as tx:
        user = await _user(tx, ctx, identifier)
    await contacts.remove(ctx.db, ctx.actor, user, ident)
    return answer(ctx.request, result="Deleted", data={"id": str(ident)})


@router.post(PATH + "/{contact_id}/enable")
async def post_enable(ctx: Writing, identifier: str, contact_id: str) -> Response:
    """Use it again."""
    return await _switch(ctx, identifier, contact_id, enabled=True)


@router.post(PATH + "/{contact_id}/disable")
async def post_disable(ctx: Writing, identifier: str, contact_id: str) -> Response:
    """Do not use it for now."""
    return await _switch(ctx, identifier, contact_id, enabled=False)


async def _switch(ctx: ApiContext, identifier: str, contact_id: str, *, enabled: bool) -> Response:
    of_the_account(ctx)
    ident = _ident(contact_id)
    async with ctx.db.transaction() as tx:
        user = await _user(tx, ctx, identifier)
    await contacts.set_enabled(ctx.db, ctx.actor, user, ident, enabled)
    return answer(ctx.request, result="Enabled" if enabled else "Disabled", data={"id": str(ident)})
