"""Locked out of the server: the operator gets in again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from tests.support.server import scratch_folder

from tocsin.bootstrap import bootstrap
from tocsin.db import open_databases
from tocsin.errors import NotFound
from tocsin.migrate import migrate
from tocsin.postgres import EmbeddedServer
from tocsin.recovery import adopt_secret_key, reset_password
from tocsin.server_key import WrongKey, check_key
from tocsin.settings import Settings

AT = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
OLD, NEW = b"the old key of this server, which is lost", "the new key of this server, which is there"


@pytest.fixture
def running() -> Iterator[EmbeddedServer]:
    with scratch_folder() as folder:
        server = EmbeddedServer(folder)
        server.start()
        yield server
        server.stop()


def settings_of(folder: Path) -> Settings:
    return Settings(data_dir=folder, database_url=None, secret_key=NEW)


async def test_a_new_password_and_a_new_key_let_the_owner_in(running: EmbeddedServer) -> None:
    settings = settings_of(running.data_dir)
    migrate(running.url())
    async with open_databases(running.url()) as databases:
        await bootstrap(databases.engine, settings, AT)
        async with databases.engine.transaction() as tx:
            await check_key(tx, OLD)
            await tx.execute("update users set totp_secret = 'sealed', totp_confirmed_at = %(at)s", at=AT)
            await tx.execute(
                "insert into contacts (account_id, id, user_id, method, address, secret, created_at) "
                "select account_id, gen_random_uuid(), id, 'webhook', 'http://ana', 'sealed', %(at)s from users",
                at=AT,
            )

        password = reset_password(settings, "Owner@localhost", drop_second_factor=False)
        people, contacts = adopt_secret_key(settings)

        assert (people, contacts) == (1, 1)
        async with databases.engine.transaction() as tx:
            await check_key(tx, NEW.encode())
            with pytest.raises(WrongKey):
                await check_key(tx, OLD)
            [user] = await tx.dicts("select password_hash, totp_secret from users")
            assert PasswordHasher().verify(user["password_hash"], password)
            assert user["totp_secret"] is None
            assert await tx.values("select enabled from contacts where method = 'webhook'") == [False]


async def test_a_person_who_is_not_there_is_named(running: EmbeddedServer) -> None:
    migrate(running.url())

    with pytest.raises(NotFound, match="There is no user nobody@"):
        reset_password(settings_of(running.data_dir), "nobody@example.com", drop_second_factor=True)
