"""Words on documents: what each line says, in both languages."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from tests.support.documents import seats

from tocsin.billing.documents import words as say
from tocsin.billing.model import Line, LineKind
from tocsin.billing.tax import Note
from tocsin.errors import Invalid
from tocsin.i18n import Translator

EN, PL = Translator("en"), Translator("pl")
MONTHLY = {"plan_name": "Standard", "interval": "month"}
EARLIER = UUID("018f3f5e-0000-7000-8000-00000000000a")

TIERS = [(50, 2300), (10, 2070)]


def usage(kind: LineKind, zone: str, quantity: int) -> Line:
    return Line(kind, zone, quantity, 10 * quantity, 10, detail={"included": 1000, "used": 1240})


@pytest.mark.parametrize(
    ("line", "english", "polish"),
    [
        (
            seats(23_000, 10, 2300, detail=MONTHLY),
            "Standard plan, monthly subscription",
            "Plan Standard, subskrypcja miesięczna",
        ),
        (
            seats(228_000, 10, 22_800, detail={"plan_name": "Standard", "interval": "year"}),
            "Standard plan, annual subscription",
            "Plan Standard, subskrypcja roczna",
        ),
        (seats(23_000, 10, plan="essentials"), "Essentials plan, subscription", "Plan Essentials, subskrypcja"),
        (
            seats(-12_613, 10, detail=MONTHLY),
            "Credit for unused time: Standard plan, monthly subscription",
            "Zwrot za niewykorzystany czas: Plan Standard, subskrypcja miesięczna",
        ),
        (
            seats(1533, 10, detail=MONTHLY, credits=EARLIER),  # on a credit note
            "Credit for unused time: Standard plan, monthly subscription",
            "Zwrot za niewykorzystany czas: Plan Standard, subskrypcja miesięczna",
        ),
        (
            Line(LineKind.STAKEHOLDERS, "enterprise", 400, 0, 0),
            "Enterprise plan, stakeholder licences",
            "Plan Enterprise, licencje interesariuszy",
        ),
        (
            Line(LineKind.NUMBER, "+48 22 555 01 00", 1, 1000, 1000),
            "Incoming call number +48 22 555 01 00",
            "Numer połączeń przychodzących +48 22 555 01 00",
        ),
        (
            usage(LineKind.MESSAGES, "us_ca", 225),
            "SMS and voice beyond the included units, United States and Canada",
            "SMS-y i połączenia głosowe ponad limit, Stany Zjednoczone i Kanada",
        ),
        (
            usage(LineKind.MINUTES, "other", 8),
            "Forwarded call minutes beyond the included ones, other countries",
            "Minuty połączeń przekazanych ponad limit, inne kraje",
        ),
        (
            usage(LineKind.LATE_MESSAGES, "other", 2),
            "SMS and voice reported late, other countries",
            "SMS-y i połączenia głosowe zgłoszone z opóźnieniem, inne kraje",
        ),
        (
            usage(LineKind.LATE_MINUTES, "us_ca", 2),
            "Forwarded call minutes reported late, United States and Canada",
            "Minuty połączeń zgłoszone z opóźnieniem, Stany Zjednoczone i Kanada",
        ),
        (
            Line(LineKind.CARRIED, "", 1, 312),
            "Usage carried over from earlier months",
            "Wykorzystanie przeniesione z poprzednich miesięcy",
        ),
        (
            Line(LineKind.WRITE_OFF, "", 1, 100),
            "Shortfall by bank charges, written off",
            "Umorzona niedopłata z tytułu opłat bankowych",
        ),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Line) else "",
)
def test_a_line_says_what_it_is_for(line: Line, english: str, polish: str) -> None:
    assert say.title(EN, line) == english
    assert say.title(PL, line) == polish


def test_every_kind_of_line_has_words_in_both_languages() -> None:
    for kind in LineKind:
        line = Line(kind, "other", 3, 100)
        assert say.title(EN, line)
        assert say.title(PL, line) != say.title(EN, line)


def test_a_prorated_line_says_which_days_and_how_many() -> None:
    line = seats(12_613, 10, starts_on=date(2026, 3, 24), days_left=17, days=31)

    assert say.details(EN, line, "USD") == ("24 Mar\u2009–\u20099 Apr 2026 · 17 of 31 days",)
    assert say.details(PL, line, "USD") == ("24 mar–9 kwi 2026 · 17 z 31 dni",)


def test_a_whole_period_is_not_called_a_part_of_itself() -> None:
    assert say.details(EN, seats(23_000, 10, days_left=31, days=31), "USD") == ("10 Mar\u2009–\u20099 Apr 2026",)


def test_tiers_are_shown_when_there_are_several() -> None:
    one = seats(115_000, 50, starts_on=None, ends_on=None, detail={"tiers": TIERS[:1]})
    two = replace(one, amount_minor=135_700, quantity=60, detail={"tiers": TIERS})

    assert say.details(EN, one, "USD") == ()
    assert say.details(EN, two, "USD") == ("50 × 23.00 = 1,150.00 · 10 × 20.70 = 207.00",)
    assert say.details(PL, two, "JPY") == ("50 × 2\u00a0300 = 115\u00a0000 · 10 × 2\u00a0070 = 20\u00a0700",)


def test_added_seats_say_how_many_there_were() -> None:
    line = seats(3532, 3, starts_on=None, ends_on=None, detail={"seats_before": 49, "seats_after": 52})

    assert say.details(EN, line, "USD") == ("from 49 to 52 seats",)
    assert say.details(PL, line, "USD") == ("z 49 do 52 licencji",)


def test_usage_says_what_was_included() -> None:
    line = usage(LineKind.MESSAGES, "other", 240)

    assert say.details(EN, line, "USD") == ("1,000 units included · 1,240 units used",)
    assert say.details(PL, line, "USD") == ("w cenie: 1\u00a0000 jedn. · wykorzystano: 1\u00a0240 jedn.",)


@pytest.mark.parametrize(("count", "polish"), [(1, "1 licencja"), (3, "3 licencje"), (25, "25 licencji")])
def test_seats_are_counted_as_the_language_counts(count: int, polish: str) -> None:
    assert say.quantity(PL, seats(1, count)) == polish
    assert say.quantity(EN, seats(1, count)) == ("1 seat" if count == 1 else f"{count} seats")


def test_minutes_carry_their_unit_and_messages_are_bare_numbers() -> None:
    assert say.quantity(EN, usage(LineKind.MINUTES, "us_ca", 28)) == "28 min"
    assert say.quantity(EN, usage(LineKind.MESSAGES, "us_ca", 1225)) == "1,225"


@pytest.mark.parametrize(
    ("category", "rate_bp", "name", "mark"),
    [
        ("S", 2300, "VAT 23%", "23%"),
        ("S", 2550, "VAT 25.5%", "25.5%"),
        ("AE", 0, "VAT 0%, reverse charge", "0%"),
        ("E", 0, "exempt from VAT", "exempt"),
        ("O", 0, "not subject to VAT", "–"),
    ],
)
def test_a_tax_has_a_name_and_a_mark(category: str, rate_bp: int, name: str, mark: str) -> None:
    assert say.tax_name(EN, category, rate_bp) == name
    assert say.tax_mark(EN, category, rate_bp) == mark


def test_every_remark_has_words_and_an_unknown_one_is_refused() -> None:
    assert say.note(EN, "reverse_charge").startswith("Reverse charge")
    assert "reverse charge" in say.note(PL, "reverse_charge")
    assert all(say.note(PL, key) != say.note(EN, key) for key in Note)
    with pytest.raises(Invalid, match="reverse_charge"):
        say.note(EN, "thank_you")
