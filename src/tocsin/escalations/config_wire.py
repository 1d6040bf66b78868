"""Teams, routing rules, escalations and forwarding rules as the API writes them.

Source: reference, teams; escalations and forwarding rules
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tocsin.accounts.audit_store import Entry
from tocsin.accounts.model import Team, TeamMember
from tocsin.accounts.team_store import TeamRole
from tocsin.escalations.config_store import EscalationRow, RuleRow
from tocsin.escalations.forwarding_store import ForwardingRow
from tocsin.escalations.meant import Meant
from tocsin.escalations.routing_store import RoutingRow
from tocsin.wire import wire_time

Json = dict[str, Any]


def named(ident: UUID, name: str) -> Json:
    """What the answer to a write says of the thing written."""
    return {"id": str(ident), "name": name}


def team(found: Team, base_url: str) -> Json:
    """A team as a list shows it."""
    return named(found.id, found.name) | {
        "description": found.description,
        "links": {"web": f"{base_url}/teams/{found.id}", "api": f"{base_url}/v2/teams/{found.id}"},
    }


def members(people: Iterable[TeamMember]) -> list[Json]:
    """Who is in a team, with their roles."""
    return [{"user": {"id": str(it.user_id), "username": it.username}, "role": it.role} for it in people]


def team_log(entry: Entry) -> Json:
    """One change of a team, in English."""
    before, after = entry.before or {}, entry.after or {}
    facts = [_change(name, before, after) for name in sorted(before | after)]
    said = f"{entry.actor} {entry.action} {entry.object_type} {entry.object_name}"
    return {
        "log": f"{said} ({'; '.join(facts)})" if facts else said,
        "owner": entry.actor,
        "createdDate": wire_time(entry.at),
    }


def _change(name: str, before: Json, after: Json) -> str:
    """`role: user → admin`, or what was there or is there alone."""
    if name in before and name in after:
        return f"{name}: {before[name]} → {after[name]}"
    return f"{name}: {before.get(name, after.get(name))}"


def role(found: TeamRole) -> Json:
    """A team role."""
    rights = [{"right": right, "granted": granted} for right, granted in sorted(found.rights.items())]
    return named(found.id, found.name) | {"rights": rights}


def routing_rules(rules: Sequence[RoutingRow], known: Meant, time_zone: str) -> list[Json]:
    """A team's rules in their order; `time_zone` is the account's."""
    return [_routing_rule(rule, order, known, time_zone) for order, rule in enumerate(rules)]


def _routing_rule(rule: RoutingRow, order: int, known: Meant, time_zone: str) -> Json:
    shown = named(rule.id, rule.name) | {
        "isDefault": rule.is_default,
        "order": order,
        "criteria": rule.criteria,
        "timezone": rule.time_zone or time_zone,
    }
    if rule.restriction is not None:
        shown["timeRestriction"] = rule.restriction
    shown["notify"] = {"type": rule.notify_type}
    if rule.notify_id is not None:
        shown["notify"] |= {"id": str(rule.notify_id)}
        if name := known.name(rule.notify_type, rule.notify_id):
            shown["notify"] |= {"name": name}
    return shown


def escalation(row: EscalationRow, rules: Iterable[RuleRow], known: Meant) -> Json:
    """An escalation with its rules; who owns it and whether it repeats only where it does."""
    shown = named(row.id, row.name) | {"description": row.description}
    if row.team_id is not None:
        shown["ownerTeam"] = named(row.team_id, known.name("team", row.team_id))
    shown["rules"] = [_rule(rule, known) for rule in rules]
    if row.repeat_wait or row.close_alert_after_all or row.reset_recipient_states:
        shown["repeat"] = {
            "waitInterval": _minutes(row.repeat_wait),
            "count": row.repeat_count,
            "resetRecipientStates": row.reset_recipient_states,
            "closeAlertAfterAll": row.close_alert_after_all,
        }
    return shown


def _rule(rule: RuleRow, known: Meant) -> Json:
    recipient: Json = {"type": rule.recipient_type, "id": str(rule.recipient_id)}
    if name := known.name(rule.recipient_type, rule.recipient_id):
        recipient["username" if rule.recipient_type == "user" else "name"] = name
    return {
        "condition": rule.condition,
        "notifyType": rule.notify_type,
        "delay": {"timeAmount": _minutes(rule.delay), "timeUnit": "minutes"},
        "recipient": recipient,
    }


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


def forwarding_rule(rule: ForwardingRow, known: Meant) -> Json:
    """A forwarding rule."""
    from_user, to_user = (
        {"id": str(it), "username": known.name("user", it)} for it in (rule.from_user_id, rule.to_user_id)
    )
    return {
        "fromUser": from_user,
        "toUser": to_user,
        "startDate": wire_time(rule.starts_at),
        "endDate": wire_time(rule.ends_at),
        "alias": rule.alias,
        "id": str(rule.id),
    }
