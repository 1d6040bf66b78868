"""`tocsin up` as a program of its own: started, watched, killed in parts, stopped."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import psycopg

from tocsin.postgres import EmbeddedServer

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "PROMETHEUS_"))}


async def eventually(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 60.0) -> None:
    """Wait until `condition` holds. Raises: AssertionError after `seconds`."""
    deadline = monotonic() + seconds
    while True:
        holds = condition()
        if holds if isinstance(holds, bool) else await holds:
            return
        assert monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(0.03)


class Program:
    """A running `tocsin up` in `folder`; what it prints goes to files there."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {**ENVIRONMENT, "TOCSIN_DATA_DIR": str(folder / "data"), "TOCSIN_PORT": "0", **environment}
        self.process: subprocess.Popen[bytes] | None = None
        self.output, self.log = folder / "output", folder / "log"

    def start(self, *, keep_log: bool = False) -> None:
        with self.output.open("wb") as output, self.log.open("ab" if keep_log else "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "up"], env=self.environment, stdout=output, stderr=log
            )

    async def ready(self) -> None:
        """Wait until it says that it answers."""

        def answers() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            return any(event["event"] == "tocsin_ready" for event in self.events())

        await eventually(answers)

    def events(self) -> list[dict[str, object]]:
        """What was logged so far, without lines that are no JSON."""
        found = []
        for line in self.log.read_text().splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [event for event in found if isinstance(event, dict)]

    @property
    def base_url(self) -> str:
        ready = [event for event in self.events() if event["event"] == "tocsin_ready"]
        return str(ready[-1]["address"])

    def shown(self, label: str) -> str:
        """What the first start printed behind `label`."""
        found = re.search(rf"^ +{label} +(.+)$", self.output.read_text(), re.MULTILINE)
        assert found is not None, self.output.read_text() + self.log.read_text()
        return found[1]

    def column(self, query: str) -> list[object]:
        """The first column of what the embedded database says, asked while the program is stopped."""
        server = EmbeddedServer(self.folder / "data")
        server.start()
        try:
            with psycopg.connect(server.admin_url()) as conn:
                return [row[0] for row in conn.execute(query).fetchall()]
        finally:
            server.stop()

    def pids(self) -> dict[str, int]:
        """The processes under the supervisor: api, worker, postgres (those that are there)."""
        assert self.process is not None
        found = {}
        for pid in _children(self.process.pid):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                name = "postgres" if words[0].endswith("postgres") else words[3] if len(words) > 3 else ""
                if name in {"api", "worker", "postgres"}:
                    found[name] = pid
        return found

    def memory(self) -> dict[str, float]:
        """Proportional set size in MB of each process, PostgreSQL's summed up."""
        assert self.process is not None
        named = {"supervisor": [self.process.pid]}
        for name, pid in self.pids().items():
            named[name] = [pid, *_children(pid)]
        return {name: round(sum(map(_pss, pids)), 1) for name, pids in named.items()}

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)


@asynccontextmanager
async def running(folder: Path, **environment: str) -> AsyncIterator[Program]:
    """A program that answers; ended in the end, whatever happens."""
    program = Program(folder, **environment)
    program.start()
    try:
        await program.ready()
        yield program
    finally:
        if program.process is not None and program.process.poll() is None:
            await asyncio.to_thread(program.stop)  # the sinks in this loop go on answering


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found.extend(int(child) for child in (task / "children").read_text().split())
    return found


def _pss(pid: int) -> float:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
