"""The plan: which contacts of a person are notified, and when. Pure; every instant is UTC.

Source: on-call semantics, "Notification rules"
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.alerts import criteria
from tocsin.alerts.criteria import MATCH_ALL, Criteria
from tocsin.alerts.facts import UNREAD, AlertContent, AlertFacts
from tocsin.schedules.restrictions import Restriction, is_open

UTC_ZONE = ZoneInfo("UTC")


class ActionType(StrEnum):
    """What a notification rule is about."""

    CREATE_ALERT = "create-alert"
    RENOTIFIED_ALERT = "renotified-alert"
    ACKNOWLEDGED_ALERT = "acknowledged-alert"
    CLOSED_ALERT = "closed-alert"
    ASSIGNED_ALERT = "assigned-alert"
    ADD_NOTE = "add-note"
    SCHEDULE_START = "schedule-start"
    SCHEDULE_END = "schedule-end"
    INCOMING_CALL_ROUTING = "incoming-call-routing"


# These ask somebody to act, so they are moot once somebody does; the others report that something happened.
CALLS_TO_ACT = {ActionType.CREATE_ALERT, ActionType.RENOTIFIED_ALERT, ActionType.ASSIGNED_ALERT}


@dataclass(frozen=True, slots=True)
class Contact:
    """An address of one person on a channel; used only while enabled and verified."""

    id: str
    method: str
    address: str
    enabled: bool = True
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """Notify the contact when `after` has passed since the person was told."""

    id: str
    contact_id: str
    after: timedelta = timedelta(0)
    enabled: bool = True


SHIFT_NOTICES = {ActionType.SCHEDULE_START, ActionType.SCHEDULE_END}
"""These are about a turn of one's own and no alert."""


class NotificationTime(StrEnum):
    """How long before a turn starts or ends its person is told."""

    JUST_BEFORE = "just-before"
    MINUTES_15 = "15-minutes-ago"
    HOUR_1 = "1-hour-ago"
    DAY_1 = "1-day-ago"

    @property
    def before(self) -> timedelta:
        return {
            NotificationTime.JUST_BEFORE: timedelta(0),
            NotificationTime.MINUTES_15: timedelta(minutes=15),
            NotificationTime.HOUR_1: timedelta(hours=1),
            NotificationTime.DAY_1: timedelta(days=1),
        }[self]


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """How one person wants to be told about one kind of action, of alerts that match, at hours of his own zone.

    With `repeat_after` the steps begin again that long after the last of them, until somebody acts. `times` and
    `schedule_ids` (none: every schedule) are of rules about turns.
    """

    id: str
    name: str
    action_type: ActionType
    position: int
    steps: tuple[Step, ...]
    enabled: bool = True
    criteria: Criteria = MATCH_ALL
    restriction: Restriction | None = None
    repeat_after: timedelta | None = None
    times: tuple[NotificationTime, ...] = ()
    schedule_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """One notification: `contact` at `due_at`, because of `step`."""

    contact: Contact
    step: Step
    due_at: datetime


class LeftOutReason(StrEnum):
    STEP_DISABLED = "step-disabled"
    CONTACT_DISABLED = "contact-disabled"
    CONTACT_UNVERIFIED = "contact-unverified"
    CONTACT_MISSING = "contact-missing"
    MERGED = "merged"  # the same contact at the same instant as an earlier step


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A step that leads to no notification, and why."""

    step: Step
    reason: LeftOutReason


@dataclass(frozen=True, slots=True)
class Plan:
    """At least one notification, earliest first; `left_out` explains the steps that are not among them."""

    rule: NotificationRule
    notifications: tuple[Planned, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def again_at(self) -> datetime | None:
        """When the steps begin again, or None: once is all. Reports of what happened are not repeated."""
        if self.rule.repeat_after is None or self.rule.action_type not in CALLS_TO_ACT:
            return None
        return self.notifications[-1].due_at + self.rule.repeat_after


class UnreachableReason(StrEnum):
    NO_RULE = "no-rule"  # none of this kind
    NO_ENABLED_RULE = "no-enabled-rule"
    NO_MATCHING_RULE = "no-matching-rule"  # the alert matches no enabled one, or it is another hour
    NO_STEPS = "no-steps"  # none, or none enabled
    NO_USABLE_CONTACT = "no-usable-contact"  # disabled, unverified or gone, every one


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing can be planned. `rule` is the one that applied, if any did."""

    reason: UnreachableReason
    rule: NotificationRule | None = None
    left_out: tuple[LeftOut, ...] = ()


