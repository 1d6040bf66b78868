"""Page: who is on call now, until when, and who is next."""

from fastapi import APIRouter, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.pages_access import PageContext
from tocsin.db import Tx
from tocsin.escalations.on_call_view import Names, Now, now_of
from tocsin.escalations.pages.common import OnCallViewing, snapshot
from tocsin.escalations.snapshot import Snapshot
from tocsin.schedules import store as schedules_store
from tocsin.schedules.model import ScheduleRow

router = APIRouter()


@router.get("/on-call")
async def get_on_call(ctx: OnCallViewing) -> Response:
    """Each schedule, by team; mine first, gaps in red."""
    async with ctx.db.transaction() as tx:
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        rows = await schedules_store.list_schedules(tx, ctx.account_id)
        names = await names_for(tx, ctx, configuration)
    found = {row.id: now_of(configuration.directory.schedules[str(row.id)], ctx.at, names) for row in rows}
    return ctx.html(
        "escalations/on_call.html",
        groups=_groups(rows, {str(ident): now for ident, now in found.items()}, configuration),
        mine=[now for now in found.values() if now.is_mine],
        gaps=sum(1 for now in found.values() if now.is_gap),
        has_schedules=bool(rows),
    )


async def names_for(tx: Tx, ctx: PageContext, configuration: Snapshot) -> Names:
    """What the reader reads instead of ids."""
    users = await accounts_store.list_users(tx, ctx.account_id)
    full_names = {str(user.id): user.full_name or user.username for user in users}
    return Names(configuration.directory, full_names, str(ctx.user.id), ctx.viewer.locale)


def _groups(
    rows: list[ScheduleRow], found: dict[str, Now], configuration: Snapshot
) -> list[tuple[str, str, list[Now]]]:
    """The schedules of each team as (team id, team name, schedules), those without a team last."""
    by_team: dict[str, list[Now]] = {}
    for row in rows:
        by_team.setdefault(str(row.team_id) if row.team_id else "", []).append(found[str(row.id)])
    teams = configuration.directory.teams
    named = [(ident, teams[ident].name if ident in teams else "", nows) for ident, nows in by_team.items()]
    return sorted(named, key=lambda group: (not group[0], group[1].casefold()))
