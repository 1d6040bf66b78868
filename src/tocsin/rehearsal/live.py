"""A live account's configuration: read without a trace, written to a scratch server. Secrets stay where they are."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tocsin.db import Tx, connect
from tocsin.errors import Conflict, NotFound
from tocsin.licensing import countries_store
from tocsin.licensing.countries import Override
from tocsin.migrate import available_migrations
from tocsin.postgres import EmbeddedServer
from tocsin.rehearsal import store
from tocsin.settings import Settings


@dataclass(frozen=True, slots=True)
class Table:
    """What is copied of a table: these columns and no others. Those of `json` hold JSON."""

    name: str
    columns: tuple[str, ...]
    json: frozenset[str] = frozenset()
    account_column: str = "account_id"


# In the order in which they refer to one another. Left out: password hashes, second factors, the secrets that sign
# webhooks, and the hashes of API keys.
TABLES = (
    Table("accounts", ("id", "name", "time_zone", "locale", "created_at"), account_column="id"),
    Table("users", ("account_id", "id", "username", "full_name", "role", "licence_kind", "status", "time_zone",
                    "locale", "verified_at", "created_at", "inactive_since", "muted_until", "quiet_hours"),
          frozenset({"quiet_hours"})),
    Table("contacts", ("account_id", "id", "user_id", "method", "address", "enabled", "verified_at", "created_at")),
    Table("teams", ("account_id", "id", "name", "description", "created_at")),
    Table("team_members", ("account_id", "team_id", "user_id", "role")),
    Table("integrations", ("account_id", "id", "name", "type", "key_hint", "enabled", "allow_read_access",
                           "allow_write_access", "allow_delete_access", "allow_configuration_access",
                           "allow_billing_access", "team_id",
                           "responders", "created_at"), frozenset({"responders"})),
    Table("schedules", ("account_id", "id", "name", "description", "time_zone", "enabled", "team_id", "created_at",
                        "inactive_since")),
    Table("rotations", ("account_id", "id", "schedule_id", "name", "position", "kind", "length", "starts_at", "ends_at",
                        "participants", "restriction"), frozenset({"participants", "restriction"})),
    Table("overrides", ("account_id", "schedule_id", "alias", "user_id", "starts_at", "ends_at", "rotation_ids",
                        "created_at")),
    Table("escalations", ("account_id", "id", "name", "description", "team_id", "repeat_wait", "repeat_count",
                          "reset_recipient_states", "close_alert_after_all", "created_at", "inactive_since")),
    Table("escalation_rules", ("account_id", "escalation_id", "position", "condition", "notify_type", "delay",
                               "recipient_type", "recipient_id")),
    Table("routing_rules", ("account_id", "id", "team_id", "name", "position", "is_default", "notify_type",
                            "notify_id", "inactive_since", "criteria", "time_zone", "restriction"),
          frozenset({"criteria", "restriction"})),
    Table("forwarding_rules", ("account_id", "id", "alias", "from_user_id", "to_user_id", "starts_at", "ends_at",
                               "created_at")),
    Table("notification_rules", ("account_id", "id", "user_id", "name", "action_type", "position", "enabled",
                                 "inactive_since", "criteria", "restriction", "times", "schedule_ids", "repeat_after",
                                 "repeat_enabled"), frozenset({"criteria", "restriction"})),
    Table("notification_rule_steps", ("account_id", "id", "rule_id", "contact_id", "after", "position", "enabled")),
)  # fmt: skip
NOT_COPIED: Mapping[str, frozenset[str]] = {
    "accounts": frozenset({"deleted_at", "legal_hold"}),
    "users": frozenset(
        {
            "password_hash",
            "totp_secret",
            "totp_confirmed_at",
            "totp_last_step",
            "role_id",
            "skype_username",
            "address",
            "tags",
            "details",
            "language_tag",
        }
    ),
    "contacts": frozenset({"secret"}),
    "integrations": frozenset({"key_hash"}),
}


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """One account's configuration as it stood at one instant: the rows of each of TABLES.

    `countries` is what the operator says of them: it decides who is called.
    """

    rows: Mapping[str, list[dict[str, Any]]]
    countries: tuple[Override, ...] = ()

    @property
    def id(self) -> int:
        account_id: int = self.rows["accounts"][0]["id"]
        return account_id


def live_database(settings: Settings) -> str:
    """The address of the live database: TOCSIN_DATABASE_URL, or the running embedded server. Raises: NotFound."""
    if settings.database_url is not None:
        return settings.database_url
    server = EmbeddedServer(settings.data_dir)
    if not (server.socket_dir / ".s.PGSQL.5432").exists():
        raise NotFound(
            f"No Tocsin runs on {settings.data_dir}, so there is no live account to copy. Start it with `tocsin up`, "
            "or set TOCSIN_DATA_DIR or TOCSIN_DATABASE_URL to where it runs."
        )
    return server.url()


async def read_account(url: str, named: str | None = None) -> LiveAccount:
    """An account's configuration, in one read-only transaction; `named` is its name or number, None the only one.

    Raises: NotFound, Conflict (more than one account, or the database is not of this version).
    """
    async with reading(url) as tx:
        account_id = chosen(await store.list_accounts(tx), named)
        rows = {it.name: await store.read_rows(tx, it.name, it.columns, it.account_column, account_id) for it in TABLES}
        countries = await countries_store.list_overrides(tx)
    return LiveAccount(rows, tuple(countries.values()))


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Tx]:
    """A read-only transaction on a live database, which sees every account.

    Raises: NotFound where none answers, Conflict where it is of another version.
    """
    try:
        conn = await connect(url, "tocsin_engine")
    except psycopg.OperationalError as error:
        raise NotFound(f"The live database does not answer: {str(error).strip()}") from None
    async with conn:
        await conn.execute("begin transaction isolation level repeatable read, read only")
        tx = Tx(conn)
        await _check_version(tx)
        yield tx
        await conn.execute("rollback")


async def _check_version(tx: Tx) -> None:
    try:
        applied = await store.applied_migrations(tx)
    except psycopg.errors.UndefinedTable:
        raise NotFound("The live database is empty; start Tocsin on it first.") from None
    if applied != set(available_migrations()):
        raise Conflict(
            "The live database is of another version of Tocsin than this command: use the same, or `tocsin migrate`."
        )


def chosen(accounts: list[tuple[int, str]], named: str | None) -> int:
    """The account of that name or number; None: the only one. Raises: NotFound, Conflict."""
    if named is not None:
        accounts = [it for it in accounts if named in {str(it[0]), it[1]}]
    if len(accounts) == 1:
        return accounts[0][0]
    if not accounts:
        raise NotFound(f"There is no account {named!r} in the live database." if named else "There is no account yet.")
    known = ", ".join(f"{ident} ({name})" for ident, name in accounts[:20])
    raise Conflict(f"Which account? Name it with --account: {known}.")


async def write_account(tx: Tx, live: LiveAccount) -> int:
    """The copy, on a scratch server; its id is the same."""
    await tx.see_account(live.id)
    for override in live.countries:
        await countries_store.save(tx, override)
    for table in TABLES:
        rows, columns = live.rows[table.name], table.columns
        if table.name == "integrations":  # a key that nobody has
            columns = (*columns, "key_hash")
            rows = [{**row, "key_hash": hashlib.sha256(row["id"].bytes).digest()} for row in rows]
        await store.write_rows(tx, table.name, columns, table.json, rows)
    await store.insert_counter(tx, live.id)
    return live.id
