"""One account's configuration, as the decisions read it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tocsin.alerts.criteria import CriteriaType
from tocsin.escalations.directory import Directory
from tocsin.notifications.plan import Contact, NotificationRule


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who there is, who would be told, and by which contacts; `version` says which configuration it shows."""

    version: int
    directory: Directory
    contacts: Mapping[str, tuple[Contact, ...]]  # by user id
    rules: Mapping[str, tuple[NotificationRule, ...]]  # by user id
    owners: tuple[str, ...]  # user ids: whom the last resort reaches
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)  # by user id

    reads_content: bool = field(init=False)  # whether any rule asks what an alert says: only then is that read

    def __post_init__(self) -> None:
        asks = any(
            rule.criteria.type is not CriteriaType.MATCH_ALL and rule.enabled
            for rules in self.rules.values()
            for rule in rules
        )
        object.__setattr__(self, "reads_content", asks or self.directory.reads_content)
