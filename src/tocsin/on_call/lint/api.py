"""GET /v1/lint: what of the on-call configuration would let somebody down, by API."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from tocsin.accounts import store as accounts_store
from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.escalations.snapshot_store import zone_named
from tocsin.http import answer
from tocsin.i18n import DEFAULT_LOCALE
from tocsin.on_call.access import snapshot
from tocsin.on_call.lint import store
from tocsin.on_call.lint.check import HORIZON, lint
from tocsin.on_call.lint.findings import Code, ObjectType, Severity
from tocsin.on_call.lint.scope import of_team
from tocsin.on_call.lint.wire import findings_json
from tocsin.on_call.lint.words import Reader

router = APIRouter(tags=["Lint"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]


class FoundObject(BaseModel):
    """What a finding is about."""

    type: ObjectType
    id: str
    name: str


class FindingAnswer(BaseModel):
    """One thing to mend."""

    code: Code
    severity: Severity
    object: FoundObject
    sentence: str = Field(description="What is wrong.")
    cost: str = Field(description="What it would cost.")
    link: str = Field(description="The address, on this server, of what mends it.")


class FindingsData(BaseModel):
    """The gravest findings first; each once."""

    from_: str = Field(alias="from", description="When was looked.")
    to: str = Field(description="How far was looked ahead.")
    counts: dict[Severity, int]
    findings: list[FindingAnswer]


class LintAnswer(BaseModel):
    """The answer's envelope."""

    data: FindingsData
    took: float
    requestId: str  # noqa: N815 - its name in the answer


@router.get("/v1/lint", responses={200: {"model": LintAnswer}})
async def get_lint(ctx: Reading) -> Response:
    """What is wrong with schedules, escalations, routing rules and people, now or within four weeks.

    A team's key sees what concerns its team.
    """
    async with ctx.db.transaction() as tx:
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        places = await store.places(tx, ctx.account_id)
        account = await accounts_store.get_account(tx, ctx.account_id)
    found = await asyncio.to_thread(lint, configuration, ctx.at)
    team_id = str(ctx.integration.team_id) if ctx.integration.team_id else ""
    if team_id:
        found = of_team(found, team_id, configuration.directory, places)
    reader = Reader(configuration.directory, DEFAULT_LOCALE, zone_named(account.time_zone), team=team_id, places=places)
    return answer(ctx.request, data=findings_json(found, reader, ctx.at, HORIZON))
