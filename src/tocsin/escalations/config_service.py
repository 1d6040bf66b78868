"""What people change about who is told: teams with their defaults, and escalation rules. Audited."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tocsin.accounts import audit, team_service
from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import INACTIVE, Gate
from tocsin.accounts.model import Team
from tocsin.db import Db, Tx
from tocsin.errors import Invalid, NotFound, PlanRequired
from tocsin.escalations import config_store
from tocsin.escalations.action_store import wake_engine
from tocsin.escalations.config_store import RuleRow
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind
from tocsin.escalations.team_defaults import create_team
from tocsin.i18n import N_

RULES_LIMIT = 30
DELAY_LIMIT = timedelta(days=2)
ALLOWED: dict[RecipientKind, tuple[NotifyType, ...]] = {
    RecipientKind.USER: (NotifyType.DEFAULT,),
    RecipientKind.SCHEDULE: (NotifyType.DEFAULT, NotifyType.NEXT, NotifyType.PREVIOUS),
    RecipientKind.TEAM: (NotifyType.DEFAULT, NotifyType.ALL, NotifyType.ADMINS, NotifyType.USERS, NotifyType.RANDOM),
}


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule as somebody wants it."""

    delay: timedelta
    condition: Condition
    notify_type: NotifyType
    recipient_kind: RecipientKind
    recipient_id: UUID


async def make_team(
    db: Db, gate: Gate, actor: Actor, name: str, description: str, members: Sequence[tuple[UUID, str]], time_zone: str
) -> Team:
    """A team with its schedule, escalation and routing rule.

    Raises: Invalid, Conflict (a name is taken), PlanRequired (no room for its schedule or escalation).
    """
    name = team_service.check_name(name)
    async with db.transaction() as tx:
        for kind in ("schedules", "escalations"):
            await gate.require_room(tx, actor.account_id, kind, actor.at)
        team = await create_team(
            tx, actor.account_id, name, members, time_zone=time_zone, at=actor.at,
            description=description.strip()[: team_service.DESCRIPTION_LIMIT],
        )  # fmt: skip
        facts = {"name": name, "members": [str(user_id) for user_id, _ in members]}
        await audit.record(tx, actor, "created", "team", team.id, team.name, after=facts)
    return team


async def add_rule(db: Db, actor: Actor, escalation_id: UUID, form: RuleForm) -> None:
    """One more rule, at its place by its delay. Raises: NotFound, Invalid."""
    await _change(db, actor, escalation_id, lambda rules: [*rules, _row(form)])


async def change_rule(db: Db, actor: Actor, escalation_id: UUID, position: int, form: RuleForm) -> None:
    """Another rule instead of the one at `position`. Raises: NotFound, Invalid."""
    await _change(db, actor, escalation_id, lambda rules: [*_without(rules, position), _row(form)])


async def remove_rule(db: Db, actor: Actor, escalation_id: UUID, position: int) -> None:
    """Without that rule. Raises: NotFound."""
    await _change(db, actor, escalation_id, lambda rules: _without(rules, position))


async def _change(db: Db, actor: Actor, escalation_id: UUID, change: Callable[[list[RuleRow]], list[RuleRow]]) -> None:
    async with db.transaction() as tx:
        escalation = await config_store.lock_escalation(tx, actor.account_id, escalation_id)
        if escalation.inactive_since is not None:
            raise PlanRequired(INACTIVE, params={"name": escalation.name})
        before = await config_store.list_rules(tx, actor.account_id, escalation_id)
        after = sorted(change(before), key=lambda rule: rule.delay)
        if len(after) > RULES_LIMIT:
            raise Invalid(N_("An escalation has 30 rules at most."))
        named = {rule.recipient_id for rule in after if rule.recipient_type == RecipientKind.USER}
        await accounts_store.require_responders(tx, actor.account_id, named - {rule.recipient_id for rule in before})
        await config_store.delete_rules(tx, actor.account_id, escalation_id)
        await _insert(tx, actor.account_id, escalation_id, after)
        await config_store.reconsider_runs(tx, actor.account_id, escalation_id, actor.at)
        await wake_engine(tx)
        await audit.record(
            tx, actor, "changed the rules of", "escalation", escalation_id, escalation.name,
            before={"rules": _facts(before)}, after={"rules": _facts(after)},
        )  # fmt: skip


async def _insert(tx: Tx, account_id: int, escalation_id: UUID, rules: Sequence[RuleRow]) -> None:
    for position, rule in enumerate(rules):
        await config_store.insert_escalation_rule(
            tx,
            account_id,
            escalation_id,
            position=position,
            condition=rule.condition,
            notify_type=rule.notify_type,
            delay=rule.delay,
            recipient_type=rule.recipient_type,
            recipient_id=rule.recipient_id,
        )


def _row(form: RuleForm) -> RuleRow:
    if not timedelta(0) <= form.delay <= DELAY_LIMIT:
        raise Invalid(N_("A rule's delay is at most 48 hours."), {"delay": "must be between 0 and 2880 minutes"})
    if form.notify_type not in ALLOWED.get(form.recipient_kind, ()):
        raise Invalid(N_("Choose who is told."), {"recipient": "does not fit the notify type"})
    return RuleRow(
        -1, form.condition.value, form.notify_type.value, form.delay, form.recipient_kind.value, form.recipient_id
    )


def _without(rules: Sequence[RuleRow], position: int) -> list[RuleRow]:
    left = [rule for rule in rules if rule.position != position]
    if len(left) == len(rules):
        raise NotFound(N_("There is no such rule."))
    return left


def _facts(rules: Sequence[RuleRow]) -> list[str]:
    return [
        f"{rule.delay // timedelta(minutes=1)} min {rule.condition}: {rule.notify_type} of {rule.recipient_type} "
        f"{rule.recipient_id}"
        for rule in rules
    ]
