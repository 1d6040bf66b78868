"""The SQL of what is configured: escalations, their rules, routing rules."""

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
