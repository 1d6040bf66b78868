"""The SQL of what is configured: escalations, their rules, routing rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tocsin.db import Tx


async def insert_escalation(
    tx: Tx, account_id: int, escalation_id: UUID, name: str, *, team_id: UUID | None, at: datetime
) -> None:
    """An escalation without rules, which does not repeat."""
    await tx.execute(
        """
        insert into escalations (account_id, id, name, team_id, created_at)
        values (%(account_id)s, %(id)s, %(name)s, %(team_id)s, %(at)s)
        """,
        account_id=account_id, id=escalation_id, name=name, team_id=team_id, at=at,
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
    team_id: UUID | None
    inactive_since: datetime | None  # over the plan's limit


ESCALATION = "account_id, id, name, team_id, inactive_since"


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


async def delete_rules(tx: Tx, account_id: int, escalation_id: UUID) -> None:
    """Take all rules away, to write them anew."""
    await tx.execute(
        "delete from escalation_rules where account_id = %(account_id)s and escalation_id = %(escalation_id)s",
        account_id=account_id,
        escalation_id=escalation_id,
    )


async def reconsider_runs(tx: Tx, account_id: int, escalation_id: UUID, at: datetime) -> None:
    """Let the escalation's runs look again at `at`: its rules are others now, and one may be due before the next."""
    await tx.execute(
        """
        update escalation_runs set due_at = %(at)s
         where account_id = %(account_id)s and escalation_id = %(escalation_id)s and due_at > %(at)s
        """,
        account_id=account_id,
        escalation_id=escalation_id,
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
