"""The SQL of notification rules: when and how a person is told."""

from datetime import timedelta
from uuid import UUID

from tocsin.db import Tx


async def insert_rule(
    tx: Tx, account_id: int, rule_id: UUID, user_id: UUID, name: str, *, action_type: str, position: int
) -> None:
    """An enabled rule without steps."""
    await tx.execute(
        """
        insert into notification_rules (account_id, id, user_id, name, action_type, position)
        values (%(account_id)s, %(id)s, %(user_id)s, %(name)s, %(action_type)s, %(position)s)
        """,
        account_id=account_id, id=rule_id, user_id=user_id, name=name, action_type=action_type, position=position,
    )  # fmt: skip


async def insert_step(
    tx: Tx, account_id: int, step_id: UUID, rule_id: UUID, contact_id: UUID, *, after: timedelta, position: int
) -> None:
    """An enabled step: the contact is notified when `after` has passed since the person was told."""
    await tx.execute(
        """
        insert into notification_rule_steps (account_id, id, rule_id, contact_id, after, position)
        values (%(account_id)s, %(id)s, %(rule_id)s, %(contact_id)s, %(after)s, %(position)s)
        """,
        account_id=account_id, id=step_id, rule_id=rule_id, contact_id=contact_id, after=after, position=position,
    )  # fmt: skip
