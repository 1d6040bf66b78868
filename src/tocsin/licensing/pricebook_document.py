"""A price book from its text: everything that is wrong with it at once, each with its place. Pure.

Source: docs/pricebook.md
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from tocsin.errors import Invalid
from tocsin.licensing.features import FEATURES, Feature, FeatureKind, FeatureValue
from tocsin.licensing.model import FREE, Interval
from tocsin.licensing.pricebook import (
    DOMAINS,
    NEW_COUNTRY_UNITS,
    Beyond,
    Bucket,
    Currency,
    FairUse,
    IncomingCalls,
    Messages,
    Plan,
    PriceBook,
    Rates,
    SellerProfile,
    Thresholds,
    Tier,
    TrialRules,
    Zone,
)
from tocsin.yaml_tree import Fields, Node, read_document, shown, suggestion

T = TypeVar("T")
AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,4}))?")
DURATION = re.compile(r"(\d{1,5}) (day|year)s?")
CURRENCY = re.compile(r"[A-Z]{3}")
COUNTRY = re.compile(r"[A-Z]{2}")
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
UNLIMITED = "unlimited"
MOST = 1_000_000
HUGE = 10**15  # more than any amount that can be written
PLAN_KEYS = ("name", "hidden", "seats", "stakeholders", "prices", "features", "messages", "incoming", "requests")
ERASED_WITHIN = 48  # hours: a day in which a deletion can be taken back, and what erasing takes at most
SELLER_KEYS = (
    "name", "address", "postal_code", "city", "country", "vat_id", "number_format", "kinds", "retention_years",
    "registration", "email", "phone", "bank_name", "iban", "bic", "oss", "vat_rates",
)  # fmt: skip


PLACES = {
    "seat_prices": "prices",
    "seats_limit": "seats",
    "stakeholders_limit": "stakeholders",
    "buckets": "requests",
    "numbers_included": "numbers",
    "minutes_included": "minutes",
}
"""Fields of a price book that a document calls otherwise."""

LEAST: Mapping[FeatureKind, FeatureValue] = {
    FeatureKind.SWITCH: False,
    FeatureKind.COUNT: 0,
    FeatureKind.DURATION: timedelta(0),
}


def parse_book(text: str, version: int = 0, *, published: bool = False) -> PriceBook:
    """The price book that `text` describes.

    A version that was `published` by an older program may name features that are gone, and lacks those that came
    later: it does not include them. Raises: Invalid, whose message has a line for every problem: its line and path,
    and what would be right.
    """
    reading = _Reading(version, published)
    book = reading.book(read_document(text))
    if reading.problems or book is None:
        raise Invalid("\n".join(reading.problems), {"document": "\n".join(reading.problems)})
    return book


@dataclass(slots=True)
class _Reading:
    """One pass over a document. A value that cannot be read is noted, and a stand-in taken so that reading goes on."""

    version: int
    published: bool
    problems: list[str] = field(default_factory=list)
    currencies: dict[str, Currency] = field(default_factory=dict)

    def take(self, read: Callable[[], T], stand_in: T) -> T:
        """What `read` gives; where it refuses, the refusal is noted."""
        try:
            return read()
        except Invalid as refusal:
            self.problems.append(refusal.message)
            return stand_in

    def note(self, node: Node, message: str) -> None:
        self.problems.append(node.refusal(message).message)

    def fields(self, node: Node, needed: Iterable[str], optional: Iterable[str] = ()) -> Fields | None:
        """The mapping's fields; unknown and missing ones are noted. None where it is no mapping."""
        needed = tuple(needed)
        known = (*needed, *optional)
        if not isinstance(node.value, dict):
            self.take(lambda: node.fields(*known), None)
            return None
        for key, given in node.value.items():
            if key not in known:
                self.note(given, f"There is no key {key!r} here.{suggestion(key, known)} Known: {', '.join(known)}.")
        for key in needed:
            if node.value.get(key) is None or node.value[key].value is None:
                self.note(node, f"The key {key!r} is missing.")
        return Fields(node, {key: given for key, given in node.value.items() if key in known})

    def part(self, fields: Fields | None, key: str, read: Callable[[Node], T], stand_in: T) -> T:
        """What `read` makes of the field; the stand-in where it is absent, which `fields` has noted."""
        node = fields.get(key) if fields is not None else None
        return self.take(lambda: read(node), stand_in) if node is not None else stand_in

    # The whole

    def book(self, root: Node) -> PriceBook | None:
        found = self.fields(root, ("currencies", "plans", "rates", "trial", "fair_use", "thresholds"), ("seller",))
        if found is None:
            return None
        self.currencies = self.part(found, "currencies", self._currencies, {})
        nothing: dict[str, Plan] = {}
        plans = self.part(found, "plans", self._plans, nothing)
        seller = found.get("seller")
        return PriceBook(
            version=self.version,
            currencies=self.currencies,
            plans=plans,
            rates=self.part(found, "rates", self._rates, Rates({}, {}, {})),
            trial=self.part(found, "trial", lambda node: self._trial(node, plans), _NO_TRIAL),
            fair_use=self.part(found, "fair_use", self._fair_use, _NO_FAIR_USE),
            thresholds=self.part(found, "thresholds", self._thresholds, _NO_THRESHOLDS),
            seller=self.take(lambda: self._seller(seller), None) if seller is not None else None,
        )

    def _currencies(self, node: Node) -> dict[str, Currency]:
        read: dict[str, Currency] = {}
        for code, given in _entries(node).items():
            if not CURRENCY.fullmatch(code):
                self.note(given, f"{code!r} is no currency; write three capitals, like USD.")
                continue
            found = self.fields(given, ("decimals",))
            read[code] = Currency(code, self.part(found, "decimals", lambda at: at.integer(0, 4), 2))
        if not read:
            self.note(node, "At least one currency is needed.")
        return read

    # Amounts

    def amount(self, node: Node, currency: str) -> int:
        """An amount in minor units. Raises: Invalid, also for more decimals than the currency has."""
        decimals = self.currencies[currency].decimals if currency in self.currencies else 4
        found = AMOUNT.fullmatch(node.text())
        if found is None:
            raise node.refusal(f"{shown(node.value)} is no amount; write one like 10.00, without sign and currency.")
        minor = Decimal(node.text()).scaleb(decimals)
        if minor != minor.to_integral_value():
            raise node.refusal(f"{shown(node.value)} has more decimals than {currency}, which has {decimals}.")
        return int(minor)

    def by_currency(self, node: Node, read: Callable[[Node, str], T]) -> dict[str, T]:
        """A value for each currency of the book; missing and unknown ones are noted."""
        given = self.fields(node, self.currencies)
        found: dict[str, T] = {}
        for code, value in given.given.items() if given is not None else ():
            if value.value is not None:
                self.take(partial(_put, found, code, partial(read, value, code)), None)
        return found

    def amounts(self, node: Node) -> dict[str, int]:
        return self.by_currency(node, self.amount)

    def tiers(self, node: Node, currency: str) -> tuple[Tier, ...]:
        """`{1: 11.00, 51: 9.90}`: from the 51st seat on, each is 9.90. Notes tiers that rise or do not start at 1."""
        tiers: list[Tier] = []
        for start, given in _entries(node).items():
            if not start.isascii() or not start.isdecimal() or not 1 <= int(start[:9]) <= MOST:
                self.note(given, f"{start!r} is no seat; a tier is named by its first seat, like 1 or 51.")
                continue
            before = tiers[-1].minor if tiers else HUGE
            tier = Tier(int(start), self.take(partial(self.amount, given, currency), before))
            if tiers and tier.from_seat <= tiers[-1].from_seat:
                self.note(given, f"Tiers rise: seat {start} cannot follow seat {tiers[-1].from_seat}.")
            elif tier.minor > before:
                self.note(given, "A tier cannot cost more per seat than the one before it.")
            tiers.append(tier)
        if not tiers or tiers[0].from_seat != 1:
            self.note(node, "The first tier starts at seat 1.")
        return tuple(tiers)

    # Plans

    def _plans(self, node: Node) -> dict[str, Plan]:
        plans: dict[str, Plan] = {}
        for key, given in _entries(node).items():
            if not KEY.fullmatch(key):
                self.note(given, f"{key!r} is no key of a plan; write small letters, digits and _.")
            plan = self._plan(given, key, len(plans))
            if plan is not None:
                plans[key] = plan
        if FREE not in plans:
            self.note(node, f"There must be a plan {FREE!r}: what remains when nothing is paid.")
        for key, plan in plans.items():
            if (key == FREE) != plan.is_free:
                told = "has no prices" if key == FREE else "needs prices: only the plan 'free' has none"
                self.note(_entries(node)[key], f"The plan {key!r} {told}.")
        if plans and next(iter(plans)) != FREE:
            self.note(node, f"Plans stand in their order, from the least: {FREE!r} comes first.")
        return plans

    def _plan(self, node: Node, key: str, rank: int) -> Plan | None:
        needed = [each for each in PLAN_KEYS if each not in ("hidden", "prices")]
        found = self.fields(node, needed, ("hidden", "prices"))
        if found is None:
            return None
        return Plan(
            key=key,
            name=self.part(found, "name", Node.text, key),
            rank=rank,
            hidden=self.part(found, "hidden", Node.flag, False),
            seats_limit=self.part(found, "seats", partial(_limit, least=1), None),
            stakeholders_limit=self.part(found, "stakeholders", _limit, None),
            seat_prices=self.part(found, "prices", self._prices, {}),
            features=self.part(found, "features", self._features, {}),
            messages=self.part(found, "messages", self._messages, _NO_MESSAGES),
            incoming=self.part(found, "incoming", self._incoming, _NO_CALLS),
            buckets=self.part(found, "requests", self._buckets, {}),
        )

    def _prices(self, node: Node) -> dict[Interval, Mapping[str, tuple[Tier, ...]]]:
        found = self.fields(node, [each.value for each in Interval])
        return {
            each: self.part(found, each.value, lambda at: self.by_currency(at, self.tiers), {})
            for each in Interval
            if found is not None
        }

    def _features(self, node: Node) -> dict[str, FeatureValue]:
        found = Fields(node, _entries(node)) if self.published else self.fields(node, FEATURES)
        return {
            key: self.part(found, key, partial(_feature, feature=feature), _least(feature))
            for key, feature in FEATURES.items()
        }

    def _messages(self, node: Node) -> Messages:
        found = self.fields(node, ("included", "voice", "beyond"), ("per",))
        nothing: int | None = 0
        included = self.part(found, "included", _limit, nothing)
        beyond = self.part(found, "beyond", lambda at: Beyond(at.choice(list(Beyond), "way on")), Beyond.STOP)
        if (included is None) != (beyond is Beyond.UNLIMITED):
            self.note(node, "'included: unlimited' and 'beyond: unlimited' belong together.")
        if included is not None and found is not None and found.get("per") is None:
            self.note(node, "The key 'per' is missing: included for each 'seat', or for the 'account'.")
        per = self.part(found, "per", lambda at: at.choice(("account", "seat"), "way to count"), "account")
        return Messages(included, per == "seat", self.part(found, "voice", Node.flag, False), beyond)

    def _incoming(self, node: Node) -> IncomingCalls:
        found = self.fields(node, ("rentable", "numbers", "minutes"))
        calls = IncomingCalls(
            self.part(found, "rentable", Node.flag, False),
            self.part(found, "numbers", _count, 0),
            self.part(found, "minutes", _count, 0),
        )
        if not calls.rentable and (calls.numbers_included or calls.minutes_included):
            self.note(node, "Where numbers cannot be had ('rentable: false'), none can be included.")
        return calls

    def _buckets(self, node: Node) -> dict[str, Bucket]:
        found = self.fields(node, DOMAINS)
        return {domain: self.part(found, domain, self._bucket, Bucket(1, 0)) for domain in DOMAINS}

    def _bucket(self, node: Node) -> Bucket:
        found = self.fields(node, ("base", "per_seat"))
        return Bucket(
            self.part(found, "base", lambda at: at.integer(1, MOST), 1), self.part(found, "per_seat", _count, 0)
        )

    # What is charged by use, and the small numbers

    def _rates(self, node: Node) -> Rates:
        found = self.fields(node, ("messages", "minutes", "number"))
        return Rates(
            self.part(found, "messages", self._by_zone, {}),
            self.part(found, "minutes", self._by_zone, {}),
            self.part(found, "number", self.amounts, {}),
        )

    def _by_zone(self, node: Node) -> dict[Zone, Mapping[str, int]]:
        found = self.fields(node, [zone.value for zone in Zone])
        return {zone: self.part(found, zone.value, self.amounts, {}) for zone in Zone}

    def _trial(self, node: Node, plans: Mapping[str, Plan]) -> TrialRules:
        found = self.fields(
            node, ("days", "plan", "sms_limit", "calls_limit", "numbers_limit", "reminder_days", "grace_days")
        )
        paid = [key for key, plan in plans.items() if not plan.is_free]
        return TrialRules(
            days=self.part(found, "days", lambda at: at.integer(1, 365), 1),
            plan=self.part(found, "plan", lambda at: at.choice(paid, "plan with a price"), ""),
            sms_limit=self.part(found, "sms_limit", _count, 0),
            calls_limit=self.part(found, "calls_limit", _count, 0),
            numbers_limit=self.part(found, "numbers_limit", _count, 0),
            reminder_days=self.part(found, "reminder_days", lambda at: _ordered(at, 0, 365, falling=True), ()),
            grace_days=self.part(found, "grace_days", lambda at: at.integer(0, 60), 0),
        )

    def _fair_use(self, node: Node) -> FairUse:
        names = ("cost_percent", "median_factor", "windows", "notice_days", "included_per_seat", "normal_windows")
        found = self.fields(node, names, ("new_country_units",))
        read = {name: self.part(found, name, lambda at: at.integer(1, MOST), 1) for name in names}
        if found is not None and found.get("new_country_units") is not None:
            read["new_country_units"] = self.part(
                found, "new_country_units", lambda at: at.integer(0, MOST), NEW_COUNTRY_UNITS
            )
        return FairUse(**read)

    def _thresholds(self, node: Node) -> Thresholds:
        numbers = (
            "carry_windows", "net_days", "price_notice_days", "stakeholders_fair_limit", "hidden_days", "codes_per_day",
        )  # fmt: skip
        found = self.fields(node, ("carry_below", "write_off_up_to", "warn_percents", "deletion_hours", *numbers))
        return Thresholds(
            carry_below=self.part(found, "carry_below", self.amounts, {}),
            write_off_up_to=self.part(found, "write_off_up_to", self.amounts, {}),
            warn_percents=self.part(found, "warn_percents", _warnings, ()),
            deletion_hours=self.part(
                found, "deletion_hours", lambda at: at.integer(ERASED_WITHIN, 8_760), ERASED_WITHIN
            ),
            **{name: self.part(found, name, _count, 0) for name in numbers},
        )

    # Who sells

    def _seller(self, node: Node) -> SellerProfile | None:
        optional = ("vat_id", "registration", "email", "phone", "bank_name", "iban", "bic")
        others = (*optional, "oss", "vat_rates")
        found = self.fields(node, [key for key in SELLER_KEYS if key not in others], others)
        if found is None:
            return None
        texts = {key: self.part(found, key, Node.text, "") for key in (*optional, "name", "postal_code", "city")}
        return SellerProfile(
            address=tuple(self.part(found, "address", lambda at: [item.text() for item in at.items()], [])),
            country=self.part(found, "country", _country, ""),
            number_format=self.part(found, "number_format", _number_format, ""),
            kinds=self.part(found, "kinds", self._kinds, {}),
            retention_years=self.part(found, "retention_years", self._years, {}),
            oss=self.part(found, "oss", Node.flag, False),
            vat_rates=self.part(found, "vat_rates", self._vat_rates, {}),
            **texts,
        )

    def _kinds(self, node: Node) -> dict[str, str]:
        keys = ("invoice", "credit_note")
        found = self.fields(node, keys)
        texts = {key: self.part(found, key, Node.text, "") for key in keys}
        if len(set(texts.values())) != len(texts):
            self.note(node, "Two kinds of document with the same word would share their numbers.")
        return texts

    def _vat_rates(self, node: Node) -> dict[str, int]:
        rates: dict[str, int] = {}
        for key, given in _entries(node).items():
            if not COUNTRY.fullmatch(key):
                self.note(given, f"{key!r} is no country; write two capitals, like PL.")
            rates[key] = self.take(partial(given.integer, 0, 5000), 0)
        return rates

    def _years(self, node: Node) -> dict[str, int]:
        years: dict[str, int] = {}
        for key, given in _entries(node).items():
            if key != "default" and not COUNTRY.fullmatch(key):
                self.note(given, f"{key!r} is no country; write two capitals, like DE, or 'default' for the others.")
            years[key] = self.take(partial(given.integer, 1, 100), 1)
        if "default" not in years:
            self.note(node, "The key 'default' is missing: the years for countries not named.")
        return years


