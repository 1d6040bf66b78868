"""Words, numbers and times as the reader's language writes them: English in the source, the rest in catalogues."""

import gettext as stdlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale, dates, numbers

LOCALES: Mapping[str, str] = {"en": "English", "pl": "Polski"}
DEFAULT_LOCALE = "en"
CATALOGUES = Path(__file__).parent / "locale"

# English times are British: a named month and a 24-hour clock mislead nobody, wherever he reads them.
_FORMATS: Mapping[str, str] = {"en": "en_GB", "pl": "pl"}

NEVER_ROUND_UP = 1e9

_UNITS: tuple[tuple[Literal["day", "hour", "minute"], timedelta], ...] = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def N_(text: str) -> str:  # noqa: N802 - gettext's own name, known to every extractor
    """The same text, marked so that it gets into the catalogue: for labels that are translated later."""
    return text


def negotiate(accept_language: str | None) -> str:
    """The locale of ours that the reader prefers most, by an Accept-Language header; English if none fits."""
    wanted: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().partition("-")[0].lower()
        if language in LOCALES:
            wanted.append((_weight(weight), language))
    best = max(wanted, key=lambda entry: entry[0], default=(0.0, DEFAULT_LOCALE))
    return best[1] if best[0] > 0 else DEFAULT_LOCALE


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


@cache
def translations(locale: str) -> stdlib.NullTranslations:
    """The catalogue of `locale`, compiled in memory at first use; for English and unknown ones the source text."""
    file = CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if locale not in LOCALES or not file.is_file():
        return stdlib.NullTranslations()
    from babel.messages import mofile, pofile  # 4 MB that a process which speaks only English does not need

    compiled = io.BytesIO()
    with file.open("rb") as source:
        mofile.write_mo(compiled, pofile.read_po(source, locale=locale))
    compiled.seek(0)
    return stdlib.GNUTranslations(compiled)


def gettext(locale: str, text: str, /, **params: object) -> str:
    """`text` in `locale`, its `%(name)s` filled in. The text is a marked one: `_()` or `N_()` stands around it."""
    return translations(locale).gettext(text) % params


def ngettext(locale: str, singular: str, plural: str, num: int, /, **params: object) -> str:
    """The form that `num` takes in `locale`; `%(num)s` is the number itself."""
    return translations(locale).ngettext(singular, plural, num) % {"num": num, **params}


@dataclass(frozen=True, slots=True)
class Translator:
    """The words of one reader: `_ = Translator(locale)`, then `_("Hello %(name)s", name=…)`; a `%` is written `%%`.

    Literals go through this, `N_` or a template, and nothing else: those are what the extractor reads.
    """

    locale: str

    def __call__(self, text: str, /, **params: object) -> str:
        """The text, translated and filled in."""
        return gettext(self.locale, text, **params)

    def ngettext(self, singular: str, plural: str, num: int, /, **params: object) -> str:
        """The form that `num` takes, filled in."""
        return ngettext(self.locale, singular, plural, num, **params)


def instant(locale: str, zone: tzinfo, at: datetime) -> str:
    """Day and time of day in `zone`: "22 Nov 2026, 03:10"."""
    return dates.format_datetime(at.astimezone(zone), "d MMM y, HH:mm", locale=_formats(locale))


def instant_in_full(locale: str, zone: tzinfo, at: datetime) -> str:
    """The same for a tooltip or a mail, with weekday, seconds and zone: "Sunday, 22 November 2026, 03:10:07 CET"."""
    local = at.astimezone(zone)
    text = dates.format_datetime(local, "EEEE, d MMMM y, HH:mm:ss", locale=_formats(locale))
    return f"{text} {local.tzname()}"


def day(locale: str, zone: tzinfo, at: datetime) -> str:
    """The calendar day in `zone`, with its weekday: "Sun 22 Nov 2026"."""
    return dates.format_datetime(at.astimezone(zone), "EEE d MMM y", locale=_formats(locale))


