"""What an account has of everything that plans limit."""

from tocsin.db import Tx
from tocsin.licensing.limits import Candidate

# Owners before admins before the rest; who is soon on call is ranked between them by the caller. Source: CHOICE-26
PEOPLE = """
    select id, created_at, inactive_since is not null as inactive,
           case role when 'owner' then 0 when 'admin' then 1 else 3 end as rank, '' as "group"
      from users
     where account_id = %(account_id)s and licence_kind = %(kind)s and status = 'active'
"""
THINGS = {
    "schedules": """
        select id, created_at, inactive_since is not null as inactive, 0 as rank, '' as "group"
          from schedules where account_id = %(account_id)s
    """,
    "escalations": """
        select id, created_at, inactive_since is not null as inactive, 0 as rank, '' as "group"
          from escalations where account_id = %(account_id)s
    """,
    "routing_rules": """
        select r.id, t.created_at, r.inactive_since is not null as inactive, r.position as rank,
               r.team_id::text as "group",
               exists (select from jsonb_array_elements(r.criteria -> 'conditions') c
                        where c ->> 'field' not in ('priority', 'tags')) as barred
          from routing_rules r join teams t on t.account_id = r.account_id and t.id = r.team_id
         where r.account_id = %(account_id)s and not r.is_default
    """,
    "notification_rules": """
        select r.id, u.created_at, r.inactive_since is not null as inactive, r.position as rank,
               r.user_id::text || ' ' || r.action_type as "group"
          from notification_rules r join users u on u.account_id = r.account_id and u.id = r.user_id
         where r.account_id = %(account_id)s
    """,
    "integrations": """
        select id, created_at, false as inactive, 0 as rank, '' as "group"
          from integrations where account_id = %(account_id)s
    """,
}


async def lock(tx: Tx, account_id: int) -> None:
    """Until the transaction ends nobody else counts or fits what this account has."""
    await tx.value("select id from accounts where id = %(account_id)s for no key update", account_id=account_id)


async def list_people(tx: Tx, account_id: int, kind: str) -> list[Candidate]:
    """The active people with a licence of that kind: who is suspended by hand, or has not come yet, needs no seat."""
    return await tx.all(Candidate, PEOPLE, account_id=account_id, kind=kind)


async def list_things(tx: Tx, account_id: int, kind: str) -> list[Candidate]:
    """Everything of a counted kind; of routing rules those beside the default one, barred where smaller plans do."""
    return await tx.all(Candidate, THINGS[kind], account_id=account_id)


async def count_numbers(tx: Tx, account_id: int) -> int:
    """The incoming numbers that the account rents now."""
    sql = "select count(*) from rented_numbers where account_id = %(account_id)s and ended_at is null"
    found: int = await tx.value(sql, account_id=account_id)
    return found