def _entries(node: Node) -> Mapping[str, Node]:
    """The mapping, whatever its keys. Raises: Invalid for something else."""
    if not isinstance(node.value, dict):
        raise node.refusal(f"{shown(node.value)} stands where a mapping belongs.")
    return node.value


def _put(found: dict[str, T], key: str, read: Callable[[], T]) -> None:
    found[key] = read()


def _count(node: Node) -> int:
    return node.integer(0, MOST)


def _ordered(node: Node, least: int, most: int, *, falling: bool = False) -> tuple[int, ...]:
    """Different numbers in order. Raises: Invalid."""
    numbers = [item.integer(least, most) for item in node.items()]
    if numbers != sorted(set(numbers), reverse=falling):
        raise node.refusal(f"Write each number once, the {'largest' if falling else 'smallest'} first.")
    return tuple(numbers)


def _warnings(node: Node) -> tuple[int, ...]:
    """Where owners are warned, and the limit. Raises: Invalid."""
    numbers = _ordered(node, 1, 100)
    if len(numbers) != 2 or numbers[1] != 100:
        raise node.refusal("Write two numbers: the percent at which owners are warned, and 100, the limit itself.")
    return numbers


def _limit(node: Node, least: int = 0) -> int | None:
    """A whole number, or None for `unlimited`."""
    if node.value == UNLIMITED:
        return None
    if not isinstance(node.value, int) or isinstance(node.value, bool) or not least <= node.value <= MOST:
        raise node.refusal(f"{shown(node.value)} is no limit; write a whole number from {least} on, or {UNLIMITED}.")
    return node.value


