"""What the pages of this room share: who may, what an action came to in words, and the answer for htmx."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID, uuid4

from fastapi import Depends, Request, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import User
from tocsin.accounts.pages_access import PageContext, page, safe_next
from tocsin.accounts.rights import Action
from tocsin.alerts.model import Alert, Call, RequestResult
from tocsin.db import Tx
from tocsin.escalations.snapshot import Snapshot
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.i18n import N_, Translator

Viewing = Annotated[PageContext, Depends(page(Action.VIEW))]
OnCallViewing = Annotated[PageContext, Depends(page(Action.VIEW_ON_CALL))]
ConfigurationViewing = Annotated[PageContext, Depends(page(Action.VIEW_CONFIGURATION))]
Removing = Annotated[PageContext, Depends(page(Action.RESPOND, Action.DELETE_CONFIGURATION))]
Responding = Annotated[PageContext, Depends(page(Action.RESPOND))]
Configuring = Annotated[PageContext, Depends(page(Action.CONFIGURE))]
Tone = Literal["info", "success", "warning", "danger"]

DONE: Mapping[str, str] = {
    "Acknowledged alert": N_("Acknowledged. Nobody else is told while you look into it."),
    "Unacknowledged alert": N_("The acknowledgement is taken back; people are told again."),
    "Closed alert": N_("Closed."),
    "Snoozed alert": N_("Snoozed. Nobody is told until then."),
    "Escalated alert": N_("Escalated: the next step happens now."),
    "Added responder": N_("Added, and told now."),
    "Assigned alert": N_("Assigned."),
    "Executed action": N_("The action is in the log; integrations that listen to it hear of it."),
    "Added tags": N_("Tags added."),
    "Removed tags": N_("Tag removed."),
    "Added details": N_("Detail added."),
    "Removed details": N_("Detail removed."),
    "Updated priority": N_("Priority changed."),
    "Added note": N_("Note added."),
}
ALREADY: Mapping[str, str] = {
    "Alert is not acknowledged": N_("It was not acknowledged."),
    "Alert is closed": N_("It is closed already."),
    "Alert does not exist": N_("It is not there any more."),
}


def call(ctx: PageContext, alert_id: str, note: str = "") -> Call:
    """The signed-in person's request to do something to an alert."""
    return person_call(ctx.user, alert_id, ctx.at, note)


def person_call(user: User, alert_id: str, at: datetime, note: str = "") -> Call:
    """A person's request to do something to an alert; each is a request of its own."""
    return Call(
        account_id=user.account_id,
        request_id=uuid4(),
        at=at,
        identifier=alert_id,
        by=user.username,
        user=user.username,
        note=note,
    )


def outcome(_: Translator, result: RequestResult, alert: Alert | None, names: Mapping[str, str]) -> tuple[Tone, str]:
    """What the action came to, as the person reads it; `alert` is how it stands now."""
    if alert is not None and result.status == "Alert is already acknowledged":
        who = names.get(alert.acknowledged_by, alert.acknowledged_by)
        return "info", _("%(who)s had acknowledged it already.", who=who)
    if alert is not None and result.status in {"Alert is already closed", "Alert is closed"} and alert.closed_by:
        return "info", _("%(who)s had closed it already.", who=names.get(alert.closed_by, alert.closed_by))
    if result.status in DONE:
        return "success", _(DONE[result.status])
    if result.status in ALREADY:
        return "warning", _(ALREADY[result.status])
    return ("success" if result.success else "warning"), result.status


async def names_by_username(tx: Tx, account_id: int) -> dict[str, str]:
    """What people read instead of a username."""
    return {user.username: user.full_name or user.username for user in await accounts_store.list_users(tx, account_id)}


class Feed(Protocol):
    """The process's feed of changes."""

    def position(self) -> str: ...


def feed_of(request: Request) -> Feed:
    """Where live pages start to listen."""
    feed: Feed = request.app.state.feed
    return feed


async def snapshot(request: Request, tx: Tx, account_id: int) -> Snapshot:
    """The account's configuration; kept from one request to the next while it stands."""
    snapshots: Snapshots = request.app.state.snapshots
    return (await snapshots.get(tx, [account_id]))[account_id]


def is_fragment(request: Request) -> bool:
    """Does htmx ask, for what it puts into the page?"""
    return request.headers.get("hx-request") == "true"


def back(ctx: PageContext, default: str) -> str:
    """The page that a form was on."""
    return safe_next(ctx.form.raw("next")) if ctx.form.raw("next") else default


def respond(ctx: PageContext, template: str, fragment: str, /, **values: Any) -> Response:
    """The whole page, or for htmx the part that changes."""
    response = ctx.html(fragment if is_fragment(ctx.request) else template, **values)
    response.headers["Vary"] = "HX-Request"
    return response


def ids(entries: list[str]) -> list[UUID]:
    """Those of `entries` that are UUIDs."""
    found = []
    for entry in entries:
        try:
            found.append(UUID(entry))
        except ValueError:
            continue
    return found
