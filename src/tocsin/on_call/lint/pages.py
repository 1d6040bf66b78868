"""Page: the on-call configuration, checked."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.i18n import N_
from tocsin.on_call.access import snapshot
from tocsin.on_call.lint import store
from tocsin.on_call.lint.check import HORIZON, lint
from tocsin.on_call.lint.findings import Finding, Severity
from tocsin.on_call.lint.words import Reader, say

router = APIRouter()

TITLES: Mapping[Severity, str] = {
    Severity.ERROR: N_("Somebody is not told"),
    Severity.WARNING: N_("It hangs by a thread"),
    Severity.HINT: N_("Worth a look"),
}
TONES: Mapping[Severity, str] = {Severity.ERROR: "danger", Severity.WARNING: "warning", Severity.HINT: "info"}
BY_API = "/v2/"  # what no page mends


@router.get("/lint")
async def get_lint(ctx: Annotated[PageContext, Depends(page(Action.CONFIGURE))]) -> Response:
    """What is wrong now or within four weeks, the gravest first, each with the way to mend it."""
    async with ctx.db.transaction() as tx:
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        places = await store.places(tx, ctx.account_id)
        users = await accounts_store.list_users(tx, ctx.account_id)
    found = await asyncio.to_thread(lint, configuration, ctx.at)
    names = {str(user.id): user.full_name or user.username for user in users}
    reader = Reader(
        configuration.directory, ctx.viewer.locale, ctx.viewer.zone, names, me=str(ctx.user.id), places=places
    )
    groups = [
        (ctx.words(TITLES[severity]), TONES[severity], [say(it, reader) for it in _of(found, severity)])
        for severity in Severity
    ]
    return ctx.html(
        "on_call/lint.html",
        groups=[group for group in groups if group[2]],
        total=len(found),
        days=HORIZON.days,
        by_api=BY_API,
    )


def _of(found: list[Finding], severity: Severity) -> list[Finding]:
    return [it for it in found if it.severity is severity]
