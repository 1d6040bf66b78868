"""Who is meant by an id or a name: the teams, users, schedules and escalations of one account. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

EntryType = Literal["team", "user", "schedule", "escalation"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Somebody as a client wrote them: a type, and an id or a name (a username); one of the two may be empty."""

    type: str
    id: str = ""
    name: str = ""

    @property
    def text(self) -> str:
        """What the client wrote, for messages and logs."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who can be named: `name` is a user's username; `label` is what people read (a user's full name)."""

    account_id: int
    type: EntryType
    id: UUID
    name: str
    label: str


class Directory:
    """The account's names, looked up in constant time. Ids are UUID text in lower case, as alerts keep them."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_id: dict[tuple[str, str], Entry] = {}
        self._by_name: dict[tuple[str, str], Entry] = {}
        self._by_folded_name: dict[tuple[str, str], Entry | None] = {}
        for entry in entries:
            self._by_id[entry.type, str(entry.id)] = entry
            self._by_name[entry.type, entry.name] = entry
            folded = entry.type, entry.name.casefold()
            self._by_folded_name[folded] = None if folded in self._by_folded_name else entry

    def find(self, reference: Reference) -> Entry | None:
        """The entry that is meant: by id, else by name, else by a name that differs in case only and is the only one.

        An id that is not one here may be a name that was put into the wrong field, as some clients do.
        """
        kind = reference.type
        if reference.id:
            found = self._by_id.get((kind, reference.id.lower())) or self._named(kind, reference.id)
            if found is not None:
                return found
        return self._named(kind, reference.name) if reference.name else None

    def resolve(self, reference: Reference) -> tuple[str, str] | None:
        """`(type, id)` of whom is meant, or None when the account has nobody of that name."""
        entry = self.find(reference)
        return (entry.type, str(entry.id)) if entry is not None else None

    def entry(self, kind: str, ident: str) -> Entry | None:
        """Who has this id, or None when they are gone."""
        return self._by_id.get((kind, ident))

    def of(self, kind: str) -> list[Entry]:
        """Everybody of that type, in no order."""
        return [entry for (type_, _), entry in self._by_id.items() if type_ == kind]

    def label(self, kind: str, ident: str) -> str:
        """What people read instead of the id; the id itself when they are gone."""
        entry = self._by_id.get((kind, ident))
        return entry.label if entry is not None else ident

    def _named(self, kind: str, name: str) -> Entry | None:
        return self._by_name.get((kind, name)) or self._by_folded_name.get((kind, name.casefold()))
