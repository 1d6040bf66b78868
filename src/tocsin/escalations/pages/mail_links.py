"""The page behind a link of a mail: acknowledge or close one alert, as one person, without a sign-in.

Opening it changes nothing, so that a scanner which follows every link acknowledges nothing; its buttons post.
"""

from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts import store as accounts_store
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import User, UserStatus
from tocsin.accounts.pages_access import Page, rights_of_user, visitor, zone_of
from tocsin.accounts.rights import Action
from tocsin.alerts import store as alerts_store
from tocsin.alerts.model import Alert
from tocsin.db import Db
from tocsin.errors import Forbidden, Invalid, NotFound
from tocsin.escalations import alert_view, service
from tocsin.escalations.pages.common import Tone, names_by_username, outcome, person_call
from tocsin.i18n import N_
from tocsin.notifications import links
from tocsin.notifications.ledger_store import get_notification_user
from tocsin.templating import Notice

router = APIRouter()

Anybody = Annotated[Page, Depends(visitor)]
ACTIONS = {"acknowledge": service.acknowledge, "close": service.close}
RIGHTS = {"acknowledge": Action.ACKNOWLEDGE, "close": Action.CLOSE}
GONE = N_("This link is not valid any more.")


@router.get("/a/{token}")
async def get_link(here: Anybody, token: str) -> Response:
    """How the alert stands, and the buttons. Changes nothing."""
    user, alert, _ = await _behind(here, token)
    names = await _names(here, user)
    return _page(here, token, user, alert, names, wanted=here.request.query_params.get("do", ""))


@router.post("/a/{token}")
async def post_link(here: Anybody, token: str) -> Response:
    """Acknowledge or close, and say what came of it."""
    user, alert, db = await _behind(here, token)
    action = ACTIONS.get(here.form.raw("do"))
    if action is None:
        raise Invalid(N_("Choose what to do: acknowledge or close."))
    await _check(here, db, user, RIGHTS[here.form.raw("do")])
    result = await action(db, person_call(user, alert.id, here.at))
    user, alert, db = await _behind(here, token)
    names = await _names(here, user)
    tone, text = outcome(i18n.Translator(user.locale), result, alert, names)
    return _page(here, token, user, alert, names, notice=(tone, text))


async def _behind(here: Page, token: str) -> tuple[User, Alert, Db]:
    """Who may act on what by this link. Raises: NotFound for a link that we did not send, or that holds no more."""
    link = links.read(here.settings.key, token, here.at)
    db = here.databases.app.for_account(link.account_id)
    async with db.transaction() as tx:
        user_id = await get_notification_user(tx, link.account_id, link.notification_id)
        if user_id != link.user_id:
            raise NotFound(GONE)
        user = await accounts_store.get_user(tx, link.account_id, link.user_id)
        alert = await alerts_store.find(tx, link.account_id, link.alert_id, "id")
    if alert is None or user.status is UserStatus.SUSPENDED:
        raise NotFound(GONE)
    return user, alert, db


async def _check(here: Page, db: Db, user: User, action: Action) -> None:
    """Raises: Forbidden where the person's role does not allow it: a link gives no right."""
    gate: Gate = here.request.app.state.gate
    async with db.transaction() as tx:
        rights = await rights_of_user(tx, gate, user, here.at)
    if action not in rights:
        raise Forbidden(N_("Your role does not allow this. Ask an owner or an admin of the account."))


async def _names(here: Page, user: User) -> dict[str, str]:
    async with here.databases.app.for_account(user.account_id).transaction() as tx:
        return await names_by_username(tx, user.account_id)


def _page(
    here: Page,
    token: str,
    user: User,
    alert: Alert,
    names: dict[str, str],
    *,
    wanted: str = "",
    notice: tuple[Tone, str] | None = None,
) -> Response:
    locale = user.locale if user.locale in i18n.LOCALES else i18n.DEFAULT_LOCALE
    zone: ZoneInfo = zone_of(user.time_zone)
    flashes = (Notice(*notice),) if notice else ()
    viewer = replace(here.viewer, locale=locale, zone=zone, name="", banners=(), flashes=flashes)
    return replace(here, viewer=viewer).html(
        "escalations/mail_link.html",
        alert=alert,
        address=f"/a/{token}",
        state=alert_view.state_of(alert, here.at),
        priority=f"P{alert.priority}",
        who=user.full_name or user.username,
        by=names.get(alert.acknowledged_by, alert.acknowledged_by),
        closed_by=names.get(alert.closed_by, alert.closed_by),
        wanted=wanted,
    )
