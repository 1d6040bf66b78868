"""The commands of `tocsin`. Each imports what it needs when it is called, so that all of them start fast."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from tocsin import __version__

if TYPE_CHECKING:
    from tocsin.bootstrap import FirstLogin
    from tocsin.settings import Settings

main = App(name="tocsin", version=__version__, help="Alerting and on-call behind Opsgenie's own REST API.")


@main.command
def up() -> None:
    """Run everything on this machine: database (unless TOCSIN_DATABASE_URL is set), API and worker."""
    from tocsin.supervisor import Plan

    settings = read_settings()
    plan = Plan(
        host=settings.host,
        port=settings.port,
        data_dir=str(settings.data_dir),
        public_url=settings.public_url,
        database_url=settings.database_url,
        log_format=settings.log_format,
    )
    plan.hand_over()


@main.command
def api() -> None:
    """Run the API and the pages alone, on the database of TOCSIN_DATABASE_URL."""
    settings = read_settings()
    with plain_errors():
        from tocsin.serving import serve_api

        serve_api(settings, database_url(settings))


@main.command
def worker() -> None:
    """Run the engine alone, on the database of TOCSIN_DATABASE_URL."""
    settings = read_settings()
    with plain_errors():
        from tocsin.serving import serve_worker

        serve_worker(settings, database_url(settings))


@main.command
def migrate() -> None:
    """Apply what is missing to the database of TOCSIN_DATABASE_URL."""
    from tocsin.migrate import migrate as apply

    settings = read_settings()
    with plain_errors():
        for name in apply(database_url(settings)):
            print(f"applied {name}")
    print("The database is up to date.")


@main.command
def bootstrap() -> None:
    """Make the first account with its owner, team and API key, and show them; nothing if there is an account."""
    from tocsin.supervisor import show_login

    settings = read_settings()
    with plain_errors():
        first = first_login(settings)
    if first is None:
        print("There is an account already; nothing was changed.")
    else:
        show_login(settings.base_url, first.email, first.password, first.api_key)


@main.command
def backup(file: Path) -> None:
    """Write a consistent copy of the database to FILE, also while Tocsin runs."""
    from tocsin.backup import back_up

    settings = read_settings()
    with plain_errors():
        size = back_up(settings, file)
    print(f"Wrote {file} ({size / 1e6:.1f} MB).")
    kept = "the value of TOCSIN_SECRET_KEY" if settings.secret_key else f"the file {settings.data_dir / 'secret.key'}"
    print(f"Keep {kept} with it: it is not in the backup, and without it two-factor sign-in and webhooks do not work.")


@main.command
def restore(file: Path, *, replace: bool = False) -> None:
    """Put a backup in the database's place. Stop Tocsin first.

    Parameters
    ----------
    replace
        Replace what is in the database; without it, only an empty one is filled.
    """
    from tocsin.backup import restore as put_back

    settings = read_settings()
    with plain_errors():
        same_key = put_back(settings, file, replace=replace)
    print(f"Restored {file}.")
    if not same_key:
        print(
            "Its secret key is another one than this server's. Set TOCSIN_SECRET_KEY to the key kept with the backup, "
            f"or put it into {settings.data_dir / 'secret.key'}: until then Tocsin does not start."
        )


@main.command
def doctor(*, send_test: str | None = None) -> None:
    """Check settings, database, clock, mail and addresses; the exit status is 1 if something is broken.

    Parameters
    ----------
    send_test
        Also send a test mail to this address.
    """
    import asyncio

    from tocsin.doctor import examine, show

    settings = read_settings()
    findings = asyncio.run(examine(settings, send_test))
    raise SystemExit(show(findings))


@main.command
def reset_password(email: str, *, drop_second_factor: bool = False) -> None:
    """Give a person a new password and show it, when no mail can.

    Parameters
    ----------
    drop_second_factor
        Also forget their codes and passkeys.
    """
    from tocsin.recovery import reset_password as reset

    settings = read_settings()
    with plain_errors():
        password = reset(settings, email, drop_second_factor=drop_second_factor)
    print(f"The new password of {email} is {password}. Every session of theirs has ended.")


@main.command
def adopt_secret_key() -> None:
    """Go on with the present secret key when the database's own is lost: second factors by code are dropped."""
    from tocsin.recovery import adopt_secret_key as adopt

    settings = read_settings()
    with plain_errors():
        people, contacts = adopt(settings)
    print(
        f"The database belongs to this server's secret key now. {people} people lost their code as second factor, "
        f"{contacts} webhook contacts are off until they get a new secret."
    )


@main.command
def rehearse(
    file: Path,
    *,
    as_json: Annotated[bool, Parameter("--json", negative="")] = False,
    live: Annotated[bool, Parameter(negative="")] = False,
    account: str | None = None,
) -> None:
    """Play a scenario in virtual time: which alert tells whom, when, how and why. Nobody is disturbed.

    The real engine runs on a scratch database, so a year takes seconds. For example, with night.yaml:

        start: 2026-11-22T03:10:00+01:00
        account:
          users: [{username: ana@example.com}]
          teams: [{name: Web, members: [{user: {username: ana@example.com}}]}]
        commands:
          - at: +0m
            create-alert: {message: Disk full, alias: disk}
        end: +1h

    `tocsin rehearse night.yaml` shows that Ana gets a mail at once, and why. docs/rehearsal.md has the whole format.
    The exit status is 1 if it did not come as the file expects, 2 if the file cannot be used.

    Parameters
    ----------
    file
        The scenario, in YAML.
    as_json
        Print one JSON object instead of a table; the same scenario gives the same bytes.
    live
        Rehearse on a copy of a live account, of TOCSIN_DATABASE_URL or of the Tocsin that runs here. It is only read.
    account
        Which live account, by name or number; needed where there is more than one.
    """
    from tocsin.rehearsal.command import run

    settings = read_settings() if live or account is not None else None
    with plain_errors():
        raise SystemExit(run(file, settings, as_json=as_json, account=account))


