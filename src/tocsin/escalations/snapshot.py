"""One account's configuration, as the decisions read it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

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

    @property
    def reads_content(self) -> bool:
        """Whether any rule asks what an alert says: only then is that read."""
        return self.directory.reads_content