def _duration(node: Node) -> timedelta | None:
    """`90 days`, `1 year`; None for `unlimited`."""
    if node.value == UNLIMITED:
        return None
    found = DURATION.fullmatch(node.text())
    if found is None or not int(found[1]):
        raise node.refusal(f"{shown(node.value)} is no duration; write one like '90 days' or '1 year', or {UNLIMITED}.")
    return timedelta(days=int(found[1]) * (365 if found[2] == "year" else 1))


def _feature(node: Node, feature: Feature) -> FeatureValue:
    match feature.kind:
        case FeatureKind.SWITCH:
            return node.flag()
        case FeatureKind.COUNT:
            return _limit(node)
        case FeatureKind.DURATION:
            return _duration(node)
        case FeatureKind.CHOICE:
            return node.choice(feature.choices or (), "choice")


def _least(feature: Feature) -> FeatureValue:
    return next(iter(feature.choices)) if feature.choices else LEAST[feature.kind]


def _country(node: Node) -> str:
    if not COUNTRY.fullmatch(node.text()):
        raise node.refusal(f"{shown(node.value)} is no country; write two capitals, like DE.")
    return node.text()


def _number_format(node: Node) -> str:
    """Checked by using it: numbers must differ by kind, year and count. Raises: Invalid."""
    text = node.text()
    example = "write one like '{kind}/{year}/{number:05}'"
    try:
        made = {text.format(kind=kind, year=year, number=n) for kind in "AB" for year in (2026, 2027) for n in (1, 2)}
    except (KeyError, IndexError, ValueError, AttributeError):
        raise node.refusal(f"{text!r} cannot be filled in; {example}.") from None
    if len(made) < 8:
        raise node.refusal(f"{text!r} leaves out the kind, the year or the number; {example}.")
    return text


_NO_MESSAGES = Messages(0, False, False, Beyond.STOP)
_NO_CALLS = IncomingCalls(False, 0, 0)
_NO_TRIAL = TrialRules(1, "", 0, 0, 0, (), 0)
_NO_FAIR_USE = FairUse(1, 1, 1, 1, 1, 1)
_NO_THRESHOLDS = Thresholds({}, 0, {}, 0, (), 0, 0, 0, 0, 0)