@main.command
def lint(
    *,
    account: str | None = None,
    as_json: Annotated[bool, Parameter("--json", negative="")] = False,
    fail_on: Literal["error", "warning", "hint"] = "error",
) -> None:
    """Check the on-call configuration: gaps, rules that never match, people whom nothing reaches. It is only read.

    Looked at is the database of TOCSIN_DATABASE_URL, or of the Tocsin that runs here, from now on for four weeks.
    The exit status is 0 if nothing is as grave as --fail-on, 1 if something is, 2 if it could not be looked at.

    Parameters
    ----------
    account
        Which account, by name or number; without it, each one.
    as_json
        Print one JSON object instead of lines.
    fail_on
        From which gravity on the exit status is 1: error (somebody is not told), warning, or hint.
    """
    from tocsin.clock import SystemClock
    from tocsin.lint_command import NOT_RUN, run
    from tocsin.on_call.lint.findings import Severity

    settings = read_settings()
    try:
        with plain_errors():
            status = run(settings, SystemClock().now(), account=account, as_json=as_json, fail_on=Severity(fail_on))
    except SystemExit as ended:
        print(ended.code, file=sys.stderr)
        status = NOT_RUN
    raise SystemExit(status)


pricebook = App(name="pricebook", help="Read, check and publish the price book.")
main.command(pricebook)


@pricebook.command(name="show")
def pricebook_show(version: int | None = None) -> None:
    """Print the document of the newest version, or of VERSION."""
    from tocsin.pricebook_command import show

    settings = read_settings()
    with plain_errors():
        print(show(settings, version), end="")


@pricebook.command(name="check")
def pricebook_check(file: Path) -> None:
    """Say everything that is wrong with FILE, or what publishing it would change."""
    from tocsin.pricebook_command import check

    settings = read_settings()
    with plain_errors():
        print(check(settings, file))


@pricebook.command(name="publish")
def pricebook_publish(file: Path, *, note: str = "") -> None:
    """Publish FILE as the next version. What was published never changes.

    Parameters
    ----------
    note
        Why, for other operators.
    """
    from tocsin.clock import SystemClock
    from tocsin.pricebook_command import publish

    settings = read_settings()
    with plain_errors():
        print(publish(settings, file, note, SystemClock()))


@main.command(show=False)
def prepare() -> None:
    """For the supervisor: migrate, make the first account, and say its login as JSON."""
    from tocsin.migrate import migrate as apply

    settings = read_settings()
    with plain_errors():
        apply(database_url(settings))
        first = first_login(settings)
    print(json.dumps(first and {"email": first.email, "password": first.password, "api_key": first.api_key}))


def first_login(settings: "Settings") -> "FirstLogin | None":
    """The login of the first account if this made it, else None. Raises: Invalid, WrongKey."""
    import asyncio

    from tocsin.bootstrap import bootstrap as make
    from tocsin.clock import SystemClock
    from tocsin.db import open_databases
    from tocsin.server_key import check_key

    async def run() -> "FirstLogin | None":
        async with open_databases(database_url(settings), app_size=1, engine_size=1) as databases:
            async with databases.engine.transaction() as tx:
                await check_key(tx, settings.key)
            return await make(databases.engine, settings, SystemClock().now())

    return asyncio.run(run())


def read_settings() -> "Settings":
    """The settings; ends the command with a line for each one that does not fit."""
    from pydantic import ValidationError

    from tocsin.errors import Invalid, misfit_in_words
    from tocsin.mail.smtp import transport_of
    from tocsin.notifications.outbound import parse_networks
    from tocsin.settings import Settings

    try:
        settings = Settings()
        transport_of(settings.smtp_url)
        parse_networks(settings.allowed_private_networks)
    except ValidationError as error:
        for problem in error.errors():
            print(f"TOCSIN_{str(problem['loc'][0]).upper()} {misfit_in_words(problem)}.", file=sys.stderr)
        raise SystemExit(2) from None
    except Invalid as error:
        print(error.message, file=sys.stderr)
        raise SystemExit(2) from None
    return settings


def database_url(settings: "Settings") -> str:
    """The database's address; ends the command when there is none."""
    if settings.database_url is None:
        raise SystemExit("Set TOCSIN_DATABASE_URL, or start everything at once with `tocsin up`.")
    return settings.database_url


@contextmanager
def plain_errors() -> Iterator[None]:
    """What the operator can mend is told in a sentence, without a trace; the exit status is 1."""
    import psycopg

    from tocsin.backup import BackupFailed
    from tocsin.errors import TocsinError
    from tocsin.migrate import RolesMissing
    from tocsin.postgres import ServerFailed
    from tocsin.server_key import WrongKey
    from tocsin.supervisor import CannotServe

    try:
        yield
    except (BackupFailed, CannotServe, RolesMissing, ServerFailed, TocsinError, WrongKey) as error:
        raise SystemExit(str(error)) from None
    except psycopg.OperationalError as error:
        raise SystemExit(f"The database does not answer: {str(error).strip()}") from None
    except PermissionError as error:
        raise SystemExit(f"{error.filename}: {error.strerror}. See TOCSIN_DATA_DIR.") from None
