"""What each process counts. `/metrics` shows it, together with what the database knows (web/health.py).

Under `tocsin up` the processes share one folder of counters (PROMETHEUS_MULTIPROC_DIR), so that one scrape shows the
API and the worker, and a restarted process goes on counting where the dead one stopped.
"""

import os

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the client library reads it when it is first imported

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody reads

INGEST_ACCEPTED = Counter("tocsin_ingest_accepted", "Requests that made an alert, after their commit.")
INGEST_DEDUPLICATED = Counter("tocsin_ingest_deduplicated", "Requests that met an open alert with their alias.")
INGEST_REFUSED = Counter("tocsin_ingest_refused", "Requests that made nothing.", ["reason"])
INGEST_BATCH_SIZE = Histogram(
    "tocsin_ingest_batch_size", "Requests that share one commit.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
)
INGEST_QUEUE = Gauge("tocsin_ingest_queue", "Requests that wait for a batch.", multiprocess_mode="livesum")
DELIVERIES = Counter("tocsin_deliveries", "Attempts to reach a person.", ["channel", "outcome"])
ENGINE_ADVANCED = Counter("tocsin_engine_advanced", "Due rows that were advanced.", ["kind"])
ENGINE_SECONDS = Histogram(
    "tocsin_engine_seconds",
    "Seconds that advancing one set of due rows took.",
    ["kind"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)


def exposition() -> bytes:
    """Everything counted so far, in Prometheus' text format."""
    if os.environ.get(SHARED_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own
        return generate_latest(registry)
    return generate_latest(REGISTRY)


def listen(host: str, port: int) -> None:
    """Show this process' counters on a port of its own (a worker has no other door)."""
    start_http_server(port, host)
