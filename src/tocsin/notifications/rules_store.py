"""The SQL of notification rules: when and how a person is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A person's notification rule, without its steps."""

    account_id: int
    id: UUID
    user_id: UUID
    name: str
    action_type: str
    position: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a rule."""

    id: UUID
    rule_id: UUID
    contact_id: UUID
    after: timedelta
    position: int
    enabled: bool


RULE = "account_id, id, user_id, name, action_type, position, enabled"


async def list_rules(tx: Tx, account_id: int, user_id: UUID) -> list[RuleRow]:
    """The person's rules, in their order."""
    return await tx.all(
        RuleRow,
        f"""
        select {RULE} from notification_rules
         where account_id = %(account_id)s and user_id = %(user_id)s order by position, id
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def lock_rules(tx: Tx, account_id: int, user_id: UUID) -> list[RuleRow]:
    """The same, locked until the transaction ends."""
    return await tx.all(
        RuleRow,
        f"""
        select {RULE} from notification_rules
         where account_id = %(account_id)s and user_id = %(user_id)s order by position, id for update
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def list_steps(tx: Tx, account_id: int, user_id: UUID) -> list[StepRow]:
    """The steps of all of the person's rules, by rule, the earliest first."""
    return await tx.all(
        StepRow,
        """
        select s.id, s.rule_id, s.contact_id, s.after, s.position, s.enabled
          from notification_rule_steps s
          join notification_rules r on r.account_id = s.account_id and r.id = s.rule_id
         where s.account_id = %(account_id)s and r.user_id = %(user_id)s
         order by s.rule_id, s.after, s.position, s.id
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def save_rule(tx: Tx, rule: RuleRow) -> None:
    """Write back name, place and whether it is on."""
    await tx.execute(
        """
        update notification_rules set name = %(name)s, position = %(position)s, enabled = %(enabled)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        account_id=rule.account_id, id=rule.id, name=rule.name, position=rule.position, enabled=rule.enabled,
    )  # fmt: skip


async def delete_rule(tx: Tx, account_id: int, rule_id: UUID) -> None:
    await tx.execute(
        "delete from notification_rules where account_id = %(account_id)s and id = %(rule_id)s",
        account_id=account_id,
        rule_id=rule_id,
    )


async def set_step_enabled(tx: Tx, account_id: int, step_id: UUID, *, enabled: bool) -> None:
    await tx.execute(
        """
        update notification_rule_steps set enabled = %(enabled)s
         where account_id = %(account_id)s and id = %(step_id)s
        """,
        account_id=account_id,
        step_id=step_id,
        enabled=enabled,
    )


async def delete_step(tx: Tx, account_id: int, step_id: UUID) -> None:
    await tx.execute(
        "delete from notification_rule_steps where account_id = %(account_id)s and id = %(step_id)s",
        account_id=account_id,
        step_id=step_id,
    )


async def set_inactive(tx: Tx, account_id: int, ids: Sequence[UUID], since: datetime | None) -> None:
    """These notification rules are over the plan's limit since then; or, with None, they fit again."""
    await tx.execute(
        """
        update notification_rules set inactive_since = %(since)s
         where account_id = %(account_id)s and id = any(%(ids)s)
        """,
        account_id=account_id,
        ids=list(ids),
        since=since,
    )
