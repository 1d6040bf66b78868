"""Driving the engine through virtual time: from one due row to the next, everything in its order."""

from datetime import datetime

from tocsin.clock import SetClock
from tocsin.engine.engine import Engine
from tocsin.notifications import store as notifications_store

SET = 1_000  # notifications claimed at once; the loop goes on while there are more


async def settle(engine: Engine, now: datetime) -> None:
    """Advance all that is due at `now`, and what comes of it, until nothing is."""
    moved = 1
    while moved:
        moved = await engine.wake_snoozed(now)
        advanced = await engine.advance_escalations(now)
        await engine.sender.deliver(advanced.claimed)
        async with engine.db.transaction() as tx:
            claimed = await notifications_store.claim_due(tx, now, engine.lease, SET, SET)
        await engine.sender.deliver(claimed)
        moved += advanced.runs + len(claimed) + await engine.send_mails(now)


async def run_until(engine: Engine, clock: SetClock, end: datetime) -> None:
    """Move `clock` to `end`, stopping at every instant at which something is due."""
    while True:
        await settle(engine, clock.at)
        due = [
            await engine.earliest_run(),
            await engine.earliest_notification(),
            await engine.earliest_snooze(),
            await engine.earliest_mail(),
        ]
        following = min((at for at in due if at is not None), default=None)
        if following is None or following > end:
            clock.at = max(clock.at, end)
            return
        clock.at = max(clock.at, following)
