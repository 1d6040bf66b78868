"""Pages behind mailed links: a new password, a verified address. A GET changes nothing: mail scanners open links."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import security
from tocsin.accounts.audit import Actor
from tocsin.accounts.pages.sign_in import passwords_of, too_many
from tocsin.accounts.pages_access import Page, PageContext, visitor
from tocsin.accounts.people import contacts, service
from tocsin.errors import Invalid, Throttled

router = APIRouter()
Visitor = Annotated[Page, Depends(visitor)]


def asked_by(here: Page) -> Actor:
    """When and from where somebody unknown asks."""
    return Actor(0, "", here.at, None, here.info.address, here.info.id)


@router.get("/forgot")
async def get_forgot(here: Visitor) -> Response:
    """For whom is the new password?"""
    return here.html("accounts/forgot.html", sent=False, error="", username="")


@router.post("/forgot")
async def post_forgot(here: Visitor) -> Response:
    """Mail a link; the answer is the same whether anybody has that address."""
    username = here.form.text("username")
    try:
        await security.request_reset(
            here.databases.engine, username, here.settings.base_url, address=here.info.address, at=here.at
        )
    except Throttled as error:
        said = too_many(here.words, error)
        response = here.html("accounts/forgot.html", status_code=429, sent=False, error=said, username=username)
        response.headers["Retry-After"] = str(error.period_seconds)
        return response
    return here.html("accounts/forgot.html", sent=True, error="", username=username)


@router.get("/reset/{token}")
async def get_reset(here: Visitor, token: str) -> Response:
    """Choose a new password."""
    user = await service.find_link(here.databases.engine, token, security.RESET, here.at)
    return here.html("accounts/reset.html", token=token, username=user.username, error="")


@router.post("/reset/{token}")
async def post_reset(here: Visitor, token: str) -> Response:
    """The new password counts; sign in by it."""
    user = await service.find_link(here.databases.engine, token, security.RESET, here.at)
    try:
        await security.reset_password(
            here.databases.engine, passwords_of(here.request), token, here.form.raw("password"),
            here.settings.base_url, asked_by(here),
        )  # fmt: skip
    except Invalid as error:
        said = here.say(error.errors.get("password", error.message))
        return here.html("accounts/reset.html", status_code=422, token=token, username=user.username, error=said)
    return here.redirect("/sign-in", "success", here.words("The new password counts from now on. Sign in by it."))


@router.get("/verify/{token}")
async def get_verify(here: Visitor, token: str) -> Response:
    """Is this address yours?"""
    await service.find_link(here.databases.engine, token, contacts.VERIFICATION, here.at)
    return here.html("accounts/verify.html", token=token)


@router.post("/verify/{token}")
async def post_verify(here: Visitor, token: str) -> Response:
    """Yes."""
    contact = await contacts.verify(here.databases.engine, token, asked_by(here))
    said = here.words("%(address)s is verified.", address=contact.address)
    return here.redirect("/profile" if isinstance(here, PageContext) else "/sign-in", "success", said)
