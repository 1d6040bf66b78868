"""`tocsin up`: one process that runs embedded PostgreSQL, API and worker, and starts again what dies.

It imports nothing heavy, for it lives as long as the server and does almost nothing. Whatever needs settings, the
database or the application happens in a child: `tocsin prepare` (once), `tocsin api`, `tocsin worker`.
"""

import contextlib
import errno
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from tocsin.clock import SystemClock
from tocsin.postgres import EmbeddedServer, ServerFailed, die_with_parent

PLAN = "TOCSIN_UP"  # what `tocsin up` tells the supervisor, as JSON
LISTEN_FD = "TOCSIN_LISTEN_FD"  # the API's listening socket, which outlives the API: connections wait meanwhile
SUPERVISED = "TOCSIN_SUPERVISED"  # somebody looks after the database: wait for it as long as it takes
READY_FD = "TOCSIN_READY_FD"  # the API writes a byte when it answers
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
ONLY_ONCE = ("TOCSIN_BOOTSTRAP_API_KEY", "TOCSIN_BOOTSTRAP_OWNER_EMAIL", "TOCSIN_BOOTSTRAP_OWNER_PASSWORD")
BACKLOG = 2048
PATIENCE_SECONDS = 30.0  # for a child to stop; then it is killed
STEADY_SECONDS = 30.0  # whoever lived so long starts again at once when it dies
LONGEST_WAIT_SECONDS = 30.0


class CannotServe(Exception):
    """Nothing can start like this; the message tells the operator what to change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the supervisor needs to know of the settings. Without `database_url` it runs the embedded server."""

    host: str
    port: int
    data_dir: str
    public_url: str | None
    database_url: str | None
    log_format: str

    def hand_over(self) -> None:
        """Become the supervisor: this process forgets what it imported to read the settings."""
        environment = {**os.environ, PLAN: json.dumps(asdict(self))}
        os.execve(sys.executable, [sys.executable, "-m", "tocsin.supervisor"], environment)  # noqa: S606 - ourselves

    @classmethod
    def received(cls) -> Self:
        return cls(**json.loads(os.environ.pop(PLAN)))


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises: CannotServe, naming the setting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise CannotServe(f"TOCSIN_HOST={host} is not an address of this machine: {error.strerror}.") from None
    except OSError as error:
        why = {
            errno.EADDRINUSE: f"Port {port} on {host} is in use. Set TOCSIN_PORT to another one, or stop the program "
            "that uses it.",
            errno.EACCES: f"Port {port} is reserved for root. Set TOCSIN_PORT to 1024 or more, and put a reverse "
            "proxy in front.",
            errno.EADDRNOTAVAIL: f"TOCSIN_HOST={host} is not an address of this machine.",
        }.get(error.errno or 0, f"Cannot listen on {host}:{port}: {error.strerror}. See TOCSIN_HOST and TOCSIN_PORT.")
        raise CannotServe(why) from None


class Backoff:
    """When to start again: at once after a steady life, else after 0.5, 1, 2 … 30 seconds."""

    def __init__(self) -> None:
        self.failures = 0
        self.started_at = 0.0
        self.next_at = 0.0

    def started(self, now: float) -> None:
        self.started_at = now

    def died(self, now: float) -> float:
        """Seconds to wait."""
        self.failures = 0 if now - self.started_at >= STEADY_SECONDS else self.failures + 1
        wait = 0.0 if self.failures <= 1 else min(0.25 * 2 ** (self.failures - 1), LONGEST_WAIT_SECONDS)
        self.next_at = now + wait
        return wait


class Child:
    """One of our own processes. It dies with us."""

    def __init__(self, name: str, environment: dict[str, str], descriptors: tuple[int, ...] = ()) -> None:
        self.name = name
        self.environment = environment
        self.descriptors = descriptors
        self.backoff = Backoff()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, now: float) -> None:
        self.backoff.started(now)
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "tocsin", self.name],
            env=self.environment,
            pass_fds=self.descriptors,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop in order
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),
        )

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


