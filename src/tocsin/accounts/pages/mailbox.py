"""The mailbox: mails of this account, readable here while no mail server takes them."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from tocsin.accounts.pages.audit import whole_number
from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.errors import Forbidden, NotFound
from tocsin.i18n import N_
from tocsin.mail import store
from tocsin.mail.attachment import Attachment
from tocsin.mail.outbox import NO_SERVER
from tocsin.mail.store import Mail

PER_PAGE = 50
FOREIGN_HTML = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox"
)
router = APIRouter()


async def reader(request: Request) -> PageContext:
    """An owner of the account, or an operator who belongs to it. Raises: Unauthenticated, Forbidden."""
    ctx = await page()(request)
    if not (ctx.is_operator or ctx.may(Action.VIEW_MAILBOX)):
        raise Forbidden(N_("Only an owner reads the mails: they hold links that sign in."))
    return ctx


Reader = Annotated[PageContext, Depends(reader)]


@router.get("/mailbox")
async def get_mailbox(ctx: Reader) -> Response:
    """The mails, newest first."""
    before = whole_number(ctx.request.query_params.get("before", ""))
    async with ctx.db.transaction() as tx:
        mails = await store.list_mails(tx, ctx.account_id, PER_PAGE + 1, before)
    older = f"/mailbox?before={mails[PER_PAGE - 1].id}" if len(mails) > PER_PAGE else ""
    return ctx.html(
        "accounts/mailbox.html",
        **ctx.settings_tabs,
        mails=mails[:PER_PAGE],
        older=older,
        newer="/mailbox" if before is not None else "",
        has_server=bool(ctx.settings.smtp_url),
        no_server=NO_SERVER,
    )


async def _mail(ctx: PageContext, mail_id: str) -> Mail:
    number = whole_number(mail_id)
    if number is None:
        raise NotFound(N_("There is no such mail."))
    async with ctx.db.transaction() as tx:
        return await store.get_mail(tx, ctx.account_id, number)


@router.get("/mailbox/{mail_id}")
async def get_mail(ctx: Reader, mail_id: str) -> Response:
    """One mail."""
    mail = await _mail(ctx, mail_id)
    as_text = ctx.request.query_params.get("as") == "text"
    return ctx.html(
        "accounts/mail.html", mail=mail, as_text=as_text, no_server=NO_SERVER, attachments=await _attachments(ctx, mail)
    )


async def _attachments(ctx: PageContext, mail: Mail) -> list[Attachment]:
    async with ctx.db.transaction() as tx:
        found = await store.attachments_of(tx, [mail])
    return found.get((mail.account_id, mail.id), [])


@router.get("/mailbox/{mail_id}/attachments/{place}")
async def get_attachment(ctx: Reader, mail_id: str, place: str) -> Response:
    """A file that the mail takes along; `place` counts from 1. Raises: NotFound."""
    files = await _attachments(ctx, await _mail(ctx, mail_id))
    number = whole_number(place) or 0
    if not 1 <= number <= len(files):
        raise NotFound(N_("There is no such attachment."))
    file = files[number - 1]
    how = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    headers = {"Content-Disposition": how, "Cache-Control": "no-store"}
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.get("/mailbox/{mail_id}/html")
async def get_mail_html(ctx: Reader, mail_id: str) -> Response:
    """Its HTML, for a frame without rights: no scripts, nothing from elsewhere."""
    mail = await _mail(ctx, mail_id)
    html = mail.html_body.replace("<head>", '<head><base target="_blank">', 1)
    return Response(
        html,
        media_type="text/html",
        headers={
            "Content-Security-Policy": FOREIGN_HTML + "; frame-ancestors 'self'",
            "X-Frame-Options": "SAMEORIGIN",
            "Cache-Control": "no-store",
        },
    )
