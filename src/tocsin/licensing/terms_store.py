"""The terms of accounts: what each has, from when on."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from tocsin.db import Tx
from tocsin.licensing.model import Term

TERM = """account_id, starts_at, standing, plan, seats, interval, book_version, usage_billed, telephony_stopped,
          anchor_on, zone"""


async def insert_terms(tx: Tx, terms: Sequence[Term]) -> None:
    """Add facts, in their order."""
    sql = f"""
        insert into subscription_terms ({TERM})
        values (%(account_id)s, %(starts_at)s, %(standing)s, %(plan)s, %(seats)s, %(interval)s, %(book_version)s,
                %(usage_billed)s, %(telephony_stopped)s, %(anchor_on)s, %(zone)s)
    """
    await tx.execute_many(sql, [asdict(term) for term in terms])


async def find_term(tx: Tx, account_id: int, at: datetime) -> Term | None:
    """The term that is in force at `at`; None before the account's first."""
    sql = f"""
        select {TERM} from subscription_terms
         where account_id = %(account_id)s and starts_at <= %(at)s
         order by starts_at desc, id desc limit 1
    """
    return await tx.find(Term, sql, account_id=account_id, at=at)


async def list_terms(tx: Tx, account_id: int) -> list[Term]:
    """Every term of the account, oldest first."""
    sql = f"select {TERM} from subscription_terms where account_id = %(account_id)s order by starts_at, id"
    return await tx.all(Term, sql, account_id=account_id)


async def terms_of(tx: Tx, account_ids: Sequence[int], at: datetime) -> dict[int, Term]:
    """The term in force of each of these accounts."""
    sql = f"""
        select distinct on (account_id) {TERM} from subscription_terms
         where account_id = any(%(account_ids)s) and starts_at <= %(at)s
         order by account_id, starts_at desc, id desc
    """
    return {term.account_id: term for term in await tx.all(Term, sql, account_ids=list(account_ids), at=at)}