def short_day(locale: str, zone: tzinfo, at: datetime) -> str:
    """The same where there is little room: "Sun 22"."""
    return dates.format_datetime(at.astimezone(zone), "EEE d", locale=_formats(locale))


def time_of_day(locale: str, zone: tzinfo, at: datetime) -> str:
    """Hours and minutes in `zone`: "03:10"."""
    return dates.format_datetime(at.astimezone(zone), "HH:mm", locale=_formats(locale))


def weekday(locale: str, number: int) -> str:
    """The day of the week, short, 0 for Monday: "Mon"."""
    return str(dates.get_day_names("abbreviated", locale=_formats(locale))[number])


def ago(locale: str, at: datetime, now: datetime) -> str:
    """How long before or after `now`, rounded down to one unit: "5 minutes ago", "in 2 hours", "now"."""
    away = at.astimezone(UTC) - now.astimezone(UTC)
    for unit, length in _UNITS:
        if whole := abs(away) // length:
            signed = whole * length * (1 if away > timedelta(0) else -1)
            return dates.format_timedelta(
                signed, unit, threshold=NEVER_ROUND_UP, add_direction=True, locale=_formats(locale)
            )
    return gettext(locale, N_("now"))


def duration(locale: str, length: timedelta) -> str:
    """A length in at most two units: "1 h 30 min", "45 s", "3 d"."""
    seconds = int(length.total_seconds())
    units = ((86400, N_("%(num)s d")), (3600, N_("%(num)s h")), (60, N_("%(num)s min")), (1, N_("%(num)s s")))
    parts: list[str] = []
    for size, text in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(gettext(locale, text, num=count))
    return " ".join(parts[:2]) or gettext(locale, N_("%(num)s s"), num=0)


def number(locale: str, value: float) -> str:
    """A number with the separators of `locale`: "12,345"."""
    return numbers.format_decimal(value, locale=_formats(locale))


def percent(locale: str, basis_points: int) -> str:
    """Basis points as a percentage: 2550 is "25.5%"."""
    return numbers.format_percent(Decimal(basis_points) / 10_000, "#,##0.##%", locale=_formats(locale))


def decimals(currency: str) -> int:
    """How many decimals an amount in `currency` has: two for most, none for the yen. Source: ISO 4217"""
    return numbers.get_currency_precision(currency)


def amount(locale: str, minor: int, currency: str) -> str:
    """An amount of minor units without its currency, for columns: "7,011.00"."""
    places = decimals(currency)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return numbers.format_decimal(Decimal(minor).scaleb(-places), pattern, locale=_formats(locale))


def money(locale: str, minor: int, currency: str) -> str:
    """An amount with the currency's code, which is the same in every language: "7,011.00 USD"."""
    return f"{amount(locale, minor, currency)}\N{NO-BREAK SPACE}{currency}"


def date_in_full(locale: str, on: date) -> str:
    """A calendar day: "24 March 2026"."""
    return dates.format_date(on, "d MMMM y", locale=_formats(locale))


def span_of_days(locale: str, first: date, last: date) -> str:
    """The days from `first` to `last`, both included: "10 Mar – 9 Apr 2026"."""
    return dates.format_interval(first, last, "yMMMd", locale=_formats(locale))


def country(locale: str, code: str) -> str:
    """The country's name; an unknown code stays as it is."""
    return str(_formats(locale).territories.get(code, code))


_PLAIN = str.maketrans("ÅÉÄÖÜÇĄĆĘŁŃÓŚŹŻåéäöüçąćęłńóśźż", "AEAOUCACELNOSZZaeaoucacelnoszz")


def alphabetical(name: str) -> str:
    """What a name is sorted by: its letters without their marks, so that Łotwa stands among the Ls."""
    return name.translate(_PLAIN).casefold()


def _formats(locale: str) -> Locale:
    return Locale.parse(_FORMATS.get(locale, _FORMATS[DEFAULT_LOCALE]))
