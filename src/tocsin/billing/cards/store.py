"""Cards on file: customers at the provider, their cards, the events that were handled."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from tocsin.billing.cards.gateway import Card
from tocsin.billing.cards.on_file import CardOnFile
from tocsin.db import Tx

CARD = "account_id, id, ref, brand, last4, exp_month, exp_year, funding, country, added_at, removed_at"
UNKNOWN_CARD = "There is no such card."


async def key_of_customer(tx: Tx, account_id: int, key: UUID) -> UUID:
    """The key that makes the account's customer: `key`, or the one that was there before."""
    sql = """
        insert into card_customers (account_id, key) values (%(account_id)s, %(key)s)
        on conflict (account_id) do update set key = card_customers.key
        returning key
    """
    found: UUID = await tx.value(sql, account_id=account_id, key=key)
    return found


async def keep_customer(tx: Tx, account_id: int, customer: str) -> str:
    """The account's customer: the first that was kept."""
    sql = """
        update card_customers set customer = coalesce(customer, %(customer)s)
         where account_id = %(account_id)s
        returning customer
    """
    kept: str = await tx.value(sql, account_id=account_id, customer=customer)
    return kept


async def find_customer(tx: Tx, account_id: int) -> str | None:
    """The account's customer at the provider."""
    sql = "select customer from card_customers where account_id = %(account_id)s"
    found: str | None = await tx.value(sql, account_id=account_id)
    return found


async def account_of(tx: Tx, customer: str) -> int | None:
    """The account whose customer it is. An event names no account, so this one looks at all of them."""
    found: int | None = await tx.value(
        "select account_id from card_customers where customer = %(customer)s", customer=customer
    )
    return found


async def keep_card(tx: Tx, account_id: int, id_: UUID, card: Card, at: datetime) -> CardOnFile:
    """The card on file: a new row with `id_`, or the one that has its ref, as the card is now."""
    sql = f"""
        insert into cards (account_id, id, ref, brand, last4, exp_month, exp_year, funding, country, added_at)
        values (%(account_id)s, %(id)s, %(ref)s, %(brand)s, %(last4)s, %(exp_month)s, %(exp_year)s, %(funding)s,
                %(country)s, %(at)s)
        on conflict (account_id, ref) do update
           set brand = excluded.brand, last4 = excluded.last4, exp_month = excluded.exp_month,
               exp_year = excluded.exp_year, funding = excluded.funding, country = excluded.country
        returning {CARD}
    """
    return await tx.one(CardOnFile, sql, account_id=account_id, id=id_, at=at, **asdict(card))


async def find_by_ref(tx: Tx, account_id: int, ref: str) -> CardOnFile | None:
    """The card that the provider calls `ref`."""
    sql = f"select {CARD} from cards where account_id = %(account_id)s and ref = %(ref)s"
    return await tx.find(CardOnFile, sql, account_id=account_id, ref=ref)


async def get_card(tx: Tx, account_id: int, card_id: UUID) -> CardOnFile:
    """A card that can be used. Raises: NotFound."""
    sql = f"""
        select {CARD} from cards
         where account_id = %(account_id)s and id = %(id)s and removed_at is null
    """
    return await tx.one(CardOnFile, sql, missing=UNKNOWN_CARD, account_id=account_id, id=card_id)


async def list_cards(tx: Tx, account_id: int) -> list[CardOnFile]:
    """The account's cards that can be used, newest first."""
    sql = f"""
        select {CARD} from cards
         where account_id = %(account_id)s and removed_at is null
         order by added_at desc, id
    """
    return await tx.all(CardOnFile, sql, account_id=account_id)


async def mark_removed(tx: Tx, account_id: int, card_id: UUID, at: datetime) -> bool:
    """False if it was removed before."""
    sql = """
        update cards set removed_at = %(at)s
         where account_id = %(account_id)s and id = %(id)s and removed_at is null
    """
    return await tx.execute(sql, account_id=account_id, id=card_id, at=at) == 1


async def first_time(tx: Tx, account_id: int, event_id: str, at: datetime, now: datetime) -> bool:
    """Note that an event is handled in this transaction; False if another one handled it."""
    sql = """
        insert into card_events (account_id, id, at, handled_at)
        values (%(account_id)s, %(id)s, %(at)s, %(now)s)
        on conflict do nothing
    """
    return await tx.execute(sql, account_id=account_id, id=event_id, at=at, now=now) == 1


async def erase(tx: Tx, account_id: int) -> None:
    """Everything that is kept here of an account."""
    for table in ("card_events", "cards", "card_customers"):
        await tx.execute(f"delete from {table} where account_id = %(account_id)s", account_id=account_id)
