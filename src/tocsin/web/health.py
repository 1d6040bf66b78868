"""Is it alive, is it ready, what does it count? For load balancers, supervisors and Prometheus."""

import asyncio
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg_pool import PoolTimeout

from tocsin import metrics
from tocsin.db import Databases, Db
from tocsin.errors import Unauthenticated
from tocsin.http import info, to_json
from tocsin.migrate import available_migrations
from tocsin.settings import Settings
from tocsin.web import health_store
from tocsin.web.health_store import Due, Worker

PATIENCE_SECONDS = 5.0  # a database that takes longer does not answer
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Health:
    """What the database says. `due` is None when it does not answer."""

    due: Sequence[Due] | None
    missing_migrations: Sequence[str] = ()
    workers: Sequence[Worker] = ()

    def lag_seconds(self, now: datetime) -> float:
        """How late the engine is: since when the oldest due row waits."""
        oldest = [due.oldest_at for due in self.due or () if due.oldest_at is not None]
        return (now - min(oldest)).total_seconds() if oldest else 0.0

    def unseen_seconds(self, since: datetime, now: datetime) -> float:
        """How long no worker has been seen by somebody who looks `since` then; at worst since he looks."""
        return max((now - max([since, *(worker.seen_at for worker in self.workers)])).total_seconds(), 0.0)


@router.get("/healthz")
async def get_healthz() -> Response:
    """The process lives."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
async def get_readyz(request: Request) -> Response:
    """200 if the database answers, is migrated, a worker lives and keeps up; else 503, saying what is wrong."""
    settings: Settings = request.app.state.settings
    now = info(request).at
    health = await look(databases(request).engine, now)
    allowed = settings.ready_lag_seconds
    lag = health.lag_seconds(now)
    late = lag > allowed
    unseen = health.unseen_seconds(request.app.state.started_at, now)
    ready = health.due is not None and not health.missing_migrations and not late and unseen <= allowed
    body = {
        "ready": ready,
        "database": "answers" if health.due is not None else "does not answer",
        "migrations": f"missing: {', '.join(health.missing_migrations)}" if health.missing_migrations else "current",
        "engine": f"late, allowed are {allowed} s" if late else "keeps up",
        "engineLagSeconds": round(lag, 3),
        "worker": "seen" if unseen <= allowed else f"none seen for {unseen:.0f} s, allowed are {allowed} s",
        "workerUnseenSeconds": round(unseen, 3),
    }
    return Response(to_json(body), status_code=200 if ready else 503, media_type="application/json")


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """What this machine's processes counted, and what is due in the database. Raises: Unauthenticated."""
    settings: Settings = request.app.state.settings
    if settings.metrics_token is not None:
        shown = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown, f"Bearer {settings.metrics_token}".encode()):
            raise Unauthenticated("Could not authenticate: send the header `Authorization: Bearer <metrics token>`.")
    now = info(request).at
    registry = CollectorRegistry()
    since: datetime = request.app.state.started_at
    health = await look(databases(request).engine, now)
    registry.register(_DatabaseCollector(health, since, now, settings.ready_lag_seconds))
    return Response(metrics.exposition() + generate_latest(registry), headers={"content-type": metrics.CONTENT_TYPE})


def databases(request: Request) -> Databases:
    found: Databases = request.app.state.databases
    return found


async def look(engine: Db, now: datetime) -> Health:
    """What the database says now, or that it does not answer."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), engine.transaction() as tx:
            due = await health_store.list_due(tx, now)
            applied = await health_store.list_applied_migrations(tx)
            missing = [name for name in available_migrations() if name not in applied]
            workers = [] if missing else await health_store.list_workers(tx)  # an older database may not know them
    except (psycopg.Error, PoolTimeout, TimeoutError):
        return Health(due=None)
    return Health(due, missing, workers)


class _DatabaseCollector(Collector):
    """Gauges that any API process shows alike, for they come from the database."""

    def __init__(self, health: Health, since: datetime, now: datetime, allowed_seconds: float) -> None:
        self._health = health
        self._since = since
        self._now = now
        self._allowed_seconds = allowed_seconds

    def collect(self) -> Iterable[Metric]:
        answers = self._health.due is not None
        yield GaugeMetricFamily("tocsin_database_up", "1 if the database answers.", value=float(answers))
        if self._health.due is None:
            return
        yield GaugeMetricFamily(
            "tocsin_engine_lag_seconds",
            "How long the oldest due row has been waiting.",
            value=self._health.lag_seconds(self._now),
        )
        yield GaugeMetricFamily(
            "tocsin_workers",
            "Worker processes that run, on all machines.",
            value=sum(worker.runs(self._now, self._allowed_seconds) for worker in self._health.workers),
        )
        yield GaugeMetricFamily(
            "tocsin_worker_unseen_seconds",
            "How long no worker has said that it lives; at most since this API started.",
            value=self._health.unseen_seconds(self._since, self._now),
        )
        rows = GaugeMetricFamily("tocsin_due_rows", "Rows whose time has come.", labels=["kind"])
        for due in self._health.due:
            rows.add_metric([due.kind], due.rows)
        yield rows
