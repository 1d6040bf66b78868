"""A backup is complete, and a restore loses nothing when it fails."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from argon2 import PasswordHasher
from tests.support.debian import INSTALLED, debian_server
from tests.support.program import ENVIRONMENT
from tests.support.server import scratch_folder

from tocsin.backup import BackupFailed, back_up, restore
from tocsin.bootstrap import bootstrap
from tocsin.db import conninfo, open_databases
from tocsin.migrate import RolesMissing, migrate
from tocsin.postgres import EmbeddedServer
from tocsin.server_key import check_key
from tocsin.settings import Settings

AT = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
ALERTS = 300


def fill(url: str, settings: Settings) -> None:
    """The first account, whose owner's password is `open sesame`, and some alerts."""

    async def run() -> None:
        async with open_databases(url) as databases, databases.engine.transaction() as tx:
            await check_key(tx, settings.key)
        async with open_databases(url) as databases:
            await bootstrap(databases.engine, settings, AT)
            async with databases.engine.transaction() as tx:
                await tx.execute(
                    """
                    insert into alerts (account_id, id, tiny_id, alias, message, priority, status, created_at,
                                        updated_at, last_occurred_at, details)
                    select a.id, n || '-1', n, 'alias ' || n, 'zażółć ' || n, 3, 'open', %(at)s, %(at)s, %(at)s,
                           '{"rack": "7"}'
                      from accounts a, generate_series(1, %(count)s) n
                    """,
                    at=AT,
                    count=ALERTS,
                )

    asyncio.run(run())


def content(url: str) -> tuple[int, str, str]:
    """How many alerts, their text, the owner's password hash, as requests would see them."""
    with psycopg.connect(conninfo(url, "tocsin_app")) as conn:
        if "{role}" not in url:
            conn.execute("set role tocsin_app")
        conn.execute("select set_config('tocsin.accounts', '1', true)")
        [count, text] = (
            conn.execute("select count(*), min(message) from alerts where alias = 'alias 7'").fetchone() or ()
        )
        [count] = conn.execute("select count(*) from alerts").fetchone() or ()
        [password] = conn.execute("select password_hash from users").fetchone() or ()
    return count, text, password


@pytest.fixture
def embedded() -> Iterator[tuple[Settings, EmbeddedServer]]:
    """A filled embedded database, stopped."""
    with scratch_folder() as folder:
        settings = Settings(data_dir=folder / "data", database_url=None, bootstrap_owner_password="open sesame")
        server = EmbeddedServer(settings.data_dir)
        server.start()
        migrate(server.url())
        fill(server.url(), settings)
        server.stop()
        yield settings, server


def test_a_backup_comes_back_whole_and_the_owner_can_still_sign_in(embedded: tuple[Settings, EmbeddedServer]) -> None:
    settings, server = embedded
    file = settings.data_dir.parent / "monday.backup"

    assert back_up(settings, file) == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    server.start()
    with psycopg.connect(server.admin_url(), autocommit=True) as conn:
        conn.execute("delete from alerts")
        conn.execute("update users set password_hash = ''")
    server.stop()
    assert restore(settings, file, replace=True) is True

    server.start()
    try:
        count, text, password = content(server.url())
        assert (count, text) == (ALERTS, "zażółć 7")
        assert PasswordHasher().verify(password, "open sesame")
        assert migrate(server.url()) == []
        with psycopg.connect(server.admin_url("postgres")) as conn:
            names = conn.execute("select datname from pg_database where datname like 'tocsin%'").fetchall()
        assert names == [("tocsin",)]
    finally:
        server.stop()


def test_a_backup_is_taken_while_the_server_runs_and_a_restore_is_not(
    embedded: tuple[Settings, EmbeddedServer],
) -> None:
    settings, server = embedded
    file = settings.data_dir.parent / "running.backup"
    server.start()
    try:
        back_up(settings, file)
        with pytest.raises(BackupFailed, match="Stop it first"):
            restore(settings, file, replace=True)
        assert content(server.url())[0] == ALERTS
    finally:
        server.stop()


def test_a_restore_that_fails_loses_nothing(embedded: tuple[Settings, EmbeddedServer]) -> None:
    settings, server = embedded
    folder = settings.data_dir.parent
    file = folder / "whole.backup"
    back_up(settings, file)
    whole = file.read_bytes()
    (folder / "cut").write_bytes(whole[: len(whole) * 4 // 5])
    (folder / "nonsense").write_bytes(b"hello" * 100)

    with pytest.raises(BackupFailed, match="add --replace"):
        restore(settings, file, replace=False)
    for name in ("cut", "nonsense", "missing"):
        with pytest.raises(BackupFailed):
            restore(settings, folder / name, replace=True)

    server.start()
    try:
        assert content(server.url())[0] == ALERTS
    finally:
        server.stop()


def test_another_secret_key_is_noticed(embedded: tuple[Settings, EmbeddedServer]) -> None:
    settings, _ = embedded
    file = settings.data_dir.parent / "key.backup"
    back_up(settings, file)
    elsewhere = Settings(data_dir=settings.data_dir.parent / "other", database_url=None)

    assert restore(elsewhere, file, replace=False) is False


def test_the_commands_say_what_they_did(embedded: tuple[Settings, EmbeddedServer]) -> None:
    settings, _ = embedded
    file = settings.data_dir.parent / "by-hand.backup"
    environment = {**ENVIRONMENT, "TOCSIN_DATA_DIR": str(settings.data_dir)}

    def tocsin(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tocsin", *words], env=environment, capture_output=True, text=True, check=False
        )

    written, refused, restored = (
        tocsin("backup", str(file)),
        tocsin("restore", str(file)),
        tocsin("restore", str(file), "--replace"),
    )

    assert written.returncode == 0
    assert "secret.key" in written.stdout
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert restored.returncode == 0, restored.stderr
    assert f"Restored {file}." in restored.stdout


@pytest.mark.skipif(not INSTALLED, reason="Debian's postgresql-15 is not installed")
def test_a_database_of_ones_own_is_backed_up_by_its_own_pg_dump_and_restored_by_a_plain_login() -> None:
    with debian_server() as sockets:
        with psycopg.connect(f"postgresql://postgres@/postgres?host={sockets}", autocommit=True) as conn:
            conn.execute("create role pager login createdb")
            conn.execute("create database pages owner pager")
        url = f"postgresql://pager@/pages?host={sockets}"
        settings = Settings(secret_key="a test's own secret, long enough", database_url=url)
        with pytest.raises(RolesMissing) as missing:
            migrate(url)
        with psycopg.connect(f"postgresql://postgres@/pages?host={sockets}", autocommit=True) as conn:
            conn.execute(str(missing.value).partition("\n\n")[2])  # what it asks the administrator to run
        migrate(url)
        fill(url, settings.model_copy(update={"bootstrap_owner_password": "open sesame"}))
        with scratch_folder() as folder:
            file = folder / "pages.backup"

            back_up(settings, file)
            with psycopg.connect(f"postgresql://postgres@/pages?host={sockets}", autocommit=True) as conn:
                conn.execute("delete from alerts")
            with psycopg.connect(url), pytest.raises(BackupFailed, match="in use"):
                restore(settings, file, replace=True)
            assert restore(settings, file, replace=True) is True

        count, text, password = content(url)
        assert (count, text) == (ALERTS, "zażółć 7")
        assert PasswordHasher().verify(password, "open sesame")
        assert migrate(url) == []
