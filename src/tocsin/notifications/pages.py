"""Pages: how I am told: my notification rules with their steps, whether they reach me at all; a test page."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Contact, UserStatus
from tocsin.accounts.pages_access import PageContext, page, path_uuid
from tocsin.accounts.rights import Action
from tocsin.errors import Conflict, Invalid, Throttled
from tocsin.i18n import N_
from tocsin.notifications import plan, rules_service, rules_store, service, words
from tocsin.notifications.plan import ActionType, NotificationRule, Plan, Step, Unreachable
from tocsin.notifications.rules_service import AFTER_LIMIT, OFFERED
from tocsin.notifications.rules_store import RuleRow, StepRow

router = APIRouter()
Self = Annotated[PageContext, Depends(page())]
Editor = Annotated[PageContext, Depends(page(Action.EDIT_NOTIFICATION_RULES))]
HERE = "/profile/notifications"


@router.get(HERE)
async def get_rules(ctx: Self) -> Response:
    """My rules, in order."""
    async with ctx.db.transaction() as tx:
        rules = await rules_store.list_rules(tx, ctx.account_id, ctx.user.id)
        steps = await rules_store.list_steps(tx, ctx.account_id, ctx.user.id)
        contacts = await accounts_store.list_contacts(tx, ctx.account_id, ctx.user.id)
    _ = ctx.words
    choices = [(str(it.id), _label(it, ctx.viewer.locale)) for it in contacts]
    return ctx.html(
        "notifications/rules.html",
        rules=[_view(rule, steps, contacts, ctx, place, len(rules)) for place, rule in enumerate(rules)],
        contacts=choices,
        actions=[(it.value, _(words.ACTIONS[it])) for it in OFFERED],
        trouble=_trouble(ctx, rules, steps, contacts),
        limit_minutes=AFTER_LIMIT // timedelta(minutes=1),
    )


def _label(contact: Contact, locale: str) -> str:
    return f"{words.method_in_words(contact.method.value, locale)} {contact.address}"


def _view(
    rule: RuleRow, steps: list[StepRow], contacts: list[Contact], ctx: PageContext, place: int, count: int
) -> dict[str, object]:
    _, locale = ctx.words, ctx.viewer.locale
    by_id = {it.id: it for it in contacts}
    return {
        "id": rule.id,
        "base": f"{HERE}/{rule.id}",
        "name": rule.name,
        "about": _(words.ACTIONS[rule.action_type]),
        "enabled": rule.enabled,
        "may_rise": place > 0,
        "may_sink": place < count - 1,
        "steps": [
            {
                "id": step.id,
                "contact": _label(by_id[step.contact_id], locale),
                "after": words.after_in_words(step.after, locale),
                "enabled": step.enabled,
                "verified": by_id[step.contact_id].verified_at is not None,
                "contact_enabled": by_id[step.contact_id].enabled,
            }
            for step in steps
            if step.rule_id == rule.id and step.contact_id in by_id
        ],
    }


def _trouble(ctx: PageContext, rules: list[RuleRow], steps: list[StepRow], contacts: list[Contact]) -> str:
    """Why a new alert would not reach me now, or nothing."""
    _ = ctx.words
    if ctx.user.status is UserStatus.SUSPENDED:
        return _("You are suspended.")
    match plan.plan(
        [_as_planned(rule, steps) for rule in rules],
        [
            plan.Contact(str(it.id), it.method.value, it.address, it.enabled, it.verified_at is not None)
            for it in contacts
        ],
        ActionType.CREATE_ALERT,
        ctx.at,
    ):
        case Unreachable(reason=reason):
            return _(words.UNREACHABLE[reason])
        case Plan():
            return ""


def _as_planned(rule: RuleRow, steps: list[StepRow]) -> NotificationRule:
    own = tuple(
        Step(str(step.id), str(step.contact_id), step.after, step.enabled) for step in steps if step.rule_id == rule.id
    )
    return NotificationRule(str(rule.id), rule.name, ActionType(rule.action_type), rule.position, own, rule.enabled)


async def _done(ctx: PageContext, change: Awaitable[object], text: str, rule_id: UUID | None = None) -> Response:
    """Back to the page; what was not acceptable is said there."""
    to = f"{HERE}#rule-{rule_id}" if rule_id else HERE
    try:
        await change
    except Invalid as error:
        return ctx.redirect(to, "danger", ctx.say(error))
    return ctx.redirect(to, "success", text)


@router.post(HERE)
async def post_rule(ctx: Editor) -> Response:
    """A new rule with its first step."""
    _, form = ctx.words, ctx.form
    change = rules_service.add_rule(
        ctx.db, ctx.gate, ctx.actor, ctx.user.id, form.text("name"), form.text("action_type"),
        path_uuid(form.text("contact")),
    )  # fmt: skip
    return await _done(ctx, change, _("The rule is there."))


@router.post(HERE + "/{rule_id}/remove")
async def post_remove_rule(ctx: Editor, rule_id: str) -> Response:
    """Without that rule."""
    _ = ctx.words
    return await _done(
        ctx, rules_service.remove_rule(ctx.db, ctx.actor, ctx.user.id, path_uuid(rule_id)), _("Removed.")
    )


@router.post(HERE + "/{rule_id}/steps")
async def post_step(ctx: Editor, rule_id: str) -> Response:
    """One more step."""
    _, ident = ctx.words, path_uuid(rule_id)
    return await _done(ctx, _add_step(ctx, ident), _("The step is there."), ident)


async def _add_step(ctx: PageContext, rule_id: UUID) -> None:
    minutes = ctx.form.text("minutes")
    if not minutes.isdecimal() or len(minutes) > 6:
        raise Invalid(N_("A step waits 48 hours at most."))
    contact_id, after = path_uuid(ctx.form.text("contact")), timedelta(minutes=int(minutes))
    await rules_service.add_step(ctx.db, ctx.actor, ctx.user.id, rule_id, contact_id, after)


@router.post(HERE + "/{rule_id}/steps/{step_id}/remove")
async def post_remove_step(ctx: Editor, rule_id: str, step_id: str) -> Response:
    """Without that step."""
    _, ident = ctx.words, path_uuid(rule_id)
    change = rules_service.remove_step(ctx.db, ctx.actor, ctx.user.id, ident, path_uuid(step_id))
    return await _done(ctx, change, _("Removed."), ident)


@router.post(HERE + "/{rule_id}/steps/{step_id}/{switch}")
async def post_switch_step(ctx: Editor, rule_id: str, step_id: str, switch: Literal["enable", "disable"]) -> Response:
    """On or off."""
    _, ident = ctx.words, path_uuid(rule_id)
    change = rules_service.set_step_enabled(
        ctx.db, ctx.actor, ctx.user.id, ident, path_uuid(step_id), enabled=switch == "enable"
    )
    return await _done(ctx, change, _("Saved."), ident)


@router.post(HERE + "/{rule_id}/{change}")
async def post_change_rule(ctx: Editor, rule_id: str, change: Literal["enable", "disable", "up", "down"]) -> Response:
    """On or off, up or down."""
    _, ident = ctx.words, path_uuid(rule_id)
    if change == "up" or change == "down":
        moving = rules_service.move_rule(ctx.db, ctx.actor, ctx.user.id, ident, change)
        return await _done(ctx, moving, _("Saved."), ident)
    switching = rules_service.set_rule_enabled(ctx.db, ctx.actor, ctx.user.id, ident, enabled=change == "enable")
    return await _done(ctx, switching, _("Saved."), ident)


@router.post("/profile/contacts/{contact_id}/test")
async def post_test_page(ctx: Self, contact_id: str) -> Response:
    """A harmless page to one of my contacts: does it arrive?"""
    _, back = ctx.words, "/profile"
    try:
        await service.send_test_page(ctx.db, ctx.account_id, ctx.user.id, path_uuid(contact_id), ctx.at)
    except (Conflict, Throttled) as error:
        return ctx.redirect(back, "danger", ctx.say(error))
    return ctx.redirect(back, "success", _("A test page is on its way. Look whether it arrives."))
