"""`tocsin up`: starts from nothing, survives the death of its parts, stops without cutting a request."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import psycopg
import pytest
from tests.support.debian import INSTALLED, debian_server
from tests.support.program import Program, eventually, running
from tests.support.server import scratch_folder
from tests.support.smtp import SmtpSink, smtp_sink

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

OWNER = {
    "TOCSIN_BOOTSTRAP_OWNER_EMAIL": "ana@example.com",
    "TOCSIN_BOOTSTRAP_OWNER_PASSWORD": "open sesame, please",
    "TOCSIN_BOOTSTRAP_API_KEY": "8c2f0f5e-5c11-4f6e-9f4b-1f6f7f0a2b3c",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as path:
        yield path


@dataclass(frozen=True)
class Shared:
    """A program that several tests use, and the mail server it knows."""

    program: Program
    sink: SmtpSink


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[Shared]:
    with scratch_folder() as path:
        async with smtp_sink() as sink, running(path, TOCSIN_SMTP_URL=sink.url, **OWNER) as program:
            yield Shared(program, sink)


async def answers(http: aiohttp.ClientSession, path: str) -> bool:
    try:
        async with http.get(path, timeout=aiohttp.ClientTimeout(5)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


class Hammer:
    """Clients that keep their connections and raise alerts without a pause; a cut connection is what they look for."""

    def __init__(self, base_url: str, key: str, clients: int = 16) -> None:
        self.base_url, self.key = base_url, key
        self.accepted: set[str] = set()
        self.wrong: list[str] = []
        self.stopping = False
        self.tasks = [asyncio.create_task(self._client()) for _ in range(clients)]

    async def _client(self) -> None:
        headers = {"Authorization": f"GenieKey {self.key}"}
        async with aiohttp.ClientSession(self.base_url, headers=headers) as http:
            while not self.stopping:
                alias = str(uuid4())
                try:
                    async with http.post("/v2/alerts", json={"message": "disk full", "alias": alias}) as response:
                        await response.read()
                        if response.status == 202:
                            self.accepted.add(alias)
                        else:
                            self.wrong.append(f"status {response.status}")
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.01)  # nobody listens any more: an honest no
                except aiohttp.ClientError as error:
                    self.wrong.append(repr(error))

    async def end(self) -> None:
        self.stopping = True
        await asyncio.gather(*self.tasks)


async def test_the_first_start_shows_the_login_once_and_sigterm_cuts_no_request(folder: Path) -> None:
    async with running(folder, TOCSIN_LOG_LEVEL="debug") as program:
        key = program.shown("API key")
        assert "@" in program.shown("Sign in")
        assert UUID(key)
        assert len(program.shown("Password")) >= 16
        async with aiohttp.ClientSession(program.base_url) as http:
            await eventually(lambda: answers(http, "/readyz"))
            for address in (f"/v2/alerts?apiKey={key}", f"/v2/nothing?key=GenieKey%20{key}"):
                await answers(http, address)
        memory = program.memory()
        print(f"memory, PSS in MB: {memory}, sum {sum(memory.values()):.0f}")  # noqa: T201

        hammer = Hammer(program.base_url, key)
        await eventually(lambda: len(hammer.accepted) > 300)
        status = await asyncio.to_thread(program.stop)
        await hammer.end()

        assert status == 0, program.log.read_text()
        assert hammer.wrong == []
        assert program.pids() == {}
        assert any(event["event"] == "request" for event in program.events())
        for secret in (key, program.shown("Password")):
            assert secret not in program.log.read_text()

        assert hammer.accepted == set(program.column("select alias from alerts"))
        assert program.column("select status from notifications where status = 'sending'") == []

        program.start()
        await program.ready()
        assert program.output.read_text() == ""


async def test_an_alert_reaches_the_owner_by_mail(shared: Shared) -> None:
    program, sink = shared.program, shared.sink
    headers = {"Authorization": f"GenieKey {OWNER['TOCSIN_BOOTSTRAP_API_KEY']}"}
    async with aiohttp.ClientSession(program.base_url, headers=headers) as http:
        async with http.post("/v2/alerts", json={"message": "disk full"}) as response:
            assert response.status == 202

        await eventually(lambda: bool(sink.to("ana@example.com")))

        async def counted() -> bool:
            async with http.get("/metrics") as response:
                told = await response.text()
            return (
                'tocsin_deliveries_total{channel="email",outcome="accepted"} 1.0' in told
                and "tocsin_ingest_accepted_total 1.0" in told
            )

        await eventually(counted)
    assert "disk full" in sink.to("ana@example.com")[0]["Subject"]
    assert OWNER["TOCSIN_BOOTSTRAP_OWNER_PASSWORD"] not in program.output.read_text()


async def test_what_is_killed_comes_back(shared: Shared) -> None:
    program = shared.program
    async with aiohttp.ClientSession(program.base_url) as http:
        await eventually(lambda: answers(http, "/readyz"))
        for name in ("api", "worker", "postgres"):
            killed = program.pids()[name]

            os.kill(killed, signal.SIGKILL)

            await eventually(lambda: program.pids().get(name, killed) != killed)  # noqa: B023 - awaited here
            await eventually(lambda: answers(http, "/readyz"))
            died = [event for event in program.events() if event["event"] == "process_died"]
            assert (name, -signal.SIGKILL) in {(event["process"], event["exit_status"]) for event in died}


async def test_while_the_api_restarts_connections_wait(shared: Shared) -> None:
    os.kill(shared.program.pids()["api"], signal.SIGKILL)

    async with aiohttp.ClientSession(shared.program.base_url) as fresh, fresh.get("/healthz") as response:
        assert response.status == 200


async def test_when_the_supervisor_is_killed_everything_ends_and_the_next_one_starts(folder: Path) -> None:
    async with running(folder) as program:
        pids = program.pids()
        assert set(pids) == {"api", "worker", "postgres"}
        assert program.process is not None

        program.process.kill()
        program.process.wait()
        program.start()
        await program.ready()

        assert set(pids.values()).isdisjoint(program.pids().values())
        await eventually(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids.values()))


@pytest.mark.skipif(not INSTALLED, reason="Debian's postgresql-15 is not installed")
async def test_two_machines_share_one_database_and_one_of_them_makes_the_first_account(folder: Path) -> None:
    with debian_server() as sockets:
        with psycopg.connect(f"postgresql://postgres@/postgres?host={sockets}", autocommit=True) as conn:
            conn.execute("create database tocsin")
        shared = {
            "TOCSIN_DATABASE_URL": f"postgresql://postgres@/tocsin?host={sockets}",
            "TOCSIN_SECRET_KEY": "the same on every machine, and long enough",
        }
        for name in ("one", "two", "three"):
            (folder / name).mkdir()
        async with running(folder / "one", **shared) as one, running(folder / "two", **shared) as two:
            assert set(one.pids()) == set(two.pids()) == {"api", "worker"}
            shown = [program for program in (one, two) if "API key" in program.output.read_text()]
            assert len(shown) == 1
            headers = {"Authorization": f"GenieKey {shown[0].shown('API key')}"}
            for program in (one, two):
                async with (
                    aiohttp.ClientSession(program.base_url) as http,
                    http.get("/v2/account", headers=headers) as ok,
                ):
                    assert ok.status == 200

            wrong = {**shared, "TOCSIN_SECRET_KEY": "another one, which nothing was encrypted with"}
            third = await start_and_fail({**Program(folder / "three").environment, **wrong})

    assert third.returncode == 1
    assert "Set TOCSIN_SECRET_KEY to the same value" in third.stderr


async def test_a_second_one_on_the_same_folder_says_so(shared: Shared) -> None:
    second = await start_and_fail(shared.program.environment)

    assert second.returncode == 1
    assert "Another Tocsin already uses" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"TOCSIN_HOST": "203.0.113.7"}, "TOCSIN_HOST"),
        ({"TOCSIN_PORT": "eighty"}, "TOCSIN_PORT must be a whole number."),
        ({"TOCSIN_SMTP_URL": "http://mail.example.com"}, "TOCSIN_SMTP_URL"),
        ({"TOCSIN_ALLOWED_PRIVATE_NETWORKS": "10.0.0.0/99"}, "TOCSIN_ALLOWED_PRIVATE_NETWORKS"),
        ({"TOCSIN_LEASE_SECONDS": "0"}, "TOCSIN_LEASE_SECONDS"),
        ({"TOCSIN_PORT": "70000"}, "TOCSIN_PORT must be at most 65535."),
        ({"TOCSIN_DATA_DIR": "/proc/nothing"}, "TOCSIN_DATA_DIR"),
        ({"TOCSIN_BOOTSTRAP_API_KEY": "short"}, "TOCSIN_BOOTSTRAP_API_KEY"),
        ({"TOCSIN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "The database does not answer"),
    ],
)
async def test_a_setting_that_cannot_be_is_named(folder: Path, setting: dict[str, str], said: str) -> None:
    tried = await start_and_fail({**Program(folder).environment, **setting})

    assert tried.returncode in {1, 2}
    assert said in tried.stderr
    assert "Traceback" not in tried.stderr


async def test_a_port_in_use_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        tried = await start_and_fail({**Program(folder).environment, "TOCSIN_PORT": str(port)})

    assert tried.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use. Set TOCSIN_PORT" in tried.stderr


async def start_and_fail(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tocsin", "up"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
