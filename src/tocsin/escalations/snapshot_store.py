"""Loads an account's configuration into the pure types, once for each version of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.accounts.model import LicenceKind, Role, UserStatus
from tocsin.alerts import criteria
from tocsin.db import Tx
from tocsin.escalations.directory import Directory, Member, Person, Team
from tocsin.escalations.escalation import (
    Condition,
    Escalation,
    EscalationRule,
    NotifyType,
    Recipient,
    RecipientKind,
    Repeat,
)
from tocsin.escalations.routing import RoutingRule, TargetKind
from tocsin.escalations.snapshot import Snapshot
from tocsin.notifications import rules_store
from tocsin.notifications.plan import Contact, NotificationRule
from tocsin.notifications.rules import RuleRow, StepRow, as_planned
from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.on_call import Schedule
from tocsin.schedules.overrides import Override
from tocsin.schedules.restrictions import from_json
from tocsin.schedules.rotation import Participant, ParticipantKind, Rotation, RotationKind

Row = dict[str, Any]


class Snapshots:
    """The snapshots in use. `get` asks for the versions first, so what it answers is never out of date."""

    def __init__(self, size: int = 500) -> None:
        self._kept: dict[int, Snapshot] = {}
        self._size = size

    async def get(self, tx: Tx, account_ids: Iterable[int]) -> dict[int, Snapshot]:
        """The configuration of each account as this transaction sees it."""
        wanted = sorted(set(account_ids))
        versions = await _versions(tx, wanted)
        found = {}
        for account_id in wanted:
            kept = self._kept.get(account_id)
            if kept is None or kept.version != versions.get(account_id, 0):
                kept = await load(tx, account_id, versions.get(account_id, 0))
                if len(self._kept) >= self._size:
                    self._kept.clear()
                self._kept[account_id] = kept
            found[account_id] = kept
        return found


async def _versions(tx: Tx, account_ids: list[int]) -> dict[int, int]:
    rows = await tx.dicts(
        "select account_id, version from configuration_versions where account_id = any(%(account_ids)s)",
        account_ids=account_ids,
    )
    return {row["account_id"]: row["version"] for row in rows}


async def load(tx: Tx, account_id: int, version: int) -> Snapshot:
    """The whole configuration of an account, in the types that decisions read."""
    users = await _rows(
        tx, "select id, username, role, licence_kind, status, inactive_since, time_zone from users", account_id
    )
    people = {str(row["id"]): _person(row) for row in users}
    owners = [row for row in users if row["role"] == Role.OWNER and row["status"] != UserStatus.SUSPENDED]
    within_limit = [row for row in owners if row["inactive_since"] is None]
    return Snapshot(
        version=version,
        directory=Directory(
            people=people,
            teams=await _teams(tx, account_id),
            schedules=await _schedules(tx, account_id),
            escalations=await _escalations(tx, account_id),
            inactive=frozenset(await _inactive(tx, account_id)),
            forwardings=await _forwardings(tx, account_id),
        ),
        contacts=await load_contacts(tx, account_id),
        rules=await load_rules(tx, account_id),
        owners=tuple(sorted(str(row["id"]) for row in within_limit or owners)),
        zones={str(row["id"]): zone_named(row["time_zone"]) for row in users},
    )


def _person(row: Row) -> Person:
    return Person(
        str(row["id"]),
        row["username"],
        suspended=row["status"] == UserStatus.SUSPENDED,
        over_limit=row["inactive_since"] is not None,
        stakeholder=row["licence_kind"] == LicenceKind.STAKEHOLDER,
    )


async def _inactive(tx: Tx, account_id: int) -> list[str]:
    """The schedules and escalations that the plan does not include."""
    return await tx.values(
        """
        select id::text from schedules where account_id = %(account_id)s and inactive_since is not null
        union all
        select id::text from escalations where account_id = %(account_id)s and inactive_since is not null
        """,
        account_id=account_id,
    )


async def owners_only(tx: Tx, account_id: int) -> Snapshot:
    """A snapshot for the last resort alone: when the rest of the configuration cannot be read, owners still can."""
    rows = await tx.values(
        """
        select id from users
         where account_id = %(account_id)s and role = 'owner' and status <> 'suspended' order by id
        """,
        account_id=account_id,
    )
    return Snapshot(0, Directory(), await load_contacts(tx, account_id), {}, tuple(str(row) for row in rows))


async def _rows(tx: Tx, select: str, account_id: int, order: str = "") -> list[Row]:
    where = f"{select} where account_id = %(account_id)s"
    return await tx.dicts(f"{where} order by {order}" if order else where, account_id=account_id)


def _grouped(rows: list[Row], key: str) -> Mapping[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[str(row[key])].append(row)
    return groups


async def _teams(tx: Tx, account_id: int) -> dict[str, Team]:
    time_zone = await tx.value("select time_zone from accounts where id = %(account_id)s", account_id=account_id)
    zone = ZoneInfo(time_zone or "UTC")
    by_username = "(select username from users u where u.account_id = team_members.account_id and u.id = user_id)"
    members = _grouped(
        await _rows(tx, "select team_id, user_id, role from team_members", account_id, order=by_username), "team_id"
    )
    rules = _grouped(
        await _rows(
            tx,
            """select id, team_id, name, position, is_default, notify_type, notify_id, inactive_since, criteria,
                      restriction, time_zone from routing_rules""",
            account_id,
        ),
        "team_id",
    )
    return {
        str(team["id"]): Team(
            id=str(team["id"]),
            name=team["name"],
            members=tuple(Member(str(row["user_id"]), row["role"]) for row in members[str(team["id"])]),
            routing_rules=tuple(
                _routing_rule(row, zone) for row in rules[str(team["id"])] if not row["inactive_since"]
            ),
        )
        for team in await _rows(tx, "select id, name from teams", account_id)
    }


def _routing_rule(row: Row, zone: ZoneInfo) -> RoutingRule:
    return RoutingRule(
        id=str(row["id"]),
        name=row["name"],
        position=row["position"],
        is_default=row["is_default"],
        target_kind=TargetKind(row["notify_type"]),
        target_id=str(row["notify_id"]) if row["notify_id"] else None,
        criteria=criteria.stored(row["criteria"]),
        restriction=from_json(row["restriction"]),
        zone=ZoneInfo(row["time_zone"]) if row["time_zone"] else zone,
    )


async def _schedules(tx: Tx, account_id: int) -> dict[str, Schedule]:
    rotations = _grouped(
        await _rows(
            tx,
            """select id, schedule_id, name, kind, length, starts_at, ends_at, participants, restriction
                 from rotations""",
            account_id,
            order="schedule_id, position, id",
        ),
        "schedule_id",
    )
    overrides = _grouped(
        await _rows(
            tx,
            "select schedule_id, alias, user_id, starts_at, ends_at, rotation_ids, created_at from overrides",
            account_id,
            order="schedule_id, created_at, alias",
        ),
        "schedule_id",
    )
    return {
        str(row["id"]): Schedule(
            id=str(row["id"]),
            name=row["name"],
            zone=ZoneInfo(row["time_zone"]),
            enabled=row["enabled"],
            rotations=tuple(_rotation(rotation) for rotation in rotations[str(row["id"])]),
            overrides=tuple(_override(override) for override in overrides[str(row["id"])]),
        )
        for row in await _rows(tx, "select id, name, time_zone, enabled from schedules", account_id)
    }


def _rotation(row: Row) -> Rotation:
    return Rotation(
        id=str(row["id"]),
        name=row["name"],
        participants=tuple(
            Participant(ParticipantKind(entry["type"]), entry.get("id")) for entry in row["participants"]
        ),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        kind=RotationKind(row["kind"]),
        length=row["length"],
        restriction=from_json(row["restriction"]),
    )


def _override(row: Row) -> Override:
    return Override(
        alias=row["alias"],
        user_id=str(row["user_id"]) if row["user_id"] else None,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        created_at=row["created_at"],
        rotation_ids=frozenset(str(rotation_id) for rotation_id in row["rotation_ids"]),
    )


async def _forwardings(tx: Tx, account_id: int) -> tuple[Forwarding, ...]:
    rows = await _rows(
        tx,
        "select id, alias, from_user_id, to_user_id, starts_at, ends_at, created_at from forwarding_rules",
        account_id,
        order="created_at, id",
    )
    return tuple(
        Forwarding(
            id=str(row["id"]),
            alias=row["alias"],
            from_user_id=str(row["from_user_id"]),
            to_user_id=str(row["to_user_id"]),
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            created_at=row["created_at"],
        )
        for row in rows
    )


async def _escalations(tx: Tx, account_id: int) -> dict[str, Escalation]:
    rules = _grouped(
        await _rows(
            tx,
            """select escalation_id, position, condition, notify_type, delay, recipient_type, recipient_id
                 from escalation_rules""",
            account_id,
            order="escalation_id, position",
        ),
        "escalation_id",
    )
    rows = await _rows(
        tx,
        """select id, name, repeat_wait, repeat_count, reset_recipient_states, close_alert_after_all
             from escalations""",
        account_id,
    )
    return {
        str(row["id"]): Escalation(
            id=str(row["id"]),
            name=row["name"],
            rules=tuple(_escalation_rule(rule) for rule in rules[str(row["id"])]),
            repeat=_repeat(row),
        )
        for row in rows
    }


def _escalation_rule(row: Row) -> EscalationRule:
    return EscalationRule(
        position=row["position"],
        condition=Condition(row["condition"]),
        notify_type=NotifyType(row["notify_type"]),
        delay=row["delay"],
        recipient=Recipient(RecipientKind(row["recipient_type"]), str(row["recipient_id"])),
    )


def _repeat(row: Row) -> Repeat | None:
    if row["repeat_wait"] == timedelta(0):
        return None
    return Repeat(
        wait=row["repeat_wait"],
        count=row["repeat_count"],
        reset_recipient_states=row["reset_recipient_states"],
        close_alert_after_all=row["close_alert_after_all"],
    )


async def load_contacts(tx: Tx, account_id: int) -> dict[str, tuple[Contact, ...]]:
    """Everybody's contacts, by user id."""
    rows = await _rows(
        tx,
        "select id, user_id, method, address, enabled, verified_at from contacts",
        account_id,
        order="user_id, created_at, id",
    )
    return {
        user_id: tuple(
            Contact(str(row["id"]), row["method"], row["address"], row["enabled"], row["verified_at"] is not None)
            for row in group
        )
        for user_id, group in _grouped(rows, "user_id").items()
    }


async def load_rules(tx: Tx, account_id: int) -> dict[str, tuple[NotificationRule, ...]]:
    """Everybody's notification rules, by user id."""
    steps = _grouped(
        await _rows(
            tx,
            "select id, rule_id, contact_id, after, position, enabled from notification_rule_steps",
            account_id,
            order="rule_id, position, id",
        ),
        "rule_id",
    )
    rows = await _rows(
        tx, f"select {rules_store.RULE}, inactive_since is null as active from notification_rules", account_id
    )
    found: defaultdict[str, list[NotificationRule]] = defaultdict(list)
    for row in rows:
        active = row.pop("active")
        own = [StepRow(**step) for step in steps[str(row["id"])]]
        found[str(row["user_id"])].append(as_planned(RuleRow(**row), own, active=active))
    return {user_id: tuple(rules) for user_id, rules in found.items()}


@lru_cache(maxsize=1000)
def zone_named(name: str) -> ZoneInfo:
    """The zone of that name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
