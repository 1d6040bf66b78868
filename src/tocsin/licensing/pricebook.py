"""The price book: plans, prices, limits, allowances, rates and who sells, as one immutable document. Pure.

Prices, pages, entitlements, previews and invoices read it; nothing else holds a number. Amounts are minor units, net
of tax. `pricebook_document.py` reads one from text. Source: licensing requirements part 2, M16; plans §9
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.licensing.features import FeatureValue
from tocsin.licensing.model import Interval
from tocsin.money import share


class Zone(StrEnum):
    """Where an SMS or a call goes, as prices see it. Source: S17"""

    US_CA = "us_ca"
    OTHER = "other"


class Beyond(StrEnum):
    """What happens to SMS and voice once the included units are used up."""

    STOP = "stop"
    CHARGE = "charge"
    UNLIMITED = "unlimited"  # there is no included number


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency that prices are given in."""

    code: str  # ISO 4217
    decimals: int  # minor units are 10^-decimals


@dataclass(frozen=True, slots=True)
class Tier:
    """From the seat numbered `from_seat` on, each seat costs `minor` for one interval."""

    from_seat: int
    minor: int


@dataclass(frozen=True, slots=True)
class TierShare:
    """`seats` seats at `unit_minor` each: how a price came about."""

    from_seat: int
    seats: int
    unit_minor: int
    minor: int


@dataclass(frozen=True, slots=True)
class Messages:
    """SMS and voice notifications of a metering window: how many are included, for whom, and what comes after."""

    included: int | None  # None: no fixed limit
    per_seat: bool  # else per account
    voice: bool  # whether voice calls are made at all
    beyond: Beyond

    def pool(self, seats: int) -> int | None:
        """The units included in a window; None where there is no fixed limit."""
        return self.included * seats if self.included is not None and self.per_seat else self.included


@dataclass(frozen=True, slots=True)
class IncomingCalls:
    """What is included of incoming call routing; `rentable` says whether numbers may be had at all. Source: R10"""

    rentable: bool
    numbers_included: int
    minutes_included: int  # forwarded to the US or Canada, per account and window


