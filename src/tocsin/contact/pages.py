"""Pages: the contact form for whoever comes, and the operator's inbox. Source: licensing requirements R0.2"""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts import audit
from tocsin.accounts.pages.audit import whole_number
from tocsin.accounts.pages.sign_in import too_many
from tocsin.accounts.pages_access import Page, PageContext, operator_page, path_uuid, visitor
from tocsin.billing import books, fair_use_store, new_countries, new_countries_store, service
from tocsin.contact import inquiry as inquiries
from tocsin.contact.inquiry import ABOUT, About, Inquiry
from tocsin.errors import Invalid, NotFound, Throttled
from tocsin.i18n import N_
from tocsin.licensing import pricebook_service

router = APIRouter()
Visitor = Annotated[Page, Depends(visitor)]
Operator = Annotated[PageContext, Depends(operator_page())]
CONTACT, INBOX = "/contact", "/operator/inbox"
PER_PAGE = 50


@router.get(CONTACT)
async def get_contact(here: Visitor) -> Response:
    """The form; who is signed in need not type the name and address again. `?about=` chooses the topic."""
    user = here.user if isinstance(here, PageContext) else None
    about = here.request.query_params.get("about", About.PRICES)
    name, email = (user.full_name, user.username) if user else ("", "")
    return await _form(here, Inquiry(uuid4(), name, email, about, "", here.viewer.locale, here.at))


async def _form(here: Page, typed: Inquiry, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    async with here.databases.engine.transaction() as tx:
        seller = (await pricebook_service.current(tx)).seller
    return here.html(
        "contact/contact.html",
        status_code=status,
        typed=typed,
        topics=[(topic.value, here.say(text)) for topic, text in ABOUT.items()],
        seller=seller,
        errors={field: here.say(text) for field, text in (errors or {}).items()},
        sold=here.settings.billing == "on",
    )


@router.post(CONTACT)
async def post_contact(here: Visitor) -> Response:
    """Keep the question and mail it; what was typed is there again if something is wrong."""
    form = here.form
    try:
        key = UUID(form.text("key"))
    except ValueError:
        key = uuid4()
    typed = Inquiry(
        key, form.text("name"), form.text("email"), form.text("about"), form.raw("message").strip(),
        here.viewer.locale, here.at, *(await _whose(here)),
    )  # fmt: skip
    if form.text("website"):  # no person sees this field: programs that fill in everything do
        return here.redirect(CONTACT + "/sent")
    try:
        await inquiries.ask(
            here.databases.engine, typed, here.settings.support_email, here.settings.base_url, address=here.info.address
        )
    except Invalid as error:
        return await _form(here, typed, error.errors, 422)
    except Throttled as error:
        response = await _form(here, typed, {"message": too_many(here.words, error)}, 429)
        response.headers["Retry-After"] = str(error.period_seconds)
        return response
    return here.redirect(CONTACT + "/sent")


async def _whose(here: Page) -> tuple[int | None, str]:
    """The account of who is signed in, and how it pays: "account 42, Standard, 10 seats"."""
    if not isinstance(here, PageContext):
        return None, ""
    billing = await service.find(here.db, here.account_id)
    if billing is None:
        return here.account_id, f"account {here.account_id}, never billed"
    async with here.databases.engine.transaction() as tx:
        published = await books.load(tx)
    plan = published.version(billing.subscription.book_version).plan(billing.subscription.plan)
    seats = billing.subscription.seats or billing.responders
    return here.account_id, f"account {here.account_id}, {plan.name}, {seats} seat{'s' if seats != 1 else ''}"


@router.get(CONTACT + "/sent")
async def get_sent(here: Visitor) -> Response:
    """It has arrived."""
    return here.html("contact/sent.html", sold=here.settings.billing == "on")


@router.get(INBOX)
async def get_inbox(ctx: Operator) -> Response:
    """What waits for an answer, newest first."""
    async with ctx.databases.engine.transaction() as tx:
        found = await inquiries.list_inquiries(tx, PER_PAGE)
        total = await inquiries.count(tx)
        cases = await fair_use_store.count_waiting(tx)
        countries = await new_countries_store.list_alerts(tx, PER_PAGE)
    return ctx.html(
        "contact/inbox.html",
        inquiries=found,
        total=total,
        cases=cases,
        countries=[(it, new_countries.name_of(it.country, ctx.viewer.locale)) for it in countries],
        topics={topic.value: ctx.say(text) for topic, text in ABOUT.items()},
        support_email=ctx.settings.support_email,
        **ctx.settings_tabs,
    )


@router.post(INBOX + "/{inquiry_id}/done")
async def post_done(ctx: Operator, inquiry_id: str) -> Response:
    """It is answered, and forgotten."""
    async with ctx.databases.engine.transaction() as tx:
        if not await inquiries.delete(tx, path_uuid(inquiry_id)):
            raise NotFound(N_("That question is gone: somebody was faster."))
    return ctx.redirect(INBOX, "success", ctx.words("Done: the question is removed."))


@router.post(INBOX + "/countries/{account_id}/{country}/done")
async def post_country_done(ctx: Operator, account_id: str, country: str) -> Response:
    """Somebody has looked at what an account sends to a new country."""
    number = whole_number(account_id)
    async with ctx.databases.engine.transaction() as tx:
        if number is None or not await new_countries_store.done(tx, number, country, ctx.at):
            raise NotFound(N_("That is gone: somebody was faster."))
        name = new_countries.name_of(country, i18n.DEFAULT_LOCALE)
        await audit.record(tx, ctx.actor, "looked-at", "new-country", f"{number}/{country}", name)
    return ctx.redirect(INBOX, "success", ctx.words("Done: it is not listed any more."))
