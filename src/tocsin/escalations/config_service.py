"""What people change about who is told: teams with their defaults, and escalation rules. Audited."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from tocsin.accounts import audit, team_service, team_store
from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.directory import Reference
from tocsin.accounts.gate import INACTIVE, Gate
from tocsin.accounts.model import Team
from tocsin.db import Db, Tx, retried
from tocsin.errors import Conflict, InUse, Invalid, NotFound, PlanRequired
from tocsin.escalations import config_store, meant
from tocsin.escalations.action_store import wake_engine
from tocsin.escalations.config_store import EscalationRow, RuleRow
from tocsin.escalations.drafts import ALLOWED, DELAY_LIMIT, RULES_LIMIT, EscalationDraft, RuleDraft
from tocsin.escalations.escalation import Condition, NotifyType, RecipientKind, Repeat
from tocsin.escalations.meant import Meant
from tocsin.escalations.team_defaults import create_team
from tocsin.i18n import N_

NEW = EscalationRow(0, UUID(int=0), "", "", None, timedelta(0), 0, False, False, None)
USED = N_("%(name)s is used: %(uses)s.")
TAKEN = N_("An escalation with the name %(name)s exists already.")


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule as somebody wants it."""

    delay: timedelta
    condition: Condition
    notify_type: NotifyType
    recipient_kind: RecipientKind
    recipient_id: UUID


@retried
async def make_team(
    db: Db,
    gate: Gate,
    actor: Actor,
    name: str,
    description: str,
    members: Sequence[tuple[UUID | Reference, str]],
    time_zone: str | None = None,
) -> Team:
    """A team with its schedule (in the account's zone unless another is given), escalation and routing rule.

    Raises: Invalid, NotFound (a member), Conflict (a name is taken), PlanRequired (no room for its schedule or
    escalation).
    """
    name = team_service.check_name(name)
    async with db.transaction() as tx:
        for kind in ("schedules", "escalations"):
            await gate.require_room(tx, actor.account_id, kind, actor.at)
        account = await accounts_store.get_account(tx, actor.account_id)
        directory = await accounts_store.load_directory(tx, actor.account_id)
        people: dict[UUID, str] = {}
        for user, role in members:
            await team_service.check_role(tx, actor.account_id, None, role)
            people[user if isinstance(user, UUID) else team_service.user_meant(directory, user)] = role
        team = await create_team(
            tx, actor.account_id, name, list(people.items()), time_zone=time_zone or account.time_zone, at=actor.at,
            description=description.strip()[: team_service.DESCRIPTION_LIMIT],
        )  # fmt: skip
        facts = {"name": name, "members": [str(user_id) for user_id in people]}
        await audit.record(tx, actor, "created", "team", team.id, team.name, after=facts)
    return team


@retried
async def delete_team(db: Db, gate: Gate, actor: Actor, team_id: UUID) -> None:
    """The team is gone, with its schedules, escalations, routing rules, roles and keys; its members stay.

    Raises: NotFound, InUse where something of others refers to any of that.
    """
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        owned = await config_store.list_owned(tx, actor.account_id, team_id)
        await _check_unused(tx, actor, team.name, [team_id, *owned], of_team=team_id)
        members = [it for it in await accounts_store.list_team_members(tx, actor.account_id) if it.team_id == team_id]
        await team_store.delete_team(tx, actor.account_id, team_id)
        await config_store.reconsider_runs(tx, actor.account_id, owned, actor.at)
        await gate.settle(tx, actor.account_id, actor.at)
        await wake_engine(tx)
        facts = {"name": team.name, "description": team.description, "members": [it.username for it in members]}
        await audit.record(tx, actor, "deleted", "team", team_id, team.name, before=facts)


@retried
async def make_escalation(
    db: Db, gate: Gate, actor: Actor, draft: EscalationDraft, within: UUID | None = None
) -> EscalationRow:
    """A new escalation; `within` is the team whose key asks for it, and whose it becomes.

    Raises: Invalid, NotFound (whom it names), Conflict (the name is taken), PlanRequired.
    """
    if draft.name is None or not draft.rules:
        missing = {"name": draft.name, "rules": draft.rules}
        raise Invalid(
            N_("An escalation needs a name and at least one rule."),
            {field: f"Property [{field}] cannot be empty." for field, value in missing.items() if not value},
        )
    async with db.transaction() as tx:
        await gate.require_room(tx, actor.account_id, "escalations", actor.at)
        known = await meant.load(tx, actor.account_id, within)
        blank = replace(NEW, account_id=actor.account_id, id=uuid4(), team_id=within)
        row = _drafted(blank, draft, known)
        rules = await _rows(tx, actor, draft.rules, known)
        try:
            await config_store.insert_escalation(
                tx, actor.account_id, row.id, row.name, team_id=row.team_id, at=actor.at, description=row.description
            )
        except UniqueViolation:
            raise Conflict(TAKEN, params={"name": row.name}) from None
        await config_store.save_escalation(tx, row)
        await _insert(tx, actor.account_id, row.id, rules)
        await audit.record(tx, actor, "created", "escalation", row.id, row.name, after=_all_facts(row, rules))
    return row


