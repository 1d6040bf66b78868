"""What is measured: each system as processes of its own, started, loaded, and asked for its CPU time."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from tocsin import crypto
from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Contact, ContactMethod, Integration, LicenceKind, Role, User, UserStatus, key_hash
from tocsin.accounts.people.contacts import CONTACT_SECRET
from tocsin.clock import SystemClock
from tocsin.db import open_databases
from tocsin.migrate import migrate
from tocsin.notifications import rules_store
from tocsin.postgres import EmbeddedServer

SECRET_KEY = "a benchmark's own secret, long enough"
HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What one round of wrk came to."""

    rate: float  # requests a second
    p50_ms: float
    p99_ms: float
    cpu_ms: float  # CPU of the whole process tree for one request
    requests: int
    bad: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def tree(pid: int) -> list[int]:
    """The process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        queue += children.get(current, [])
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of these processes and their trees, and of their children that have ended."""
    total = 0
    for pid in {member for root in pids for member in tree(root)}:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(value) for value in stat[11:15])
    return total / TICKS


def pss_megabytes(pids: list[int]) -> float:
    """Proportional set size of these processes and their trees."""
    total = 0
    for pid in {member for root in pids for member in tree(root)}:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
        total += int(found.group(1)) if found else 0
    return total / 1024


def wrk(url: str, kind: str, prefix: str, key: str, seconds: int, pids: list[int], connections: int = 64) -> Load:
    """One round of load, with the CPU time that the system under it took."""
    before = cpu_seconds(pids)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(HERE / "create.lua"), url]
    done = subprocess.run([*command, "--", kind, prefix, key], capture_output=True, text=True, check=True)
    spent = cpu_seconds(pids) - before
    found = re.search(r"RESULT requests=(\d+) seconds=([\d.]+) p50=([\d.]+) p99=([\d.]+) bad=(\d+)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said: {done.stdout} {done.stderr}")
    requests, took = int(found.group(1)), float(found.group(2))
    return Load(
        rate=requests / took,
        p50_ms=float(found.group(3)),
        p99_ms=float(found.group(4)),
        cpu_ms=1000 * spent / max(requests, 1),
        requests=requests,
        bad=int(found.group(5)),
    )


