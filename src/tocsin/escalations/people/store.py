"""The SQL of people as the API lists them, and of where they take part."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from tocsin.db import Tx
from tocsin.errors import Invalid
from tocsin.escalations.people.payload import PersonRow

PERSON = """
    u.account_id, u.id, u.username, u.full_name, u.role, u.role_id, r.name as role_name, u.status,
    u.verified_at is not null as verified, u.time_zone, u.locale, u.created_at, u.muted_until, u.skype_username,
    u.address, u.tags, u.details, u.language_tag
"""
FROM = "from users u left join roles r on r.account_id = u.account_id and r.id = u.role_id"
SORTS = {
    "username": "u.username",
    "fullName": "lower(u.full_name)",
    "fullName.raw": "u.full_name",
    "role": "coalesce(r.name, u.role)",
    "verified": "(u.verified_at is not null)",
    "blocked": "(u.status = 'suspended')",
    "createdAt": "u.created_at",
    "insertedAt": "u.created_at",
}
# What a query may look at; each holds the text that is sought.
SOUGHT = {
    "username": "strpos(u.username, lower(%({p})s)) > 0",
    "fullname": "strpos(lower(u.full_name), lower(%({p})s)) > 0",
    "role": "lower(coalesce(r.name, u.role)) = lower(%({p})s)",
    "tags": "exists (select from unnest(u.tags) as t(tag) where lower(t.tag) = lower(%({p})s))",
    "blocked": "(u.status = 'suspended')::text = lower(%({p})s)",
    "verified": "(u.verified_at is not null)::text = lower(%({p})s)",
    "": "(strpos(u.username, lower(%({p})s)) > 0 or strpos(lower(u.full_name), lower(%({p})s)) > 0)",
}
_WORD = re.compile(r'(?:(?P<field>\w+)\s*:\s*)?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')


async def find_person(tx: Tx, account_id: int, identifier: str) -> PersonRow | None:
    """The person of that id or username (any case), or None."""
    return await tx.find(
        PersonRow,
        f"""
        select {PERSON} {FROM}
         where u.account_id = %(account_id)s and (u.id::text = lower(%(identifier)s)
            or u.username = lower(%(identifier)s))
        """,
        account_id=account_id,
        identifier=identifier,
    )


async def list_people(
    tx: Tx, account_id: int, query: str, *, sort: str, order: Literal["asc", "desc"], offset: int, limit: int
) -> tuple[list[PersonRow], int]:
    """A page of the people that match, and how many match. Raises: Invalid for a sort or a query that is none."""
    if sort not in SORTS:
        raise Invalid("Request is not processable. Please check the errors.", {"sort": f"must be one of {_of(SORTS)}"})
    where, params = _sought(query)
    total: int = await tx.value(
        f"select count(*) {FROM} where u.account_id = %(account_id)s and {where}", account_id=account_id, **params
    )
    found = await tx.all(
        PersonRow,
        f"""
        select {PERSON} {FROM} where u.account_id = %(account_id)s and {where}
         order by {SORTS[sort]} {order}, u.username {order} limit %(limit)s offset %(offset)s
        """,
        account_id=account_id,
        limit=limit,
        offset=offset,
        **params,
    )
    return found, total


def _sought(query: str) -> tuple[str, dict[str, str]]:
    """The condition of a query like `role: admin ana`: each part must hold."""
    parts, params = ["true"], {}
    for number, word in enumerate(_WORD.finditer(query)):
        field, text = (word["field"] or "").lower(), word["quoted"] if word["quoted"] is not None else word["plain"]
        if not field and text.lower() == "and":
            continue
        if field not in SOUGHT:
            problem = f"The query may look at {_of([it for it in SOUGHT if it])}, not at {field}."
            raise Invalid("Request is not processable. Please check the errors.", {"query": problem})
        parts.append(SOUGHT[field].format(p=f"q{number}"))
        params[f"q{number}"] = text
    return " and ".join(parts), params


def _of(names: Mapping[str, str] | list[str]) -> str:
    return ", ".join(names)


async def teams_of(tx: Tx, account_id: int, user_id: UUID) -> list[dict[str, Any]]:
    """Ids and names of the teams that the person is in, by name."""
    return await tx.dicts(
        """
        select t.id::text, t.name from teams t
          join team_members m on m.account_id = t.account_id and m.team_id = t.id
         where t.account_id = %(account_id)s and m.user_id = %(user_id)s order by t.name
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def schedules_of(tx: Tx, account_id: int, user_id: UUID) -> list[dict[str, Any]]:
    """Ids and names of the schedules whose rotations name the person, or a team that he is in, by name."""
    return await tx.dicts(
        """
        select s.id::text, s.name from schedules s
         where s.account_id = %(account_id)s and exists (
           select from rotations r cross join jsonb_array_elements(r.participants) as p(entry)
            where r.account_id = s.account_id and r.schedule_id = s.id
              and (p.entry ->> 'id' = %(user_id)s::text or p.entry ->> 'id' in (
                select m.team_id::text from team_members m
                 where m.account_id = s.account_id and m.user_id = %(user_id)s)))
         order by s.name
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def escalations_of(tx: Tx, account_id: int, user_id: UUID) -> list[dict[str, Any]]:
    """Ids and names of the escalations whose rules name the person, or a team that he is in, by name."""
    return await tx.dicts(
        """
        select e.id::text, e.name from escalations e
         where e.account_id = %(account_id)s and exists (
           select from escalation_rules r
            where r.account_id = e.account_id and r.escalation_id = e.id
              and (r.recipient_id = %(user_id)s or r.recipient_id in (
                select m.team_id from team_members m
                 where m.account_id = e.account_id and m.user_id = %(user_id)s)))
         order by e.name
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def forwarding_rules_of(tx: Tx, account_id: int, user_id: UUID) -> list[dict[str, Any]]:
    """The forwarding rules from or to the person, by start."""
    return await tx.dicts(
        """
        select f.id::text, f.alias, f.starts_at, f.ends_at, f.from_user_id::text, a.username as from_username,
               f.to_user_id::text, b.username as to_username
          from forwarding_rules f
          join users a on a.account_id = f.account_id and a.id = f.from_user_id
          join users b on b.account_id = f.account_id and b.id = f.to_user_id
         where f.account_id = %(account_id)s and %(user_id)s in (f.from_user_id, f.to_user_id)
         order by f.starts_at, f.alias
        """,
        account_id=account_id,
        user_id=user_id,
    )


async def uses(tx: Tx, account_id: int, user_id: UUID, at: datetime) -> list[str]:
    """Where the person is named himself, in words; overrides and forwarding rules that are over do not count."""
    return await tx.values(
        """
        select 'the rotation ' || r.name || ' of the schedule ' || s.name from rotations r
          join schedules s on s.account_id = r.account_id and s.id = r.schedule_id
         where r.account_id = %(account_id)s and exists (
           select from jsonb_array_elements(r.participants) as p(entry) where p.entry ->> 'id' = %(user_id)s::text)
        union all
        select distinct 'the escalation ' || e.name from escalation_rules r
          join escalations e on e.account_id = r.account_id and e.id = r.escalation_id
         where r.account_id = %(account_id)s and r.recipient_id = %(user_id)s
        union all
        select distinct 'an override of the schedule ' || s.name from overrides o
          join schedules s on s.account_id = o.account_id and s.id = o.schedule_id
         where o.account_id = %(account_id)s and o.user_id = %(user_id)s and o.ends_at > %(at)s
        union all
        select 'the forwarding rule ' || f.alias from forwarding_rules f
         where f.account_id = %(account_id)s and %(user_id)s in (f.from_user_id, f.to_user_id) and f.ends_at > %(at)s
        """,
        account_id=account_id,
        user_id=user_id,
        at=at,
    )