def plan(
    rules: Sequence[NotificationRule],
    contacts: Iterable[Contact],
    action_type: ActionType,
    told_at: datetime,
    *,
    zone: ZoneInfo = UTC_ZONE,
    content: AlertContent = UNREAD,
) -> Plan | Unreachable:
    """What a person in `zone` who is told at `told_at` gets, by the first enabled rule in order that fits.

    Told again, somebody without a rule for that which fits is told as for a new alert.
    """
    rule = _rule_for(rules, action_type, told_at, zone, content)
    if rule is None and action_type is ActionType.RENOTIFIED_ALERT:
        action_type = ActionType.CREATE_ALERT
        rule = _rule_for(rules, action_type, told_at, zone, content)
    if rule is None:
        return Unreachable(_why_no_rule(rules, action_type))
    return by_rule(rule, contacts, told_at)


def by_rule(rule: NotificationRule, contacts: Iterable[Contact], told_at: datetime) -> Plan | Unreachable:
    """What that rule comes to, from `told_at` on."""
    return _by_rule(rule, {contact.id: contact for contact in contacts}, told_at)


@dataclass(frozen=True, slots=True)
class Send:
    """Nothing speaks against it."""


class CancelReason(StrEnum):
    CLOSED = "closed"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class Cancel:
    reason: CancelReason


def should_send(action_type: ActionType, alert: AlertFacts, told_at: datetime, now: datetime) -> Send | Cancel:
    """Whether a notification that is due still makes sense at `now`, to a person told at `told_at`.

    Anyone's acknowledgement after that instant cancels it, even if taken back since. One at or before it
    does not: whoever was told then was told all the same. Reports of what happened are always sent.
    """
    if action_type not in CALLS_TO_ACT:
        return Send()
    if alert.closed:
        return Cancel(CancelReason.CLOSED)
    if alert.last_acknowledged_at is not None and alert.last_acknowledged_at > told_at:
        return Cancel(CancelReason.ACKNOWLEDGED)
    if alert.is_snoozed(now):
        return Cancel(CancelReason.SNOOZED)
    return Send()


def _rule_for(
    rules: Iterable[NotificationRule], action_type: ActionType, at: datetime, zone: ZoneInfo, content: AlertContent
) -> NotificationRule | None:
    of_that_kind = (rule for rule in rules if rule.enabled and rule.action_type is action_type)
    for rule in sorted(of_that_kind, key=lambda rule: rule.position):
        if criteria.matches(rule.criteria, content) and is_open(rule.restriction, zone, at):
            return rule
    return None


def _why_no_rule(rules: Sequence[NotificationRule], action_type: ActionType) -> UnreachableReason:
    of_that_kind = [rule for rule in rules if rule.action_type is action_type]
    if any(rule.enabled for rule in of_that_kind):
        return UnreachableReason.NO_MATCHING_RULE
    return UnreachableReason.NO_ENABLED_RULE if of_that_kind else UnreachableReason.NO_RULE


def _by_rule(rule: NotificationRule, contacts: dict[str, Contact], told_at: datetime) -> Plan | Unreachable:
    planned: dict[tuple[datetime, str], Planned] = {}
    left_out = []
    for step in sorted(rule.steps, key=lambda step: step.after):
        outcome = _by_step(step, contacts.get(step.contact_id), told_at)
        if isinstance(outcome, LeftOut):
            left_out.append(outcome)
        elif (outcome.due_at, outcome.contact.id) in planned:
            left_out.append(LeftOut(step, LeftOutReason.MERGED))
        else:
            planned[outcome.due_at, outcome.contact.id] = outcome
    if planned:
        return Plan(rule, tuple(planned.values()), tuple(left_out))
    contact_to_blame = any(it.reason is not LeftOutReason.STEP_DISABLED for it in left_out)
    reason = UnreachableReason.NO_USABLE_CONTACT if contact_to_blame else UnreachableReason.NO_STEPS
    return Unreachable(reason, rule, tuple(left_out))


def _by_step(step: Step, contact: Contact | None, told_at: datetime) -> Planned | LeftOut:
    if not step.enabled:
        return LeftOut(step, LeftOutReason.STEP_DISABLED)
    if contact is None:
        return LeftOut(step, LeftOutReason.CONTACT_MISSING)
    if not contact.enabled:
        return LeftOut(step, LeftOutReason.CONTACT_DISABLED)
    if not contact.verified:
        return LeftOut(step, LeftOutReason.CONTACT_UNVERIFIED)
    return Planned(contact, step, told_at + step.after)
