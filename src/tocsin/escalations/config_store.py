"""The SQL of what is configured: escalations, their rules, routing rules."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from tocsin.db import Tx


async def insert_escalation(
    tx: Tx,
    account_id: int,
    escalation_id: UUID,
    name: str,
    *,
    team_id: UUID | None,
    at: datetime,
    description: str = "",
) -> None:
    """An escalation without rules, which does not repeat."""
    await tx.execute(
        """
        insert into escalations (account_id, id, name, description, team_id, created_at)
        values (%(account_id)s, %(id)s, %(name)s, %(description)s, %(team_id)s, %(at)s)
        """,
        account_id=account_id, id=escalation_id, name=name, description=description, team_id=team_id, at=at,
    )  # fmt: skip


async def insert_escalation_rule(
    tx: Tx,
    account_id: int,
    escalation_id: UUID,
    *,
    position: int,
    condition: str,
    notify_type: str,
    delay: timedelta,
    recipient_type: str,
    recipient_id: UUID,
) -> None:
    await tx.execute(
        """
        insert into escalation_rules (account_id, escalation_id, position, condition, notify_type, delay,
                                      recipient_type, recipient_id)
        values (%(account_id)s, %(escalation_id)s, %(position)s, %(condition)s, %(notify_type)s, %(delay)s,
                %(recipient_type)s, %(recipient_id)s)
        """,
        account_id=account_id, escalation_id=escalation_id, position=position, condition=condition,
        notify_type=notify_type, delay=delay, recipient_type=recipient_type, recipient_id=recipient_id,
    )  # fmt: skip


async def insert_default_routing_rule(
    tx: Tx, account_id: int, rule_id: UUID, team_id: UUID, *, notify_type: str, notify_id: UUID | None
) -> None:
    """The rule that holds when no other does: it has no criteria and comes last."""
    await tx.execute(
        """
        insert into routing_rules (account_id, id, team_id, name, position, is_default, notify_type, notify_id)
        values (%(account_id)s, %(id)s, %(team_id)s, 'Default Routing Rule', 0, true, %(notify_type)s, %(notify_id)s)
        """,
        account_id=account_id, id=rule_id, team_id=team_id, notify_type=notify_type, notify_id=notify_id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EscalationRow:
    """An escalation without its rules."""

    account_id: int
    id: UUID
    name: str
    description: str
    team_id: UUID | None
    repeat_wait: timedelta  # zero: it does not repeat
    repeat_count: int
    reset_recipient_states: bool
    close_alert_after_all: bool
    inactive_since: datetime | None  # over the plan's limit


ESCALATION = """account_id, id, name, description, team_id, repeat_wait, repeat_count, reset_recipient_states,
                close_alert_after_all, inactive_since"""
IdentifierType = Literal["id", "name"]


async def find_escalation(
    tx: Tx, account_id: int, identifier: str, identifier_type: IdentifierType
) -> EscalationRow | None:
    """The escalation with this id or name, or None."""
    column = "id::text" if identifier_type == "id" else "name"
    return await tx.find(
        EscalationRow,
        f"select {ESCALATION} from escalations where account_id = %(account_id)s and {column} = %(identifier)s",
        account_id=account_id,
        identifier=identifier.lower() if identifier_type == "id" else identifier,
    )


async def list_escalations(tx: Tx, account_id: int) -> list[EscalationRow]:
    """Every escalation of the account, by name."""
    return await tx.all(
        EscalationRow,
        f"select {ESCALATION} from escalations where account_id = %(account_id)s order by name",
        account_id=account_id,
    )


async def lock_escalation(tx: Tx, account_id: int, escalation_id: UUID) -> EscalationRow:
    """The escalation, locked until the transaction ends. Raises: NotFound."""
    return await tx.one(
        EscalationRow,
        f"select {ESCALATION} from escalations where account_id = %(account_id)s and id = %(escalation_id)s for update",
        account_id=account_id,
        escalation_id=escalation_id,
        missing="There is no such escalation.",
    )


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule of an escalation."""

    position: int
    condition: str
    notify_type: str
    delay: timedelta
    recipient_type: str
    recipient_id: UUID


async def list_rules(tx: Tx, account_id: int, escalation_id: UUID) -> list[RuleRow]:
    """The escalation's rules, in their order."""
    return await tx.all(
        RuleRow,
        """
        select position, condition, notify_type, delay, recipient_type, recipient_id from escalation_rules
         where account_id = %(account_id)s and escalation_id = %(escalation_id)s order by position
        """,
        account_id=account_id,
        escalation_id=escalation_id,
    )


