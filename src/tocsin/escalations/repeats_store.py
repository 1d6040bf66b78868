"""The SQL of repeats. The engine role works here, over many accounts at once."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from tocsin import arrays
from tocsin.alerts.facts import AlertFacts
from tocsin.db import Tx
from tocsin.escalations.repeat import AT_ONCE, Repeat
from tocsin.notifications.model import NewNotification


async def insert(tx: Tx, repeats: Sequence[Repeat]) -> None:
    """Each once: telling the same twice is telling once."""
    await tx.execute_many(
        """
        insert into notification_repeats (account_id, alert_id, user_id, rule_id, key, action_type, path, told_at, turn,
                                          due_at)
        values (%(account_id)s, %(alert_id)s, %(user_id)s, %(rule_id)s, %(key)s, %(action_type)s, %(path)s,
                %(told_at)s, %(turn)s, %(due_at)s)
        on conflict do nothing
        """,
        [
            {
                "account_id": it.account_id, "alert_id": it.alert_id, "user_id": it.user_id, "rule_id": it.rule_id,
                "key": it.key, "action_type": it.action_type, "path": Jsonb(it.path), "told_at": it.told_at,
                "turn": it.turn, "due_at": it.due_at,
            }
            for it in repeats
        ],
    )  # fmt: skip


async def claim_due(tx: Tx, now: datetime, limit: int) -> list[Repeat]:
    """Lock up to `limit` due repeats until the transaction ends, oldest first; another worker skips them."""
    return await tx.all(
        Repeat,
        """
        select account_id, id, alert_id, user_id, rule_id, key, action_type, path, told_at, turn, due_at
          from notification_repeats where due_at <= %(now)s order by due_at limit %(limit)s for update skip locked
        """,
        now=now,
        limit=limit,
    )


async def alert_facts(tx: Tx, repeats: Sequence[Repeat]) -> dict[tuple[int, str], AlertFacts]:
    """How the alerts of these stand; one that is gone is not among them."""
    rows = await tx.dicts(
        """
        select distinct a.account_id, a.id, a.status, a.acknowledged, a.acknowledged_at, a.snoozed_until
          from unnest(%(account_id)s::bigint[], %(alert_id)s::text[]) as i(account_id, id)
          join alerts a on a.account_id = i.account_id and a.id = i.id
        """,
        account_id=arrays.plain([it.account_id for it in repeats]),
        alert_id=arrays.texts([it.alert_id for it in repeats]),
    )
    return {
        (row["account_id"], row["id"]): AlertFacts(
            row["status"] != "open", row["acknowledged"], row["acknowledged_at"], row["snoozed_until"]
        )
        for row in rows
    }


async def save(tx: Tx, goes_on: Sequence[Repeat], over: Sequence[Repeat]) -> None:
    """Write down when each begins again, and forget those that are over."""
    await tx.execute_many(
        """
        update notification_repeats set turn = %(turn)s, due_at = %(due_at)s
         where account_id = %(account_id)s and id = %(id)s
        """,
        [{"account_id": it.account_id, "id": it.id, "turn": it.turn, "due_at": it.due_at} for it in goes_on],
    )
    await tx.execute_many(
        "delete from notification_repeats where account_id = %(account_id)s and id = %(id)s",
        [{"account_id": it.account_id, "id": it.id} for it in over],
    )


async def without_doubles(tx: Tx, rows: Sequence[NewNotification], now: datetime) -> list[NewNotification]:
    """Those of `rows` whose contact gets no other message about the same alert at the same time."""
    doubles = await tx.values(
        """
        select i.place
          from unnest(%(account_id)s::bigint[], %(alert_id)s::text[], %(contact_id)s::uuid[], %(due_at)s::timestamptz[])
               with ordinality as i(account_id, alert_id, contact_id, due_at, place)
         where exists (
           select from notifications n
            where n.account_id = i.account_id and n.alert_id = i.alert_id and n.contact_id = i.contact_id
              and (n.due_at between i.due_at - %(span)s and i.due_at + %(span)s
                   or (n.due_at is null and n.ended_at between i.due_at - %(span)s and i.due_at + %(span)s)))
        """,
        account_id=arrays.plain([it.account_id for it in rows]),
        alert_id=arrays.texts([it.alert_id for it in rows]),
        contact_id=arrays.plain([it.contact_id for it in rows]),
        due_at=arrays.plain([it.due_at for it in rows]),
        span=AT_ONCE,
    )
    taken, kept, seen = set(doubles), [], set()
    for place, row in enumerate(rows, start=1):
        mark = row.account_id, row.alert_id, row.contact_id, row.due_at
        if place not in taken and mark not in seen:
            seen.add(mark)
            kept.append(row)
    return kept


async def earliest_due(tx: Tx) -> datetime | None:
    """When the next one begins again, or None."""
    due: datetime | None = await tx.value("select min(due_at) from notification_repeats")
    return due
