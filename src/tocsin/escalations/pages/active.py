"""Page: who and what stays active where the plan includes less than there is. Source: licensing requirements R3.4"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import audit
from tocsin.accounts import store as accounts_store
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import LicenceKind, UserStatus
from tocsin.accounts.pages_access import PageContext, page
from tocsin.accounts.rights import Action
from tocsin.db import Db, Tx
from tocsin.errors import Conflict, Invalid
from tocsin.escalations import config_store
from tocsin.escalations.pages.common import ids
from tocsin.escalations.plan_limits import KEPT, PlanLimits, limit_of
from tocsin.i18n import N_
from tocsin.licensing import kept_store
from tocsin.schedules import store as schedules_store

router = APIRouter()
Owning = Annotated[PageContext, Depends(page(Action.MANAGE_ACCOUNT))]
HERE = "/settings/active"
TITLES = {"responder": N_("Responders"), "schedules": N_("Schedules"), "escalations": N_("Escalations")}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that could stay active."""

    id: UUID
    name: str
    detail: str
    active: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """All there is of a kind, and how many of it may be active (None: any number)."""

    key: str
    title: str
    limit: int | None
    choices: tuple[Choice, ...]

    @property
    def is_over(self) -> bool:
        """Is there more than may be active?"""
        return self.limit is not None and len(self.choices) > self.limit


@router.get(HERE)
async def get_active(ctx: Owning) -> Response:
    """What may be chosen, and what is chosen now."""
    return await _page(ctx)


async def _page(ctx: PageContext, errors: dict[str, str] | None = None) -> Response:
    async with ctx.db.transaction() as tx:
        plan = await ctx.gate.plan(tx, ctx.account_id, ctx.at)
        kinds = [await _kind(tx, ctx, key) for key in KEPT]
    return ctx.html(
        "escalations/active.html",
        status_code=422 if errors else 200,
        plan=plan.name,
        kinds=[kind for kind in kinds if kind.is_over],
        titles={key: ctx.words(text) for key, text in TITLES.items()},
        errors={key: ctx.say(text) for key, text in (errors or {}).items()},
        **ctx.settings_tabs,
    )


async def _kind(tx: Tx, ctx: PageContext, key: str) -> Kind:
    limits = ctx.gate
    assert isinstance(limits, PlanLimits)  # noqa: S101 - the one that the application makes
    limit = limit_of(await limits.entitlements(tx, ctx.account_id, ctx.at), key)
    return Kind(key, TITLES[key], limit, tuple(await _choices(tx, ctx.account_id, key)))


async def _choices(tx: Tx, account_id: int, key: str) -> list[Choice]:
    if key == "responder":
        users = await accounts_store.list_users(tx, account_id)
        return [
            Choice(it.id, it.full_name or it.username, it.username, it.inactive_since is None)
            for it in users
            if it.licence_kind is LicenceKind.RESPONDER and it.status is UserStatus.ACTIVE
        ]
    rows = await (schedules_store.list_schedules if key == "schedules" else config_store.list_escalations)(
        tx, account_id
    )
    return [Choice(it.id, it.name, "", it.inactive_since is None) for it in rows]


@router.post(HERE)
async def post_active(ctx: Owning) -> Response:
    """These stay, the others rest."""
    key, chosen = ctx.form.text("kind"), ids(ctx.form.all("keep"))
    if key not in KEPT:
        raise Invalid(N_("Choose what stays active."))
    async with ctx.db.transaction() as tx:
        kind = await _kind(tx, ctx, key)
    try:
        _check(kind, chosen, ctx)
    except (Invalid, Conflict) as error:
        return await _page(ctx, {key: error.message})
    await keep(ctx.db, ctx.gate, ctx, key, chosen)
    return ctx.redirect(HERE, "success", ctx.words("Saved. Whoever and whatever rests keeps everything it has."))


def _check(kind: Kind, chosen: list[UUID], ctx: PageContext) -> None:
    """Raises: Invalid, Conflict."""
    known = {it.id for it in kind.choices}
    if not chosen or not known >= {*chosen}:
        raise Invalid(N_("Choose at least one of those that are here."))
    if kind.limit is not None and len(chosen) > kind.limit:
        raise Invalid(N_("That is more than the plan includes: take some out again."))
    if kind.key == "responder" and ctx.user.id not in chosen:
        raise Conflict(N_("Keep yourself: somebody has to be able to change this again."))


async def keep(db: Db, gate: Gate, ctx: PageContext, key: str, chosen: list[UUID]) -> None:
    """These of a kind stay active as long as there is room."""
    async with db.transaction() as tx:
        before = await kept_store.load_kept(tx, ctx.account_id, KEPT[key])
        await kept_store.save_kept(tx, ctx.account_id, KEPT[key], chosen)
        await gate.settle(tx, ctx.account_id, ctx.at)
        await audit.record(
            tx, ctx.actor, "chose what stays active of", "account", ctx.account_id, key,
            before={"keep": sorted(map(str, before))}, after={"keep": sorted(map(str, chosen))},
        )  # fmt: skip
