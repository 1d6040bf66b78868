"""A consistent copy of the database, and the way back. By the server's own pg_dump: another version's may not fit."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tocsin.migrate import available_migrations, ensure_roles, migrate
from tocsin.postgres import AlreadyRunning, EmbeddedServer, wheel_package
from tocsin.server_key import NAME as KEY_FACT
from tocsin.server_key import fingerprint
from tocsin.settings import Settings

OURS = ("ACL - SCHEMA public", "COMMENT - EXTENSION")  # entries that need rights a plain login has not
GRANTS = """
    grant create, usage on schema public to tocsin_owner;
    grant create, usage on schema public to tocsin_engine;
"""


class BackupFailed(Exception):
    """It did not work and nothing was changed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """A database as its administrator sees it: the superuser of the embedded server, or TOCSIN_DATABASE_URL's login."""

    address: dict[str, str]  # what libpq wants to know
    programs: Path  # where pg_dump and pg_restore of the server's version lie
    embedded: bool

    @property
    def database(self) -> str:
        return self.address["dbname"]

    def connect(self, database: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
        """A connection in autocommit."""
        return psycopg.connect(self.conninfo(database), autocommit=True)

    def conninfo(self, database: str | None = None) -> str:
        return make_conninfo("", **{**self.address, "dbname": database or self.database})

    def role_url(self, database: str) -> str:
        """The address for migrate.py; the embedded server's roles sign in themselves."""
        if self.embedded:
            return f"postgresql://{{role}}@/{database}?host={self.address['host']}"
        return _as_url({**self.address, "dbname": database})

    def run(self, program: str, *arguments: str, database: str | None = None) -> str:
        """Its output. The password goes by the environment, which no list of processes shows. Raises: BackupFailed."""
        address = {**self.address, "dbname": database or self.database}
        password = address.pop("password", None)
        done = subprocess.run(  # noqa: S603 - the server's own program
            [str(self.programs / program), "--no-password", "--dbname", make_conninfo("", **address), *arguments],
            env={**os.environ, **({"PGPASSWORD": password} if password else {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BackupFailed(f"{program}: {done.stderr.strip()}")
        return done.stdout


def back_up(settings: Settings, file: Path) -> int:
    """Write a backup to `file`, which appears when it is complete; its size in bytes. Raises: BackupFailed."""
    with open_target(settings, exclusive=False) as target:
        partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
        try:
            _write_private(partial)
            target.run("pg_dump", "--format=custom", f"--file={partial}", *_dump_rights(target))
            _contents(target, partial)
            with partial.open("rb+") as written:
                os.fsync(written.fileno())
            partial.rename(file)
        finally:
            partial.unlink(missing_ok=True)
    return file.stat().st_size


def restore(settings: Settings, file: Path, *, replace: bool) -> bool:
    """Put the backup in `file` in the database's place; whether the secret key is the backup's.

    It is read into a new database first, which takes the old one's name at the end: until then nothing is lost.
    Raises: BackupFailed when the backup cannot be read, the database is in use, or holds something without `replace`.
    """
    if not file.is_file():
        raise BackupFailed(f"There is no file {file}.")
    with open_target(settings, exclusive=True) as target:
        entries = _contents(target, file)
        with target.connect() as conn:
            if not replace and _tables(conn):
                raise BackupFailed(
                    f"The database {target.database} is not empty. To replace what is in it, add --replace."
                )
            _check_unused(conn)
        fresh = f"{target.database}_{secrets.token_hex(4)}"
        _create(target, fresh)
        try:
            _fill(target, fresh, file, entries)
            same_key = _check(target, fresh, settings)
            migrate(target.role_url(fresh))
            _swap(target, fresh)
        finally:
            with target.connect("postgres") as conn:
                conn.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(fresh)))
    return same_key


@contextmanager
def open_target(settings: Settings, *, exclusive: bool) -> Iterator[Target]:
    """The database of the settings; the embedded server is started when it does not run. Raises: BackupFailed."""
    if settings.database_url is not None:
        try:
            yield _external(settings.database_url)
        except psycopg.OperationalError as error:
            raise BackupFailed(f"The database does not answer: {str(error).strip()}") from None
        return
    server = EmbeddedServer(settings.data_dir)
    if not exclusive and not server.initialised():
        raise BackupFailed(f"There is no database in {settings.data_dir} (see TOCSIN_DATA_DIR).")
    started = True
    try:
        server.start()
    except AlreadyRunning:
        if exclusive:
            raise BackupFailed("Tocsin is running. Stop it first: a restore replaces everything.") from None
        started = False
    try:
        address = {"host": str(server.socket_dir), "user": "postgres", "dbname": "tocsin"}
        yield Target(address, Path(server.binary("pg_dump")).parent, embedded=True)
    finally:
        if started:
            server.stop()


def _external(url: str) -> Target:
    with psycopg.connect(url) as conn:
        version = conn.info.server_version // 10_000
        address = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
        address["dbname"] = conn.info.dbname
    return Target(address, _programs(version), embedded=False)


def _programs(version: int) -> Path:
    """The folder with pg_dump of this major version. Raises: BackupFailed."""
    candidates = [Path(f"/usr/lib/postgresql/{version}/bin"), wheel_package() / "pginstall" / "bin"]
    if found := shutil.which("pg_dump"):
        candidates.insert(0, Path(found).resolve().parent)
    for folder in candidates:
        with suppress(OSError):
            said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False)  # noqa: S603
            if f" {version}." in said.stdout and (folder / "pg_restore").exists():
                return folder
    raise BackupFailed(
        f"The database is PostgreSQL {version}, whose own pg_dump is needed: install its client programs "
        f"(on Debian: postgresql-client-{version})."
    )


def _dump_rights(target: Target) -> list[str]:
    """Options with which row-level security hides nothing. Raises: BackupFailed where it would."""
    with target.connect() as conn:
        sees_all = conn.execute("select rolsuper or rolbypassrls from pg_roles where rolname = current_user").fetchone()
        if sees_all == (True,):
            return []
        hidden = conn.execute(
            """
            select c.oid::regclass::text from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relrowsecurity and not exists (
                     select from pg_policy p where p.polrelid = c.oid and 'tocsin_owner'::regrole = any (p.polroles))
            """
        ).fetchall()
    if hidden:
        raise BackupFailed(f"tocsin_owner does not see every row of {', '.join(str(name) for (name,) in hidden)}.")
    return ["--role=tocsin_owner", "--enable-row-security"]


def _write_private(file: Path) -> None:
    """An empty file that only we can read: a backup holds addresses and password hashes. Raises: BackupFailed."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupFailed(f"{file.parent} cannot be written: {error.strerror}.") from None


def _contents(target: Target, file: Path) -> str:
    """The list of what is in a backup. Raises: BackupFailed when it is none, or cut short."""
    done = subprocess.run(  # noqa: S603 - the server's own program
        [target.programs / "pg_restore", "--list", file], capture_output=True, text=True, check=False
    )
    if done.returncode != 0 or " TABLE DATA public accounts " not in done.stdout:
        raise BackupFailed(f"{file} is not a backup of Tocsin, or is damaged. {done.stderr.strip()}")
    return done.stdout


def _tables(conn: psycopg.Connection[tuple[object, ...]]) -> bool:
    query = "select exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r')"
    return conn.execute(query).fetchone() == (True,)


def _check_unused(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    others = conn.execute(
        """
        select distinct coalesce(nullif(application_name, ''), 'a program without a name') from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        """
    ).fetchall()
    if others:
        names = ", ".join(str(name) for (name,) in others)
        raise BackupFailed(f"The database is in use by {names}. Stop every Tocsin that works on it first.")


def _create(target: Target, fresh: str) -> None:
    """An empty database with the three roles' rights. Raises: BackupFailed, RolesMissing."""
    if not target.embedded:
        ensure_roles(target.role_url(target.database))
    try:
        with target.connect() as conn:
            conn.execute(sql.SQL("create database {} template template0").format(sql.Identifier(fresh)))
        with target.connect(fresh) as conn:
            conn.execute(sql.SQL("grant create, connect on database {} to tocsin_owner").format(sql.Identifier(fresh)))
            conn.execute(GRANTS)
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupFailed(
            f"The login {target.address.get('user', '')} may not make a database: {error}. "
            "Give it CREATEDB for the restore."
        ) from None


def _fill(target: Target, fresh: str, file: Path, entries: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".list") as chosen:
        chosen.write("\n".join(line for line in entries.splitlines() if not any(name in line for name in OURS)))
        chosen.flush()
        target.run(
            "pg_restore",
            "--exit-on-error",
            "--single-transaction",
            f"--use-list={chosen.name}",
            str(file),
            database=fresh,
        )
    with target.connect(fresh) as conn:
        conn.execute("revoke create on schema public from tocsin_engine")


def _check(target: Target, fresh: str, settings: Settings) -> bool:
    """Is the secret key the backup's? Raises: BackupFailed for one of a newer Tocsin."""
    with target.connect(fresh) as conn:
        if not target.embedded:
            conn.execute("set role tocsin_owner")
        applied = {str(name) for (name,) in conn.execute("select migration_id from _yoyo_migration")}
        newer = applied - set(available_migrations())
        if newer:
            raise BackupFailed(f"The backup is from a newer Tocsin (it has {', '.join(sorted(newer))}): upgrade first.")
        kept = conn.execute("select value from server_facts where name = %s", (KEY_FACT,)).fetchone()
    return kept is None or kept == (fingerprint(settings.key),)


def _swap(target: Target, fresh: str) -> None:
    """The new database takes the old one's name, in one transaction; then the old one goes."""
    old = f"{fresh}_old"
    rename = sql.SQL("alter database {} rename to {}")
    with target.connect("postgres") as conn:
        with conn.transaction():
            conn.execute(rename.format(sql.Identifier(target.database), sql.Identifier(old)))
            conn.execute(rename.format(sql.Identifier(fresh), sql.Identifier(target.database)))
        conn.execute(sql.SQL("drop database {}").format(sql.Identifier(old)))


def _as_url(address: dict[str, str]) -> str:
    """libpq's parameters as a URL, which the migrations want."""
    from urllib.parse import quote, urlencode

    rest = {
        name: value for name, value in address.items() if name not in {"user", "password", "host", "port", "dbname"}
    }
    user = quote(address.get("user", ""), safe="")
    if "password" in address:
        user += ":" + quote(address["password"], safe="")
    host = address.get("host", "")
    if host.startswith("/"):
        rest["host"], host = host, ""
    if ":" in host:
        host = f"[{host}]"
    port = f":{address['port']}" if "port" in address else ""
    query = f"?{urlencode(rest)}" if rest else ""
    return f"postgresql://{user}{'@' if user else ''}{host}{port}/{quote(address['dbname'], safe='')}{query}"
