"""Page: who is on call now, until when, and who is next."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.pages_access import PageContext, zone_of
from tocsin.accounts.rights import Action
from tocsin.db import Tx
from tocsin.escalations.on_call_view import Names, Now, now_of
from tocsin.escalations.pages.common import OnCallViewing, snapshot
from tocsin.escalations.snapshot import Snapshot
from tocsin.schedules import store as schedules_store
from tocsin.schedules.model import ScheduleRow
from tocsin.wall import wall_instant

router = APIRouter()

FIELD = "%Y-%m-%dT%H:%M"  # of type datetime-local


@router.get("/on-call")
async def get_on_call(ctx: OnCallViewing, at: str = "") -> Response:
    """Each schedule, by team; mine first, gaps in red. `at` is what the reader's clock shows; empty: now."""
    zone = zone_of(ctx.user.time_zone)
    asked = _asked(at, zone)
    then = asked or ctx.at
    async with ctx.db.transaction() as tx:
        configuration = await snapshot(ctx.request, tx, ctx.account_id)
        rows = await schedules_store.list_schedules(tx, ctx.account_id)
        names = await names_for(tx, ctx, configuration)
    found = {row.id: now_of(configuration.directory.schedules[str(row.id)], then, names) for row in rows}
    changes_at = min((now.change_at for now in found.values() if now.change_at), default=None)
    return ctx.html(
        "escalations/on_call.html",
        groups=_groups(rows, {str(ident): now for ident, now in found.items()}, configuration),
        mine=[now for now in found.values() if now.is_mine],
        gaps=sum(1 for now in found.values() if now.is_gap),
        has_schedules=bool(rows),
        asked=asked,
        field=then.astimezone(zone).strftime(FIELD),
        misread=bool(at) and asked is None,
        changes_at=changes_at,
        changes_at_field=changes_at.astimezone(zone).strftime(FIELD) if changes_at else "",
        may_configure=ctx.may(Action.CONFIGURE),
    )


def _asked(text: str, zone: ZoneInfo) -> datetime | None:
    """The instant when the clock shows that; None for nothing, and for what is no time."""
    try:
        wall = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return wall_instant(wall.date(), wall.time(), zone) if 1970 <= wall.year <= 2200 else None


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