async def change_escalation(
    db: Db, actor: Actor, escalation_id: UUID, draft: EscalationDraft, within: UUID | None = None
) -> EscalationRow:
    """The escalation as it becomes; what the draft leaves out stays. Runs under way go on by the new rules.

    Raises: NotFound, Conflict (the name is taken), Invalid, PlanRequired (it is over the plan's limit).
    """
    async with db.transaction() as tx:
        before = await _lock(tx, actor, escalation_id)
        known = await meant.load(tx, actor.account_id, within)
        row = _drafted(before, draft, known)
        was = await config_store.list_rules(tx, actor.account_id, escalation_id)
        rules = was if draft.rules is None else await _rows(tx, actor, draft.rules, known, was)
        try:
            await config_store.save_escalation(tx, row)
        except UniqueViolation:
            raise Conflict(TAKEN, params={"name": row.name}) from None
        await _replace_rules(tx, actor, escalation_id, rules)
        await audit.record(
            tx, actor, "changed", "escalation", row.id, row.name,
            before=_all_facts(before, was), after=_all_facts(row, rules),
        )  # fmt: skip
    return row


@retried
async def delete_escalation(db: Db, gate: Gate, actor: Actor, escalation_id: UUID) -> None:
    """It is gone; runs under way end, and the owners hear of alerts that nobody has taken. Raises: NotFound, InUse."""
    async with db.transaction() as tx:
        row = await config_store.lock_escalation(tx, actor.account_id, escalation_id)
        await _check_unused(tx, actor, row.name, [escalation_id])
        rules = await config_store.list_rules(tx, actor.account_id, escalation_id)
        await config_store.delete_escalation(tx, actor.account_id, escalation_id)
        await config_store.reconsider_runs(tx, actor.account_id, [escalation_id], actor.at)
        await gate.settle(tx, actor.account_id, actor.at)
        await wake_engine(tx)
        await audit.record(tx, actor, "deleted", "escalation", row.id, row.name, before=_all_facts(row, rules))


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
        escalation = await _lock(tx, actor, escalation_id)
        before = await config_store.list_rules(tx, actor.account_id, escalation_id)
        after = sorted(change(before), key=lambda rule: rule.delay)
        if len(after) > RULES_LIMIT:
            raise Invalid(N_("An escalation has 30 rules at most."))
        await _check_responders(tx, actor, after, before)
        await _replace_rules(tx, actor, escalation_id, after)
        await audit.record(
            tx, actor, "changed the rules of", "escalation", escalation_id, escalation.name,
            before={"rules": _facts(before)}, after={"rules": _facts(after)},
        )  # fmt: skip


async def _lock(tx: Tx, actor: Actor, escalation_id: UUID) -> EscalationRow:
    """The escalation, to be changed. Raises: NotFound, PlanRequired where the plan does not include it."""
    escalation = await config_store.lock_escalation(tx, actor.account_id, escalation_id)
    if escalation.inactive_since is not None:
        raise PlanRequired(INACTIVE, params={"name": escalation.name})
    return escalation


async def _replace_rules(tx: Tx, actor: Actor, escalation_id: UUID, rules: Sequence[RuleRow]) -> None:
    await config_store.delete_rules(tx, actor.account_id, escalation_id)
    await _insert(tx, actor.account_id, escalation_id, rules)
    await config_store.reconsider_runs(tx, actor.account_id, [escalation_id], actor.at)
    await wake_engine(tx)


async def _check_responders(tx: Tx, actor: Actor, rules: Sequence[RuleRow], before: Sequence[RuleRow] = ()) -> None:
    """Raises: Invalid for a stakeholder who was not in the rules before."""
    named = {rule.recipient_id for rule in rules if rule.recipient_type == RecipientKind.USER}
    await accounts_store.require_responders(tx, actor.account_id, named - {rule.recipient_id for rule in before})


async def _check_unused(tx: Tx, actor: Actor, name: str, ids: Sequence[UUID], of_team: UUID | None = None) -> None:
    """Raises: InUse where something refers to any of them; what is the team's own goes with it."""
    uses = [
        it for it in await config_store.list_uses(tx, actor.account_id, ids) if not of_team or it.team_id != of_team
    ]
    if uses:
        raise InUse(USED, params={"name": name, "uses": ", ".join(f"{it.kind} [{it.name}]" for it in uses)})


def _drafted(row: EscalationRow, draft: EscalationDraft, known: Meant) -> EscalationRow:
    repeat = draft.repeat or Repeat(
        row.repeat_wait, row.repeat_count, row.reset_recipient_states, row.close_alert_after_all
    )
    return replace(
        row,
        name=draft.name or row.name,
        description=row.description if draft.description is None else draft.description,
        team_id=known.find(draft.owner_team, "Owner team") if draft.owner_team else row.team_id,
        repeat_wait=repeat.wait,
        repeat_count=repeat.count,
        reset_recipient_states=repeat.reset_recipient_states,
        close_alert_after_all=repeat.close_alert_after_all,
    )


async def _rows(
    tx: Tx, actor: Actor, drafts: Sequence[RuleDraft], known: Meant, before: Sequence[RuleRow] = ()
) -> list[RuleRow]:
    """The rules as they are stored, in the order given. Raises: NotFound, Invalid for a stakeholder."""
    rows = [
        RuleRow(
            position,
            it.condition.value,
            it.notify_type.value,
            it.delay,
            it.recipient.type,
            known.find(it.recipient, "Recipient"),
        )
        for position, it in enumerate(drafts)
    ]
    await _check_responders(tx, actor, rows, before)
    return rows


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


def _all_facts(row: EscalationRow, rules: Sequence[RuleRow]) -> dict[str, object]:
    return {
        "name": row.name,
        "description": row.description,
        "owner_team": str(row.team_id) if row.team_id else None,
        "repeat_wait_minutes": row.repeat_wait // timedelta(minutes=1),
        "repeat_count": row.repeat_count,
        "reset_recipient_states": row.reset_recipient_states,
        "close_alert_after_all": row.close_alert_after_all,
        "rules": _facts(rules),
    }
