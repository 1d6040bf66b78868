"""The page of the audit log."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import audit_store
from tocsin.accounts.audit_store import Entry
from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action

router = APIRouter()
Auditor = Annotated[PageContext, Depends(page(Action.VIEW_AUDIT))]
PER_PAGE = 50


def whole_number(text: str) -> int | None:
    """A row's number out of an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def changes(entry: Entry) -> list[tuple[str, str, str]]:
    """What changed: field, before, after."""
    before, after = entry.before or {}, entry.after or {}
    return [(field, _shown(before.get(field)), _shown(after.get(field))) for field in dict.fromkeys([*before, *after])]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@router.get("/settings/audit")
async def get_audit(ctx: Auditor) -> Response:
    """Who changed what, newest first."""
    query = ctx.request.query_params
    before, after = whole_number(query.get("before", "")), whole_number(query.get("after", ""))
    async with ctx.db.transaction() as tx:
        since = await ctx.gate.since(tx, ctx.account_id, "audit_history", ctx.at)
        found = await audit_store.list_entries(
            tx, ctx.account_id, PER_PAGE + 1, before_id=before, after_id=after, since=since
        )
    entries = found[-PER_PAGE:] if after is not None else found[:PER_PAGE]
    has_more = len(found) > PER_PAGE
    older = has_more if after is None else True
    newer = has_more if after is not None else before is not None
    return ctx.html(
        "accounts/audit.html",
        entries=[(entry, changes(entry)) for entry in entries],
        older=f"/settings/audit?before={entries[-1].id}" if entries and older else "",
        since=since,
        newer=f"/settings/audit?after={entries[0].id}" if entries and newer else "",
        **ctx.settings_tabs,
    )
