"""Pages: how I am told: my notification rules and their steps, whether they reach me, my silence; a test page."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Contact, UserStatus
from tocsin.accounts.pages_access import PageContext, page, path_uuid, zone_of
from tocsin.accounts.rights import Action
from tocsin.alerts.criteria import MATCH_ALL
from tocsin.errors import Conflict, Invalid, PlanRequired, Throttled
from tocsin.i18n import N_
from tocsin.notifications import form_rows, plan, rule_form, rules_service, rules_store, service, words
from tocsin.notifications.plan import SHIFT_NOTICES, ActionType, NotificationTime, Plan, Unreachable
from tocsin.notifications.rules import AFTER_LIMIT, MINUTE, Draft, RuleRow, StepDraft, StepRow, as_planned, draft_of
from tocsin.schedules import restrictions

router = APIRouter()
Self = Annotated[PageContext, Depends(page())]
Editor = Annotated[PageContext, Depends(page(Action.EDIT_NOTIFICATION_RULES))]
Silencer = Annotated[PageContext, Depends(page(Action.EDIT_QUIET_HOURS))]
HERE = "/profile/notifications"
OFFERED = (
    ActionType.CREATE_ALERT,
    ActionType.RENOTIFIED_ALERT,
    ActionType.ASSIGNED_ALERT,
    ActionType.ACKNOWLEDGED_ALERT,
    ActionType.CLOSED_ALERT,
    ActionType.ADD_NOTE,
    ActionType.SCHEDULE_START,
    ActionType.SCHEDULE_END,
)
MUTES = (60, 240, 480, 1440, 4320, 10080)  # minutes


@router.get(HERE)
async def get_rules(ctx: Self) -> Response:
    """My rules, in order, and when I want silence."""
    async with ctx.db.transaction() as tx:
        rules = await rules_store.list_rules(tx, ctx.account_id, ctx.user.id)
        steps = await rules_store.list_steps(tx, ctx.account_id, ctx.user.id)
        contacts = await accounts_store.list_contacts(tx, ctx.account_id, ctx.user.id)
        directory = await accounts_store.load_directory(tx, ctx.account_id)
        quiet = await rules_store.get_quiet(tx, ctx.account_id, ctx.user.id)
    _, locale = ctx.words, ctx.viewer.locale
    hours = restrictions.from_json(quiet.quiet_hours)
    muted = quiet.muted_until if quiet.muted_until is not None and quiet.muted_until > ctx.at else None
    schedules = sorted((it.name, str(it.id)) for it in directory.of("schedule"))
    return ctx.html(
        "notifications/rules.html",
        rules=[_view(rule, steps, contacts, ctx, place, len(rules)) for place, rule in enumerate(rules)],
        contacts=[(str(it.id), _label(it, locale)) for it in contacts],
        actions=[(it.value, _(words.ACTIONS[it])) for it in OFFERED],
        trouble=_trouble(ctx, rules, steps, contacts),
        limit_minutes=AFTER_LIMIT // MINUTE,
        may_edit=ctx.may(Action.EDIT_NOTIFICATION_RULES),
        may_silence=ctx.may(Action.EDIT_QUIET_HOURS),
        muted_until=muted,
        is_quiet=hours is not None and restrictions.is_open(hours, zone_of(ctx.user.time_zone), ctx.at),
        quiet_rows=rule_form.hours_rows(hours),
        mutes=[(str(it), words.length_in_words(it * MINUTE, locale)) for it in MUTES],
        matches=[(value, _(text)) for value, text in rule_form.MATCHES.items()],
        condition_fields=[("", "–"), *((value, _(text)) for value, text in rule_form.FIELDS.items())],
        operations=[(value, _(text)) for value, text in rule_form.OPERATIONS.items()],
        days=[("", "–"), *((value, _(text)) for value, text in rule_form.DAYS.items())],
        times=[(value, _(text)) for value, text in words.TIMES.items()],
        schedules=[(ident, name) for name, ident in schedules],
        zone=ctx.user.time_zone.replace("_", " "),
    )


def _label(contact: Contact, locale: str) -> str:
    return f"{words.method_in_words(contact.method.value, locale)} {contact.address}"


def _view(
    rule: RuleRow, steps: list[StepRow], contacts: list[Contact], ctx: PageContext, place: int, count: int
) -> dict[str, object]:
    _, locale = ctx.words, ctx.viewer.locale
    by_id = {it.id: it for it in contacts}
    draft = draft_of(rule)
    return {
        "id": rule.id,
        "base": f"{HERE}/{rule.id}",
        "name": rule.name,
        "about": _(words.ACTIONS[rule.action_type]),
        "enabled": rule.enabled,
        "may_rise": place > 0,
        "may_sink": place < count - 1,
        "of_turns": draft.action_type in SHIFT_NOTICES,
        "repeats": draft.action_type in plan.CALLS_TO_ACT,
        "match": draft.criteria.type.value,
        "conditions": rule_form.condition_rows(draft.criteria),
        "hours": rule_form.hours_rows(draft.restriction),
        "repeat_minutes": draft.repeat_after // MINUTE if draft.repeat_after else 10,
        "repeat_enabled": draft.repeat_enabled,
        "times": rule.times,
        "schedules": [str(it) for it in rule.schedule_ids],
        "limits": _limits(draft, ctx),
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


def _limits(draft: Draft, ctx: PageContext) -> list[str]:
    """What a rule asks beyond its event, each in a few words."""
    _, found = ctx.words, []
    if draft.criteria != MATCH_ALL:
        count = len(draft.criteria.conditions)
        found.append(_.ngettext("only alerts that meet %(num)s condition", "only alerts that meet %(num)s conditions",
                                count))  # fmt: skip
    if draft.restriction is not None:
        found.append(_("only at some hours"))
    if draft.repeat_enabled and draft.repeat_after is not None:
        found.append(_("again every %(time)s until somebody acts",
                       time=words.length_in_words(draft.repeat_after, ctx.viewer.locale)))  # fmt: skip
    found += [_(words.TIMES[it]) for it in draft.times]
    return found


def _trouble(ctx: PageContext, rules: list[RuleRow], steps: list[StepRow], contacts: list[Contact]) -> str:
    """Why a new alert, whichever it is, would not reach me now, or nothing."""
    _ = ctx.words
    if ctx.user.status is UserStatus.SUSPENDED:
        return _("You are suspended.")
    match plan.plan(
        [replace(as_planned(rule, steps), criteria=MATCH_ALL) for rule in rules],
        [
            plan.Contact(str(it.id), it.method.value, it.address, it.enabled, it.verified_at is not None)
            for it in contacts
        ],
        ActionType.CREATE_ALERT,
        ctx.at,
        zone=zone_of(ctx.user.time_zone),
    ):
        case Unreachable(reason=reason):
            return _(words.UNREACHABLE[reason])
        case Plan():
            return ""


async def _done(ctx: PageContext, change: Awaitable[object], text: str, rule_id: UUID | None = None) -> Response:
    """Back to the page; what was not acceptable is said there."""
    to = f"{HERE}#rule-{rule_id}" if rule_id else HERE
    try:
        await change
    except (Invalid, PlanRequired) as error:
        return ctx.redirect(to, "danger", ctx.say(error))
    return ctx.redirect(to, "success", text)


@router.post(HERE)
async def post_rule(ctx: Editor) -> Response:
    """A new rule with its first step."""
    _ = ctx.words
    return await _done(ctx, _add_rule(ctx), _("The rule is there."))


async def _add_rule(ctx: PageContext) -> None:
    kind = ctx.form.text("action_type")
    if kind not in OFFERED:
        raise Invalid(N_("Choose what the rule is about."), {"action_type": "is not offered"})
    times = (NotificationTime.JUST_BEFORE,) if kind in SHIFT_NOTICES else ()
    draft = Draft(ctx.form.text("name"), ActionType(kind), times=times)
    contact_id = path_uuid(ctx.form.text("contact"))
    await rules_service.add_rule(ctx.db, ctx.gate, ctx.actor, ctx.user.id, draft, [StepDraft(contact_id)])


@router.post(HERE + "/{rule_id}/remove")
async def post_remove_rule(ctx: Editor, rule_id: str) -> Response:
    """Without that rule."""
    _ = ctx.words
    change = rules_service.remove_rule(ctx.db, ctx.gate, ctx.actor, ctx.user.id, path_uuid(rule_id))
    return await _done(ctx, change, _("Removed."))


@router.post(HERE + "/{rule_id}/steps")
async def post_step(ctx: Editor, rule_id: str) -> Response:
    """One more step."""
    _, ident = ctx.words, path_uuid(rule_id)
    return await _done(ctx, _add_step(ctx, ident), _("The step is there."), ident)


async def _add_step(ctx: PageContext, rule_id: UUID) -> None:
    step = StepDraft(path_uuid(ctx.form.text("contact")), _minutes(ctx.form.text("minutes")))
    await rules_service.add_step(ctx.db, ctx.actor, ctx.user.id, rule_id, step)


def _minutes(text: str) -> timedelta:
    if not (text.isascii() and text.isdecimal()) or len(text) > 6:
        raise Invalid(N_("A step waits 48 hours at most."))
    return int(text) * MINUTE


@router.post(HERE + "/{rule_id}/settings")
async def post_settings(ctx: Editor, rule_id: str) -> Response:
    """What the rule is called, which alerts it is for, at which hours, and whether it begins again."""
    _, ident = ctx.words, path_uuid(rule_id)
    return await _done(ctx, _save_settings(ctx, ident), _("Saved."), ident)


async def _save_settings(ctx: PageContext, rule_id: UUID) -> None:
    form = ctx.form
    wanted = rule_form.criteria_of(form.text("match"), form_rows.condition_rows(form))
    hours = rule_form.hours_of(form_rows.hours_rows(form))
    repeats = form.has("repeat")
    after = _minutes(form.text("repeat_minutes") or "0")
    times = tuple(NotificationTime(it) for it in form.all("time") if it in {*NotificationTime})
    schedule_ids = tuple(path_uuid(it) for it in form.all("schedule"))

    def change(draft: Draft) -> Draft:
        return replace(
            draft, name=form.text("name"), criteria=wanted, restriction=hours, times=times, schedule_ids=schedule_ids,
            repeat_enabled=repeats, repeat_after=after if after else None if repeats else draft.repeat_after,
        )  # fmt: skip

    await rules_service.change_rule(ctx.db, ctx.gate, ctx.actor, ctx.user.id, rule_id, change)


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


@router.post("/profile/mute")
async def post_mute(ctx: Silencer) -> Response:
    """Silence from now on, for so many `minutes`; none: silence is over."""
    _, minutes = ctx.words, ctx.form.text("minutes")
    if minutes and minutes not in {str(it) for it in MUTES}:
        raise Invalid(N_("Choose for how long."))
    until = ctx.at + int(minutes) * MINUTE if minutes else None
    text = _("Nothing is sent to you until then.") if until else _("You are told again.")
    return await _done(ctx, rules_service.mute(ctx.db, ctx.actor, ctx.user.id, until), text)


@router.post("/profile/quiet-hours")
async def post_quiet_hours(ctx: Silencer) -> Response:
    """The hours at which nothing is sent to me; rows left blank are none."""
    _ = ctx.words
    return await _done(ctx, _save_quiet_hours(ctx), _("Saved."))


async def _save_quiet_hours(ctx: PageContext) -> None:
    hours = rule_form.hours_of(form_rows.hours_rows(ctx.form))
    await rules_service.set_quiet_hours(ctx.db, ctx.actor, ctx.user.id, hours)


@router.post("/profile/contacts/{contact_id}/test")
async def post_test_page(ctx: Self, contact_id: str) -> Response:
    """A harmless page to one of my contacts: does it arrive?"""
    _, back = ctx.words, "/profile"
    try:
        await service.send_test_page(ctx.db, ctx.account_id, ctx.user.id, path_uuid(contact_id), ctx.at)
    except (Conflict, Throttled) as error:
        return ctx.redirect(back, "danger", ctx.say(error))
    return ctx.redirect(back, "success", _("A test page is on its way. Look whether it arrives."))
