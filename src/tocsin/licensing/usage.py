"""Usage: what was sent and which calls were forwarded, one record a unit, each with an id of its own. Pure.

A record says where its number is; what it costs follows from the account's terms when its window is rated
(`metering.py`). Source: licensing requirements R9, R10, M9, CHOICE-44
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin.errors import Invalid
from tocsin.licensing.numbers import region_of, zone_of
from tocsin.licensing.pricebook import Zone

LEG_LIMIT = 24 * 3600  # seconds


class UsageKind(StrEnum):
    """What one record stands for."""

    SMS = "sms"  # a message that the carrier took, whatever its segments
    VOICE = "voice"  # a call attempt that the carrier took
    CALL_LEG = "call_leg"  # a forwarded leg of an incoming call; answered where it has seconds
    VERIFICATION = "verification"  # an SMS with a code for a person's own number: never counted against a pool

    @property
    def is_message(self) -> bool:
        """Does it draw on the pool of SMS and voice?"""
        return self in {UsageKind.SMS, UsageKind.VOICE}


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One unit of use. `at` is when it was submitted, for a leg when it was answered; its window follows from that."""

    account_id: int
    id: str  # unique in the account: the same again is the same unit
    kind: UsageKind
    at: datetime
    received_at: datetime
    number: str  # E.164
    region: str  # ISO 3166
    zone: Zone
    seconds: int = 0  # legs: from answer to hang-up
    cost_minor: int | None = None  # what the carrier asks, in the account's currency
    user_id: UUID | None = None
    alert_id: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", UsageKind(self.kind))
        object.__setattr__(self, "zone", Zone(self.zone))

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """In time; of equal instants by receipt, then by id. Source: S32"""
        return (self.at, self.received_at, self.id)


@dataclass(frozen=True, slots=True)
class Correction:
    """What the provider says of a leg's duration later. Source: S33"""

    account_id: int
    id: str
    record_id: str
    received_at: datetime
    seconds: int


def make_record(
    account_id: int,
    record_id: str,
    kind: UsageKind,
    at: datetime,
    received_at: datetime,
    number: str,
    *,
    seconds: int = 0,
    cost_minor: int | None = None,
    user_id: UUID | None = None,
    alert_id: str | None = None,
) -> UsageRecord:
    """A record whose region and zone the number gives. Raises: Invalid."""
    if not record_id:
        raise Invalid("A usage record needs an id of its own.")
    if not 0 <= seconds <= LEG_LIMIT or (seconds and kind is not UsageKind.CALL_LEG):
        raise Invalid(f"Only a call leg lasts seconds, at most {LEG_LIMIT}.")
    region = region_of(number)
    return UsageRecord(
        account_id, record_id, kind, at, received_at, number, region, zone_of(region), seconds, cost_minor, user_id,
        alert_id,
    )  # fmt: skip


def started_minutes(seconds: int) -> int:
    """How many minutes were started: 0 for a leg that nobody answered, 2 for 61 seconds. Source: R10.2"""
    return -(-seconds // 60)
