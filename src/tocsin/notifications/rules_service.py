"""What is changed about how a person is told: each one transaction, with its line in the audit log.

Pages and API come by here; whose rules they are is an argument.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from tocsin.accounts import audit
from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import Contact
from tocsin.db import Db, Tx
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_
from tocsin.notifications import rules, rules_store
from tocsin.notifications.plan import ActionType
from tocsin.notifications.rules import RULES_LIMIT, Draft, RuleRow, StepDraft, StepRow
from tocsin.notifications.rules_store import Quiet
from tocsin.schedules import restrictions
from tocsin.schedules.restrictions import Restriction

FEATURE = "notification_rules"
NO_RULE = N_("There is no such notification rule.")


async def tell_of_new_alerts(tx: Tx, contact: Contact) -> None:
    """The rule that everybody starts with: each new alert, at once, to this contact; unless there is one already."""
    account_id, user_id = contact.account_id, contact.user_id
    found = await rules_store.list_rules(tx, account_id, user_id)
    if any(rule.action_type == ActionType.CREATE_ALERT for rule in found):
        return
    rule_id = uuid4()
    await rules_store.insert_rule(
        tx, account_id, rule_id, user_id, "New alert", action_type=ActionType.CREATE_ALERT, position=len(found)
    )
    await rules_store.insert_step(tx, account_id, uuid4(), rule_id, contact.id, after=timedelta(0), position=0)


async def add_rule(
    db: Db,
    gate: Gate,
    actor: Actor,
    user_id: UUID,
    draft: Draft,
    steps: Sequence[StepDraft] = (),
    order: int | None = None,
) -> RuleRow:
    """A rule with its steps, after the others or at place `order` among those about the same.

    Raises: Invalid, NotFound, PlanRequired (the plan includes one rule for each kind of event, without conditions).
    """
    rules.check(draft)
    rules.check_steps(steps)
    async with db.transaction() as tx:
        found = await rules_store.lock_rules(tx, actor.account_id, user_id)
        if len(found) >= RULES_LIMIT:
            raise Invalid(N_("You have 50 rules, which is the limit."))
        await _check_plan(tx, gate, actor, user_id, draft)
        await gate.require_room(tx, actor.account_id, FEATURE, actor.at, _group(user_id, draft.action_type))
        made = await _insert(tx, actor, user_id, draft, steps, max((it.position for it in found), default=-1) + 1)
        if order is not None:
            made = await _place(tx, [*found, made], made, order)
        after = rules.facts(made, await rules_store.list_steps(tx, actor.account_id, user_id))
        await audit.record(tx, actor, "created", "notification-rule", made.id, made.name, after=after)
    return made


def _group(user_id: UUID, action_type: str) -> str:
    return f"{user_id} {action_type}"


async def _check_plan(tx: Tx, gate: Gate, actor: Actor, user_id: UUID, draft: Draft) -> None:
    """Raises: PlanRequired for conditions and hours where the plan has none."""
    if draft.is_custom:
        await gate.require_choice(tx, actor.account_id, "notification_rules", "custom", actor.at)


async def _insert(
    tx: Tx, actor: Actor, user_id: UUID, draft: Draft, steps: Sequence[StepDraft], position: int
) -> RuleRow:
    await _check_schedules(tx, actor, draft)
    made = rules.row_of(draft, actor.account_id, uuid4(), user_id, position)
    await rules_store.insert(tx, made)
    await _insert_steps(tx, actor, user_id, made.id, steps)
    return made


async def _insert_steps(tx: Tx, actor: Actor, user_id: UUID, rule_id: UUID, steps: Sequence[StepDraft]) -> None:
    contacts = {it.id for it in await accounts_store.list_contacts(tx, actor.account_id, user_id)}
    for place, step in enumerate(steps):
        if step.contact_id not in contacts:
            raise NotFound(N_("There is no such contact."))
        await rules_store.insert_step(
            tx, actor.account_id, uuid4(), rule_id, step.contact_id, after=step.after, position=place,
            enabled=step.enabled,
        )  # fmt: skip


async def _check_schedules(tx: Tx, actor: Actor, draft: Draft) -> None:
    if not draft.schedule_ids:
        return
    directory = await accounts_store.load_directory(tx, actor.account_id)
    if any(directory.entry("schedule", str(it)) is None for it in draft.schedule_ids):
        raise NotFound(N_("There is no such schedule."))


async def change_rule(
    db: Db,
    gate: Gate,
    actor: Actor,
    user_id: UUID,
    rule_id: UUID,
    change: Callable[[Draft], Draft],
    steps: Sequence[StepDraft] | None = None,
    order: int | None = None,
) -> RuleRow:
    """The rule as it becomes: `change` of what it is, with other steps and at another place where those are given.

    Raises: NotFound, Invalid, PlanRequired.
    """
    async with db.transaction() as tx:
        found = await rules_store.lock_rules(tx, actor.account_id, user_id)
        rule = _of(found, rule_id)
        before = rules.facts(rule, await rules_store.list_steps(tx, actor.account_id, user_id))
        was = rules.draft_of(rule)
        draft = change(was)
        rules.check(draft)
        await _check_schedules(tx, actor, draft)
        if (draft.criteria, draft.restriction) != (was.criteria, was.restriction):
            await _check_plan(tx, gate, actor, user_id, draft)
        if draft.action_type is not was.action_type:
            await gate.require_room(tx, actor.account_id, FEATURE, actor.at, _group(user_id, draft.action_type))
        changed = rules.row_of(draft, actor.account_id, rule_id, user_id, rule.position)
        await rules_store.save_rule(tx, changed)
        if steps is not None:
            rules.check_steps(steps)
            await rules_store.delete_steps(tx, actor.account_id, rule_id)
            await _insert_steps(tx, actor, user_id, rule_id, steps)
        if order is not None:
            changed = await _place(tx, [changed if it.id == rule_id else it for it in found], changed, order)
        if draft.action_type is not was.action_type:
            await gate.settle(tx, actor.account_id, actor.at)
        after = rules.facts(changed, await rules_store.list_steps(tx, actor.account_id, user_id))
        await audit.record(
            tx, actor, "changed", "notification-rule", rule_id, changed.name, before=before, after=after
        )  # fmt: skip
    return changed


async def set_rule_enabled(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, *, enabled: bool) -> None:
    """Switch it on or off. Raises: NotFound."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        await rules_store.save_rule(tx, replace(rule, enabled=enabled))
        await audit.record(
            tx, actor, "changed", "notification-rule", rule_id, rule.name,
            before={"enabled": rule.enabled}, after={"enabled": enabled},
        )  # fmt: skip