async def list_all_rules(tx: Tx, account_id: int) -> dict[UUID, list[RuleRow]]:
    """The rules of every escalation of the account, in their order, by its id."""
    rows = await tx.dicts(
        """
        select escalation_id, position, condition, notify_type, delay, recipient_type, recipient_id
          from escalation_rules where account_id = %(account_id)s order by escalation_id, position
        """,
        account_id=account_id,
    )
    found: dict[UUID, list[RuleRow]] = {}
    for row in rows:
        found.setdefault(row.pop("escalation_id"), []).append(RuleRow(**row))
    return found


async def save_escalation(tx: Tx, row: EscalationRow) -> None:
    """Everything of it but its rules and whether it is active."""
    await tx.execute(
        """
        update escalations
           set name = %(name)s, description = %(description)s, team_id = %(team_id)s, repeat_wait = %(repeat_wait)s,
               repeat_count = %(repeat_count)s, reset_recipient_states = %(reset_recipient_states)s,
               close_alert_after_all = %(close_alert_after_all)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        **asdict(row),
    )


async def delete_escalation(tx: Tx, account_id: int, escalation_id: UUID) -> None:
    """With its rules."""
    await tx.execute(
        "delete from escalations where account_id = %(account_id)s and id = %(escalation_id)s",
        account_id=account_id,
        escalation_id=escalation_id,
    )


@dataclass(frozen=True, slots=True)
class Use:
    """Something that refers to another: `kind` is a noun, `team_id` the team whose it is."""

    kind: str
    name: str
    team_id: UUID | None


async def list_uses(tx: Tx, account_id: int, ids: Sequence[UUID]) -> list[Use]:
    """What refers to any of these teams, schedules or escalations: routing rules, escalations, schedules."""
    return await tx.all(
        Use,
        """
        select 'routing rule' as kind, t.name || ': ' || r.name as name, r.team_id
          from routing_rules r join teams t on t.account_id = r.account_id and t.id = r.team_id
         where r.account_id = %(account_id)s and r.notify_id = any(%(ids)s)
        union
        select 'escalation', e.name, e.team_id
          from escalation_rules r join escalations e on e.account_id = r.account_id and e.id = r.escalation_id
         where r.account_id = %(account_id)s and r.recipient_id = any(%(ids)s)
        union
        select 'schedule', s.name, s.team_id
          from rotations r join schedules s on s.account_id = r.account_id and s.id = r.schedule_id
          cross join jsonb_array_elements(r.participants) p
         where r.account_id = %(account_id)s and p ->> 'id' = any(%(ids)s::text[])
         order by 1, 2
        """,
        account_id=account_id,
        ids=list(ids),
    )


async def list_owned(tx: Tx, account_id: int, team_id: UUID) -> list[UUID]:
    """The ids of the schedules and escalations that are the team's."""
    return await tx.values(
        """
        select id from schedules where account_id = %(account_id)s and team_id = %(team_id)s
        union all
        select id from escalations where account_id = %(account_id)s and team_id = %(team_id)s
        """,
        account_id=account_id,
        team_id=team_id,
    )


async def delete_rules(tx: Tx, account_id: int, escalation_id: UUID) -> None:
    """Take all rules away, to write them anew."""
    await tx.execute(
        "delete from escalation_rules where account_id = %(account_id)s and escalation_id = %(escalation_id)s",
        account_id=account_id,
        escalation_id=escalation_id,
    )


async def reconsider_runs(tx: Tx, account_id: int, escalation_ids: Sequence[UUID], at: datetime) -> None:
    """Let the runs of these escalations look again at `at`: their rules are others now, or they are gone."""
    await tx.execute(
        """
        update escalation_runs set due_at = %(at)s
         where account_id = %(account_id)s and escalation_id = any(%(ids)s) and due_at > %(at)s
        """,
        account_id=account_id,
        ids=list(escalation_ids),
        at=at,
    )


async def set_inactive(tx: Tx, account_id: int, ids: Sequence[UUID], since: datetime | None) -> None:
    """These escalations are over the plan's limit since then; or, with None, they fit again."""
    await tx.execute(
        "update escalations set inactive_since = %(since)s where account_id = %(account_id)s and id = any(%(ids)s)",
        account_id=account_id,
        ids=list(ids),
        since=since,
    )


async def set_routing_inactive(tx: Tx, account_id: int, ids: Sequence[UUID], since: datetime | None) -> None:
    """These routing rules are over the plan's limit since then; or, with None, they fit again."""
    await tx.execute(
        "update routing_rules set inactive_since = %(since)s where account_id = %(account_id)s and id = any(%(ids)s)",
        account_id=account_id,
        ids=list(ids),
        since=since,
    )
