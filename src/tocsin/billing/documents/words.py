"""Words for what documents say: lines, quantities, remarks, taxes, in the reader's language. Pure.

A line keeps facts (`Line.detail`), and the words are made here when it is shown, so that a page, a mail, a printed
document and the structured one say the same.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import cast

from tocsin import i18n
from tocsin.billing.model import RESTATED, Line, LineKind
from tocsin.billing.tax import Category, Note
from tocsin.errors import Invalid
from tocsin.i18n import N_, Translator

ONE_DAY = timedelta(days=1)

ZONES: Mapping[str, str] = {
    "us_ca": N_("United States and Canada"),
    "other": N_("other countries"),
}

NOTES: Mapping[str, str] = {
    Note.REVERSE_CHARGE: N_(
        "Reverse charge: the recipient accounts for the VAT (Articles 44 and 196 of Directive 2006/112/EC)."
    ),
    Note.OUTSIDE_UNION: N_(
        "Not subject to VAT: the service is supplied outside the European Union"
        " (Articles 44 and 59 of Directive 2006/112/EC)."
    ),
    Note.NOT_REGISTERED: N_("No VAT is charged: the seller is not registered for VAT."),
    Note.SUBSCRIPTION_ENDED: N_("The subscription ended unpaid; its unused days are credited."),
    Note.TERM_CHANGED: N_("A new term began; the unused days of the one before are credited."),
    Note.BUYER_CORRECTED: N_(
        "An invoice named the buyer wrongly: a credit note takes it back, and a new invoice stands in its place."
    ),
}


def note(words: Translator, key: str) -> str:
    """The remark of that key. Raises: Invalid for a key without words."""
    text = NOTES.get(key)
    if text is None:
        raise Invalid(f"There is no remark {key!r}; the remarks are {', '.join(NOTES)}.")
    return words(text)


def gives_back(line: Line) -> bool:
    """Whether a line credits something that was debited before. One of an invoice made out anew just says it again."""
    return line.amount_minor < 0 or (line.credits is not None and not line.detail.get(RESTATED))


def title(words: Translator, line: Line) -> str:
    """What a line is for, in a sentence of a few words."""
    what = _TITLES[line.kind](words, line)
    return words("Credit for unused time: %(what)s", what=what) if gives_back(line) else what


def details(words: Translator, line: Line, currency: str) -> tuple[str, ...]:
    """Which days and which part of them, how many units were included, at which tiers: a row of text each."""
    rows = (_days(words, line), _rise(words, line), _usage(words, line), _tiers(words, line, currency))
    return tuple(" · ".join(row) for row in map(tuple, rows) if row)


def period(words: Translator, lines: Iterable[Line]) -> str:
    """From the first to the last day that any of the lines is for; nothing where none names days. Source: R7.1"""
    days = [(line.starts_on, line.ends_on) for line in lines if line.starts_on is not None and line.ends_on is not None]
    if not days:
        return ""
    first, after = min(start for start, _ in days), max(end for _, end in days)
    return i18n.span_of_days(words.locale, first, max(first, after - ONE_DAY))


def quantity(words: Translator, line: Line) -> str:
    """How many of what: "10 seats", "28 min"."""
    if line.kind in {LineKind.SEATS, LineKind.STAKEHOLDERS}:
        return words.ngettext("%(num)s seat", "%(num)s seats", line.quantity)
    if line.kind in {LineKind.MINUTES, LineKind.LATE_MINUTES}:
        return words("%(num)s min", num=i18n.number(words.locale, line.quantity))
    return i18n.number(words.locale, line.quantity)


def tax_name(words: Translator, category: str, rate_bp: int) -> str:
    """A tax as the summary calls it: "VAT 23%", "reverse charge"."""
    match category:
        case Category.REVERSE_CHARGE:
            return words("VAT 0%%, reverse charge")
        case Category.EXEMPT:
            return words("exempt from VAT")
        case Category.NOT_SUBJECT:
            return words("not subject to VAT")
        case _:
            return words("VAT %(rate)s", rate=i18n.percent(words.locale, rate_bp))


def tax_mark(words: Translator, category: str, rate_bp: int) -> str:
    """The same for a narrow column."""
    match category:
        case Category.EXEMPT:
            return words("exempt")
        case Category.NOT_SUBJECT:
            return "–"
        case _:
            return i18n.percent(words.locale, rate_bp)


def _plan(line: Line) -> str:
    return str(line.detail.get("plan_name") or line.item.capitalize())


def _seats(words: Translator, line: Line) -> str:
    match line.detail.get("interval"):
        case "month":
            return words("%(plan)s plan, monthly subscription", plan=_plan(line))
        case "year":
            return words("%(plan)s plan, annual subscription", plan=_plan(line))
        case _:
            return words("%(plan)s plan, subscription", plan=_plan(line))


def _stakeholders(words: Translator, line: Line) -> str:
    return words("%(plan)s plan, stakeholder licences", plan=_plan(line))


def _number(words: Translator, line: Line) -> str:
    return words("Incoming call number %(number)s", number=line.item)


def _messages(words: Translator, line: Line) -> str:
    return words("SMS and voice beyond the included units, %(zone)s", zone=_zone(words, line))


def _minutes(words: Translator, line: Line) -> str:
    return words("Forwarded call minutes beyond the included ones, %(zone)s", zone=_zone(words, line))


def _late_messages(words: Translator, line: Line) -> str:
    return words("SMS and voice reported late, %(zone)s", zone=_zone(words, line))


def _late_minutes(words: Translator, line: Line) -> str:
    return words("Forwarded call minutes reported late, %(zone)s", zone=_zone(words, line))


def _carried(words: Translator, _: Line) -> str:
    return words("Usage carried over from earlier months")


def _write_off(words: Translator, _: Line) -> str:
    return words("Shortfall by bank charges, written off")


_TITLES: Mapping[LineKind, Callable[[Translator, Line], str]] = {
    LineKind.SEATS: _seats,
    LineKind.STAKEHOLDERS: _stakeholders,
    LineKind.NUMBER: _number,
    LineKind.MESSAGES: _messages,
    LineKind.MINUTES: _minutes,
    LineKind.LATE_MESSAGES: _late_messages,
    LineKind.LATE_MINUTES: _late_minutes,
    LineKind.CARRIED: _carried,
    LineKind.WRITE_OFF: _write_off,
}


def _zone(words: Translator, line: Line) -> str:
    name = ZONES.get(line.item)
    return words(name) if name else line.item


def _days(words: Translator, line: Line) -> Iterable[str]:
    if line.starts_on is not None and line.ends_on is not None:
        yield i18n.span_of_days(words.locale, line.starts_on, line.ends_on - ONE_DAY)
    if line.days_left is not None and line.days is not None and line.days_left != line.days:
        left = i18n.number(words.locale, line.days_left)
        yield words.ngettext("%(left)s of %(num)s day", "%(left)s of %(num)s days", line.days, left=left)


def _rise(words: Translator, line: Line) -> Iterable[str]:
    before, after = (line.detail.get(key) for key in ("seats_before", "seats_after"))
    if isinstance(before, int) and isinstance(after, int):
        yield words("from %(before)s to %(after)s seats", before=before, after=after)


def _usage(words: Translator, line: Line) -> Iterable[str]:
    included, used = (line.detail.get(key) for key in ("included", "used"))
    if isinstance(included, int):
        yield words("%(num)s units included", num=i18n.number(words.locale, included))
    if isinstance(used, int):
        yield words("%(num)s units used", num=i18n.number(words.locale, used))


def _tiers(words: Translator, line: Line, currency: str) -> Iterable[str]:
    """Shown when there are several; they are not rounded by themselves. Source: S36"""
    tiers = cast("list[tuple[int, int]]", line.detail.get("tiers") or [])
    for seats, unit_minor in tiers if len(tiers) > 1 else []:
        yield words(
            "%(seats)s × %(price)s = %(amount)s",
            seats=i18n.number(words.locale, seats),
            price=i18n.amount(words.locale, unit_minor, currency),
            amount=i18n.amount(words.locale, seats * unit_minor, currency),
        )
