"""Pages: the operator's cases of fair use, and an owner's answer to the one about his account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tocsin import i18n
from tocsin.accounts.pages.audit import whole_number
from tocsin.accounts.pages_access import PageContext, operator_page, page, path_uuid
from tocsin.accounts.rights import Action
from tocsin.billing import fair_use_service, fair_use_store, usage_pages
from tocsin.billing.fair_use_store import CaseRow, Note
from tocsin.billing.keeping import Rails
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_
from tocsin.money import share

router = APIRouter()
Operator = Annotated[PageContext, Depends(operator_page())]
ConfirmedOperator = Annotated[PageContext, Depends(operator_page(confirmed=True))]
Owner = Annotated[PageContext, Depends(page(Action.MANAGE_BILLING))]
HERE = "/operator/fair-use"
SHOWN = 100


@dataclass(frozen=True, slots=True)
class SeenWindow:
    """What a window cost, as the list shows it."""

    starts_at: datetime
    cost: str
    revenue: str
    percent: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what was seen and said; `error` is about a note that was just sent."""

    case: CaseRow
    windows: tuple[SeenWindow, ...]
    notes: list[Note]
    typed: str = ""
    error: str = ""


@router.get(HERE)
async def get_cases(ctx: Operator) -> Response:
    """Cases that wait for somebody first."""
    return await _page(ctx)


async def _page(ctx: PageContext, of: str = "", error: str = "") -> Response:
    async with ctx.databases.engine.transaction() as tx:
        cases = [
            CaseView(
                it,
                tuple(_seen(ctx, it)),
                await fair_use_store.list_notes(tx, it.account_id, it.id),
                ctx.form.text("note") if str(it.id) == of else "",
                error if str(it.id) == of else "",
            )
            for it in await fair_use_store.list_all(tx, SHOWN)
        ]
    return ctx.html("billing/fair_use.html", status_code=422 if error else 200, cases=cases, **ctx.settings_tabs)


def _seen(ctx: PageContext, case: CaseRow) -> list[SeenWindow]:
    locale = ctx.viewer.locale
    return [
        SeenWindow(
            datetime.fromisoformat(it["starts_at"]),
            i18n.money(locale, it["cost_minor"], case.currency),
            i18n.money(locale, it["revenue_minor"], case.currency),
            share(it["cost_minor"], 100, max(it["revenue_minor"], 1)),
        )
        for it in case.windows
    ]


@router.post(HERE + "/{account_id}/{case_id}/{decision}")
async def post_decision(ctx: ConfirmedOperator, account_id: str, case_id: str, decision: str) -> Response:
    """Approve, dismiss or withdraw, with a note that says why."""
    number, case = whole_number(account_id), path_uuid(case_id)
    if number is None or decision not in {"approve", "dismiss", "withdraw"}:
        raise NotFound(N_("There is no such page."))
    rails: Rails = ctx.request.app.state.rails
    note, by, engine = ctx.form.text("note"), ctx.user.username, ctx.databases.engine
    try:
        if decision == "approve":
            await fair_use_service.approve(engine, rails, number, case, by, note, ctx.at)
            said = ctx.words("Notice is given, and the owners are told.")
        elif decision == "dismiss":
            await fair_use_service.dismiss(engine, number, case, by, note, ctx.at)
            said = ctx.words("The case is dismissed.")
        else:
            await fair_use_service.withdraw(engine, rails, number, case, by, note, ctx.at)
            said = ctx.words("The notice is taken back, and the owners are told.")
    except Invalid as error:
        return await _page(ctx, str(case), ctx.say(error))
    except Conflict as error:
        return ctx.redirect(HERE, "danger", ctx.say(error))
    return ctx.redirect(HERE, "success", said)


@router.post(usage_pages.HERE + "/case")
async def post_reply(ctx: Owner) -> Response:
    """An owner's answer, kept with the case."""
    try:
        await fair_use_service.reply(
            ctx.databases.engine,
            ctx.account_id,
            ctx.user.username,
            ctx.form.text("note"),
            ctx.settings.base_url,
            ctx.at,
        )
    except (Invalid, Conflict) as error:
        return ctx.redirect(usage_pages.HERE, "danger", ctx.say(error))
    return ctx.redirect(usage_pages.HERE, "success", ctx.words("Your answer is with the case."))
