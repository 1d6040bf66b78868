"""Which schedule a request is about, and whether the key may reach it."""

from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from tocsin.accounts.access import ApiContext, api, configuring
from tocsin.accounts.model import Right
from tocsin.alerts.access import default
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.escalations.snapshot import Snapshot
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.http import text_of
from tocsin.schedules import store
from tocsin.schedules.model import ScheduleRow

IdentifierType = Literal["id", "name"]
TypeParam = Annotated[IdentifierType, default("id"), Query(alias="identifierType")]
ScheduleTypeParam = Annotated[IdentifierType, default("id"), Query(alias="scheduleIdentifierType")]

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(configuring(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(configuring(Right.DELETE))]


async def get_schedule(tx: Tx, ctx: ApiContext, identifier: str, kind: IdentifierType) -> ScheduleRow:
    """The schedule that a path segment names. Raises: NotFound, also where it is not the calling team's."""
    text = text_of(identifier)
    found = await store.find_schedule(tx, ctx.account_id, text, by_name=kind == "name")
    if found is None or not reaches(ctx, found):
        raise NotFound(f"Schedule does not exist with that {kind}")
    return found


def reaches(ctx: ApiContext, schedule: ScheduleRow) -> bool:
    """Whether the key may reach it: a team's key its own team's, any other all of the account's."""
    return ctx.integration.team_id in {None, schedule.team_id}


async def snapshot(request: Request, tx: Tx, account_id: int) -> Snapshot:
    """The account's configuration; kept from one request to the next while it stands."""
    snapshots: Snapshots = request.app.state.snapshots
    return (await snapshots.get(tx, [account_id]))[account_id]
