"""Driving the engine through virtual time: from one due row to the next, everything in its order."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from tocsin.clock import SetClock
from tocsin.engine.engine import Engine
from tocsin.engine.store import Kind
from tocsin.notifications import store as notifications_store

SET = 1_000  # notifications claimed at once; the loop goes on while there are more


Look = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Nobody looks."""


async def settle(engine: Engine, now: datetime, look: Look = nothing) -> datetime | None:
    """Advance all that is due at `now`, and what comes of it, until nothing is. When something is due next, or None.

    `look` is called after each step that may have left something to see.
    """
    stuck: set[Kind] = set()
    while True:
        earliest = await engine.earliest()
        due = [kind for kind, at in earliest.items() if at <= now and kind not in stuck]
        if not due:
            return min((at for at in earliest.values() if at > now), default=None)
        if await _advance(engine, due[0], now):
            stuck.clear()
            if due[0] is not Kind.RETENTION:
                await look()
        else:
            stuck.add(due[0])


async def run_until(engine: Engine, clock: SetClock, end: datetime, look: Look = nothing) -> None:
    """Move `clock` to `end`, stopping at every instant at which something is due; as `settle` has it."""
    while True:
        following = await settle(engine, clock.at, look)
        if following is None or following > end:
            clock.at = max(clock.at, end)
            return
        clock.at = following


async def _advance(engine: Engine, kind: Kind, now: datetime) -> int:
    """One step of what is due; how much it moved."""
    match kind:
        case Kind.RUN:
            advanced = await engine.advance_escalations(now)
            await engine.sender.deliver(advanced.claimed)
            return advanced.runs
        case Kind.NOTIFICATION:
            async with engine.db.transaction() as tx:
                claimed = await notifications_store.claim_due(tx, now, engine.lease, SET, SET)
            await engine.sender.deliver(claimed)
            return len(claimed)
        case _:
            return await _steps(engine)[kind](now)


def _steps(engine: Engine) -> Mapping[Kind, Callable[[datetime], Awaitable[int]]]:
    """The kinds whose step is one call."""
    return {
        Kind.SNOOZE: engine.wake_snoozed,
        Kind.REPEAT: engine.repeat_rules,
        Kind.TURN: engine.tell_of_turns,
        Kind.SUBSCRIPTION: engine.advance_subscriptions,
        Kind.USAGE: engine.review_usage,
        Kind.CHARGE: engine.charge_cards,
        Kind.DOCUMENT: engine.render_documents,
        Kind.DELETION: engine.erase_accounts,
        Kind.RETENTION: engine.remove_old_alerts,
        Kind.MAIL: engine.send_mails,
    }
