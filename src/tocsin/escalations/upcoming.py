"""What comes next for an alert that nobody has dealt with: the rules that are still to fire. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tocsin.alerts.model import Alert, AlertStatus
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import Condition
from tocsin.escalations.explain import Reader
from tocsin.escalations.rule_words import recipient_in_words

STEPS = 3  # of each run: more is noise at night


class PendingRun(Protocol):
    """What this needs to know of a run that is under way."""

    @property
    def escalation_id(self) -> UUID | None: ...
    @property
    def round_started_at(self) -> datetime | None: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A rule that fires at `at`; `moot` says why it will tell nobody as things stand."""

    at: datetime
    text: str
    moot: str = ""


def upcoming(
    runs: Iterable[PendingRun], alert: Alert, directory: Directory, full_names: Mapping[str, str], reader: Reader
) -> list[Upcoming]:
    """The next rules of each run in the order of their times; nothing once the alert is closed."""
    if alert.status is not AlertStatus.OPEN:
        return []
    found = [it for run in runs for it in _of_run(run, alert, directory, full_names, reader)]
    return sorted(found, key=lambda it: it.at)


def _of_run(
    run: PendingRun, alert: Alert, directory: Directory, full_names: Mapping[str, str], reader: Reader
) -> list[Upcoming]:
    escalation = directory.escalations.get(str(run.escalation_id)) if run.escalation_id else None
    if escalation is None:
        return []
    _ = reader.words
    started_at = run.round_started_at or run.started_at
    found = []
    for rule in escalation.in_due_order():
        at = started_at + rule.delay
        if at < run.due_at:
            continue
        who = recipient_in_words(rule.recipient, rule.notify_type, directory, full_names, reader.locale)
        moot = ""
        if alert.is_snoozed(at):
            moot = _("not while it is snoozed")
        elif alert.acknowledged and rule.condition is Condition.IF_NOT_ACKED:
            moot = _("not as long as it is acknowledged")
        text = _("rule %(number)s of %(escalation)s: %(who)s", number=rule.position + 1, escalation=escalation.name,
                 who=who)  # fmt: skip
        found.append(Upcoming(at, text, moot))
    return found[:STEPS]
