"""The SQL of notification rules: when and how a person is told; and of his quiet hours."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tocsin.db import Tx
from tocsin.notifications.rules import RuleRow, StepRow

MATCH_ALL = {"type": "match-all"}


RULE = """account_id, id, user_id, name, action_type, position, enabled, criteria, restriction, times, schedule_ids,
          repeat_after, repeat_enabled"""


async def insert_rule(
    tx: Tx, account_id: int, rule_id: UUID, user_id: UUID, name: str, *, action_type: str, position: int
) -> None:
    """An enabled rule without steps, for every alert at any hour."""
    await insert(
        tx,
        RuleRow(account_id, rule_id, user_id, name, action_type, position, True, MATCH_ALL, None, [], [], None, False),
    )


async def insert(tx: Tx, rule: RuleRow) -> None:
    """The rule, without steps."""
    await tx.execute(
        """
        insert into notification_rules (account_id, id, user_id, name, action_type, position, enabled, criteria,
                                        restriction, times, schedule_ids, repeat_after, repeat_enabled)
        values (%(account_id)s, %(id)s, %(user_id)s, %(name)s, %(action_type)s, %(position)s, %(enabled)s,
                %(criteria)s, %(restriction)s, %(times)s, %(schedule_ids)s, %(repeat_after)s, %(repeat_enabled)s)
        """,
        **_columns(rule),
    )


async def save_rule(tx: Tx, rule: RuleRow) -> None:
    """Write back all of the rule but whose it is."""
    await tx.execute(
        """
        update notification_rules
           set name = %(name)s, action_type = %(action_type)s, position = %(position)s, enabled = %(enabled)s,
               criteria = %(criteria)s, restriction = %(restriction)s, times = %(times)s,
               schedule_ids = %(schedule_ids)s, repeat_after = %(repeat_after)s, repeat_enabled = %(repeat_enabled)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        **_columns(rule),
    )


def _columns(rule: RuleRow) -> dict[str, Any]:
    return asdict(rule) | {
        "criteria": Jsonb(rule.criteria),
        "restriction": Jsonb(rule.restriction) if rule.restriction is not None else None,
    }


async def insert_step(
    tx: Tx,
    account_id: int,
    step_id: UUID,
    rule_id: UUID,
    contact_id: UUID,
    *,
    after: timedelta,
    position: int,
    enabled: bool = True,
) -> None:
    """A step: the contact is notified when `after` has passed since the person was told."""
    await tx.execute(
        """
        insert into notification_rule_steps (account_id, id, rule_id, contact_id, after, position, enabled)
        values (%(account_id)s, %(id)s, %(rule_id)s, %(contact_id)s, %(after)s, %(position)s, %(enabled)s)
        """,
        account_id=account_id, id=step_id, rule_id=rule_id, contact_id=contact_id, after=after, position=position,
        enabled=enabled,
    )  # fmt: skip


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
    """The same, locked until the transaction ends; nobody else makes one meanwhile."""
    await tx.value(
        "select id from users where account_id = %(account_id)s and id = %(user_id)s for no key update",
        account_id=account_id,
        user_id=user_id,
    )
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


async def delete_rule(tx: Tx, account_id: int, rule_id: UUID) -> None:
    await tx.execute(
        "delete from notification_rules where account_id = %(account_id)s and id = %(rule_id)s",
        account_id=account_id,
        rule_id=rule_id,
    )


async def save_step(tx: Tx, account_id: int, step: StepRow) -> None:
    """Write back contact, delay and whether it is on."""
    await tx.execute(
        """
        update notification_rule_steps set contact_id = %(contact_id)s, after = %(after)s, enabled = %(enabled)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        account_id=account_id, id=step.id, contact_id=step.contact_id, after=step.after, enabled=step.enabled,
    )  # fmt: skip


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


async def delete_steps(tx: Tx, account_id: int, rule_id: UUID) -> None:
    await tx.execute(
        "delete from notification_rule_steps where account_id = %(account_id)s and rule_id = %(rule_id)s",
        account_id=account_id,
        rule_id=rule_id,
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


@dataclass(frozen=True, slots=True)
class Quiet:
    """When a person wants no messages: until an instant, and at hours of each day or week."""

    muted_until: datetime | None
    quiet_hours: dict[str, Any] | None  # a restriction, as the API spells it


async def get_quiet(tx: Tx, account_id: int, user_id: UUID) -> Quiet:
    """The person's. Raises: NotFound."""
    return await tx.one(
        Quiet,
        "select muted_until, quiet_hours from users where account_id = %(account_id)s and id = %(user_id)s",
        account_id=account_id,
        user_id=user_id,
        missing="There is no such user.",
    )


async def lock_quiet(tx: Tx, account_id: int, user_id: UUID) -> Quiet:
    """The person's, locked until the transaction ends. Raises: NotFound."""
    return await tx.one(
        Quiet,
        """
        select muted_until, quiet_hours from users
         where account_id = %(account_id)s and id = %(user_id)s for no key update
        """,
        account_id=account_id,
        user_id=user_id,
        missing="There is no such user.",
    )


async def save_quiet(tx: Tx, account_id: int, user_id: UUID, quiet: Quiet) -> None:
    await tx.execute(
        """
        update users set muted_until = %(muted_until)s, quiet_hours = %(quiet_hours)s
         where account_id = %(account_id)s and id = %(user_id)s
        """,
        account_id=account_id,
        user_id=user_id,
        muted_until=quiet.muted_until,
        quiet_hours=Jsonb(quiet.quiet_hours) if quiet.quiet_hours is not None else None,
    )
