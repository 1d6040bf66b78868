"""Restrictions in words: "daily 20:00–08:00". Pure."""

from datetime import timedelta

from tocsin import i18n
from tocsin.i18n import Translator
from tocsin.schedules.restrictions import DAY, Restriction, RestrictionKind, Window


def restriction_in_words(restriction: Restriction, locale: str) -> str:
    """When it is open, on the wall clock that it is read on."""
    _ = Translator(locale)
    daily = restriction.kind is RestrictionKind.TIME_OF_DAY
    windows = ", ".join(_window(window, locale, daily=daily) for window in restriction.windows)
    return _("daily %(hours)s", hours=windows) if daily else windows


def _window(window: Window, locale: str, *, daily: bool) -> str:
    end = window.start + window.length
    if window.to_24:
        return f"{_time(window.start, locale, daily=daily)}–{_time(end - DAY, locale, daily=daily, to_24=True)}"
    return f"{_time(window.start, locale, daily=daily)}–{_time(end, locale, daily=daily)}"


def _time(at: timedelta, locale: str, *, daily: bool, to_24: bool = False) -> str:
    minutes = at % DAY // timedelta(minutes=1)
    shown = "24:00" if to_24 else f"{minutes // 60:02}:{minutes % 60:02}"
    return shown if daily else f"{i18n.weekday(locale, at // DAY % 7)} {shown}"
