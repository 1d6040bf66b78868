"""Files beside an alert: uploaded through the API, downloaded by a link that works for a quarter of an hour.

Source: reference, alerts (attachments)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from tocsin import crypto
from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.alerts import attachments_store, fields, service
from tocsin.alerts.access import AttachmentTypeParam, get_alert
from tocsin.alerts.log import Event
from tocsin.alerts.model import API_NAME
from tocsin.db import Databases
from tocsin.errors import Invalid, Malformed, NotFound
from tocsin.http import answer, base_url, info, limited, text_of

router = APIRouter(tags=["Attachments"])

FILE_LIMIT = 50 * 1024 * 1024  # bytes
FORM_LIMIT = FILE_LIMIT + 64 * 1024  # the file and the fields around it
FILE_NAME_LIMIT = 255
LINK_LIFE = timedelta(minutes=15)
PURPOSE = "attachment"

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(api(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(api(Right.DELETE))]

PATH = "/v2/alerts/{identifier}/attachments"


@router.post(PATH, status_code=201)
async def post_attachment(ctx: Writing, identifier: str, identifier_type: AttachmentTypeParam = "id") -> Response:
    """Attach the multipart part `file`, at most 50 MB; `indexFile` names the page to open in a zip."""
    async with ctx.db.transaction() as tx:  # so that nobody uploads 50 MB to learn of a wrong id
        await get_alert(tx, ctx, identifier, identifier_type)
    async with _form(ctx.request) as form:
        name, content = await _file(form)
        given = {**ctx.request.query_params, **{key: form.get(key) for key in ("user", "indexFile")}}
        errors: fields.Errors = {}
        user = fields.text(given, "user", fields.NAME_LIMIT, errors) or API_NAME
        index_file = fields.text(given, "indexFile", FILE_NAME_LIMIT, errors)
        fields.check(errors)
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        attachment_id = await attachments_store.insert_attachment(
            tx, ctx.account_id, alert.id, name, index_file, content, user, ctx.at
        )
        await service.touch(tx, alert, Event.ATTACHMENT_ADDED, {"name": name}, user, ctx.at)
    return answer(ctx.request, status=201, result="Attachment uploaded", data={"id": str(attachment_id)})


@router.get(PATH)
async def get_attachments(ctx: Reading, identifier: str, identifier_type: AttachmentTypeParam = "id") -> Response:
    """The names and ids of an alert's attachments. The ids are numbers here, for one client reads nothing else."""
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        found = await attachments_store.list_attachments(tx, ctx.account_id, alert.id)
    return answer(ctx.request, data=[{"name": it.name, "id": it.id} for it in found])


@router.get(PATH + "/{attachment_id}")
async def get_attachment(
    ctx: Reading, identifier: str, attachment_id: str, identifier_type: AttachmentTypeParam = "id"
) -> Response:
    """An attachment's name, and a link that downloads it for a quarter of an hour."""
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        found = await attachments_store.get_attachment(tx, ctx.account_id, alert.id, _number(attachment_id))
    path = download_path(ctx.request, found)
    return answer(ctx.request, data={"name": found.name, "url": base_url(ctx.request) + path})


@router.delete(PATH + "/{attachment_id}")
async def delete_attachment(
    ctx: Deleting, identifier: str, attachment_id: str, identifier_type: AttachmentTypeParam = "id"
) -> Response:
    """Remove an attachment."""
    errors: fields.Errors = {}
    user = fields.text(dict(ctx.request.query_params), "user", fields.NAME_LIMIT, errors) or API_NAME
    async with ctx.db.transaction() as tx:
        alert = await get_alert(tx, ctx, identifier, identifier_type)
        found = await attachments_store.get_attachment(tx, ctx.account_id, alert.id, _number(attachment_id))
        await attachments_store.delete_attachment(tx, ctx.account_id, found.id)
        await service.touch(tx, alert, Event.ATTACHMENT_REMOVED, {"name": found.name}, user, ctx.at)
    return answer(ctx.request, result="Deleted")


def download_path(request: Request, attachment: attachments_store.Attachment) -> str:
    """Where the attachment can be downloaded for a quarter of an hour, by whoever has the link."""
    key = request.app.state.settings.key
    text = f"{attachment.account_id} {attachment.id}"
    return f"/attachments/{crypto.sign(key, PURPOSE, text, info(request).at + LINK_LIFE)}"


@router.get("/attachments/{token}", include_in_schema=False)
async def download(request: Request, token: str) -> Response:
    """The file behind a signed link, never shown by the browser itself: it comes from strangers."""
    text = crypto.unsign(request.app.state.settings.key, PURPOSE, token, info(request).at)
    account_id, attachment_id = (int(part) for part in text.split())
    databases: Databases = request.app.state.databases
    async with databases.app.for_account(account_id).transaction() as tx:
        file = await attachments_store.get_file(tx, account_id, attachment_id)
    return Response(
        file.content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """The multipart form of a request, closed at the end. Raises: Malformed, TooLarge."""
    try:
        form = await Request(request.scope, limited(request, FORM_LIMIT)).form()
    except HTTPException as error:
        raise Malformed(f"Request body is not a valid form: {error.detail}") from None
    try:
        yield form
    finally:
        await form.close()


def _number(attachment_id: str) -> int:
    text = text_of(attachment_id)
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise NotFound("Attachment does not exist")
    return int(text)


async def _file(form: FormData) -> tuple[str, bytes]:
    """Name and content of the part `file`. Raises: Invalid."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise fields.empty("file")
    if (file.size or 0) > FILE_LIMIT:
        raise _too_large()
    name = fields.clean(file.filename or "").replace("\\", "/").rpartition("/")[2].strip()
    return name[:FILE_NAME_LIMIT] or "attachment", await file.read()


def _too_large() -> Invalid:
    return Invalid(fields.NOT_PROCESSABLE, {"file": "Attachment size should not exceed 50 MB."})
