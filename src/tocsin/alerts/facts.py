"""What a decision about telling somebody needs to know of an alert. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Responder:
    """Whom an alert names: `type` is team, user, schedule or escalation; `name` is empty where it is gone."""

    type: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class AlertContent:
    """What an alert says, as criteria read it; priority 1 is P1."""

    message: str = ""
    alias: str = ""
    description: str = ""
    source: str = ""
    entity: str = ""
    priority: int = 3
    tags: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    responders: tuple[Responder, ...] = ()


UNREAD = AlertContent()
"""Stands for what an alert says where no rule asks."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An alert as it stands; `last_acknowledged_at` stays when an acknowledgement is taken back.

    `content` is read only for accounts with rules that ask for it.
    """

    closed: bool = False
    acknowledged: bool = False
    last_acknowledged_at: datetime | None = None
    snoozed_until: datetime | None = None
    content: AlertContent = UNREAD

    def is_snoozed(self, at: datetime) -> bool:
        return self.snoozed_until is not None and at < self.snoozed_until
