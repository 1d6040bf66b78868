"""The SQL of routing rules."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class RoutingRow:
    """A routing rule as it is stored; criteria and restriction as the API spells them."""

    account_id: int
    id: UUID
    team_id: UUID
    name: str
    position: int
    is_default: bool
    notify_type: str
    notify_id: UUID | None
    criteria: dict[str, Any]
    time_zone: str | None  # None: the account's
    restriction: dict[str, Any] | None
    inactive_since: datetime | None = None  # over the plan's limit


RULE = """account_id, id, team_id, name, position, is_default, notify_type, notify_id, criteria, time_zone, restriction,
          inactive_since"""


async def list_of_team(tx: Tx, account_id: int, team_id: UUID) -> list[RoutingRow]:
    """The team's rules in their order, the default one last."""
    return await tx.all(
        RoutingRow,
        f"""
        select {RULE} from routing_rules
         where account_id = %(account_id)s and team_id = %(team_id)s order by is_default, position, id
        """,
        account_id=account_id,
        team_id=team_id,
    )


async def insert(tx: Tx, rule: RoutingRow) -> None:
    await tx.execute(
        """
        insert into routing_rules (account_id, id, team_id, name, position, is_default, notify_type, notify_id,
                                   criteria, time_zone, restriction)
        values (%(account_id)s, %(id)s, %(team_id)s, %(name)s, %(position)s, %(is_default)s, %(notify_type)s,
                %(notify_id)s, %(criteria)s, %(time_zone)s, %(restriction)s)
        """,
        **_columns(rule),
    )


async def save(tx: Tx, rule: RoutingRow) -> None:
    """Everything but its place and whether it is active."""
    await tx.execute(
        """
        update routing_rules
           set name = %(name)s, notify_type = %(notify_type)s, notify_id = %(notify_id)s, criteria = %(criteria)s,
               time_zone = %(time_zone)s, restriction = %(restriction)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        **_columns(rule),
    )


async def delete(tx: Tx, account_id: int, rule_id: UUID) -> None:
    await tx.execute(
        "delete from routing_rules where account_id = %(account_id)s and id = %(rule_id)s",
        account_id=account_id,
        rule_id=rule_id,
    )


async def put_in_order(tx: Tx, account_id: int, ids: Sequence[UUID]) -> None:
    """These rules take the places 0, 1, 2 and so on."""
    await tx.execute(
        """
        update routing_rules r set position = i.number - 1
          from unnest(%(ids)s::uuid[]) with ordinality as i(id, number)
         where r.account_id = %(account_id)s and r.id = i.id and r.position <> i.number - 1
        """,
        account_id=account_id,
        ids=list(ids),
    )


def _columns(rule: RoutingRow) -> dict[str, Any]:
    return asdict(rule) | {
        "criteria": Jsonb(rule.criteria),
        "restriction": Jsonb(rule.restriction) if rule.restriction is not None else None,
    }
