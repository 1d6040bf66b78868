from datetime import UTC, datetime, timedelta

import pytest

from tocsin.errors import Invalid
from tocsin.yaml_tree import Node, parse_offset, read_document

START = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)


def refusal(text: str) -> str:
    with pytest.raises(Invalid) as caught:
        read_document(text)
    return caught.value.message


def test_everything_knows_its_place() -> None:
    tree = read_document("teams:\n  - name: Web\n    members: [ana, bo]\n")

    [team] = tree.fields("teams").items("teams")
    members = team.fields("name", "members").items("members")

    assert (team.path, team.line) == ("teams[0]", 2)
    assert [(it.value, it.path, it.line) for it in members] == [
        ("ana", "teams[0].members[0]", 3),
        ("bo", "teams[0].members[1]", 3),
    ]
    assert tree.plain() == {"teams": [{"name": "Web", "members": ["ana", "bo"]}]}


def test_an_unknown_key_is_refused_with_the_one_that_was_meant() -> None:
    tree = read_document("start: now\nacount: {}\n")

    with pytest.raises(Invalid) as caught:
        tree.fields("start", "account", "end")

    assert caught.value.message == (
        "line 2, acount: There is no key 'acount' here. Did you mean 'account'? Known: start, account, end."
    )


def test_dates_stay_text_so_that_one_without_a_zone_can_be_refused() -> None:
    [with_zone, without] = read_document("[2026-11-22T03:10:00+01:00, 2026-11-22 03:10:00]").items()

    assert with_zone.instant(None) == START
    with pytest.raises(Invalid, match="says no time zone"):
        without.instant(START)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("+10m", timedelta(minutes=10)),
        ("+1h30m", timedelta(minutes=90)),
        ("+10min", timedelta(minutes=10)),
        ("-2d", timedelta(days=-2)),
        ("+1w 2d", timedelta(days=9)),
        ("+45s", timedelta(seconds=45)),
        ("+0m", timedelta(0)),
        ("10m", None),
        ("+", None),
        ("+10", None),
        ("+10m1h", None),
        ("+99999999999w", None),
    ],
)
def test_an_offset_is_a_length_with_a_sign(text: str, length: timedelta | None) -> None:
    assert parse_offset(text) == length


@pytest.mark.parametrize("text", ["2026-13-01T00:00:00Z", "tomorrow", "0001-01-01T00:00:00+14:00", "+1y", "12:30"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="instant"):
        Node(text, "end", 1).instant(START)


def test_a_key_that_is_there_twice_is_refused() -> None:
    assert refusal("a: 1\nb: {c: 1, c: 2}\n") == "line 2, b.c: This key is there twice."


def test_what_is_not_yaml_is_refused_with_its_line() -> None:
    assert refusal("a: [1\nb: 2\n").startswith("line 2: This is not YAML")
    assert refusal("") == "The file is empty."
    assert "a: The tag tag:yaml.org,2002:python/object/apply:os.system has no meaning here." in refusal(
        "a: !!python/object/apply:os.system [ls]"
    )
    assert refusal(f"a: {'9' * 5000}").startswith("line 1, a: Exceeds the limit")
    assert refusal("a: !!int x").startswith("line 1, a: ")


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    doubled = "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))

    assert "more than" in refusal(f"a0: &a0 [x]\n{doubled}")


def test_what_holds_itself_is_refused() -> None:
    assert "nested too deeply" in refusal("&a [*a]")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (True, lambda it: it.text()),
        ([], lambda it: it.text()),
        ("", lambda it: it.text()),
        ("yes", lambda it: it.flag()),
        (True, lambda it: it.integer(0, 9)),
        (10, lambda it: it.integer(0, 9)),
        ({}, lambda it: it.items()),
        ("x", lambda it: it.fields("a")),
        ("x", lambda it: it.choice(["a", "b"], "letter")),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_place(value: object, read: object) -> None:
    with pytest.raises(Invalid, match=r"^line 7, a\.b: "):
        read(Node(value, "a.b", 7))  # type: ignore[operator]  # each is a function of a node
