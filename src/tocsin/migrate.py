"""Migrations: plain SQL files, forward only, applied one by one under a lock that dies with its holder."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg

from tocsin.db import conninfo

LOCK = 7_450_263  # any number, the same for every starter
ROLES = ("tocsin_owner", "tocsin_app", "tocsin_engine")

ROLES_SQL = """\
create role tocsin_owner;
create role tocsin_app;
create role tocsin_engine;
grant tocsin_owner, tocsin_app, tocsin_engine to "{login}";
grant create, connect on database "{database}" to tocsin_owner;
grant create, usage on schema public to tocsin_owner;
"""


class RolesMissing(Exception):
    """The login may not make the three roles; the message holds the SQL for an administrator."""


def migrate(url: str) -> list[str]:
    """Apply what is missing; the names of what was applied. Any number of starters may call it at once.

    Raises: RolesMissing.
    """
    if "{role}" not in url:
        ensure_roles(url)
    with _locked(url), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # yoyo's own imports warn
        from yoyo import get_backend, read_migrations

        backend = get_backend(_owner_url(url))
        with as_file(files("tocsin") / "migrations") as folder:
            pending = backend.to_apply(read_migrations(str(folder)))
            names = [migration.id for migration in pending]
            backend.apply_migrations(pending)
        backend.connection.close()
        _publish_first_price_book(url)
    return names


def _publish_first_price_book(url: str) -> None:
    """On a database without one: the shipped price book, as one that was announced long ago."""
    document = (files("tocsin") / "licensing" / "pricebook.yaml").read_text(encoding="utf-8")
    with psycopg.connect(conninfo(url, "tocsin_engine")) as conn:
        if "{role}" not in url:
            conn.execute("set role tocsin_engine")
        conn.execute(
            "insert into price_books (version, document, announced_at) values (1, %s, 'epoch') on conflict do nothing",
            (document,),
        )


def available_migrations() -> list[str]:
    """The names of the migrations that this version of Tocsin brings, in order."""
    folder = files("tocsin") / "migrations"
    return sorted(file.name.removesuffix(".sql") for file in folder.iterdir() if file.name.endswith(".sql"))


@contextmanager
def _locked(url: str) -> Iterator[None]:
    """Hold the advisory lock, by polling: a blocking wait would stand in the way of `create index concurrently`."""
    with psycopg.connect(conninfo(url, "tocsin_owner"), autocommit=True) as conn:
        while conn.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
            time.sleep(0.05)
        yield


def ensure_roles(url: str) -> None:
    """Make the three roles where they are missing, and the login a member of them. Raises: RolesMissing."""
    with psycopg.connect(url, autocommit=True) as conn:
        login, database = conn.execute("select current_user, current_database()").fetchone() or ("", "")
        script = ROLES_SQL.format(login=login, database=database)
        missing = conn.execute(
            "select role from unnest(%s::text[]) role "
            "where not exists (select from pg_roles where rolname = role and pg_has_role(current_user, oid, 'member'))",
            (list(ROLES),),
        ).fetchall()
        if not missing:
            return
        try:
            with conn.transaction():
                conn.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
                for role in ROLES:
                    if not conn.execute("select from pg_roles where rolname = %s", (role,)).fetchone():
                        conn.execute(f"create role {role}")
                for statement in script.splitlines()[3:]:
                    conn.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            raise RolesMissing(
                f"The login {login} may not make Tocsin's three roles. "
                f"Ask an administrator of the database to run:\n\n{script}"
            ) from None


def _owner_url(url: str) -> str:
    """yoyo's spelling of the address, signing in as (or switching to) tocsin_owner."""
    if "{role}" in url:
        parts = urlsplit(conninfo(url, "tocsin_owner"))
        return urlunsplit(("postgresql+psycopg", *parts[1:]))
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query), ("options", "-c role=tocsin_owner")]
    return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, urlencode(query), ""))
