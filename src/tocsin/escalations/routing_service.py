"""What people change about a team's routing rules. Each one transaction, with its audit entry.

The rules of a team have the places 0, 1, 2 …; the default rule comes after them, asks for nothing, always holds and
cannot be deleted. A rule that is over the plan's limit can be changed: it may fit then.
Source: reference, teams (routing rules)
"""

from dataclasses import replace
from uuid import UUID, uuid4

from tocsin.accounts import audit, team_store
from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import Gate
from tocsin.accounts.model import Team
from tocsin.alerts import criteria
from tocsin.alerts.criteria import Criteria, CriteriaType, Field
from tocsin.db import Db, Tx, retried
from tocsin.errors import Forbidden, Invalid, NotFound
from tocsin.escalations import meant, routing_store
from tocsin.escalations.action_store import wake_engine
from tocsin.escalations.drafts import Notify, RoutingDraft
from tocsin.escalations.meant import Meant
from tocsin.escalations.routing_store import RoutingRow
from tocsin.i18n import N_
from tocsin.schedules import restrictions

MISSING = N_("There is no such routing rule in the team.")
DEFAULT_STAYS = N_("The default routing rule cannot be deleted: it takes what no other rule took.")
DEFAULT_LIMITS = N_("The default routing rule comes last, takes every alert and holds at any time.")
EVERYWHERE = frozenset({Field.PRIORITY, Field.TAGS})  # what rules look at on every plan
NEEDED = "Property [notify] cannot be empty."


@retried
async def make_rule(
    db: Db, gate: Gate, actor: Actor, team_id: UUID, draft: RoutingDraft, within: UUID | None = None
) -> RoutingRow:
    """One more rule, at the place asked for or after the others; `within` is the team whose key asks.

    Raises: NotFound (the team, or where it sends), Invalid, PlanRequired.
    """
    if draft.notify is None:
        raise Invalid(N_("A routing rule says whom it notifies."), {"notify": NEEDED})
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        await gate.require_room(tx, actor.account_id, "routing_rules", actor.at, str(team_id))
        await _check_fields(tx, gate, actor, draft.criteria)
        known = await meant.load(tx, actor.account_id, within)
        blank = RoutingRow(
            actor.account_id,
            uuid4(),
            team_id,
            "",
            0,
            False,
            "none",
            None,
            criteria.as_json(criteria.MATCH_ALL),
            None,
            None,
        )
        rule = _drafted(blank, draft, known)
        rules = await _own(tx, actor, team_id)
        order = len(rules) if draft.order is None else min(draft.order, len(rules))
        await routing_store.insert(tx, replace(rule, position=order))
        await _put(tx, actor, team_id, rule.id, order)
        await _recorded(tx, actor, "added a routing rule to", team, None, _facts(rule, order))
    return replace(rule, position=order)


@retried
async def change_rule(
    db: Db, gate: Gate, actor: Actor, team_id: UUID, rule_id: UUID, draft: RoutingDraft, within: UUID | None = None
) -> RoutingRow:
    """The rule as it becomes; what the draft leaves out stays.

    Raises: NotFound, Invalid (of the default rule only name and target can change), PlanRequired.
    """
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        before = await _get(tx, actor, team_id, rule_id)
        if before.is_default:
            _check_default(draft)
        await _check_fields(tx, gate, actor, draft.criteria)
        known = await meant.load(tx, actor.account_id, within)
        after = _drafted(before, draft, known)
        await routing_store.save(tx, after)
        order = before.position
        if draft.order is not None:
            order = await _put(tx, actor, team_id, rule_id, draft.order)
        await gate.settle(tx, actor.account_id, actor.at)
        await _recorded(
            tx, actor, "changed a routing rule of", team, _facts(before, before.position), _facts(after, order)
        )
    return replace(after, position=order)


async def move_rule(db: Db, gate: Gate, actor: Actor, team_id: UUID, rule_id: UUID, order: int) -> RoutingRow:
    """The rule at another place, from 0. Raises: NotFound, Forbidden for the default rule."""
    async with db.transaction() as tx:
        if (await _get(tx, actor, team_id, rule_id)).is_default:
            raise Forbidden(DEFAULT_LIMITS, code=40302)
    return await change_rule(db, gate, actor, team_id, rule_id, RoutingDraft(order=order))


