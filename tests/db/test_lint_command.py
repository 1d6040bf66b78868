"""`tocsin lint`: what it prints of which account, and its exit status."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from tests.support.makers import Tenant, make_tenant
from tests.support.program import ENVIRONMENT

from tocsin.clock import SystemClock
from tocsin.db import Databases
from tocsin.escalations.team_defaults import create_team


@pytest.fixture
async def good(databases: Databases) -> Tenant:
    """An account without anything to mend."""
    return await make_tenant(databases, "a good account")


@pytest.fixture
async def bad(databases: Databases) -> Tenant:
    """An account with a team that nobody is in."""
    tenant = await make_tenant(databases, "a bad account")
    async with databases.engine.transaction() as tx:
        await create_team(tx, tenant.account_id, "Web", [], time_zone="Europe/Warsaw", at=SystemClock().now())
    return tenant


@pytest.fixture
async def alone(databases: Databases) -> Tenant:
    """An account whose only person is on call, with one way to be reached and a rule that leads there."""
    tenant = await make_tenant(databases, "one person")
    user = tenant.owner
    async with databases.engine.transaction() as tx:
        await create_team(
            tx, tenant.account_id, "Web", [(user.id, "admin")], time_zone="Europe/Warsaw", at=SystemClock().now()
        )
        await tx.execute(
            """
            with rule as (
              insert into notification_rules (account_id, id, user_id, name, action_type, position)
              values (%(account_id)s, gen_random_uuid(), %(user_id)s, 'New alert', 'create-alert', 0) returning id)
            insert into notification_rule_steps (account_id, id, rule_id, contact_id, after, position)
            select %(account_id)s, gen_random_uuid(), rule.id, c.id, interval '0', 0 from rule, contacts c
             where c.account_id = %(account_id)s
            """,
            account_id=tenant.account_id, user_id=user.id,
        )  # fmt: skip
    return tenant


def lint(url: str, *arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tocsin", "lint", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**ENVIRONMENT, "TOCSIN_DATABASE_URL": url, "TOCSIN_PUBLIC_URL": "https://ops.example.com", **environment},
    )


async def state_of(databases: Databases, tenant: Tenant) -> Any:
    async with databases.engine.transaction() as tx:
        return await tx.value(
            "select version from configuration_versions where account_id = %(account_id)s",
            account_id=tenant.account_id,
        )


async def test_an_account_with_nothing_to_mend_ends_with_0(database_url: str, good: Tenant) -> None:
    done = lint(database_url, "--account", good.account_id, "--fail-on", "hint")

    assert (done.returncode, done.stdout, done.stderr) == (0, "a good account: nothing to mend.\n", "")


async def test_an_error_ends_with_1_and_says_what_it_costs_and_where_it_is_mended(
    database_url: str, databases: Databases, bad: Tenant
) -> None:
    before = await state_of(databases, bad)

    done = lint(database_url, "--account", bad.account_id)

    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "a bad account: 2 errors."
    place = lines.index("error: Nobody is on call in Web_schedule during all of the next 28 days. [coverage-gap]")
    assert lines[place + 1] == (
        "  An alert that comes then by the escalation Web_escalation reaches nobody; only the owners hear of it."
    )
    assert lines[place + 2].startswith("  https://ops.example.com/schedules/")
    assert await state_of(databases, bad) == before


async def test_what_is_less_grave_than_asked_for_ends_with_0(database_url: str, alone: Tenant) -> None:
    account = ("--account", alone.account_id)

    by_default, warning, hint = (
        lint(database_url, *account, *more) for more in ((), ("--fail-on", "warning"), ("--fail-on=hint",))
    )

    assert (by_default.returncode, warning.returncode, hint.returncode) == (0, 1, 1)
    assert by_default.stdout == warning.stdout == hint.stdout
    assert "the only person in the rotation" in by_default.stdout


async def test_json_has_every_account_that_is_not_excluded(database_url: str, good: Tenant, bad: Tenant) -> None:
    everything = json.loads(lint(database_url, "--json").stdout)
    one = json.loads(lint(database_url, "--json", "--account", bad.account_id).stdout)

    found = {it["id"]: it for it in everything["accounts"]}
    assert found[good.account_id]["findings"] == []
    assert found[bad.account_id]["counts"] == {"error": 2, "warning": 0, "hint": 0}
    assert [it["name"] for it in one["accounts"]] == ["a bad account"]
    assert {it["code"] for it in one["accounts"][0]["findings"]} == {"coverage-gap", "escalation-tells-nobody"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--account", "no such account"], "There is no account 'no such account'"),
        (["--fail-on", "nothing"], "--fail-on"),
    ],
)
async def test_what_cannot_be_looked_at_ends_with_2(database_url: str, arguments: list[str], said: str) -> None:
    done = lint(database_url, *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_database_it_ends_with_2(tmp_path: os.PathLike[str]) -> None:
    nowhere = lint("postgresql://localhost:1/none?host=127.0.0.1")
    not_started = lint("", TOCSIN_DATA_DIR=str(tmp_path))

    assert (nowhere.returncode, not_started.returncode) == (2, 2)
    assert "does not answer" in nowhere.stderr
    assert "No Tocsin runs" in not_started.stderr


def test_the_help_says_what_the_exit_status_means() -> None:
    done = lint("", "--help")

    assert done.returncode == 0
    for said in ("exit status", "--fail-on", "--json", "--account"):
        assert said in done.stdout
