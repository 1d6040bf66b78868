"""`tocsin lint`: what of the on-call configuration would let somebody down, and an exit status for CI."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.accounts import store as accounts_store
from tocsin.db import Tx
from tocsin.escalations import snapshot_store
from tocsin.escalations.snapshot import Snapshot
from tocsin.i18n import DEFAULT_LOCALE
from tocsin.on_call.lint import store
from tocsin.on_call.lint.check import HORIZON, lint
from tocsin.on_call.lint.findings import GRAVITY, Finding, Severity
from tocsin.on_call.lint.wire import counts, findings_json
from tocsin.on_call.lint.words import Places, Reader, say
from tocsin.rehearsal.live import chosen, live_database, reading
from tocsin.rehearsal.store import list_accounts
from tocsin.settings import Settings

CLEAN, FOUND, NOT_RUN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands, and where its things are changed."""

    id: int
    name: str
    zone: ZoneInfo
    snapshot: Snapshot
    places: Places

    @property
    def reader(self) -> Reader:
        return Reader(self.snapshot.directory, DEFAULT_LOCALE, self.zone, places=self.places)


def run(settings: Settings, at: datetime, *, account: str | None, as_json: bool, fail_on: Severity) -> int:
    """Print what is found; 1 if something is as grave as `fail_on`, else 0. Raises: NotFound, Conflict."""
    accounts = asyncio.run(_read(live_database(settings), account))
    found = [(it, lint(it.snapshot, at)) for it in accounts]
    if as_json:
        sys.stdout.write(as_text(found, at))
    else:
        for it, findings in found:
            sys.stdout.write("\n".join(in_lines(it, findings, settings.base_url)) + "\n")
    return FOUND if any(_is_grave(it, fail_on) for _, findings in found for it in findings) else CLEAN


def as_text(found: Sequence[tuple[Account, list[Finding]]], at: datetime) -> str:
    """The JSON that is printed."""
    accounts = [
        {"id": it.id, "name": it.name, **findings_json(findings, it.reader, at, HORIZON)} for it, findings in found
    ]
    return json.dumps({"accounts": accounts}, indent=2, ensure_ascii=False) + "\n"


def in_lines(account: Account, findings: Sequence[Finding], base_url: str) -> list[str]:
    """What is printed for people: a line with the counts, then each finding, its cost, and where it is mended."""
    if not findings:
        return [f"{account.name}: nothing to mend."]
    told = [f"{number} {name}{'' if number == 1 else 's'}" for name, number in counts(findings).items() if number]
    lines = [f"{account.name}: {', '.join(told)}."]
    for it in findings:
        said = say(it, account.reader)
        lines += ["", f"{it.severity}: {said.sentence} [{it.code}]", f"  {said.cost}", f"  {base_url}{said.link}"]
    return lines


async def _read(url: str, named: str | None) -> list[Account]:
    """The account of that name or number; all of them where none is named."""
    async with reading(url) as tx:
        accounts = await list_accounts(tx)
        ids = [chosen(accounts, named)] if named is not None or not accounts else [ident for ident, _ in accounts]
        return [await _account(tx, it) for it in ids]


async def _account(tx: Tx, account_id: int) -> Account:
    found = await accounts_store.get_account(tx, account_id)
    return Account(
        account_id,
        found.name,
        snapshot_store.zone_named(found.time_zone),
        await snapshot_store.load(tx, account_id, 0),
        await store.places(tx, account_id),
    )


def _is_grave(finding: Finding, fail_on: Severity) -> bool:
    return GRAVITY.index(finding.severity) <= GRAVITY.index(fail_on)
