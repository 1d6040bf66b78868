"""Files beside an alert, from its page: upload, download, remove."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.alerts import attachments_store, fields, service
from tocsin.alerts.attachments_api import FILE_LIMIT, FILE_NAME_LIMIT, download_path
from tocsin.alerts.log import Event
from tocsin.errors import Invalid, NotFound
from tocsin.escalations.pages.alert import find_alert
from tocsin.escalations.pages.common import Viewing, back
from tocsin.i18n import N_

router = APIRouter()
Attaching = Annotated[PageContext, Depends(page(Action.ATTACH))]
Detaching = Annotated[PageContext, Depends(page(Action.DETACH))]


@router.post("/alerts/{alert_id}/attachments")
async def post_attachment(ctx: Attaching, alert_id: str) -> Response:
    """Attach the file of the form."""
    _ = ctx.words
    name, content = await _file(ctx)
    async with ctx.db.transaction() as tx:
        alert = await find_alert(tx, ctx, alert_id)
        await attachments_store.insert_attachment(
            tx, ctx.account_id, alert.id, name, "", content, ctx.user.username, ctx.at
        )
        await service.touch(tx, alert, Event.ATTACHMENT_ADDED, {"name": name}, ctx.user.username, ctx.at)
    return ctx.redirect(back(ctx, f"/alerts/{alert.id}"), "success", _("%(name)s is attached.", name=name))


@router.get("/alerts/{alert_id}/attachments/{attachment_id}")
async def get_attachment(ctx: Viewing, alert_id: str, attachment_id: str) -> Response:
    """On to the download, by a link that works for a quarter of an hour."""
    async with ctx.db.transaction() as tx:
        alert = await find_alert(tx, ctx, alert_id)
        found = await attachments_store.get_attachment(tx, ctx.account_id, alert.id, _number(attachment_id))
    return RedirectResponse(download_path(ctx.request, found), status_code=303)


@router.post("/alerts/{alert_id}/attachments/{attachment_id}/remove")
async def post_remove(ctx: Detaching, alert_id: str, attachment_id: str) -> Response:
    """Remove it."""
    _ = ctx.words
    async with ctx.db.transaction() as tx:
        alert = await find_alert(tx, ctx, alert_id)
        found = await attachments_store.get_attachment(tx, ctx.account_id, alert.id, _number(attachment_id))
        await attachments_store.delete_attachment(tx, ctx.account_id, found.id)
        await service.touch(tx, alert, Event.ATTACHMENT_REMOVED, {"name": found.name}, ctx.user.username, ctx.at)
    return ctx.redirect(back(ctx, f"/alerts/{alert.id}"), "success", _("%(name)s is removed.", name=found.name))


async def _file(ctx: PageContext) -> tuple[str, bytes]:
    """Name and content of the field `file`. Raises: Invalid."""
    form = await ctx.request.form()
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Invalid(N_("Choose a file first."))
        if (file.size or 0) > FILE_LIMIT:
            raise Invalid(N_("The file is larger than 50 MB."))
        name = fields.clean(file.filename).replace("\\", "/").rpartition("/")[2].strip()
        return name[:FILE_NAME_LIMIT] or "attachment", await file.read()
    finally:
        await form.close()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise NotFound(N_("There is no such attachment."))
    return int(text)
