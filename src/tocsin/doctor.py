"""`tocsin doctor`: what an operator would look at first, looked at."""

import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import aiohttp
import psycopg
from psycopg import AsyncConnection

from tocsin.billing.cards import gateway_of
from tocsin.clock import SystemClock
from tocsin.db import Tx, connect
from tocsin.errors import Invalid, NotFound, TocsinError
from tocsin.mail.smtp import MailError, SmtpTransport, make_message, parse_smtp_url
from tocsin.migrate import available_migrations
from tocsin.postgres import ROLES, EmbeddedServer
from tocsin.server_key import WrongKey, check_key
from tocsin.settings import Settings
from tocsin.web import health_store
from tocsin.web.health_store import Worker

INTERNAL = {"TOCSIN_LISTEN_FD", "TOCSIN_READY_FD", "TOCSIN_UP"}
SKEW_SECONDS = 2.0
LEAST_VERSION = 15
LEAST_FREE_BYTES = 1_000_000_000
PATIENCE = aiohttp.ClientTimeout(5)


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, but perhaps not as meant
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what was seen."""

    subject: str
    verdict: Verdict
    seen: str


def ok(subject: str, seen: str) -> Finding:
    return Finding(subject, Verdict.OK, seen)


def warning(subject: str, seen: str) -> Finding:
    return Finding(subject, Verdict.WARNING, seen)


def broken(subject: str, seen: str) -> Finding:
    return Finding(subject, Verdict.BROKEN, seen)


async def examine(settings: Settings, send_test: str | None = None) -> list[Finding]:
    """Every finding, in the order in which an operator would mend them."""
    return [
        *_settings(settings),
        _disk(settings),
        *await _database(settings),
        await _smtp(settings),
        *([await _test_mail(settings, send_test)] if send_test else []),
        await _cards(settings),
        await _port(settings),
        await _public_url(settings),
    ]


def show(findings: Sequence[Finding]) -> int:
    """Print a table; the exit status."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    colours = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.BROKEN: "bold red"}
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        table.add_row(f"[{colours[finding.verdict]}]{finding.verdict}[/]", finding.subject, escape(finding.seen))
    Console().print(table)
    return int(any(finding.verdict is Verdict.BROKEN for finding in findings))


def _settings(settings: Settings) -> Iterator[Finding]:
    known = {f"TOCSIN_{name.upper()}" for name in Settings.model_fields} | INTERNAL
    unknown = sorted(name for name in os.environ if name.startswith("TOCSIN_") and name not in known)
    if unknown:
        yield warning("settings", f"{', '.join(unknown)}: no such setting. See docs/operations/settings.md.")
    else:
        yield ok("settings", "all known")
    if not settings.secret_key and not (settings.data_dir / "secret.key").exists():
        yield ok("secret key", "it is made at the first start")
        return
    try:
        short = len(settings.key) < 32
    except OSError as error:
        yield broken("secret key", f"{error.filename}: {error.strerror}")
        return
    where = "TOCSIN_SECRET_KEY" if settings.secret_key else str(settings.data_dir / "secret.key")
    yield warning("secret key", f"{where} has fewer than 32 characters") if short else ok("secret key", where)


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return broken("disk", f"{folder} cannot be written (TOCSIN_DATA_DIR)")
    free = shutil.disk_usage(folder).free
    seen = f"{free / 1e9:.1f} GB free in {folder}"
    return broken("disk", seen) if free < LEAST_FREE_BYTES else ok("disk", seen)


async def _database(settings: Settings) -> list[Finding]:
    url = settings.database_url
    if url is None:
        server = EmbeddedServer(settings.data_dir)
        if not server.initialised():
            return [ok("database", "embedded; it is made at the first `tocsin up`")]
        url = server.url()
    try:
        async with _engine(url) as conn:
            return [finding async for finding in _inside(conn, settings)]
    except (psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege):
        return [broken("roles", f"{', '.join(ROLES)} are missing or not granted: run `tocsin migrate`")]
    except psycopg.OperationalError as error:
        if settings.database_url is None:
            return [warning("database", "embedded; it does not run now: `tocsin up` starts it")]
        return [broken("database", str(error).strip())]


@asynccontextmanager
async def _engine(url: str) -> AsyncIterator[AsyncConnection[Any]]:
    async with await connect(url, "tocsin_engine") as conn:
        yield conn


async def _inside(conn: AsyncConnection[Any], settings: Settings) -> AsyncIterator[Finding]:
    tx = Tx(conn)
    version = conn.info.server_version // 10_000
    if version < LEAST_VERSION:
        yield broken("database", f"PostgreSQL {version}; {LEAST_VERSION} or newer is needed")
    else:
        yield ok("database", f"PostgreSQL {version} answers")
    missing = [
        role
        for role in ROLES
        if not await tx.value(
            "select exists (select from pg_roles where rolname = %(role)s "
            "and pg_has_role(session_user, oid, 'member'))",
            role=role,
        )
    ]
    embedded = settings.database_url is None  # there each role signs in by itself
    yield broken("roles", f"missing: {', '.join(missing)}") if missing and not embedded else ok("roles", "all three")
    try:
        applied = await health_store.list_applied_migrations(tx)
    except psycopg.Error:
        yield broken("migrations", "none: run `tocsin migrate`")
        return
    behind = [name for name in available_migrations() if name not in applied]
    yield (
        broken("migrations", f"missing: {', '.join(behind)}; run `tocsin migrate`")
        if behind
        else ok("migrations", "current")
    )
    try:
        await check_key(tx, settings.key)
        yield ok("database's key", "is this server's")
    except WrongKey as error:
        yield broken("database's key", str(error))
    yield await _clock(tx)
    now = SystemClock().now()
    oldest = [due.oldest_at for due in await health_store.list_due(tx, now) if due.oldest_at is not None]
    late = (now - min(oldest)).total_seconds() if oldest else 0.0
    yield _workers(await health_store.list_workers(tx), now, settings.ready_lag_seconds)
    seen = f"the oldest due row waits since {late:.1f} s"
    yield broken("engine", f"{seen}: does a worker run?") if late > settings.ready_lag_seconds else ok("engine", seen)


