"""Pages: try it free, and the mailed link behind it. A GET changes nothing: mail scanners open links."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts import store
from tocsin.accounts.pages.profile import zone_options
from tocsin.accounts.pages.sign_in import let_in, passwords_of, too_many
from tocsin.accounts.pages_access import Page, PageContext, visitor
from tocsin.accounts.people.service import Profile, check_profile
from tocsin.accounts.sign_in.passwords import check_new_password
from tocsin.accounts.sign_in.service import Person
from tocsin.errors import Invalid, NotFound, Throttled
from tocsin.i18n import N_
from tocsin.licensing import pricebook_service
from tocsin.licensing.places import country_options
from tocsin.licensing.pricebook import PriceBook
from tocsin.signup import service
from tocsin.signup.service import Form

router = APIRouter()


async def open_to_visitors(here: Annotated[Page, Depends(visitor)]) -> Page:
    """A dependency: the page of a visitor, where the operator lets strangers sign up. Raises: NotFound."""
    if here.settings.sign_up == "closed":
        raise NotFound(N_("There is no such page."))
    return here


Visitor = Annotated[Page, Depends(open_to_visitors)]


@router.get("/try")
async def get_try(here: Visitor) -> Response:
    """Who are you, and where?"""
    if isinstance(here, PageContext):
        return here.redirect("/")
    zone = here.request.query_params.get("zone", "")
    form = Form("", "", here.request.query_params.get("country", ""), zone or "UTC", here.viewer.locale)
    return await _form(here, form)


async def _form(here: Page, form: Form, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    book = await _book(here)
    return here.html(
        "signup/try.html",
        status_code=status,
        form=form,
        days=book.trial.days,
        plan=book.plan(book.trial.plan).name,
        countries=[("", here.words("Choose")), *country_options(here.viewer.locale)],
        zones=zone_options(form.time_zone),
        errors={field: here.say(text) for field, text in (errors or {}).items()},
    )


async def _book(here: Page) -> PriceBook:
    async with here.databases.engine.transaction() as tx:
        return await pricebook_service.current(tx)


@router.post("/try")
async def post_try(here: Visitor) -> Response:
    """Mail the link; the answer is the same whoever has that address."""
    text = here.form.text
    form = Form(text("email"), text("company"), text("country"), text("time_zone"), text("locale"))
    try:
        await service.request(
            here.databases.engine, form, here.settings.base_url, address=here.info.address, at=here.at
        )
    except Invalid as error:
        return await _form(here, form, error.errors, 422)
    except Throttled as error:
        response = await _form(here, form, {"email": too_many(here.words, error)}, 429)
        response.headers["Retry-After"] = str(error.period_seconds)
        return response
    return here.html("signup/sent.html", email=form.email, has_mail_server=bool(here.settings.smtp_url))


@router.get("/try/{token}")
async def get_link(here: Visitor, token: str) -> Response:
    """Choose a name and a password."""
    sign_up = await service.find(here.databases.engine, token, here.at)
    profile = Profile("", sign_up.time_zone, sign_up.locale)
    return _start(here, token, sign_up.email, sign_up.company, profile)


def _start(
    here: Page, token: str, email: str, company: str, profile: Profile, errors: dict[str, str] | None = None
) -> Response:
    return here.html(
        "signup/start.html",
        status_code=422 if errors else 200,
        token=token,
        email=email,
        company=company,
        profile=profile,
        zones=zone_options(profile.time_zone),
        errors={field: here.say(text) for field, text in (errors or {}).items()},
    )


@router.post("/try/{token}")
async def post_link(here: Visitor, token: str) -> Response:
    """The account is made, and its owner is in."""
    engine, form = here.databases.engine, here.form
    sign_up = await service.find(engine, token, here.at)
    profile = Profile(form.text("full_name"), form.text("time_zone"), form.text("locale"))
    errors = _wrong(lambda: check_profile(profile)) | _wrong(
        lambda: check_new_password(form.raw("password"), sign_up.email)
    )
    if errors:
        return _start(here, token, sign_up.email, sign_up.company, profile, errors)
    password_hash = await passwords_of(here.request).hash(form.raw("password"))
    opened = await service.open_account(engine, token, profile, password_hash, here.at)
    response = await let_in(here, Person(opened.account_id, opened.user_id, False), "/alerts")
    return await _welcome(here, response, opened, profile)


def _wrong(check: Callable[[], object]) -> dict[str, str]:
    """What a check finds, by field."""
    try:
        check()
    except Invalid as error:
        return error.errors
    return {}


async def _welcome(here: Page, signed_in: Response, opened: service.Opened, profile: Profile) -> Response:
    """The key, once, with the cookies of whoever is in now."""
    book = await _book(here)
    async with here.databases.engine.transaction() as tx:
        account = await store.get_account(tx, opened.account_id)
    page = here.html(
        "signup/welcome.html",
        key=opened.api_key,
        base_url=here.settings.base_url,
        company=account.name,
        trial=opened.trial,
        ends_at=opened.trial_ends_at,
        plan=book.plan(book.trial.plan).name,
        zone=profile.time_zone,
        locale=profile.locale if profile.locale in i18n.LOCALES else i18n.DEFAULT_LOCALE,
    )
    for name, value in signed_in.raw_headers:
        if name == b"set-cookie":
            page.raw_headers.append((name, value))
    return page
