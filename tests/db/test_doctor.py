"""`tocsin doctor` names what is broken, and what is not."""

import os
import socket
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from tests.support.server import scratch_folder, serve
from tests.support.smtp import smtp_sink, text_of
from tests.support.stripe_fake import API_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET, stripe_fake

from tocsin.clock import SetClock, SystemClock
from tocsin.db import conninfo, open_databases
from tocsin.doctor import Finding, Verdict, examine, show
from tocsin.engine.presence import make_presence
from tocsin.migrate import migrate
from tocsin.postgres import EmbeddedServer
from tocsin.settings import Settings

SECRET = "a test's own secret, long enough!"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with scratch_folder() as folder:
        server = EmbeddedServer(folder, durable=False)
        server.start()
        yield server
        server.stop()


def settings_of(server: EmbeddedServer, **more: object) -> Settings:
    return Settings(secret_key=SECRET, data_dir=server.data_dir, database_url=None, **more)  # type: ignore[arg-type]


async def found(settings: Settings, send_test: str | None = None) -> dict[str, Finding]:
    return {finding.subject: finding for finding in await examine(settings, send_test)}


async def test_a_database_without_migrations_is_named_and_then_all_is_well(server: EmbeddedServer) -> None:
    before = await found(settings_of(server))
    assert before["migrations"].verdict is Verdict.BROKEN

    migrate(server.url())
    async with serve(settings_of(server), server.url(), SystemClock()) as base_url:
        port = int(base_url.rpartition(":")[2])
        after = await found(settings_of(server, port=port, public_url=base_url))

    others = {finding.subject for finding in after.values() if finding.verdict is not Verdict.OK}
    assert others <= {"mail", "settings", "worker"}
    assert after["port"].seen == f"Tocsin answers on 127.0.0.1:{port}"
    assert after["public URL"].verdict is Verdict.OK
    assert after["clock"].verdict is Verdict.OK
    assert show(list(after.values())) == 0


async def test_a_late_engine_and_another_secret_key_are_broken(server: EmbeddedServer) -> None:
    migrate(server.url())
    await found(settings_of(server))
    with psycopg.connect(conninfo(server.url(), "tocsin_engine"), autocommit=True) as conn:
        add = "insert into accounts (name, time_zone, created_at) values ('edge', 'UTC', '2026-01-01Z') returning id"
        [account_id] = conn.execute(add).fetchone() or (0,)
        conn.execute(
            "insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, due_at) "
            "values (%s, 'a', 'user', gen_random_uuid(), '2026-01-01Z', '2026-01-01Z')",
            (account_id,),
        )
        settings = Settings(secret_key=SECRET[::-1], data_dir=server.data_dir, database_url=None)

        seen = await found(settings)

        conn.execute("update escalation_runs set due_at = null")
    assert seen["engine"].verdict is Verdict.BROKEN
    assert "does a worker run?" in seen["engine"].seen
    assert seen["database's key"].verdict is Verdict.BROKEN
    assert show(list(seen.values())) == 1


async def test_a_worker_that_died_is_broken_and_one_that_was_stopped_is_mentioned(server: EmbeddedServer) -> None:
    migrate(server.url())
    clock = SystemClock()
    async with open_databases(server.url()) as databases:

        async def worker() -> Finding:
            return (await found(settings_of(server)))["worker"]

        assert (await worker()).verdict is Verdict.WARNING
        assert "none has run" in (await worker()).seen

        await make_presence(databases.engine, SetClock(clock.now() - timedelta(seconds=90))).say()
        assert (await worker()).verdict is Verdict.BROKEN
        assert "last seen 9" in (await worker()).seen

        present = make_presence(databases.engine, clock)
        await present.say()
        assert (await worker()).verdict is Verdict.OK
        assert f"process {os.getpid()}" in (await worker()).seen

        await present.leave()
        assert (await worker()).verdict is Verdict.WARNING
        assert "was stopped" in (await worker()).seen


async def test_what_cannot_be_reached_is_named(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TOCSIN_DATABSE_URL", "a typing error")
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = Settings(
            secret_key="short",
            data_dir=server.data_dir,
            database_url="postgresql://nobody@127.0.0.1:1/none",
            smtp_url="smtp://127.0.0.1:1",
            public_url="http://127.0.0.1:1",
            port=other.getsockname()[1],
        )

        seen = await found(settings, "ana@example.com")

    verdicts = {subject: finding.verdict for subject, finding in seen.items()}
    assert verdicts == {
        "settings": Verdict.WARNING,
        "secret key": Verdict.WARNING,
        "disk": Verdict.OK,
        "database": Verdict.BROKEN,
        "mail": Verdict.BROKEN,
        "test mail": Verdict.BROKEN,
        "cards": Verdict.OK,
        "port": Verdict.BROKEN,
        "public URL": Verdict.WARNING,
    }
    assert "TOCSIN_DATABSE_URL" in seen["settings"].seen


async def test_a_test_mail_goes_through_the_mail_server(server: EmbeddedServer) -> None:
    async with smtp_sink() as sink:
        seen = await found(settings_of(server, smtp_url=sink.url), "ana@example.com")

        assert seen["mail"].verdict is Verdict.OK
        assert seen["test mail"].verdict is Verdict.OK
        [mail] = sink.to("ana@example.com")
        assert "mail works" in text_of(mail)


async def test_a_card_provider_is_asked_whether_it_accepts_the_key(server: EmbeddedServer) -> None:
    async with stripe_fake() as fake:
        keys = {"stripe_api_key": API_KEY, "stripe_publishable_key": PUBLISHABLE_KEY, "stripe_api_base": fake.url}
        good = await found(settings_of(server, **keys, stripe_webhook_secret=WEBHOOK_SECRET))
        deaf = await found(settings_of(server, **keys))
        revoked = await found(settings_of(server, **{**keys, "stripe_api_key": "sk_test_revoked"}))

    assert good["cards"].verdict is Verdict.WARNING
    assert "test mode" in good["cards"].seen
    assert "TOCSIN_STRIPE_WEBHOOK_SECRET" in deaf["cards"].seen
    assert revoked["cards"].verdict is Verdict.BROKEN
    assert "key" in revoked["cards"].seen
    assert "revoked" not in revoked["cards"].seen
    assert (await found(settings_of(server)))["cards"].verdict is Verdict.OK
