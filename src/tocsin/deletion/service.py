"""Deleting an account, step by step. Source: licensing requirements R13.3-R13.5, CHOICE-56, 57

Access ends with the request. For 24 hours a mailed link takes it back. Then everything is erased, table by table in
small bites, but the invoices, which move to an archive of their own; a mail says that it is done, and goes too once it
has left.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

import structlog

from tocsin import crypto
from tocsin.accounts import operators_store
from tocsin.accounts import store as accounts_store
from tocsin.accounts.model import Account, Role, User, UserStatus
from tocsin.billing import service as billing
from tocsin.billing.cards import service as cards
from tocsin.billing.cards.gateway import CardGateway
from tocsin.billing.commands import RequestDeletion, UndoDeletion
from tocsin.billing.keeping import Rails
from tocsin.billing.service import Asked
from tocsin.db import Db, Tx
from tocsin.deletion import letters, store
from tocsin.deletion.store import Deletion
from tocsin.errors import NotFound, Unavailable
from tocsin.i18n import N_
from tocsin.licensing import pricebook_service

log = structlog.get_logger("tocsin.deletion")

UNDO_FOR = timedelta(hours=24)
AGAIN = timedelta(minutes=5)  # when a deletion goes on whose worker died, or that waits for an invoice's file
HELD = timedelta(days=1)  # when an account under legal hold is looked at again
FILES_WITHIN = timedelta(hours=46)  # from the request: then the archive keeps the data without the printed file
BITE = 5_000  # rows in one transaction


async def request(engine: Db, rails: Rails, account: Account, user: User, base_url: str, at: datetime) -> None:
    """Access ends now; accrued usage is invoiced; in 24 hours everything is erased: all of it, or nothing.

    Raises: Conflict.
    """
    token = crypto.new_token()
    deletion = Deletion(
        account.id, at, crypto.token_hash(token), user.username, user.locale, user.time_zone, at + UNDO_FOR
    )

    async def close(tx: Tx) -> None:
        await store.insert_deletion(tx, deletion)
        await store.close_account(tx, account.id, at)
        users = await accounts_store.list_users(tx, account.id)
        owners = [it.username for it in users if it.role is Role.OWNER and it.status is UserStatus.ACTIVE]
        link, held = f"{base_url}/undo-deletion/{token}", await store.is_held(tx, account.id)
        server = await _server_account(tx)
        await letters.send_requested(tx, server, deletion, owners, account.name, link, at, held=held)

    asked = Asked(RequestDeletion(), f"delete-{at.timestamp()}", by=user.id)
    await _with_billing(engine, rails, account.id, asked, close, at)


async def _with_billing(
    engine: Db, rails: Rails, account_id: int, asked: Asked, step: Callable[[Tx], Awaitable[None]], at: datetime
) -> None:
    """The command and the step in one transaction; the step alone for an account that is never billed."""
    if await billing.find(engine.for_account(account_id), account_id) is not None:
        await billing.perform(engine, rails, account_id, asked, at, step)
        return
    async with engine.transaction() as tx:
        await step(tx)


async def _server_account(tx: Tx) -> int:
    """The account of whoever runs the server: what is written about accounts that are going is his."""
    operators = await operators_store.list_operators(tx)
    if not operators:
        raise NotFound(N_("This server has no operator."))
    return operators[0].account_id


async def find(engine: Db, token: str, at: datetime) -> Deletion:
    """The deletion that a mailed link takes back. Raises: NotFound once it is too late."""
    async with engine.transaction() as tx:
        found = await store.find_by_token(tx, crypto.token_hash(token))
    if found is None or at >= found.requested_at + UNDO_FOR:
        raise NotFound(N_("This link is too old, or was used already: the account cannot be brought back."))
    return found


async def undo(engine: Db, rails: Rails, token: str, at: datetime) -> None:
    """The account is as it was before. Raises: NotFound."""
    deletion = await find(engine, token, at)

    async def reopen(tx: Tx) -> None:
        await store.reopen_account(tx, deletion.account_id)
        await store.delete_deletion(tx, deletion.account_id)

    asked = Asked(UndoDeletion(), f"undo-{deletion.requested_at.timestamp()}")
    await _with_billing(engine, rails, deletion.account_id, asked, reopen, at)


async def advance_due(engine: Db, now: datetime, gateway: CardGateway | None = None) -> int:
    """Erase the next account whose time has come; how many (0 or 1). Any number of workers may run.

    The card provider forgets its customer first; while it cannot be reached, the rest waits.
    """
    async with engine.transaction() as tx:
        await store.forget_archived(tx, now.date())
        deletion = await store.claim_due(tx, now, now + AGAIN)
        if deletion is None:
            return 0
        if await store.is_held(tx, deletion.account_id):
            await store.postpone(tx, deletion.account_id, now + HELD)
            return 1
        waits = now < deletion.requested_at + FILES_WITHIN and await store.count_unrendered(tx, deletion.account_id)
    if not waits and await _forgotten_by_provider(engine, gateway, deletion.account_id):
        await _erase(engine, deletion, now)
    return 1


async def _forgotten_by_provider(engine: Db, gateway: CardGateway | None, account_id: int) -> bool:
    try:
        await cards.forget(engine, gateway, account_id)
    except Unavailable as error:
        log.warning("provider_not_told", account_id=account_id, error=error.message)
        return False
    return True


async def _erase(engine: Db, deletion: Deletion, now: datetime) -> None:
    account_id, erased = deletion.account_id, 0
    async with engine.transaction() as tx:
        archived = await _archive(tx, account_id, now)
        addresses = await store.addresses_of(tx, account_id)
        tables = [table for table in await store.tables_of_accounts(tx) if table != "deletions"]
    for table in tables:
        while True:
            async with engine.transaction() as tx:
                count = await store.erase_rows(tx, table, account_id, BITE)
            erased += count
            if count < BITE:
                break
    async with engine.transaction() as tx:
        for table in tables:  # what triggers wrote meanwhile
            erased += await store.erase_rows(tx, table, account_id, BITE)
        server = await _server_account(tx)
        erased += await store.erase_traces(tx, server, [*addresses, deletion.proof_to])
        await store.delete_deletion(tx, account_id)
        erased += await store.erase_account(tx, account_id)
        await store.insert_done(tx, deletion.requested_at, now, erased, archived)
        await letters.send_proof(tx, server, deletion, archived, now)
    log.info("account_erased", rows=erased, documents=archived)


async def _archive(tx: Tx, account_id: int, now: datetime) -> int:
    seller = (await pricebook_service.current(tx)).seller
    if seller is None:
        return await store.archive_documents(tx, account_id, {}, _years_after(now.date(), 10))
    years = {country: _years_after(now.date(), count) for country, count in seller.retention_years.items()}
    return await store.archive_documents(tx, account_id, years, years["default"])


def _years_after(day: date, years: int) -> date:
    """The last day of the year, so many years on: retention counts whole calendar years."""
    return date(day.year + years, 12, 31)


async def set_legal_hold(engine: Db, account_id: int, held: bool) -> None:
    """While it is held, nothing of the account is erased. Raises: NotFound."""
    async with engine.transaction() as tx:
        changed = await store.set_legal_hold(tx, account_id, held)
    if not changed:
        raise NotFound(N_("There is no such account."))
