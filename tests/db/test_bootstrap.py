"""The first account: made once, whole, and reachable."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from argon2 import PasswordHasher
from tests.support.server import scratch_database

from tocsin.accounts import store
from tocsin.accounts.model import key_hash
from tocsin.bootstrap import bootstrap, generate_password, machine_time_zone
from tocsin.db import Databases, open_databases
from tocsin.errors import Invalid
from tocsin.escalations.team_defaults import latest_handoff
from tocsin.server_key import WrongKey, check_key
from tocsin.settings import Settings

AT = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)  # a Sunday
SECRET = "a test's own secret, long enough"


@pytest.fixture(scope="module")
async def empty() -> AsyncIterator[Databases]:
    """A migrated database without any account."""
    with scratch_database() as url:
        async with open_databases(url) as opened:
            yield opened


async def test_of_several_starters_one_makes_the_first_account_and_it_reaches_the_owner(empty: Databases) -> None:
    settings = Settings(secret_key=SECRET, bootstrap_owner_email="Owner@Example.com")

    made = await asyncio.gather(*(bootstrap(empty.engine, settings, AT) for _ in range(4)))

    [first] = [login for login in made if login is not None]
    assert first.email == "owner@example.com"
    async with empty.engine.transaction() as tx:
        integration = await store.find_integration_by_key(tx, key_hash(first.api_key))
        assert integration is not None
        assert integration.allow_configuration_access
        [account_id] = await tx.values("select id from accounts")
        owner = await store.find_user_by_username(tx, account_id, "owner@example.com")
        assert owner is not None
        assert owner.role == "owner"
        hashed = await tx.value("select password_hash from users where id = %(id)s", id=owner.id)
        assert first.password is not None
        assert PasswordHasher().verify(hashed, first.password)
        [team] = await store.list_teams(tx, account_id)
        assert integration.responders == [{"type": "team", "id": str(team.id)}]
        rules = await tx.dicts(
            """
            select r.notify_type, r.delay, r.recipient_type, r.condition
              from routing_rules d join escalation_rules r on r.escalation_id = d.notify_id
             where d.team_id = %(team_id)s and d.is_default order by r.position
            """,
            team_id=team.id,
        )
        assert [tuple(rule.values()) for rule in rules] == [
            ("default", timedelta(0), "schedule", "if-not-acked"),
            ("next", timedelta(minutes=5), "schedule", "if-not-acked"),
            ("all", timedelta(minutes=10), "team", "if-not-acked"),
        ]
        [rotation] = await tx.dicts("select kind, participants, starts_at <= %(at)s as begun from rotations", at=AT)
        assert rotation == {
            "kind": "weekly",
            "participants": [{"type": "user", "id": str(owner.id)}],
            "begun": True,
        }
        [step] = await tx.dicts(
            """
            select r.action_type, s.after, c.method, c.address, c.verified_at is not null as verified
              from notification_rules r join notification_rule_steps s on s.rule_id = r.id
              join contacts c on c.id = s.contact_id where r.user_id = %(user_id)s
            """,
            user_id=owner.id,
        )
        assert step == {
            "action_type": "create-alert",
            "after": timedelta(0),
            "method": "email",
            "address": "owner@example.com",
            "verified": True,
        }
        assert await tx.value("select user_id from operators") == owner.id


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"bootstrap_api_key": "not-a-uuid"}, "TOCSIN_BOOTSTRAP_API_KEY"),
        ({"bootstrap_owner_email": "nobody"}, "TOCSIN_BOOTSTRAP_OWNER_EMAIL"),
    ],
)
async def test_a_setting_that_cannot_be_is_named_and_nothing_is_made(
    databases: Databases, wrong: dict[str, str], named: str
) -> None:
    settings = Settings(secret_key=SECRET).model_copy(update=wrong)

    with pytest.raises(Invalid, match=named):
        await bootstrap(databases.engine, settings, AT)


async def test_another_secret_key_than_the_first_one_is_refused(empty: Databases) -> None:
    async with empty.engine.transaction() as tx:
        await check_key(tx, b"one")
        await check_key(tx, b"one")
        with pytest.raises(WrongKey, match="TOCSIN_SECRET_KEY"):
            await check_key(tx, b"other")


def test_the_rotation_of_a_new_team_began_on_monday_morning_at_the_latest() -> None:
    zone = ZoneInfo("Europe/Warsaw")

    assert latest_handoff(AT, zone) == datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
    assert latest_handoff(datetime(2026, 11, 23, 6, 59, tzinfo=UTC), zone) == datetime(2026, 11, 16, 7, tzinfo=UTC)
    assert latest_handoff(datetime(2026, 11, 23, 7, 0, tzinfo=UTC), zone) == datetime(2026, 11, 23, 7, tzinfo=UTC)


def test_the_machines_time_zone_is_one_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", ":Europe/Warsaw")
    assert machine_time_zone() == "Europe/Warsaw"

    monkeypatch.setitem(os.environ, "TZ", "Nowhere/Land")
    assert ZoneInfo(machine_time_zone())


def test_a_generated_password_can_be_typed() -> None:
    password = generate_password()

    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    assert password != generate_password()