async def move_rule(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, direction: Literal["up", "down"]) -> None:
    """Before or after its neighbour: of two rules for the same, the first that is on decides. Raises: NotFound."""
    async with db.transaction() as tx:
        found = await rules_store.lock_rules(tx, actor.account_id, user_id)
        rule = _of(found, rule_id)
        place = found.index(rule)
        other = place - 1 if direction == "up" else place + 1
        if not 0 <= other < len(found):
            return
        found[place], found[other] = found[other], found[place]
        await _renumber(tx, found)
        await _tell_moved(tx, actor, rule, place, other)


async def set_order(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, order: int) -> None:
    """Move it to the place `order`, from 0, among the rules about the same. Raises: NotFound, Invalid."""
    async with db.transaction() as tx:
        found = await rules_store.lock_rules(tx, actor.account_id, user_id)
        rule = _of(found, rule_id)
        before = order_of(found, rule)
        await _place(tx, found, rule, order)
        await _tell_moved(tx, actor, rule, before, order)


def order_of(found: Iterable[RuleRow], rule: RuleRow) -> int:
    """The rule's place, from 0, among those about the same: the API's `order`."""
    return [it.id for it in found if it.action_type == rule.action_type].index(rule.id)


async def _place(tx: Tx, found: Sequence[RuleRow], rule: RuleRow, order: int) -> RuleRow:
    """The rule at its new place among those about the same; the places that all of those have stay theirs."""
    same = [it for it in found if it.action_type == rule.action_type and it.id != rule.id]
    if not 0 <= order <= len(same):
        text = N_("There is no such place among the rules about this event.")
        raise Invalid(text, {"order": text})
    same.insert(order, rule)
    kind = rule.action_type
    wanted = iter(same)
    arranged = [next(wanted) if it.action_type == kind else it for it in found]
    await _renumber(tx, arranged)
    return replace(rule, position=[it.id for it in arranged].index(rule.id))


