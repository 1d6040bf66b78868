"""Repeats: a rule's steps again and again, until somebody acts. Pure.

Each telling repeats by itself; where two would reach the same contact about the same alert at once, one does.
Source: on-call semantics, "A step"
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tocsin.alerts.facts import AlertFacts
from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications.model import NewNotification
from tocsin.notifications.plan import ActionType, Plan, Send, by_rule, should_send

AT_ONCE = timedelta(seconds=30)
"""Two messages to one contact about one alert within this time are one."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Once that a person was told by a rule which repeats; the steps begin for the `turn`-th time again at `due_at`."""

    account_id: int
    alert_id: str
    user_id: UUID
    rule_id: UUID
    key: str
    action_type: str
    path: list[dict[str, Any]]
    told_at: datetime
    turn: int
    due_at: datetime
    id: int | None = None  # None: not stored yet


def begin_again(
    repeat: Repeat, alert: AlertFacts, snapshot: Snapshot, now: datetime
) -> tuple[list[NewNotification], Repeat | None]:
    """What is sent from `now` on, and when the steps begin the next time; None: it is over.

    It ends with the alert, with anybody's acknowledgement since the person was told, while the alert is snoozed, and
    when the rule, its contacts or the person are there no more.
    """
    action_type, user_id = ActionType(repeat.action_type), str(repeat.user_id)
    rule = next((it for it in snapshot.rules.get(user_id, ()) if it.id == str(repeat.rule_id)), None)
    goes_on = isinstance(should_send(action_type, alert, repeat.told_at, now), Send)
    if not goes_on or rule is None or not rule.enabled or not snapshot.directory.is_told(user_id):
        return [], None
    planned = by_rule(rule, snapshot.contacts.get(user_id, ()), now)
    if not isinstance(planned, Plan) or planned.again_at is None:
        return [], None
    rows = [
        NewNotification(
            account_id=repeat.account_id,
            key=f"{repeat.key}:again {repeat.turn}:{it.step.id}",
            alert_id=repeat.alert_id,
            user_id=repeat.user_id,
            contact_id=UUID(it.contact.id),
            method=it.contact.method,
            address=it.contact.address,
            action_type=repeat.action_type,
            reason={
                "path": repeat.path,
                "rule": {"id": rule.id, "name": rule.name},
                "after": int(it.step.after.total_seconds()),
                "turn": repeat.turn,
            },
            told_at=repeat.told_at,
            due_at=it.due_at,
        )
        for it in planned.notifications
    ]
    return rows, replace(repeat, turn=repeat.turn + 1, due_at=planned.again_at)