@contextmanager
def running(command: list[str], url: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that answers at `url`, ended by SIGTERM at the end."""
    process = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if url:
            wait_for(url, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    port = int(url.split(":")[2].split("/")[0])
    for _ in range(400):
        if process.poll() is not None:
            raise SystemExit(process.stderr.read().decode() if process.stderr else "it ended at once")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing answers at {url}")


@contextmanager
def floor(server: EmbeddedServer) -> Iterator[tuple[str, list[int]]]:
    """The floor on its own table; its address and the processes that work for it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v2/alerts"
    database = server.url("floor").replace("{role}", "postgres")
    with running([sys.executable, "-m", "benchmarks.floor", str(port), database], url) as process:
        yield url, [process.pid, *postgres(server)]


def postgres(server: EmbeddedServer) -> list[int]:
    return [server.process.pid] if server.process else []


@contextmanager
def alertmanager(webhook: str | None, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Debian's Alertmanager, one group an alert, no wait; with `webhook` it notifies there, else nobody."""
    port = free_port()
    receiver = f"\n    webhook_configs: [{{url: '{webhook}', send_resolved: false, max_alerts: 0}}]" if webhook else ""
    config = folder / f"alertmanager-{port}.yml"
    config.write_text(
        "route: {receiver: r, group_by: ['...'], group_wait: 0s, group_interval: 1m, repeat_interval: 24h}\n"
        f"receivers:\n  - name: r{receiver}\n"
    )
    data = folder / f"alertmanager-{port}"
    command = [
        "prometheus-alertmanager", f"--config.file={config}", f"--storage.path={data}", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}/api/v2/alerts"
    try:
        with running(command, url) as process:
            yield url, [process.pid]
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def sink() -> Iterator[str]:
    """The webhook receiver's base address."""
    port = free_port()
    with running([sys.executable, "-m", "benchmarks.sink", str(port)], f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}"


def ask(url: str | Request) -> bytes:
    with urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
    return body


@dataclass(frozen=True)
class Tocsin:
    """The API and a worker on the embedded server, and an account for the benchmark."""

    url: str
    pids: list[int]
    silent_key: str  # its alerts have no responders
    paging_key: str  # its alerts page one person by webhook
    storm_key: str  # its alerts page fifty people by webhook


@contextmanager
def tocsin(server: EmbeddedServer, webhook: str) -> Iterator[Tocsin]:
    """`tocsin api` and `tocsin worker`, as on many machines."""
    port = free_port()
    env = {
        "TOCSIN_DATABASE_URL": server.url(),
        "TOCSIN_SECRET_KEY": SECRET_KEY,
        "TOCSIN_PORT": str(port),
        "TOCSIN_ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8",
        "TOCSIN_LOG_LEVEL": "error",
        "TOCSIN_DATA_DIR": str(server.data_dir),
    }
    keys = asyncio.run(configure(server.url(), webhook))
    base = f"http://127.0.0.1:{port}"
    program = [sys.executable, "-m", "tocsin"]
    with running([*program, "api"], base, **env) as api, running([*program, "worker"], "", **env) as worker:
        started = Tocsin(f"{base}/v2/alerts", [api.pid, worker.pid, *postgres(server)], *keys)
        wait_for_page(started, webhook)
        yield started


def wait_for_page(tocsin: Tocsin, webhook: str) -> None:
    """Page once and wait for it: the worker's start is no part of any figure."""
    ask(f"{webhook}/reset")
    body = b'{"message": "first"}'
    headers = {"Authorization": f"GenieKey {tocsin.paging_key}", "Content-Type": "application/json"}
    ask(Request(tocsin.url, body, headers))
    for _ in range(1200):
        if json.loads(ask(f"{webhook}/seen"))["count"]:
            return
        time.sleep(0.05)
    raise SystemExit("no page came within a minute")


async def configure(database_url: str, webhook: str) -> tuple[str, str, str]:
    """An account with fifty people who are told by webhook, and three keys."""
    at = SystemClock().now()
    keys = (str(uuid4()), str(uuid4()), str(uuid4()))
    async with open_databases(database_url) as databases, databases.engine.transaction() as tx:
        account_id = await accounts_store.insert_account(tx, "bench", "UTC", "en", at)
        people = []
        for number in range(50):
            user = User(
                account_id, uuid4(), f"person{number}-{account_id}@example.com", f"Person {number}", Role.USER,
                LicenceKind.RESPONDER, UserStatus.ACTIVE, "UTC", "en", at, at,
            )  # fmt: skip
            contact = Contact(account_id, uuid4(), user.id, ContactMethod.WEBHOOK, f"{webhook}/{number}", True, at, at)
            await accounts_store.insert_user(tx, user, None)
            sealed = crypto.seal(SECRET_KEY.encode(), CONTACT_SECRET, b"signing secret of a benchmark")
            await accounts_store.insert_contact(tx, contact, sealed)
            rule_id = uuid4()
            await rules_store.insert_rule(
                tx, account_id, rule_id, user.id, "all", action_type="create-alert", position=0
            )
            await rules_store.insert_step(tx, account_id, uuid4(), rule_id, contact.id, after=at - at, position=0)
            people.append({"type": "user", "id": str(user.id)})
        for key, name, responders in zip(keys, ("silent", "paging", "storm"), ([], people[:1], people), strict=True):
            integration = Integration(
                account_id, uuid4(), name, "API", True, True, True, True, True, None, list[dict[str, Any]](responders)
            )
            await accounts_store.insert_integration(tx, integration, key_hash(key), key[-4:], at)
    return keys


@contextmanager
def database(folder: Path) -> Iterator[EmbeddedServer]:
    """A durable embedded server with Tocsin's schema, and a database beside it for the floor."""
    server = EmbeddedServer(folder)
    server.start()
    try:
        migrate(server.url())
        server._psql("postgres", "create database floor")
        yield server
    finally:
        server.stop()