async def _renumber(tx: Tx, found: Sequence[RuleRow]) -> None:
    for position, it in enumerate(found):
        await rules_store.save_rule(tx, replace(it, position=position))


async def _tell_moved(tx: Tx, actor: Actor, rule: RuleRow, before: int, after: int) -> None:
    await audit.record(
        tx, actor, "moved", "notification-rule", rule.id, rule.name,
        before={"place": before + 1}, after={"place": after + 1},
    )  # fmt: skip


async def remove_rule(db: Db, gate: Gate, actor: Actor, user_id: UUID, rule_id: UUID) -> None:
    """Without it and its steps; one that rested may wake. Raises: NotFound."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        before = rules.facts(rule, await rules_store.list_steps(tx, actor.account_id, user_id))
        await rules_store.delete_rule(tx, actor.account_id, rule_id)
        await gate.settle(tx, actor.account_id, actor.at)
        await audit.record(tx, actor, "deleted", "notification-rule", rule_id, rule.name, before=before)


async def copy_rules(
    db: Db, gate: Gate, actor: Actor, user_id: UUID, to: Sequence[UUID], kinds: frozenset[ActionType]
) -> None:
    """Give the others this person's rules of these kinds in place of their own; steps go by the others' own contacts.

    A step whose kind of contact somebody has not is left out for him. Raises: NotFound, PlanRequired.
    """
    async with db.transaction() as tx:
        given = [it for it in await rules_store.list_rules(tx, actor.account_id, user_id) if it.action_type in kinds]
        steps = await rules_store.list_steps(tx, actor.account_id, user_id)
        methods = {it.id: it.method for it in await accounts_store.list_contacts(tx, actor.account_id, user_id)}
        for other in dict.fromkeys(to):
            if other == user_id:
                continue
            user = await accounts_store.get_user(tx, actor.account_id, other)
            contacts = await accounts_store.list_contacts(tx, actor.account_id, other)
            own = await rules_store.lock_rules(tx, actor.account_id, other)
            for rule in own:
                if rule.action_type in kinds:
                    await rules_store.delete_rule(tx, actor.account_id, rule.id)
            position = max((it.position for it in own), default=-1) + 1
            for place, rule in enumerate(given):
                draft = rules.draft_of(rule)
                await _check_plan(tx, gate, actor, other, draft)
                fitting = [
                    StepDraft(contact.id, step.after, step.enabled)
                    for step in steps
                    if step.rule_id == rule.id
                    for contact in contacts
                    if contact.method == methods.get(step.contact_id)
                ]
                unique = list({(it.contact_id, it.after): it for it in fitting}.values())
                await _insert(tx, actor, other, draft, unique[: rules.STEPS_LIMIT], position + place)
            await audit.record(
                tx, actor, "copied notification rules to", "user", other, user.username,
                before={"rules": [it.name for it in own if it.action_type in kinds]},
                after={"rules": [it.name for it in given]},
            )  # fmt: skip
        await gate.settle(tx, actor.account_id, actor.at)


async def add_step(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, step: StepDraft) -> UUID:
    """One more contact, or the same one later. Raises: NotFound, Invalid."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        steps = await _steps(tx, actor, user_id, rule_id)
        rules.check_steps([*(StepDraft(it.contact_id, it.after) for it in steps), step])
        await _check_contact(tx, actor.account_id, user_id, step.contact_id)
        position, step_id = max((it.position for it in steps), default=-1) + 1, uuid4()
        await rules_store.insert_step(
            tx, actor.account_id, step_id, rule_id, step.contact_id, after=step.after, position=position,
            enabled=step.enabled,
        )  # fmt: skip
        facts = {"contact": str(step.contact_id), "after": str(step.after)}
        await audit.record(tx, actor, "added a step to", "notification-rule", rule_id, rule.name, after=facts)
    return step_id


