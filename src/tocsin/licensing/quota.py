"""Quotas: may another SMS or call be sent, and which mails are owed about how much is used. Pure.

Stopping never drops a page: who sends falls back to push, else e-mail (M15).
Source: licensing requirements R2.1, R9, CHOICE-21, CHOICE-43, CHOICE-45, S19, S28, S30
"""

from dataclasses import dataclass
from enum import StrEnum

from tocsin.licensing.model import Standing, Term
from tocsin.licensing.pricebook import Beyond, Zone
from tocsin.licensing.tariff import Tariff
from tocsin.licensing.usage import UsageKind


class StopReason(StrEnum):
    """Why a paid channel is not used now."""

    LIMIT = "limit"  # what Free includes is used up
    PLAN = "plan-without-voice"
    TRIAL = "trial-limit"
    SPENDING_CAP = "spending-cap"
    UNPAID = "unpaid-usage"
    CODES = "code-limit"  # verification codes of one person on one day
    CLOSED = "account-closed"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Send. `minor` is what this unit costs the account; 0 where it is included."""

    minor: int = 0

    @property
    def paid(self) -> bool:
        return self.minor > 0


@dataclass(frozen=True, slots=True)
class Stopped:
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Used:
    """How far a window has come, with what is being sent right now. `codes` are those of the person on this day."""

    included: int = 0
    sms: int = 0
    voice: int = 0
    charged_minor: int = 0
    codes: int = 0


def may_send(term: Term, tariff: Tariff, used: Used, kind: UsageKind, zone: Zone, cap_minor: int | None) -> (
    Allowed | Stopped
):  # fmt: skip
    """Whether one more unit may be sent under `term`; `cap_minor` is the most that the owner spends in a window.

    A verification code is outside the pools, but nobody gets more than a few a day.
    """
    if term.standing in {Standing.DELETING, Standing.DELETED}:
        return Stopped(StopReason.CLOSED)
    if term.telephony_stopped:
        return Stopped(StopReason.UNPAID)
    if kind is UsageKind.VERIFICATION:
        return Allowed() if used.codes < tariff.book.thresholds.codes_per_day else Stopped(StopReason.CODES)
    if term.standing is Standing.TRIALING:
        sent, most = (
            (used.voice, tariff.book.trial.calls_limit)
            if kind is UsageKind.VOICE
            else (used.sms, tariff.book.trial.sms_limit)
        )
        return Allowed() if sent < most else Stopped(StopReason.TRIAL)
    return _on_plan(term, tariff, used, kind, zone, cap_minor)


def _on_plan(
    term: Term, tariff: Tariff, used: Used, kind: UsageKind, zone: Zone, cap_minor: int | None
) -> Allowed | Stopped:
    messages, pool = tariff.messages(term), tariff.pool(term)
    if kind is UsageKind.VOICE and not messages.voice:
        return Stopped(StopReason.PLAN)
    if pool is None or used.included < pool:
        return Allowed()
    if messages.beyond is Beyond.STOP:
        return Stopped(StopReason.LIMIT)
    minor = tariff.message_minor(zone)
    if cap_minor is not None and used.charged_minor + minor > cap_minor:
        return Stopped(StopReason.SPENDING_CAP)
    return Allowed(minor)


class Level(StrEnum):
    """What the owners are told of, each once in a window."""

    POOL_WARNING = "pool-warning"
    POOL_USED = "pool-used"
    CAP_WARNING = "cap-warning"
    CAP_REACHED = "cap-reached"


def levels(term: Term, tariff: Tariff, included: int, charged_minor: int, cap_minor: int | None) -> set[Level]:
    """The levels that a window has reached. The first percent of the price book warns; all of the pool is the limit.

    A cap is reached when not even the cheapest unit fits under it.
    """
    reached: set[Level] = set()
    warn = tariff.book.thresholds.warn_percents[0]
    pool = tariff.pool(term) if term.standing is not Standing.TRIALING else None
    if pool:
        if included * 100 >= pool * warn:
            reached.add(Level.POOL_WARNING)
        if included >= pool:
            reached.add(Level.POOL_USED)
    if cap_minor is not None and charged_minor > 0:
        if charged_minor * 100 >= cap_minor * warn:
            reached.add(Level.CAP_WARNING)
        if charged_minor + min(tariff.message_minor(zone) for zone in Zone) > cap_minor:
            reached.add(Level.CAP_REACHED)
    return reached
