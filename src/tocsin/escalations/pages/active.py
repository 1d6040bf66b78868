"""Page: who and what stays active where the plan, now or the one to come, includes less than there is.

Source: licensing requirements R3.3, R3.4, CHOICE-26
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts import audit
from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import LicenceKind, UserStatus
from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.billing import store as billing_store
from tocsin.billing.coming import Coming, coming, next_at
from tocsin.db import Tx
from tocsin.errors import Conflict, Invalid
from tocsin.escalations import config_store
from tocsin.escalations.pages.common import ids
from tocsin.escalations.plan_limits import KEPT, PlanLimits, limit_of
from tocsin.i18n import N_
from tocsin.licensing import kept_store, pricebook_service
from tocsin.schedules import store as schedules_store

router = APIRouter()
Owning = Annotated[PageContext, Depends(page(Action.MANAGE_ACCOUNT, configures=False))]
"""Whoever chooses for the plan to come may do so while the account is restricted, or the choice would come too late."""
HERE = "/settings/active"
TITLES = {"responder": N_("Responders"), "schedules": N_("Schedules"), "escalations": N_("Escalations")}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that could stay active."""

    id: UUID
    name: str
    detail: str
    active: bool  # stays, as it stands


@dataclass(frozen=True, slots=True)
class Kind:
    """All there is of a kind, and how many of it may be active (None: any number)."""

    key: str
    limit: int | None
    choices: tuple[Choice, ...]

    @property
    def is_over(self) -> bool:
        """Is there more than may be active?"""
        return self.limit is not None and len(self.choices) > self.limit


@dataclass(frozen=True, slots=True)
class Outlook:
    """A plan by which something has to rest: that in force, or the one `to_come`."""

    plan: str
    kinds: tuple[Kind, ...]
    to_come: Coming | None = None
    wished: bool = False  # not settled yet: somebody looks at what a change would bring

    @property
    def over(self) -> list[Kind]:
        return [kind for kind in self.kinds if kind.is_over]

    def kind(self, key: str) -> Kind:
        """Raises: Invalid for one that nobody chooses of."""
        for kind in self.kinds:
            if kind.key == key:
                return kind
        raise Invalid(N_("Choose what stays active."))


@router.get(HERE)
async def get_active(ctx: Owning) -> Response:
    """What may be chosen now and for the plan to come, and what is chosen."""
    return await _page(ctx, dict(ctx.request.query_params))


async def _page(ctx: PageContext, given: Mapping[str, str], errors: Mapping[str, str] | None = None) -> Response:
    async with ctx.db.transaction() as tx:
        now, then = await _now(tx, ctx), await _to_come(tx, ctx, given)
    return ctx.html(
        "escalations/active.html",
        status_code=422 if errors else 200,
        now=now,
        then=then,
        day=_day(ctx, then.to_come.starts_at) if then and then.to_come else "",
        titles={key: ctx.words(text) for key, text in TITLES.items()},
        errors={key: ctx.say(text) for key, text in (errors or {}).items()},
        **ctx.settings_tabs,
    )


def _day(ctx: PageContext, at: datetime) -> str:
    return i18n.date_in_full(ctx.viewer.locale, at.astimezone(ctx.viewer.zone).date())


def _limits(ctx: PageContext) -> PlanLimits:
    limits = ctx.gate
    assert isinstance(limits, PlanLimits)  # noqa: S101 - the one that the application makes
    return limits


async def _now(tx: Tx, ctx: PageContext) -> Outlook:
    have = await _limits(ctx).entitlements(tx, ctx.account_id, ctx.at)
    kinds = []
    for key in KEPT:
        everything = await _everything(tx, ctx.account_id, key)
        kinds.append(Kind(key, limit_of(have, key), tuple(Choice(*it) for it in everything)))
    return Outlook(have.plan_name, tuple(kinds))


async def _to_come(tx: Tx, ctx: PageContext, given: Mapping[str, str]) -> Outlook | None:
    """The plan that is settled to come, or the one that is `given`; None where nothing changes.

    Raises: Invalid for a plan that there is not.
    """
    billing = await billing_store.find(tx, ctx.account_id)
    if billing is None or ctx.settings.billing == "off":
        return None
    following = coming(billing)
    wished = _wished(given, following, next_at(billing.subscription))
    found = wished or following
    if found is None:
        return None
    plan = (await pricebook_service.current(tx)).plan(found.plan)
    limits = _limits(ctx)
    have = await limits.with_plan(tx, ctx.account_id, plan, found.seats, ctx.at)
    kinds = []
    for key in KEPT:
        everything, limit = await _everything(tx, ctx.account_id, key), limit_of(have, key)
        stay = {it[0] for it in everything}
        if limit is not None and len(everything) > limit:
            stay &= await limits.stays(tx, ctx.account_id, key, limit, found.starts_at)
        kinds.append(Kind(key, limit, tuple(Choice(*it[:3], it[0] in stay) for it in everything)))
    return Outlook(plan.name, tuple(kinds), found, wished is not None and wished != following)


