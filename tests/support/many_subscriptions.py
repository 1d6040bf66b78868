"""Many subscriptions whose period ends at one instant, made by SQL."""

from datetime import datetime

from tests.support.billing_accounts import WARSAW, at

from tocsin.db import Databases

START = at("2026-03-10")
BOUNDARY = at("2026-04-10")


async def make_many(databases: Databases, count: int) -> None:
    """So many accounts with Standard ×10 by the month since 10 March 2026, each with its invoice and running debit."""
    async with databases.engine.transaction() as tx:
        await tx.execute("create temporary table made (account_id bigint, document_id uuid) on commit drop")
        await tx.execute(
            """
            with added as (
              insert into accounts (name, time_zone, locale, created_at)
              select 'many-' || n, 'Europe/Warsaw', 'en', %(start)s from generate_series(1, %(count)s) n
              returning id)
            insert into made select id, gen_random_uuid() from added
            """,
            start=START,
            count=count,
        )
        for statement in SEED:
            await tx.execute(statement, start=START, boundary=BOUNDARY)
    async with databases.engine.pool.connection() as conn:
        await conn.set_autocommit(True)
        await conn.execute("analyze")
        await conn.set_autocommit(False)


SEED = (
    """
    insert into subscriptions (account_id, standing, plan, interval, seats, currency, zone, book_version, collection,
                               created_on, anchor_on, term_starts_on, term_ends_on, window_starts_on, window_starts_at,
                               converting, cancels, balance_minor, usage_billed, telephony_stopped, auto_expand,
                               expanded_from, po_number, po_required, invoiced, price_noticed, documents_made, version,
                               due_at, closed, carried_minor, carried_times)
    select account_id, 'active', 'standard', 'month', 10, 'USD', 'Europe/Warsaw', 2, 'card', '2026-03-10',
           '2026-03-10', '2026-03-10', '2026-04-10', '2026-03-10', %(start)s, false, false, 0, false, false, false, 0,
           '', false, true, 2, 1, 1, %(boundary)s, '[]', 0, 0
      from made
    """,
    """
    insert into subscription_terms (account_id, starts_at, standing, plan, seats, interval, book_version, anchor_on,
                                    zone)
    select account_id, %(start)s, 'active', 'standard', 10, 'month', 2, '2026-03-10', 'Europe/Warsaw' from made
    """,
    """
    insert into billing_information (account_id, name, address, postal_code, city, country, vat_id, emails, reference,
                                     locale)
    select account_id, 'Acme Corp.', array['1 Main Street'], '94105', 'San Francisco', 'US', '', '{}', '', 'en'
      from made
    """,
    """
    insert into documents (account_id, id, kind, status, currency, dated_on, taxes, net_minor, tax_minor, gross_minor,
                           paid_minor, buyer, collection, po_number, notes, zone, book_version, number, issued_at,
                           seller, series_seller, series_year, series_number)
    select account_id, document_id, 'invoice', 'paid', 'USD', '2026-03-10', '[]', 23000, 0, 23000, 23000, '{}', 'card',
           '', '{}', 'Europe/Warsaw', 2, 'SEED/' || account_id, %(start)s, '{}', 'seed', 2026, account_id
      from made
    """,
    """
    insert into document_lines (account_id, document_id, position, id, kind, item, quantity, amount_minor, starts_on,
                                ends_on, tax_category, tax_rate_bp, detail, running)
    select account_id, document_id, 0, gen_random_uuid(), 'seats', 'standard', 10, 23000, '2026-03-10', '2026-04-10',
           'O', 0, '{}', true
      from made
    """,
)


async def invoices_of(databases: Databases, dated_on: datetime) -> tuple[int, int, int]:
    """How many invoices of many accounts are dated that day, the smallest and the largest of their numbers."""
    async with databases.engine.transaction() as tx:
        [row] = await tx.dicts(
            """
            select count(*) as found, min(d.series_number) as first, max(d.series_number) as last
              from documents d join accounts a on a.id = d.account_id
             where a.name like 'many-%%' and d.dated_on = %(day)s and d.number is not null
            """,
            day=dated_on.astimezone(WARSAW).date(),
        )
    return row["found"], row["first"], row["last"]
