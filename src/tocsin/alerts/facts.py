"""What a decision about telling somebody needs to know of an alert. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An alert as it stands; `last_acknowledged_at` stays when an acknowledgement is taken back."""

    closed: bool = False
    acknowledged: bool = False
    last_acknowledged_at: datetime | None = None
    snoozed_until: datetime | None = None

    def is_snoozed(self, at: datetime) -> bool:
        return self.snoozed_until is not None and at < self.snoozed_until
