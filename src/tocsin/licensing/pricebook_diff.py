"""What one price book says that another does not, by the places of the document. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from fractions import Fraction

from tocsin.errors import Invalid
from tocsin.licensing.pricebook import Currency, PriceBook, Tier
from tocsin.licensing.pricebook_document import PLACES, UNLIMITED

ABSENT = "–"


@dataclass(frozen=True, slots=True)
class Change:
    """One place of the document, before and after, as it is written there; `ABSENT` where one side has none.

    `percent` says by how much an amount rose or fell.
    """

    path: str
    before: str
    after: str
    percent: Fraction | None = None

    def __str__(self) -> str:
        risen = f" ({float(self.percent):+.1f} %)" if self.percent is not None else ""
        return f"{self.path}: {self.before} → {self.after}{risen}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the document with its value, as it is written there."""

    path: str
    text: str


def entries(book: PriceBook) -> list[Entry]:
    """Everything that a book says, place by place, in the order of its parts."""
    return [Entry(path, value.text) for path, value in _places(book)]


def changes(old: PriceBook, new: PriceBook) -> list[Change]:
    """Every place where the two differ, in the order of the new document; what is gone comes last."""
    before, after = dict(_places(old)), dict(_places(new))
    paths = [*after, *(path for path in before if path not in after)]
    return [_change(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]


def lost(old: PriceBook, new: PriceBook) -> list[str]:
    """What a new version may not leave out, because subscriptions renew to it: a problem for each."""
    plans = [
        f"plans: The plan {key!r} is missing; subscriptions have it. Keep it and write 'hidden: true'."
        for key in old.plans
        if key not in new.plans
    ]
    currencies = [
        f"currencies: {code} is missing; subscriptions may be billed in it."
        for code in old.currencies
        if code not in new.currencies
    ]
    return plans + currencies


def amount(currency: Currency, minor: int) -> str:
    """An amount as a document writes it: 1234 cents are 12.34. Raises: Invalid below zero."""
    if minor < 0:
        raise Invalid("A price book has no amount below zero.")
    if not currency.decimals:
        return str(minor)
    whole, rest = divmod(minor, 10**currency.decimals)
    return f"{whole}.{rest:0{currency.decimals}}"


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    minor: int | None = None  # of an amount


def _places(book: PriceBook) -> Iterator[tuple[str, _Value]]:
    for field in fields(book):
        value = getattr(book, field.name)
        if field.name != "version" and value is not None:
            yield from _walk(value, field.name, None, book)


def _walk(value: object, path: str, currency: Currency | None, book: PriceBook) -> Iterator[tuple[str, _Value]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}", book.currencies.get(key, currency), book)
    elif isinstance(value, tuple) and value and isinstance(value[0], Tier):
        for tier in value:
            yield from _walk(tier.minor, f"{path}.{tier.from_seat}", currency, book)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in ("code", "key"):
                yield from _walk(getattr(value, field.name), f"{path}.{PLACES.get(field.name, field.name)}", None, book)
    elif currency is not None and isinstance(value, int):
        yield path, _Value(amount(currency, value), value)
    else:
        yield path, _Value(_text(value))


def _text(value: object) -> str:
    match value:
        case None:
            return UNLIMITED
        case bool():
            return "true" if value else "false"
        case timedelta():
            return f"{value.days} days"
        case tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)


def _change(path: str, before: _Value | None, after: _Value | None) -> Change:
    percent = None
    if before and after and before.minor and after.minor is not None:
        percent = Fraction(after.minor - before.minor, before.minor) * 100
    return Change(path, before.text if before else ABSENT, after.text if after else ABSENT, percent)
