"""What a person changes about how they are told: each one transaction, with its line in the audit log."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
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
from tocsin.notifications import rules_store
from tocsin.notifications.plan import ActionType
from tocsin.notifications.rules_store import RuleRow, StepRow

NAME_LIMIT = 100
RULES_LIMIT = 50
STEPS_LIMIT = 20
AFTER_LIMIT = timedelta(hours=48)
OFFERED = (
    ActionType.CREATE_ALERT,
    ActionType.RENOTIFIED_ALERT,
    ActionType.ASSIGNED_ALERT,
    ActionType.ACKNOWLEDGED_ALERT,
    ActionType.CLOSED_ALERT,
    ActionType.ADD_NOTE,
)


async def tell_of_new_alerts(tx: Tx, contact: Contact) -> None:
    """The rule that everybody starts with: each new alert, at once, to this contact; unless there is one already."""
    account_id, user_id = contact.account_id, contact.user_id
    rules = await rules_store.list_rules(tx, account_id, user_id)
    if any(rule.action_type == ActionType.CREATE_ALERT for rule in rules):
        return
    rule_id = uuid4()
    await rules_store.insert_rule(
        tx, account_id, rule_id, user_id, "New alert", action_type=ActionType.CREATE_ALERT, position=len(rules)
    )
    await rules_store.insert_step(tx, account_id, uuid4(), rule_id, contact.id, after=timedelta(0), position=0)


async def add_rule(
    db: Db, gate: Gate, actor: Actor, user_id: UUID, name: str, action_type: str, contact_id: UUID
) -> UUID:
    """A rule after the others, with one step that notifies the contact at once.

    Raises: Invalid, NotFound, PlanRequired (the plan includes one rule for each kind of event).
    """
    if not name or len(name) > NAME_LIMIT:
        raise Invalid(N_("A name has 1 to 100 characters."), {"name": "must have 1 to 100 characters"})
    if action_type not in OFFERED:
        raise Invalid(N_("Choose what the rule is about."), {"action_type": "is not offered"})
    rule_id = uuid4()
    async with db.transaction() as tx:
        rules = await rules_store.lock_rules(tx, actor.account_id, user_id)
        if len(rules) >= RULES_LIMIT:
            raise Invalid(N_("You have 50 rules, which is the limit."))
        await gate.require_room(tx, actor.account_id, "notification_rules", actor.at, f"{user_id} {action_type}")
        await _check_contact(tx, actor.account_id, user_id, contact_id)
        position = max((rule.position for rule in rules), default=-1) + 1
        await rules_store.insert_rule(
            tx, actor.account_id, rule_id, user_id, name, action_type=action_type, position=position
        )
        await rules_store.insert_step(
            tx, actor.account_id, uuid4(), rule_id, contact_id, after=timedelta(0), position=0
        )
        after = {"name": name, "action_type": action_type, "contact": str(contact_id)}
        await audit.record(tx, actor, "created", "notification-rule", rule_id, name, after=after)
    return rule_id


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
        rules = await rules_store.lock_rules(tx, actor.account_id, user_id)
        rule = _of(rules, rule_id)
        place = rules.index(rule)
        other = place - 1 if direction == "up" else place + 1
        if not 0 <= other < len(rules):
            return
        rules[place], rules[other] = rules[other], rules[place]
        for position, it in enumerate(rules):
            await rules_store.save_rule(tx, replace(it, position=position))
        await audit.record(
            tx, actor, "moved", "notification-rule", rule_id, rule.name,
            before={"place": place + 1}, after={"place": other + 1},
        )  # fmt: skip


async def remove_rule(db: Db, actor: Actor, user_id: UUID, rule_id: UUID) -> None:
    """Without it and its steps. Raises: NotFound."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        await rules_store.delete_rule(tx, actor.account_id, rule_id)
        before = {"name": rule.name, "action_type": rule.action_type, "enabled": rule.enabled}
        await audit.record(tx, actor, "deleted", "notification-rule", rule_id, rule.name, before=before)


async def add_step(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, contact_id: UUID, after: timedelta) -> None:
    """One more contact, or the same one later. Raises: NotFound, Invalid."""
    if not timedelta(0) <= after <= AFTER_LIMIT:
        raise Invalid(N_("A step waits 48 hours at most."), {"minutes": "must be between 0 and 2880"})
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        await _check_contact(tx, actor.account_id, user_id, contact_id)
        steps = await _steps(tx, actor, user_id, rule_id)
        if len(steps) >= STEPS_LIMIT:
            raise Invalid(N_("A rule has 20 steps at most."))
        if any(step.contact_id == contact_id and step.after == after for step in steps):
            raise Invalid(N_("The rule has this step already."))
        position = max((step.position for step in steps), default=-1) + 1
        await rules_store.insert_step(
            tx, actor.account_id, uuid4(), rule_id, contact_id, after=after, position=position
        )
        facts = {"contact": str(contact_id), "after": str(after)}
        await audit.record(tx, actor, "added a step to", "notification-rule", rule_id, rule.name, after=facts)


async def set_step_enabled(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, step_id: UUID, *, enabled: bool) -> None:
    """Switch a step on or off. Raises: NotFound."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        step = _step_of(await _steps(tx, actor, user_id, rule_id), step_id)
        await rules_store.set_step_enabled(tx, actor.account_id, step_id, enabled=enabled)
        await audit.record(
            tx, actor, "changed a step of", "notification-rule", rule_id, rule.name,
            before={"enabled": step.enabled}, after={"enabled": enabled},
        )  # fmt: skip


async def remove_step(db: Db, actor: Actor, user_id: UUID, rule_id: UUID, step_id: UUID) -> None:
    """Without that step. Raises: NotFound."""
    async with db.transaction() as tx:
        rule = _of(await rules_store.lock_rules(tx, actor.account_id, user_id), rule_id)
        step = _step_of(await _steps(tx, actor, user_id, rule_id), step_id)
        await rules_store.delete_step(tx, actor.account_id, step_id)
        facts = {"contact": str(step.contact_id), "after": str(step.after)}
        await audit.record(tx, actor, "removed a step from", "notification-rule", rule_id, rule.name, before=facts)


def _of(rules: Sequence[RuleRow], rule_id: UUID) -> RuleRow:
    for rule in rules:
        if rule.id == rule_id:
            return rule
    raise NotFound(N_("There is no such notification rule."))


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
