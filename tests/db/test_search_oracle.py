"""Search against a slow, obvious oracle: Python looks at every alert."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.alerts import add_alert, add_notification
from tests.support.makers import START, Tenant, add_team, add_user, make_tenant

from tocsin.accounts.model import User
from tocsin.alerts import search_store
from tocsin.alerts.model import Alert, AlertStatus
from tocsin.alerts.query import And, Node, Not, Op, Or, Term, Value, to_text
from tocsin.db import Databases

SEED = 7
ALERTS = 60
WARSAW = ZoneInfo("Europe/Warsaw")
TEXTS = ["Disk full on web-3", "disk", "DISKS: 100% used", "a_b cpu_usage", "[FIRING:1] Łódź db", "eu-west-1", "", "42"]


@dataclass(frozen=True)
class World:
    """An account, everything in it that a query may name, and its alerts; half of them wait to be indexed."""

    tenant: Tenant
    users: list[User]
    teams: dict[str, str]  # name → id
    alerts: list[Alert]
    told: set[tuple[str, str]]  # alert id, user id


@pytest.fixture(scope="module")
async def world(databases: Databases) -> World:
    draw = random.Random(SEED)
    tenant = await make_tenant(databases)
    users = [await add_user(databases, tenant) for _ in range(2)]
    teams = {name: str(await add_team(databases, tenant, name=name)) for name in ("Platform", "infra")}
    world = World(tenant, users, teams, [], set())
    for number in range(ALERTS):
        alert = await add_alert(databases, tenant, **some_alert(draw, world, number))
        world.alerts.append(alert)
        if draw.random() < 0.3:
            user = draw.choice(users)
            await add_notification(databases, alert, user)
            world.told.add((alert.id, str(user.id)))
        if number == ALERTS // 2:
            async with databases.engine.transaction() as tx:
                await search_store.index_alerts(tx, 100_000)
    return world


def some_alert(draw: random.Random, world: World, number: int) -> dict[str, object]:
    at = START + timedelta(hours=draw.randrange(72))
    acknowledged, closed = draw.random() < 0.5, draw.random() < 0.4
    named = [("user", str(user.id)) for user in world.users] + [("team", ident) for ident in world.teams.values()]
    responders = [{"type": kind, "id": ident} for kind, ident in draw.sample(named, draw.randrange(3))]
    return {
        "message": draw.choice(TEXTS[:-2]),
        "description": draw.choice(TEXTS),
        "entity": draw.choice(TEXTS),
        "source": draw.choice(TEXTS),
        "alias": f"disk-{number}" if number % 3 else f"{number:064x}",
        "priority": draw.randrange(1, 6),
        "status": draw.choice([AlertStatus.CLOSED, AlertStatus.DELETED]) if closed else AlertStatus.OPEN,
        "acknowledged": acknowledged,
        "seen": acknowledged or draw.random() < 0.3,
        "acknowledged_by": draw.choice(["", "Alert API", world.users[0].username]),
        "closed_by": "System" if closed else "",
        "snoozed_until": at + timedelta(days=1) if draw.random() < 0.3 else None,
        "owner": draw.choice(["", "Ana by phone", *(user.username for user in world.users)]),
        "integration_id": draw.choice([None, world.tenant.integration.id]),
        "tags": draw.sample(["prod", "Prod", "disk full", "42", "eu-west-1"], draw.randrange(3)),
        "actions": draw.sample(["Restart", "page-db"], draw.randrange(2)),
        "details": dict(
            draw.sample([("env", "Prod"), ("Env", "eu-west-1"), ("disk", 'a "b"\nfull')], draw.randrange(3))
        ),
        "responders": responders,
        "count": draw.randrange(1, 9),
        "created_at": at,
        "updated_at": at,
        "last_occurred_at": at + timedelta(minutes=draw.randrange(90)),
    }


# The oracle.


def holds(node: Node, alert: Alert, world: World) -> bool:
    match node:
        case And(parts):
            return all(holds(part, alert, world) for part in parts)
        case Or(parts):
            return any(holds(part, alert, world) for part in parts)
        case Not(part):
            return not holds(part, alert, world)
        case Term(name, op, value):
            return term_holds(name, op, value, alert, world)


def term_holds(name: str, op: Op, value: Value, alert: Alert, world: World) -> bool:  # noqa: C901 - a table in words
    match name:
        case "":
            details = [text for pair in alert.details.items() for text in pair]
            texts = [alert.message, alert.description, alert.entity, alert.source, *alert.tags, *details]
            if re.fullmatch("[0-9a-f-]{32,}", alert.alias) is None:
                texts.append(alert.alias)
            elif alert.alias == str(value).lower():
                return True
            return str(value) == str(alert.tiny_id) or value.anything or any(has_words(text, value) for text in texts)
        case "message" | "description" | "entity" | "source":
            return has_words(getattr(alert, name), value)
        case "alias":
            return alert.status == "open" and whole(alert.alias, value, flags=0)
        case "tag" | "actions":
            return any(whole(text, value) for text in (alert.tags if name == "tag" else alert.actions))
        case "details.key":
            return any(whole(key, value) for key in alert.details)
        case "details.value":
            return any(whole(text, value) for text in alert.details.values())
        case "owner" | "acknowledgedBy" | "closedBy":
            columns = {"owner": alert.owner, "acknowledgedBy": alert.acknowledged_by, "closedBy": alert.closed_by}
            usernames = [user.username for user in world.users if whole(user.full_name, value)]
            return whole(columns[name], value) or columns[name] in usernames
        case "teams" | "responders":
            return any(
                is_called(one, value, world) for one in alert.responders if name != "teams" or one["type"] == "team"
            )
        case "recipients":
            return any(
                (alert.id, str(user.id)) in world.told and (whole(user.username, value) or whole(user.full_name, value))
                for user in world.users
            )
        case "integration.name":
            return alert.integration_id is not None and whole(world.tenant.integration.name, value)
        case "integration.type":
            return alert.integration_id is not None and whole(world.tenant.integration.type, value)
        case "isSeen" | "acknowledged" | "snoozed":
            truth = {
                "isSeen": alert.seen,
                "acknowledged": alert.acknowledged,
                "snoozed": alert.snoozed_until is not None,
            }
            return truth[name] == (str(value) == "true")
        case "status":
            return alert.status == str(value)
        case "priority" | "count" | "tinyId":
            number = {"priority": alert.priority, "count": alert.count, "tinyId": alert.tiny_id}[name]
            wanted = int(str(value).removeprefix("P"))
            return compared(number, op, wanted, wanted + 1)
        case _:
            at = {
                "createdAt": alert.created_at,
                "updatedAt": alert.updated_at,
                "lastOccurredAt": alert.last_occurred_at,
                "snoozedUntil": alert.snoozed_until,
            }[name]
            start, end = span(str(value))
            return at is not None and compared(at.timestamp(), op, start.timestamp(), end.timestamp())


def compared(number: float, op: Op, start: float, end: float) -> bool:
    return {
        Op.IS: start <= number < end,
        Op.LESS: number < start,
        Op.AT_MOST: number < end,
        Op.MORE: number >= end,
        Op.AT_LEAST: number >= start,
    }[op]


def span(text: str) -> tuple[datetime, datetime]:
    if text.isdigit():
        start = datetime.fromtimestamp(int(text) / 1000, UTC)
        return start, start + timedelta(milliseconds=1)
    if "T" in text:
        start = datetime.strptime(text, "%d-%m-%YT%H:%M").replace(tzinfo=WARSAW)
        return start, start + timedelta(minutes=1)
    start = datetime.strptime(text, "%d-%m-%Y").replace(tzinfo=WARSAW)
    return start, start + timedelta(days=1)


def whole(text: str, value: Value, flags: int = re.IGNORECASE) -> bool:
    if value.anything:
        return text != ""
    return re.fullmatch(".*".join(map(re.escape, value.parts)), text, flags | re.DOTALL) is not None


def has_words(text: str, value: Value) -> bool:
    """Is the value in the text, and is no letter or digit of it cut off from one outside, unless by a wildcard?"""
    if value.anything:
        return text != ""
    before = r"(?<![^\W_])" if value.parts[0][:1].isalnum() else ""
    after = r"(?![^\W_])" if value.parts[-1][-1:].isalnum() else ""
    middle = ".*".join(map(re.escape, value.parts))
    return re.search(before + middle + after, text, re.IGNORECASE | re.DOTALL) is not None


def is_called(responder: dict[str, str], value: Value, world: World) -> bool:
    if value.anything:
        return True
    names = {ident: [name] for name, ident in world.teams.items()}
    names |= {str(user.id): [user.username, user.full_name] for user in world.users}
    return any(whole(name, value) for name in [responder["id"], *names[responder["id"]]])


# What is asked.

WORDS = [
    "disk",
    "Disk full",
    "full",
    "web-3",
    "web",
    "*isk*",
    "disk*",
    "*full",
    "d*ll",
    "100%",
    "db",
    "łódź",
    "eu-west-1",
    "*west*",
    "prod",
    "PROD",
    "[FIRING",
    "cpu",
    "b",
    "42",
    "*",
    "nothing",
    "a_b",
    "*_*",
    'a "b"',
    "env",
    "1",
    "x*",
    "sks*",
    f"{3:064x}",
    f"{33:064X}",
    "*003",
    "*l",
]
TEXT_FIELDS = ["", "message", "description", "entity", "source", "tag", "actions", "details.key", "details.value"]


def is_term(name: str, value: str, op: Op = Op.IS) -> Term:
    return Term(name, op, Value(tuple(value.split("*"))))


def queries(world: World) -> st.SearchStrategy[Node]:
    user, team_id = world.users[0], world.teams["Platform"]
    people = [user.username, user.username.upper(), user.full_name, f"{user.username[:8]}*", "ana by phone", "*", "eve"]
    teams = ["platform", "Infra", "pl*", team_id, "*", "nobody"]
    days = ["02-03-2026", "03-03-2026T12:00", "3-3-2026", str(int(START.timestamp() * 1000) + 3_600_000)]
    dates = ["createdAt", "updatedAt", "lastOccurredAt", "snoozedUntil"]
    ops = st.sampled_from(Op)
    terms = st.one_of(
        st.builds(is_term, st.sampled_from(TEXT_FIELDS), st.sampled_from(WORDS)),
        st.builds(is_term, st.just("alias"), st.sampled_from(["disk-3", "DISK-3", "disk-1*"])),
        st.builds(
            is_term, st.sampled_from(["owner", "acknowledgedBy", "closedBy", "recipients"]), st.sampled_from(people)
        ),
        st.builds(is_term, st.just("teams"), st.sampled_from(teams)),
        st.builds(is_term, st.just("responders"), st.sampled_from([*teams, *people[:4]])),
        st.builds(is_term, st.just("integration.name"), st.sampled_from(["default api", "Default*", "other"])),
        st.builds(is_term, st.just("integration.type"), st.sampled_from(["api", "*", "Key"])),
        st.builds(is_term, st.sampled_from(["isSeen", "acknowledged", "snoozed"]), st.sampled_from(["true", "false"])),
        st.builds(is_term, st.just("status"), st.sampled_from(["open", "closed"])),
        st.builds(is_term, st.just("priority"), st.sampled_from(["P1", "P3", "P5"]), ops),
        st.builds(is_term, st.sampled_from(["count", "tinyId"]), st.sampled_from(["4", "42", "0"]), ops),
        st.builds(is_term, st.sampled_from(dates), st.sampled_from(days), ops),
    )
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        ),
        max_leaves=4,
    )


@given(data=st.data())
async def test_search_finds_what_the_oracle_finds(world: World, data: st.DataObject) -> None:
    query = data.draw(queries(world))
    expected = {alert.id for alert in world.alerts if alert.status != "deleted" and holds(query, alert, world)}

    async with world.tenant.app.transaction() as tx:
        account_id, text = world.tenant.account_id, to_text(query)
        found = await search_store.search_alerts(tx, account_id, text, limit=1000, zone=WARSAW)
        count = await search_store.count_alerts(tx, account_id, text, zone=WARSAW)

    assert {alert.id for alert in found} == expected, to_text(query)
    assert count == len(expected)
