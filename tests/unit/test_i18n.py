from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tocsin import i18n

AT = datetime(2026, 11, 22, 3, 10, 7, tzinfo=UTC)
WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("pl", "pl"),
        ("pl-PL,pl;q=0.9,en;q=0.8", "pl"),
        ("en-GB,pl;q=0.5", "en"),
        ("fr, pl;q=0.5, en;q=0.3", "pl"),
        ("de, fr;q=0.9", "en"),
        ("pl;q=0", "en"),
        ("pl;q=nonsense, ;;=", "en"),
        ("PL", "pl"),
    ],
)
def test_the_reader_gets_the_language_he_prefers_among_ours(header: str | None, locale: str) -> None:
    assert i18n.negotiate(header) == locale


def test_a_text_is_translated_and_filled_in() -> None:
    assert i18n.Translator("pl")("Sign out") == "Wyloguj się"
    assert i18n.gettext("pl", "%(num)s h", num=3) == "3 godz."


def test_english_and_unknown_languages_read_the_source_text() -> None:
    assert i18n.gettext("en", "Sign out") == "Sign out"
    assert i18n.gettext("tlh", "Sign out") == "Sign out"
    assert i18n.gettext("../pl", "Sign out") == "Sign out"


@pytest.mark.parametrize(
    ("num", "text"),
    [
        (1, "Jeszcze jedna rzecz wymaga poprawy:"),
        (2, "Jeszcze 2 rzeczy wymagają poprawy:"),
        (5, "Jeszcze 5 rzeczy wymaga poprawy:"),
        (22, "Jeszcze 22 rzeczy wymagają poprawy:"),
    ],
)
def test_polish_has_three_plural_forms(num: int, text: str) -> None:
    _ = i18n.Translator("pl")

    assert _.ngettext("One thing is not right yet:", "%(num)s things are not right yet:", num) == text


def test_an_instant_is_shown_in_the_readers_zone_and_language() -> None:
    assert i18n.instant("en", WARSAW, AT) == "22 Nov 2026, 04:10"
    assert i18n.instant("pl", WARSAW, AT) == "22 lis 2026, 04:10"
    assert i18n.instant_in_full("en", WARSAW, AT) == "Sunday, 22 November 2026, 04:10:07 CET"
    assert i18n.day("pl", WARSAW, AT) == "niedz. 22 lis 2026"
    assert i18n.time_of_day("en", UTC, AT) == "03:10"


@pytest.mark.parametrize(
    ("seconds", "english", "polish"),
    [
        (0, "now", "teraz"),
        (-59, "now", "teraz"),
        (-60, "1 minute ago", "1 minutę temu"),
        (-3599, "59 minutes ago", "59 minut temu"),
        (-7200, "2 hours ago", "2 godziny temu"),
        (-400 * 86400, "400 days ago", "400 dni temu"),
        (90, "in 1 minute", "za 1 minutę"),
    ],
)
def test_a_distance_in_time_is_rounded_down_to_one_unit(seconds: int, english: str, polish: str) -> None:
    at = AT + timedelta(seconds=seconds)

    assert i18n.ago("en", at, AT) == english
    assert i18n.ago("pl", at, AT) == polish


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(days=3), "3 d"),
        (timedelta(days=1, hours=2, minutes=3), "1 d 2 h"),
    ],
)
def test_a_duration_has_at_most_two_units(length: timedelta, text: str) -> None:
    assert i18n.duration("en", length) == text


def test_a_number_has_the_separators_of_the_language() -> None:
    assert i18n.number("en", 1234567) == "1,234,567"
    assert i18n.number("pl", 1234567) == "1\xa0234\xa0567"