class Supervisor:
    """Runs everything until SIGTERM or SIGINT; a second one does not wait for what is under way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.signals = 0
        self.server = None if plan.database_url else EmbeddedServer(Path(plan.data_dir))
        self.server_backoff = Backoff()
        self.children: list[Child] = []
        self.preparing: subprocess.Popen[bytes] | None = None
        self.woken, self._wake = os.pipe()
        self.ready, self._say_ready = os.pipe()
        for end in (self.woken, self._wake, self.ready):
            os.set_blocking(end, False)

    def run(self) -> int:
        """The exit status. Raises: CannotServe, ServerFailed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # so that a death wakes us
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        listener = open_listener(self.plan.host, self.plan.port)
        metrics_folder = tempfile.mkdtemp(prefix="tocsin-metrics-")
        try:
            address = self._address(listener)
            url = self._start_database()
            environment = {
                **os.environ,
                "TOCSIN_DATABASE_URL": url,
                "TOCSIN_PORT": str(listener.getsockname()[1]),
                METRICS_FOLDER: metrics_folder,
                SUPERVISED: "1",
            }
            if not self._prepare(environment, address):
                return 0 if self.signals else 1
            self._start_children(environment, listener)
            self._tend(address)
        finally:
            self._stop(listener)
            shutil.rmtree(metrics_folder, ignore_errors=True)
        return 0

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1
        if self.preparing is not None:
            self.preparing.terminate()

    def _address(self, listener: socket.socket) -> str:
        if self.plan.public_url:
            return self.plan.public_url.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.plan.host, self.plan.host)  # noqa: S104 - compared
        return f"http://{host}:{listener.getsockname()[1]}"

    def _start_database(self) -> str:
        """The address for the children. Raises: ServerFailed."""
        if self.server is None:
            return self.plan.database_url or ""
        self.server_backoff.started(time.monotonic())
        self.server.start(abandon=lambda: self.signals > 0)
        return self.server.url()

    def _prepare(self, environment: dict[str, str], address: str) -> bool:
        """Migrate, and on the very first start make the first account and show its login. False: it has failed."""
        self.preparing = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "prepare"], env=environment, stdout=subprocess.PIPE, start_new_session=True
        )
        said, _ = self.preparing.communicate()
        failed, self.preparing = self.preparing.returncode != 0, None
        if failed or self.signals:
            return False
        first = json.loads(said)
        if first:
            show_login(address, **first)
        for name in ONLY_ONCE:
            environment.pop(name, None)
        return True

    def _start_children(self, environment: dict[str, str], listener: socket.socket) -> None:
        descriptors = (listener.fileno(), self._say_ready)
        told = {LISTEN_FD: str(descriptors[0]), READY_FD: str(descriptors[1])}
        self.children = [Child("api", {**environment, **told}, descriptors), Child("worker", environment)]
        for child in self.children:
            child.start(time.monotonic())

    def _tend(self, address: str) -> None:
        """Start again what died, until we are asked to stop."""
        while not self.signals:
            now = time.monotonic()
            waits = [1.0, self._tend_database(now), *(self._tend_child(child, now) for child in self.children)]
            select.select([self.woken, self.ready], [], [], min(waits))
            with contextlib.suppress(BlockingIOError):
                while os.read(self.woken, 512):
                    pass
            with contextlib.suppress(BlockingIOError):
                if os.read(self.ready, 512):
                    self._log("tocsin_ready", address=address)

    def _tend_child(self, child: Child, now: float) -> float:
        """Seconds until something is to be done about it."""
        if child.process is not None and child.process.poll() is not None:
            wait = child.backoff.died(now)
            self._log(
                "process_died",
                level="warning",
                process=child.name,
                exit_status=child.process.returncode,
                restart_in=wait,
            )
            child.process = None
        if child.process is None:
            if child.backoff.next_at > now:
                return child.backoff.next_at - now
            child.start(now)
        return 1.0

    def _tend_database(self, now: float) -> float:
        """Seconds until something is to be done about it. The children reconnect by themselves."""
        if self.server is None or self.server.alive():
            return 1.0
        if self.server.process is not None:
            wait = self.server_backoff.died(now)
            status = self.server.forget()
            self._log("process_died", level="warning", process="postgres", exit_status=status, restart_in=wait)
        if self.server_backoff.next_at > now:
            return self.server_backoff.next_at - now
        self.server_backoff.started(now)
        try:
            self.server.start(abandon=lambda: self.signals > 0)
        except ServerFailed as error:
            wait = self.server_backoff.died(time.monotonic())
            self._log("database_not_started", level="warning", error=str(error), restart_in=wait)
            return max(wait, 0.05)
        return 1.0

    def _stop(self, listener: socket.socket) -> None:
        """API, worker, database: each may still use the next one."""
        listener.close()  # the API has its own copy, and closes it when it has drained
        for child in self.children:
            child.signal(signal.SIGTERM)
            self._await_end(child)
        if self.server is not None:
            self.server.stop(patience=2 if self.signals > 1 else 30)
        if self.children:
            self._log("tocsin_stopped")

    def _await_end(self, child: Child) -> None:
        if child.process is None:
            return
        deadline = time.monotonic() + PATIENCE_SECONDS
        while child.process.poll() is None:
            if time.monotonic() > deadline or self.signals > 1:
                self._log("process_killed", level="warning", process=child.name)
                child.process.kill()
                child.process.wait()
            select.select([self.woken], [], [], 0.05)
            with contextlib.suppress(BlockingIOError):
                os.read(self.woken, 512)

    def _log(self, event: str, *, level: str = "info", **fields: object) -> None:
        """The same lines as logs.py writes, without its imports."""
        at = SystemClock().now().isoformat().replace("+00:00", "Z")
        if self.plan.log_format == "console" or (self.plan.log_format == "auto" and sys.stderr.isatty()):
            text = " ".join((at, event, *(f"{name}={value}" for name, value in fields.items())))
        else:
            text = json.dumps({"event": event, **fields, "level": level, "at": at})
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def show_login(address: str, email: str, password: str | None, api_key: str) -> None:
    """On standard output, once: it is never logged and cannot be shown again."""
    shown = password or "(the one in TOCSIN_BOOTSTRAP_OWNER_PASSWORD)"
    sys.stdout.write(
        f"\n  Tocsin is set up. This is shown once:\n\n"
        f"    Address    {address}\n"
        f"    Sign in    {email}\n"
        f"    Password   {shown}\n"
        f"    API key    {api_key}\n\n"
    )
    sys.stdout.flush()


def main() -> int:
    """The supervisor process."""
    try:
        return Supervisor(Plan.received()).run()
    except (CannotServe, ServerFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