async def change_step(
    db: Db, actor: Actor, user_id: UUID, rule_id: UUID, step_id: UUID, change: Callable[[StepDraft], StepDraft]
) -> None:
    """Another contact or delay, on or off. Raises: NotFound, Invalid."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        steps = await _steps(tx, actor, user_id, rule_id)
        step = _step_of(steps, step_id)
        wanted = change(StepDraft(step.contact_id, step.after, step.enabled))
        others = [StepDraft(it.contact_id, it.after) for it in steps if it.id != step_id]
        rules.check_steps([*others, wanted])
        await _check_contact(tx, actor.account_id, user_id, wanted.contact_id)
        changed = replace(step, contact_id=wanted.contact_id, after=wanted.after, enabled=wanted.enabled)
        await rules_store.save_step(tx, actor.account_id, changed)
        before, after = _step_facts(step), _step_facts(changed)
        await audit.record(
            tx, actor, "changed a step of", "notification-rule", rule_id, rule.name, before=before, after=after
        )  # fmt: skip


def _step_facts(step: StepRow) -> dict[str, object]:
    return {"contact": str(step.contact_id), "after": str(step.after), "enabled": step.enabled}


async def set_step_enabled(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, step_id: UUID, *, enabled: bool) -> None:
    """Switch a step on or off. Raises: NotFound."""
    await change_step(db, actor, user_id, rule_id, step_id, lambda step: replace(step, enabled=enabled))


async def remove_step(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, step_id: UUID) -> None:
    """Without that step. Raises: NotFound."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        step = _step_of(await _steps(tx, actor, user_id, rule_id), step_id)
        await rules_store.delete_step(tx, actor.account_id, step_id)
        before = _step_facts(step)
        await audit.record(tx, actor, "removed a step from", "notification-rule", rule_id, rule.name, before=before)


async def mute(db: Db, actor: Actor, user_id: UUID, until: datetime | None) -> None:
    """Send this person nothing before `until`; None: as ever. Raises: Invalid for an instant that is over."""
    if until is not None and until <= actor.at:
        raise Invalid(N_("Choose an instant that is still to come."))
    async with db.transaction() as tx:
        was = await rules_store.lock_quiet(tx, actor.account_id, user_id)
        await rules_store.save_quiet(tx, actor.account_id, user_id, replace(was, muted_until=until))
        await _tell_quiet(tx, actor, user_id, was, replace(was, muted_until=until))


async def set_quiet_hours(db: Db, actor: Actor, user_id: UUID, hours: Restriction | None) -> None:
    """Send this person nothing at these hours of his zone."""
    async with db.transaction() as tx:
        was = await rules_store.lock_quiet(tx, actor.account_id, user_id)
        now = replace(was, quiet_hours=restrictions.as_json(hours))
        await rules_store.save_quiet(tx, actor.account_id, user_id, now)
        await _tell_quiet(tx, actor, user_id, was, now)


async def _tell_quiet(tx: Tx, actor: Actor, user_id: UUID, was: Quiet, now: Quiet) -> None:
    user = await accounts_store.get_user(tx, actor.account_id, user_id)
    before, after = ({"muted_until": it.muted_until, "quiet_hours": it.quiet_hours} for it in (was, now))
    await audit.record(tx, actor, "changed", "user", user_id, user.username, before=before, after=after)


def _of(found: Sequence[RuleRow], rule_id: UUID) -> RuleRow:
    for rule in found:
        if rule.id == rule_id:
            return rule
    raise NotFound(NO_RULE)


def _step_of(steps: Sequence[StepRow], step_id: UUID) -> StepRow:
    for step in steps:
        if step.id == step_id:
            return step
    raise NotFound(N_("There is no such step."))


async def _steps(tx: Tx, actor: Actor, user_id: UUID, rule_id: UUID) -> list[StepRow]:
    return [it for it in await rules_store.list_steps(tx, actor.account_id, user_id) if it.rule_id == rule_id]


async def _check_contact(tx: Tx, account_id: int, user_id: UUID, contact_id: UUID) -> None:
    if all(it.id != contact_id for it in await accounts_store.list_contacts(tx, account_id, user_id)):
        raise NotFound(N_("There is no such contact."))
