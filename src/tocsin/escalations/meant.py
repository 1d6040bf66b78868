"""Who is meant in a draft: names and ids looked up among what a caller may see."""

from dataclasses import dataclass
from uuid import UUID

from tocsin.accounts import store as accounts_store
from tocsin.accounts.directory import Directory, Reference
from tocsin.db import Tx
from tocsin.errors import NotFound
from tocsin.escalations import config_store


@dataclass(frozen=True, slots=True)
class Meant:
    """The account's names; with `own`, of a team's key: its team, and the schedules and escalations of that."""

    directory: Directory
    own: frozenset[UUID] | None = None

    def find(self, reference: Reference, said: str = "") -> UUID:
        """The id. Raises: NotFound; `said` is what the API calls this reference ("Recipient")."""
        found = self.directory.find(reference)
        if found is None or (self.own is not None and found.type != "user" and found.id not in self.own):
            raise NotFound(
                "%(what)s does not exist: %(type)s [%(name)s]",
                params={"what": said or "Responder", "type": reference.type, "name": reference.text},
            )
        return found.id

    def name(self, kind: str, ident: UUID) -> str:
        """What it is called; empty where it is gone."""
        entry = self.directory.entry(kind, str(ident))
        return entry.name if entry is not None else ""


async def load(tx: Tx, account_id: int, team_id: UUID | None = None) -> Meant:
    """Whom a caller can mean: with `team_id`, one who comes by that team's key."""
    directory = await accounts_store.load_directory(tx, account_id)
    if team_id is None:
        return Meant(directory)
    return Meant(directory, frozenset({team_id, *await config_store.list_owned(tx, account_id, team_id)}))
