"""The alert list's address and the search that it stands for."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts.query import And, Node, Term, parse, terms
from tocsin.alerts.search import SPELLINGS
from tocsin.escalations.alert_list import (
    PAGE_LIMIT,
    QUERY_LIMIT,
    Listing,
    Order,
    Show,
    listing,
    quoted,
    search_text,
)

ANA = "ana@example.com"
LISTINGS = st.builds(
    Listing,
    show=st.sampled_from(Show),
    priority=st.sampled_from(["", "P1", "P5"]),
    q=st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=40),
    order=st.sampled_from(Order),
    page=st.integers(1, PAGE_LIMIT),
)


@given(LISTINGS)
def test_an_address_leads_to_the_listing_that_it_was_made_from(asked: Listing) -> None:
    parts = urlsplit(asked.address(page=asked.page))

    assert parts.path == "/alerts"
    assert listing(dict(parse_qsl(parts.query))) == asked


def test_the_plain_list_has_the_plain_address() -> None:
    assert Listing().address() == "/alerts"


def test_another_filter_starts_at_the_first_page() -> None:
    assert Listing(page=4).address(show=Show.ALL) == "/alerts?show=all"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"show": "everything", "order": "random", "priority": "P9"}, Listing()),
        ({"page": "0"}, Listing()),
        ({"page": "-3"}, Listing()),
        ({"page": "²"}, Listing()),
        ({"page": "99999999999999"}, Listing()),
        ({"page": "99999"}, Listing(page=PAGE_LIMIT)),
        ({"q": "  disk  "}, Listing(q="disk")),
        ({"q": "x" * 5000}, Listing(q="x" * QUERY_LIMIT)),
    ],
)
def test_what_an_address_cannot_mean_is_left_out(params: dict[str, str], expected: Listing) -> None:
    assert listing(params) == expected


@pytest.mark.parametrize("show", list(Show))
@pytest.mark.parametrize("priority", ["", "P1"])
@pytest.mark.parametrize("q", ["", "tag: db OR tag: web", "NOT disk"])
def test_every_filter_is_a_search_that_can_be_read(show: Show, priority: str, q: str) -> None:
    node = parse(search_text(Listing(show, priority, q), ANA), SPELLINGS)

    assert {term.name for term in terms(node)} <= {"", "status", "acknowledged", "owner", "priority", "tag"}


def test_what_is_typed_cannot_step_out_of_the_filter() -> None:
    node = parse(search_text(Listing(q="tag: db OR tag: web"), ANA), SPELLINGS)

    assert isinstance(node, And)
    assert [part.name for part in node.parts if isinstance(part, Term)] == ["status"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30))
def test_any_text_is_one_phrase_when_it_is_quoted(text: str) -> None:
    node: Node = parse(f"tag: {quoted(text)}", SPELLINGS)

    assert isinstance(node, Term)
    assert str(node.value) == text