def _workers(workers: Sequence[Worker], now: datetime, allowed_seconds: float) -> Finding:
    """Does anybody tell people? One that died is broken; one that was stopped, or never began, may be meant so."""
    if not workers:
        return warning("worker", "none has run within a day: `tocsin up` and `tocsin worker` start one")
    running = [worker for worker in workers if worker.runs(now, allowed_seconds)]
    if running:
        return ok("worker", ", ".join(f"{worker.host} (process {worker.pid})" for worker in running) + " at work")
    last = workers[0]
    ago = f"{(now - last.seen_at).total_seconds():.0f} s ago"
    who = f"{last.host} (process {last.pid})"
    if last.stopped_at is not None:
        return warning("worker", f"{who} was stopped {ago}, and no other runs: nobody is told. Start `tocsin worker`")
    return broken("worker", f"{who} was last seen {ago}, and no other runs: nobody is told. Start `tocsin worker`")


async def _clock(tx: Tx) -> Finding:
    """Escalations run by this machine's clock; the database's is a second opinion."""
    before = SystemClock().now()
    theirs: datetime = await tx.value("select clock_timestamp()")
    after = SystemClock().now()
    skew = max((before - theirs.astimezone(UTC)).total_seconds(), (theirs.astimezone(UTC) - after).total_seconds(), 0.0)
    seen = f"{skew:.1f} s from the database server's"
    return warning("clock", f"{seen}: synchronise both") if skew > SKEW_SECONDS else ok("clock", seen)


async def _smtp(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return warning("mail", "TOCSIN_SMTP_URL is not set: nobody outside is reached; mails are kept on /mailbox")
    try:
        server = parse_smtp_url(settings.smtp_url)
        await SmtpTransport(server, timeout_seconds=10).check()
    except Invalid as error:
        return broken("mail", error.message)
    except MailError as error:
        return broken("mail", error.reason)
    return ok("mail", f"{server.host}:{server.port} answers")


async def _cards(settings: Settings) -> Finding:
    """Asks the provider for what it cannot have: that it does not know it shows that it answers and accepts the key."""
    gateway = gateway_of(settings)
    if gateway is None:
        return ok("cards", "no provider (TOCSIN_STRIPE_API_KEY): orders are paid by transfer or cheque")
    try:
        await gateway.find("cus_tocsin_doctor", "doctor")
    except NotFound:
        pass
    except TocsinError as error:
        return broken("cards", f"{settings.stripe_api_base}: {error.message}")
    finally:
        await gateway.close()
    if settings.stripe_webhook_secret is None:
        return warning("cards", "TOCSIN_STRIPE_WEBHOOK_SECRET is not set: nothing that Stripe tells is believed")
    if "_test_" in (settings.stripe_publishable_key or ""):
        return warning("cards", f"{settings.stripe_api_base} accepts the key; it is in test mode, no money moves")
    return ok("cards", f"{settings.stripe_api_base} accepts the key")


async def _test_mail(settings: Settings, address: str) -> Finding:
    if settings.smtp_url is None:
        return broken("test mail", "TOCSIN_SMTP_URL is not set")
    at = SystemClock().now()
    text = f"This is a test mail from Tocsin at {settings.base_url}. It arrived: mail works."
    try:
        transport = SmtpTransport(parse_smtp_url(settings.smtp_url))
        message = make_message(
            sender=settings.mail_from,
            to=address,
            subject="Test mail from Tocsin",
            text=text + "\n",
            html=f"<p>{text}</p>",
            at=at,
            message_id=f"doctor-{at.timestamp():.0f}-{os.getpid()}",
        )
        receipt = await transport.send(message)
        await transport.close()
    except Invalid as error:
        return broken("test mail", error.message)
    except MailError as error:
        return broken("test mail", error.reason)
    return ok("test mail", f"accepted for {address}: {receipt}")


async def _port(settings: Settings) -> Finding:
    address = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
        return ok("port", f"{address} is free")
    except OSError as error:
        host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
        if await _answers(f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"):
            return ok("port", f"Tocsin answers on {address}")
        return broken("port", f"{address}: {error.strerror}. Set TOCSIN_HOST and TOCSIN_PORT.")


async def _public_url(settings: Settings) -> Finding:
    if settings.public_url is None:
        return warning("public URL", f"TOCSIN_PUBLIC_URL is not set: links in mails lead to {settings.base_url}")
    if await _answers(settings.base_url):
        return ok("public URL", f"Tocsin answers on {settings.base_url}")
    return warning("public URL", f"{settings.base_url}: Tocsin does not answer there, as seen from this machine")


async def _answers(base_url: str) -> bool:
    """Does a Tocsin answer at this address?"""
    try:
        async with aiohttp.ClientSession(timeout=PATIENCE) as http, http.get(f"{base_url}/healthz") as response:
            return response.status == 200 and await response.text() == "ok\n"
    except (TimeoutError, aiohttp.ClientError, ValueError):
        return False
