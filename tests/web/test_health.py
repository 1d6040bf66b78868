"""Health for machines: alive, ready, counted."""

from datetime import UTC, datetime, timedelta

import aiohttp
import psycopg
from prometheus_client.parser import text_string_to_metric_families
from tests.support.makers import Tenant
from tests.support.server import scratch_database, serve

from tocsin import metrics
from tocsin.clock import SetClock, SystemClock
from tocsin.db import Databases, conninfo, open_databases
from tocsin.engine.presence import make_presence
from tocsin.metrics import DELIVERIES
from tocsin.migrate import available_migrations
from tocsin.settings import Settings
from tocsin.web.health import look

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


async def test_a_live_process_says_ok(http: aiohttp.ClientSession) -> None:
    async with http.get("/healthz") as response:
        assert response.status == 200
        assert await response.text() == "ok\n"


async def test_ready_means_that_the_engine_keeps_up_and_the_schema_is_current() -> None:
    clock = SetClock(NOW)
    settings = Settings(secret_key="a test's own secret, long enough", ready_lag_seconds=30)
    with scratch_database() as url:
        async with serve(settings, url, clock) as base_url, aiohttp.ClientSession(base_url) as http:
            with psycopg.connect(conninfo(url, "tocsin_engine"), autocommit=True) as database:
                account = "insert into accounts (name, time_zone, created_at) values ('edge', 'UTC', %s) returning id"
                [account_id] = database.execute(account, (NOW,)).fetchone() or (0,)
                run = (
                    "insert into escalation_runs (account_id, alert_id, responder_type, responder_id, started_at, "
                    "due_at) values (%s, 'a', 'user', gen_random_uuid(), %s, %s)"
                )
                database.execute(run, (account_id, NOW, NOW + timedelta(seconds=10)))

                async with http.get("/readyz") as response:
                    assert response.status == 200
                    assert (await response.json())["engineLagSeconds"] == 0

                clock.at = NOW + timedelta(seconds=41)
                async with http.get("/readyz") as response:
                    assert response.status == 503
                    body = await response.json()
                assert body["engine"] == "late, allowed are 30 s"
                assert body["engineLagSeconds"] == 31

                database.execute("update escalation_runs set due_at = null")
            with psycopg.connect(conninfo(url, "tocsin_owner"), autocommit=True) as owner:
                last = available_migrations()[-1]
                owner.execute("delete from _yoyo_migration where migration_id = %s", (last,))
                async with http.get("/readyz") as response:
                    assert response.status == 503
                    assert (await response.json())["migrations"] == f"missing: {last}"


async def test_not_ready_once_no_worker_was_seen_for_long() -> None:
    clock = SetClock(NOW)
    settings = Settings(secret_key="a test's own secret, long enough", ready_lag_seconds=30)
    with scratch_database() as url:
        async with (
            open_databases(url) as databases,
            serve(settings, url, clock) as base_url,
            aiohttp.ClientSession(base_url) as http,
        ):

            async def seen() -> tuple[int, str, float]:
                async with http.get("/readyz") as response:
                    body = await response.json()
                async with http.get("/metrics") as metered:
                    text = await metered.text()
                assert f"tocsin_worker_unseen_seconds {body['workerUnseenSeconds']}" in text
                [workers] = [
                    sample.value
                    for family in text_string_to_metric_families(text)
                    for sample in family.samples
                    if sample.name == "tocsin_workers"
                ]
                return response.status, body["worker"], workers

            clock.at = NOW + timedelta(seconds=30)
            assert await seen() == (200, "seen", 0)  # an API that has just started gives the workers time to come
            clock.at = NOW + timedelta(seconds=31)
            assert await seen() == (503, "none seen for 31 s, allowed are 30 s", 0)

            died, stops = make_presence(databases.engine, clock), make_presence(databases.engine, clock)
            await died.say()
            await stops.say()
            assert await seen() == (200, "seen", 2)
            clock.at += timedelta(seconds=20)
            await stops.say()
            await stops.leave()
            assert await seen() == (200, "seen", 1)
            clock.at += timedelta(seconds=31)
            assert await seen() == (503, "none seen for 31 s, allowed are 30 s", 0)

            await make_presence(databases.engine, clock).say()
            assert await seen() == (200, "seen", 1)


async def test_a_database_that_does_not_answer_is_not_ready_and_still_measured() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"
    settings = Settings(secret_key="a test's own secret, long enough")
    async with open_databases(nowhere) as databases:
        databases.engine.pool.timeout = 0.5
        assert (await look(databases.engine, NOW)).due is None
    async with serve(settings, nowhere, SystemClock()) as base_url, aiohttp.ClientSession(base_url) as http:
        async with http.get("/readyz") as response:
            assert response.status == 503
            assert (await response.json())["database"] == "does not answer"
        async with http.get("/metrics") as response:
            assert "tocsin_database_up 0.0" in await response.text()


async def test_metrics_hold_counters_and_what_is_due(http: aiohttp.ClientSession, tenant: Tenant) -> None:
    DELIVERIES.labels("email", "accepted").inc()

    async with http.get("/metrics") as response:
        assert response.status == 200
        assert response.content_type == "text/plain"
        families = {family.name: family for family in text_string_to_metric_families(await response.text())}

    assert any(
        sample.labels == {"channel": "email", "outcome": "accepted"} and sample.value >= 1
        for sample in families["tocsin_deliveries"].samples
    )
    assert {sample.labels["kind"] for sample in families["tocsin_due_rows"].samples} == {
        "escalation_runs",
        "notification_repeats",
        "notifications",
        "mails",
    }
    assert {"tocsin_ingest_accepted", "tocsin_ingest_queue", "tocsin_engine_lag_seconds"} <= families.keys()
    assert metrics.CONTENT_TYPE.startswith("text/plain")


async def test_a_metrics_token_is_asked_for_where_one_is_set(databases: Databases, database_url: str) -> None:
    settings = Settings(secret_key="a test's own secret, long enough", metrics_token="s3cret-scrape")
    async with serve(settings, database_url, SystemClock()) as base_url, aiohttp.ClientSession(base_url) as http:
        for headers, status in [
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Bearer s3cret-scrape"}, 200),
        ]:
            async with http.get("/metrics", headers=headers) as response:
                assert response.status == status
