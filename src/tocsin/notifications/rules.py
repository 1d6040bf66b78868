"""Notification rules as people write them, and as what is kept of them becomes a plan. Pure.

Source: reference, notification rules
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tocsin.alerts import criteria
from tocsin.alerts.criteria import MATCH_ALL, Criteria, CriteriaType
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.notifications.plan import SHIFT_NOTICES, ActionType, NotificationRule, NotificationTime, Step
from tocsin.schedules import restrictions
from tocsin.schedules.restrictions import Restriction

NAME_LIMIT = 100
RULES_LIMIT = 50
STEPS_LIMIT = 20
AFTER_LIMIT = timedelta(hours=48)
REPEAT_LIMIT = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A person's notification rule, without its steps; criteria and restriction as the API spells them."""

    account_id: int
    id: UUID
    user_id: UUID
    name: str
    action_type: str
    position: int
    enabled: bool
    criteria: dict[str, Any]
    restriction: dict[str, Any] | None
    times: list[str]
    schedule_ids: list[UUID]
    repeat_after: timedelta | None
    repeat_enabled: bool


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a rule."""

    id: UUID
    rule_id: UUID
    contact_id: UUID
    after: timedelta
    position: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """All of a rule but its steps and its place."""

    name: str
    action_type: ActionType
    criteria: Criteria = MATCH_ALL
    restriction: Restriction | None = None
    times: tuple[NotificationTime, ...] = ()
    schedule_ids: tuple[UUID, ...] = ()
    repeat_after: timedelta | None = None
    repeat_enabled: bool = False
    enabled: bool = True

    @property
    def is_custom(self) -> bool:
        """Does it ask more than one rule for each event can? Source: plans §3, personal notification rules"""
        return self.criteria.type is not CriteriaType.MATCH_ALL or self.restriction is not None


@dataclass(frozen=True, slots=True)
class StepDraft:
    """One step as it is written."""

    contact_id: UUID
    after: timedelta = timedelta(0)
    enabled: bool = True


def check(draft: Draft) -> None:
    """Raises: Invalid, by the fields' names in the API."""
    errors = {}
    if not draft.name or len(draft.name) > NAME_LIMIT:
        errors["name"] = N_("A name has 1 to 100 characters.")
    if draft.action_type in SHIFT_NOTICES and not draft.times:
        errors["notificationTime"] = N_("Choose how long before your turn you are told.")
    if draft.repeat_enabled and draft.repeat_after is None:
        errors["repeat.loopAfter"] = N_("Say after how many minutes the steps begin again: at least one.")
    if draft.repeat_after is not None and not MINUTE <= draft.repeat_after <= REPEAT_LIMIT:
        errors["repeat.loopAfter"] = N_("The steps begin again after one minute to 24 hours.")
    if errors:
        raise Invalid(next(iter(errors.values())), errors)


def check_steps(steps: Sequence[StepDraft]) -> None:
    """Raises: Invalid for a delay that is too long, a step that is there twice, or too many."""
    if any(not timedelta(0) <= step.after <= AFTER_LIMIT for step in steps):
        raise Invalid(N_("A step waits 48 hours at most."), {"sendAfter": N_("A step waits 48 hours at most.")})
    if len(steps) > STEPS_LIMIT:
        raise Invalid(N_("A rule has 20 steps at most."), {"steps": N_("A rule has 20 steps at most.")})
    if len({(step.contact_id, step.after) for step in steps}) < len(steps):
        raise Invalid(N_("The rule has this step already."), {"steps": N_("The rule has this step already.")})


def draft_of(row: RuleRow) -> Draft:
    """The rule as it is kept."""
    return Draft(
        name=row.name,
        action_type=ActionType(row.action_type),
        criteria=criteria.stored(row.criteria),
        restriction=restrictions.from_json(row.restriction),
        times=tuple(NotificationTime(it) for it in row.times),
        schedule_ids=tuple(row.schedule_ids),
        repeat_after=row.repeat_after,
        repeat_enabled=row.repeat_enabled,
        enabled=row.enabled,
    )


def row_of(draft: Draft, account_id: int, rule_id: UUID, user_id: UUID, position: int) -> RuleRow:
    """The rule as it is to be kept."""
    return RuleRow(
        account_id, rule_id, user_id, draft.name, draft.action_type.value, position, draft.enabled,
        criteria.as_json(draft.criteria), restrictions.as_json(draft.restriction), [it.value for it in draft.times],
        list(draft.schedule_ids), draft.repeat_after, draft.repeat_enabled,
    )  # fmt: skip


def as_planned(row: RuleRow, steps: Iterable[StepRow], *, active: bool = True) -> NotificationRule:
    """The rule for a plan; one that rests because the plan includes fewer is as if switched off."""
    draft = draft_of(row)
    return NotificationRule(
        id=str(row.id),
        name=row.name,
        action_type=draft.action_type,
        position=row.position,
        steps=tuple(Step(str(it.id), str(it.contact_id), it.after, it.enabled) for it in steps if it.rule_id == row.id),
        enabled=row.enabled and active,
        criteria=draft.criteria,
        restriction=draft.restriction,
        repeat_after=draft.repeat_after if draft.repeat_enabled else None,
        times=draft.times,
        schedule_ids=frozenset(map(str, draft.schedule_ids)),
    )


def facts(row: RuleRow, steps: Iterable[StepRow] = ()) -> dict[str, object]:
    """The rule for the audit log."""
    found: dict[str, object] = {
        "name": row.name,
        "action_type": row.action_type,
        "place": row.position + 1,
        "enabled": row.enabled,
        "criteria": row.criteria,
        "hours": row.restriction,
        "times": row.times,
        "schedules": [str(it) for it in row.schedule_ids],
        "repeat": f"after {row.repeat_after}" if row.repeat_enabled else "",
    }
    own = [f"{it.contact_id} after {it.after}" for it in steps if it.rule_id == row.id]
    return {name: value for name, value in (found | {"steps": own}).items() if value not in (None, "", [])}