@dataclass(frozen=True, slots=True)
class Bucket:
    """Requests that an API domain takes in a minute: `base` + `per_seat` × seats; a twentieth of it in a second."""

    base: int
    per_seat: int

    def per_minute(self, seats: int) -> int:
        return self.base + self.per_seat * seats

    def per_second(self, seats: int) -> int:
        """Rounded up."""
        return -(-self.per_minute(seats) // 20)


DOMAINS = (
    "alert", "integration", "heartbeat", "email", "incident", "configuration", "search", "schedule-oncalls",
    "integration-configuration",
)  # fmt: skip
"""The API's domains, each with a bucket of its own. Source: plans §7"""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. `rank` counts from 0; what is higher is more. Nobody sees a hidden plan but those who have it."""

    key: str
    name: str
    rank: int
    hidden: bool
    seats_limit: int | None  # responders; None: as many as are bought
    stakeholders_limit: int | None  # None: any number, up to the fair limit; 0: the role cannot be given
    seat_prices: Mapping[Interval, Mapping[str, tuple[Tier, ...]]]  # empty: costs nothing and is never invoiced
    features: Mapping[str, FeatureValue]  # every key of features.FEATURES
    messages: Messages
    incoming: IncomingCalls
    buckets: Mapping[str, Bucket]  # every one of DOMAINS

    @property
    def is_free(self) -> bool:
        return not self.seat_prices


@dataclass(frozen=True, slots=True)
class Rates:
    """What is charged by use: per unit and zone, per number and month."""

    messages: Mapping[Zone, Mapping[str, int]]  # zone → currency → minor, for one SMS or call
    minutes: Mapping[Zone, Mapping[str, int]]  # for one started minute of a forwarded call
    number: Mapping[str, int]  # currency → minor, for one metering window


@dataclass(frozen=True, slots=True)
class TrialRules:
    """The trial. Source: R2, R3.1, S16, S42"""

    days: int
    plan: str
    sms_limit: int
    calls_limit: int
    numbers_limit: int
    reminder_days: tuple[int, ...]  # before the end, falling; 0 is the end itself
    grace_days: int  # to pay, where the first charge fails at its end


NEW_COUNTRY_UNITS = 20


@dataclass(frozen=True, slots=True)
class FairUse:
    """When use of an unlimited plan is looked at by a person, and what may follow. Source: R11.3, S40"""

    cost_percent: int  # of the seat revenue of a window
    median_factor: int  # times the plan's median per seat
    windows: int  # in a row
    notice_days: int
    included_per_seat: int  # units of the plan billed by usage
    normal_windows: int  # in a row, after which it is unlimited again
    new_country_units: int = NEW_COUNTRY_UNITS  # that may go to a country in its first 24 hours unremarked. R11.2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Small numbers that decide. Amounts are per currency."""

    carry_below: Mapping[str, int]  # usage under this is carried to the next window. S07
    carry_windows: int  # at most so many times
    write_off_up_to: Mapping[str, int]  # a shortfall up to this is written off. S21
    net_days: int  # to pay an invoice by transfer or cheque
    warn_percents: tuple[int, ...]  # of the included units: a mail each, once a window
    price_notice_days: int  # between a new price and the first renewal that uses it. M16
    stakeholders_fair_limit: int
    deletion_hours: int  # until everything of a deleted account is gone. R13.5
    hidden_days: int  # between hiding what is past a plan's retention and removing it. CHOICE-25
    codes_per_day: int  # SMS with a verification code, per user


@dataclass(frozen=True, slots=True)
class SellerProfile:
    """Who sells. Without it nothing can be finalised. `number_format` takes {kind}, {year} and {number}."""

    name: str
    address: tuple[str, ...]
    postal_code: str
    city: str
    country: str  # ISO 3166 alpha-2
    vat_id: str  # with its country's prefix; empty: not registered
    number_format: str
    kinds: Mapping[str, str]  # "invoice", "credit_note" → what {kind} becomes
    retention_years: Mapping[str, int]  # country → years that invoices are kept; "default" for the others
    registration: str = ""
    email: str = ""
    phone: str = ""
    bank_name: str = ""
    iban: str = ""
    bic: str = ""
    oss: bool = False  # declares VAT of consumers elsewhere in the Union by the One Stop Shop
    vat_rates: Mapping[str, int] = field(default_factory=dict)  # country → basis points, before the shipped table

    def number(self, kind: str, year: int, number: int) -> str:
        """A document's number as it is printed, e.g. INV/2026/00001."""
        return self.number_format.format(kind=self.kinds[kind], year=year, number=number)

    def kept_years(self, country: str) -> int:
        return self.retention_years.get(country, self.retention_years["default"])


BEYOND_PLAN = N_("%(plan)s is for at most %(most)s users. For more there are: %(others)s.")
BEYOND_PLANS = N_("%(plan)s is for at most %(most)s users, and no plan is for so many.")


@dataclass(frozen=True, slots=True)
class PriceBook:
    """One version of everything that has a price or a limit."""

    version: int
    currencies: Mapping[str, Currency]
    plans: Mapping[str, Plan]  # by key, in the order of rank
    rates: Rates
    trial: TrialRules
    fair_use: FairUse
    thresholds: Thresholds
    seller: SellerProfile | None

    @property
    def on_sale(self) -> tuple[Plan, ...]:
        """The plans that everybody may see and have, from the least to the most."""
        return tuple(plan for plan in self.plans.values() if not plan.hidden)

    def plan(self, key: str) -> Plan:
        """Raises: Invalid for a plan that this version does not have."""
        found = self.plans.get(key)
        if found is None:
            raise self.no_plan(key)
        return found

    def plan_on_sale(self, key: str) -> Plan:
        """Raises: Invalid for a plan that is not for everybody, just as for one that there is not. Source: R1.2"""
        found = self.plans.get(key)
        if found is None or found.hidden:
            raise self.no_plan(key)
        return found

    def no_plan(self, key: str) -> Invalid:
        """What is said of an unknown plan; the plans that it names are those for everybody."""
        known = ", ".join(plan.key for plan in self.on_sale)
        return Invalid(
            N_("There is no plan “%(plan)s”; the plans are %(plans)s."),
            {"plan": "unknown plan"},
            params={"plan": key, "plans": known},
        )

    def refuse_beyond(self, plan: Plan, seats: int) -> None:
        """Raises: Invalid for more seats than the plan is for; it says which plans for everybody have room for them."""
        if plan.seats_limit is None or seats <= plan.seats_limit:
            return
        others = " / ".join(it.name for it in self.with_room(seats))
        raise Invalid(
            BEYOND_PLAN if others else BEYOND_PLANS,
            {"seats": f"at most {plan.seats_limit}"},
            params={"plan": plan.name, "most": plan.seats_limit, "others": others},
        )

    def with_room(self, seats: int) -> tuple[Plan, ...]:
        """The plans for everybody that have room for so many seats; Free is none of them."""
        return tuple(
            it for it in self.on_sale if not it.is_free and (it.seats_limit is None or seats <= it.seats_limit)
        )

    def currency(self, code: str) -> Currency:
        """Raises: Invalid for a currency without prices."""
        found = self.currencies.get(code)
        if found is None:
            raise Invalid(
                N_("There are no prices in %(currency)s; there are in %(known)s."),
                {"currency": "unknown currency"},
                params={"currency": code, "known": ", ".join(self.currencies)},
            )
        return found


NO_PRICE = {
    Interval.MONTH: N_("%(plan)s has no price for a month."),
    Interval.YEAR: N_("%(plan)s has no price for a year."),
}


def tiers_detail(book: PriceBook, plan: str, interval: Interval, currency: str, seats: int) -> tuple[TierShare, ...]:
    """How the price of `seats` seats comes about, tier by tier; nothing for a plan that costs nothing.

    Raises: Invalid for an unknown plan or currency, for an interval without a price, for less than one seat.
    """
    found = book.plan(plan)
    book.currency(currency)
    if seats < 1:
        raise Invalid(
            N_("%(seats)s seats cannot be bought; the least is 1."), {"seats": "at least 1"}, params={"seats": seats}
        )
    if found.is_free:
        return ()
    if interval not in found.seat_prices:
        raise Invalid(NO_PRICE[interval], {"interval": "no price for it"}, params={"plan": found.name})
    tiers = found.seat_prices[interval][currency]
    ends = [tier.from_seat for tier in tiers[1:]] + [seats + 1]
    counts = [min(end, seats + 1) - tier.from_seat for tier, end in zip(tiers, ends, strict=True)]
    return tuple(
        TierShare(tier.from_seat, count, tier.minor, count * tier.minor)
        for tier, count in zip(tiers, counts, strict=True)
        if count > 0
    )


def seat_price(book: PriceBook, plan: str, interval: Interval, currency: str, seats: int) -> int:
    """What `seats` seats cost for one interval: each at the price of its own tier. Source: R1.1, R1.2

    Raises: Invalid, as `tiers_detail`.
    """
    return sum(part.minor for part in tiers_detail(book, plan, interval, currency, seats))


def monthly_equivalent(yearly_minor: int) -> int:
    """A twelfth, for display only: it is never invoiced. Source: R1.3"""
    return share(yearly_minor, 1, 12)
