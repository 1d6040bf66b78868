"""The SQL of what metering needs of subscriptions: terms, currency, spending cap."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.db import Tx
from tocsin.licensing.model import Term
from tocsin.licensing.terms_store import TERM


@dataclass(frozen=True, slots=True)
class Terms:
    """An account's terms in order of time, and how its use is billed."""

    terms: Sequence[Term]
    currency: str
    cap_minor: int | None


async def list_terms(tx: Tx, account_ids: Sequence[int]) -> dict[int, Terms]:
    """Of each of the accounts that has a subscription."""
    terms = await tx.all(
        Term,
        f"select {TERM} from subscription_terms where account_id = any(%(ids)s) order by account_id, starts_at, id",
        ids=list(account_ids),
    )
    rows = await tx.dicts(
        "select account_id, currency, spending_cap_minor from subscriptions where account_id = any(%(ids)s)",
        ids=list(account_ids),
    )
    found: dict[int, list[Term]] = {}
    for term in terms:
        found.setdefault(term.account_id, []).append(term)
    return {
        row["account_id"]: Terms(found.get(row["account_id"], []), row["currency"], row["spending_cap_minor"])
        for row in rows
    }