@retried
async def delete_rule(db: Db, gate: Gate, actor: Actor, team_id: UUID, rule_id: UUID) -> RoutingRow:
    """The rule that is gone. Raises: NotFound, Invalid for the default rule."""
    async with db.transaction() as tx:
        team = await team_store.lock_team(tx, actor.account_id, team_id)
        rule = await _get(tx, actor, team_id, rule_id)
        if rule.is_default:
            raise Invalid(DEFAULT_STAYS, {"id": "must not be the default rule"})
        await routing_store.delete(tx, actor.account_id, rule_id)
        await routing_store.put_in_order(tx, actor.account_id, [it.id for it in await _own(tx, actor, team_id)])
        await gate.settle(tx, actor.account_id, actor.at)
        await _recorded(tx, actor, "removed a routing rule from", team, _facts(rule, rule.position), None)
    return rule


async def _own(tx: Tx, actor: Actor, team_id: UUID) -> list[RoutingRow]:
    """The team's rules but the default one."""
    return [it for it in await routing_store.list_of_team(tx, actor.account_id, team_id) if not it.is_default]


async def _get(tx: Tx, actor: Actor, team_id: UUID, rule_id: UUID) -> RoutingRow:
    for rule in await routing_store.list_of_team(tx, actor.account_id, team_id):
        if rule.id == rule_id:
            return rule
    raise NotFound(MISSING)


async def _put(tx: Tx, actor: Actor, team_id: UUID, rule_id: UUID, order: int) -> int:
    """Its place among the others, who make room."""
    others = [it.id for it in await _own(tx, actor, team_id) if it.id != rule_id]
    others.insert(order, rule_id)
    await routing_store.put_in_order(tx, actor.account_id, others)
    return others.index(rule_id)


def _check_default(draft: RoutingDraft) -> None:
    errors = {
        "order": draft.order,
        "timezone": draft.time_zone,
        "timeRestriction": draft.restriction,
        "criteria": draft.criteria if draft.criteria and draft.criteria.type is not CriteriaType.MATCH_ALL else None,
    }
    wrong = {field: "cannot be set for the default rule" for field, value in errors.items() if value is not None}
    if wrong:
        raise Invalid(DEFAULT_LIMITS, wrong)


async def _check_fields(tx: Tx, gate: Gate, actor: Actor, asked: Criteria | None) -> None:
    if asked is not None and asked.fields - EVERYWHERE:
        await gate.require_any_field(tx, actor.account_id, actor.at)


def _drafted(rule: RoutingRow, draft: RoutingDraft, known: Meant) -> RoutingRow:
    restriction = restrictions.as_json(draft.restriction) if draft.restriction else rule.restriction
    notify_type, notify_id = _target(draft.notify, known) if draft.notify else (rule.notify_type, rule.notify_id)
    return replace(
        rule,
        name=draft.name or rule.name,
        notify_type=notify_type,
        notify_id=notify_id,
        criteria=criteria.as_json(draft.criteria) if draft.criteria else rule.criteria,
        time_zone=None if draft.drops_time_zone else draft.time_zone or rule.time_zone,
        restriction=None if draft.drops_restriction else restriction,
    )


def _target(notify: Notify, known: Meant) -> tuple[str, UUID | None]:
    return notify.kind.value, known.find(notify.target, "Notify") if notify.target else None


def _facts(rule: RoutingRow, order: int) -> dict[str, object]:
    return {
        "rule": rule.name,
        "order": order,
        "notify": rule.notify_type if rule.notify_id is None else f"{rule.notify_type} {rule.notify_id}",
        "criteria": rule.criteria,
        "time_zone": rule.time_zone,
        "restriction": rule.restriction,
    }


async def _recorded(
    tx: Tx, actor: Actor, action: str, team: Team, before: dict[str, object] | None, after: dict[str, object] | None
) -> None:
    await audit.record(tx, actor, action, "team", team.id, team.name, before=before, after=after)
    await wake_engine(tx)
