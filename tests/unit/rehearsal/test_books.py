"""The price books of a scenario: from a file, written out, or as changes to the newest one."""

from pathlib import Path

import pytest
from tests.support.books import REQUIREMENTS

from tocsin.errors import Invalid
from tocsin.licensing.model import Interval
from tocsin.licensing.pricebook import seat_price
from tocsin.licensing.pricebook_document import parse_book
from tocsin.rehearsal.books import next_document, parse_book_of, parse_next_book
from tocsin.rehearsal.files import read_scenario
from tocsin.yaml_tree import read_document

SCENARIO = "start: 2026-03-10T09:00:00Z\naccount: {plan: trial}\npriceBook: %s\nend: +1d\n"
NEXT = ("book", "changes", "note")


def scenario_with(folder: Path, book: str) -> Path:
    file = folder / "scenario.yaml"
    file.write_text(SCENARIO % book, encoding="utf-8")
    return file


def test_a_price_book_is_read_from_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_text(REQUIREMENTS, encoding="utf-8")

    scenario = read_scenario(scenario_with(tmp_path, "book.yaml"))

    assert scenario.price_book is not None
    assert scenario.price_book.document == REQUIREMENTS


def test_a_price_book_that_is_not_there_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"line 3, priceBook: .*nowhere\.yaml cannot be read: No such file"):
        read_scenario(scenario_with(tmp_path, "nowhere.yaml"))


def test_a_file_that_is_no_price_book_is_refused_with_its_problems(tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_text("plans: {}\n", encoding="utf-8")

    with pytest.raises(Invalid, match=r"line 3, priceBook: This is no price book:\n.*'currencies' is missing"):
        read_scenario(scenario_with(tmp_path, "book.yaml"))


def test_a_price_book_written_out_says_the_same_as_its_file() -> None:
    book = parse_book_of(read_document(REQUIREMENTS))

    assert parse_book(book.document) == parse_book(REQUIREMENTS)


def test_changes_leave_everything_else_as_it_is() -> None:
    fields = read_document("changes: {plans: {standard: {prices: {month: {USD: {1: 25.00}}}}}}").fields(*NEXT)

    changed = parse_book(next_document(parse_next_book(fields), REQUIREMENTS))

    before = parse_book(REQUIREMENTS)
    assert seat_price(changed, "standard", Interval.MONTH, "USD", 51) == 50 * 25_00 + 20_70
    assert seat_price(changed, "standard", Interval.MONTH, "EUR", 51) == 50 * 23_00 + 20_70
    assert changed.plan("enterprise") == before.plan("enterprise")
    assert changed.rates == before.rates


@pytest.mark.parametrize("given", ["{note: dearer}", "{book: a.yaml, changes: {}}"])
def test_a_book_to_publish_is_whole_or_changes(given: str) -> None:
    with pytest.raises(Invalid, match="Give either `book`"):
        parse_next_book(read_document(given).fields(*NEXT))


def test_changes_are_a_mapping() -> None:
    with pytest.raises(Invalid, match="Changes are a mapping"):
        parse_next_book(read_document("changes: dearer").fields(*NEXT))
