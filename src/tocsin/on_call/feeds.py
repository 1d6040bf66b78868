"""Calendars that programs subscribe to: a link is made, read, and revoked."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tocsin import crypto
from tocsin.accounts import audit
from tocsin.accounts import store as accounts_store
from tocsin.accounts.audit import Actor
from tocsin.db import Db
from tocsin.errors import Invalid, NotFound
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.i18n import N_
from tocsin.on_call import feed_store
from tocsin.on_call.calendar import AHEAD, Span, of_person, of_schedule
from tocsin.on_call.feed_limit import READS, TRIES, FeedLimit
from tocsin.schedules import store

BACK = timedelta(days=14)
FEEDS_LIMIT = 20  # links of one person


async def make_feed(db: Db, actor: Actor, user_id: UUID, schedule_id: UUID | None) -> str:
    """The token of a new link of that person: shown now, and never again. Raises: NotFound, Invalid."""
    token = crypto.new_token()
    async with db.transaction() as tx:
        user = await accounts_store.get_user(tx, actor.account_id, user_id)
        if len(await feed_store.list_feeds(tx, actor.account_id, user_id)) >= FEEDS_LIMIT:
            raise Invalid(N_("You have 20 calendar links already. Revoke one that is not used."))
        name = ""
        if schedule_id is not None:
            schedule = await store.find_schedule(tx, actor.account_id, str(schedule_id))
            if schedule is None:
                raise NotFound(N_("There is no such schedule."))
            name = schedule.name
        feed_id = uuid4()
        await feed_store.insert_feed(
            tx, actor.account_id, feed_id, user_id, schedule_id, crypto.token_hash(token), actor.at
        )
        after = {"schedule": name or None}
        await audit.record(tx, actor, "made a calendar link for", "user", user_id, user.username, after=after)
    return token


async def revoke_feed(db: Db, actor: Actor, user_id: UUID, feed_id: UUID) -> None:
    """The link is dead. Raises: NotFound where it is not that person's."""
    async with db.transaction() as tx:
        user = await accounts_store.get_user(tx, actor.account_id, user_id)
        if not await feed_store.delete_feed(tx, actor.account_id, feed_id, user_id):
            raise NotFound(N_("There is no such calendar link."))
        await audit.record(tx, actor, "revoked a calendar link of", "user", user_id, user.username)


async def read_feed(db: Db, snapshots: Snapshots, limit: FeedLimit, token: str, address: str, at: datetime) -> bytes:
    """The calendar behind a link, two weeks back and three months ahead. Raises: NotFound, Throttled."""
    limit.take(f"address {address}", TRIES, at)
    async with db.transaction() as tx:
        feed = await feed_store.find_readable(tx, crypto.token_hash(token))
        if feed is None:
            raise NotFound(N_("There is no such calendar."))
        limit.take(f"feed {feed.id}", READS, at)
        directory = (await snapshots.get(tx, [feed.account_id]))[feed.account_id].directory
        users = await accounts_store.list_users(tx, feed.account_id)
        await feed_store.touch_feed(tx, feed.account_id, feed.id, at)
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    span = Span(today - BACK, today + AHEAD, at)
    if feed.schedule_id is None:
        return of_person(str(feed.user_id), feed.name, directory, span, feed.locale)
    names = {str(user.id): user.full_name or user.username for user in users}
    return of_schedule(directory.schedules[str(feed.schedule_id)], directory, span, names, feed.locale)
