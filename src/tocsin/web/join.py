"""Accepting an invitation: a name, a password, and from then on reachable by mail for every new alert."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts.gate import Gate
from tocsin.accounts.model import User
from tocsin.accounts.pages.profile import zone_options
from tocsin.accounts.pages.sign_in import let_in, passwords_of
from tocsin.accounts.pages_access import Page, visitor
from tocsin.accounts.people import service
from tocsin.accounts.people.service import Profile, check_profile
from tocsin.accounts.sign_in.passwords import check_new_password
from tocsin.accounts.sign_in.service import Person
from tocsin.db import retried
from tocsin.errors import Invalid
from tocsin.notifications.rules_service import tell_of_new_alerts

router = APIRouter()
Visitor = Annotated[Page, Depends(visitor)]


@router.get("/invitation/{token}")
async def get_invitation(here: Visitor, token: str) -> Response:
    """Who are you, where, in which language?"""
    user = await service.find_link(here.databases.engine, token, service.INVITATION, here.at)
    profile = Profile(user.full_name, user.time_zone, user.locale)
    return _form(here, token, user.username, profile)


def _form(here: Page, token: str, username: str, profile: Profile, errors: dict[str, str] | None = None) -> Response:
    return here.html(
        "invitation.html",
        status_code=422 if errors else 200,
        token=token,
        username=username,
        profile=profile,
        zones=zone_options(profile.time_zone),
        errors={field: here.say(text) for field, text in (errors or {}).items()},
    )


@router.post("/invitation/{token}")
async def post_invitation(here: Visitor, token: str) -> Response:
    """In."""
    engine, form = here.databases.engine, here.form
    user = await service.find_link(engine, token, service.INVITATION, here.at)
    profile = Profile(form.text("full_name"), form.text("time_zone"), form.text("locale"))
    errors: dict[str, str] = {}
    try:
        check_profile(profile)
    except Invalid as error:
        errors |= error.errors
    try:
        check_new_password(form.raw("password"), user.username)
    except Invalid as error:
        errors |= error.errors
    if errors:
        return _form(here, token, user.username, profile, errors)
    password_hash = await passwords_of(here.request).hash(form.raw("password"))
    gate: Gate = here.request.app.state.gate

    @retried
    async def join() -> User:
        async with engine.transaction() as tx:
            joined, contact = await service.accept_invitation(tx, gate, token, profile, password_hash, here.at)
            await tell_of_new_alerts(tx, contact)
        return joined

    joined = await join()
    return await let_in(here, Person(joined.account_id, joined.id, False), "/profile")
