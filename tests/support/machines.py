"""Tocsin's parts as programs of their own on one database, as they run on many machines."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from tests.support.program import ENVIRONMENT, eventually

from tocsin.supervisor import LISTEN_FD

COMMAND = (sys.executable, "-m", "tocsin")


async def run(command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """One of Tocsin's commands, to its end."""
    environment = {**ENVIRONMENT, **settings}
    return await asyncio.to_thread(
        subprocess.run, [*COMMAND, command], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@dataclass
class Fleet:
    """The parts that run, with the addresses of the APIs; what they log goes to files in `folder`."""

    folder: Path
    settings: dict[str, str]
    apis: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, part: str, **settings: str) -> None:
        """One more `api` (on a free port) or `worker`."""
        environment = {**ENVIRONMENT, **self.settings, **settings}
        descriptors: tuple[int, ...] = ()
        with contextlib.ExitStack() as stack:
            if part == "api":
                listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                descriptors = (listener.fileno(),)
                environment[LISTEN_FD] = str(listener.fileno())
                self.apis.append(f"http://127.0.0.1:{listener.getsockname()[1]}")
            log = stack.enter_context(self.log(len(self.processes)).open("wb"))
            self.processes.append(
                subprocess.Popen([*COMMAND, part], env=environment, pass_fds=descriptors, stdout=log, stderr=log)
            )

    def log(self, number: int) -> Path:
        return self.folder / f"part-{number}.log"

    async def ready(self) -> None:
        """Wait until every API answers and every worker works."""

        async def all_are() -> bool:
            for number, process in enumerate(self.processes):
                said = self.log(number).read_text()
                assert process.poll() is None, said
                if "api_started" not in said and "worker_started" not in said:
                    return False
            async with aiohttp.ClientSession() as http:
                for address in self.apis:
                    async with http.get(f"{address}/readyz") as response:
                        if response.status != 200:
                            return False
            return True

        await eventually(all_are, 90)

    async def stop(self) -> list[int]:
        """SIGTERM to all of them; their exit statuses."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        return [await asyncio.to_thread(process.wait, 60) for process in self.processes]


@asynccontextmanager
async def fleet(folder: Path, **settings: str) -> AsyncIterator[Fleet]:
    """No part yet; all that are started have ended afterwards, whatever happens."""
    it = Fleet(folder, settings)
    try:
        yield it
    finally:
        for process in it.processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