def _wished(given: Mapping[str, str], following: Coming | None, starts_at: datetime | None) -> Coming | None:
    """What somebody looks at; None where that is what is to come, or where nothing can."""
    plan, seats = given.get("plan", ""), given.get("seats", "")
    if not plan or starts_at is None or (following is not None and following.unpaid and plan == following.plan):
        return None
    return Coming(plan, int(seats) if seats.isdecimal() and len(seats) < 7 else None, starts_at)


async def _everything(tx: Tx, account_id: int, key: str) -> Sequence[tuple[UUID, str, str, bool]]:
    """Id, name, detail and whether it is active, of all there is of a kind."""
    if key == "responder":
        users = await accounts_store.list_users(tx, account_id)
        return [
            (it.id, it.full_name or it.username, it.username, it.inactive_since is None)
            for it in users
            if it.licence_kind is LicenceKind.RESPONDER and it.status is UserStatus.ACTIVE
        ]
    rows = await (schedules_store.list_schedules if key == "schedules" else config_store.list_escalations)(
        tx, account_id
    )
    return [(it.id, it.name, "", it.inactive_since is None) for it in rows]


@router.post(HERE)
async def post_active(ctx: Owning) -> Response:
    """These stay, the others rest: at once, or when the plan to come begins.

    Raises: PlanRequired at once, while the account is restricted.
    """
    key, chosen = ctx.form.text("kind"), ids(ctx.form.all("keep"))
    given = {name: ctx.form.text(name) for name in ("plan", "seats")}
    async with ctx.db.transaction() as tx:
        now = await _now(tx, ctx)
        then = await _to_come(tx, ctx, given) if given["plan"] else None
    if given["plan"] and then is None:
        raise Invalid(N_("No other plan is to come: there is nothing to choose for it."))
    if then is None:
        await ctx.require_configurable()
    kind = (then or now).kind(key)
    try:
        _check(kind, chosen, ctx)
    except (Invalid, Conflict) as error:
        return await _page(ctx, given, {f"{'then' if then else 'now'}-{key}": error.message})
    await _keep(ctx, now.kind(key), chosen, later=then is not None)
    if then is None or then.to_come is None:
        return ctx.redirect(HERE, "success", ctx.words("Saved. Whoever and whatever rests keeps everything it has."))
    said = ctx.words("Saved. That holds from %(day)s on.", day=_day(ctx, then.to_come.starts_at))
    return ctx.redirect(f"{HERE}?{urlencode(given)}" if then.wished else HERE, "success", said)


def _check(kind: Kind, chosen: list[UUID], ctx: PageContext) -> None:
    """Raises: Invalid, Conflict."""
    known = {it.id for it in kind.choices}
    if not chosen or not known >= {*chosen}:
        raise Invalid(N_("Choose at least one of those that are here."))
    if kind.limit is not None and len(chosen) > kind.limit:
        raise Invalid(N_("That is more than the plan includes: take some out again."))
    if kind.key == "responder" and ctx.user.id not in chosen:
        raise Conflict(N_("Keep yourself: somebody has to be able to change this again."))


async def _keep(ctx: PageContext, now: Kind, chosen: list[UUID], *, later: bool) -> None:
    """These of a kind stay active as long as there is room; chosen for later, nothing rests or wakes today.

    Who was chosen for the plan to come is before the others in either case.
    """
    async with ctx.db.transaction() as tx:
        before = await kept_store.load_kept(tx, ctx.account_id, KEPT[now.key])
        last = len(before)
        kept = [*chosen] if later else sorted(chosen, key=lambda it: before.get(it, last))
        if later and now.is_over:
            kept += [it.id for it in now.choices if it.active and it.id not in chosen]
        await kept_store.save_kept(tx, ctx.account_id, KEPT[now.key], kept)
        if not later:
            await ctx.gate.settle(tx, ctx.account_id, ctx.at)
        await audit.record(
            tx, ctx.actor, "chose what stays active of", "account", ctx.account_id, now.key,
            before={"keep": sorted(map(str, before))}, after={"keep": sorted(map(str, kept))},
        )  # fmt: skip
