from datetime import UTC, datetime, timedelta

from tocsin.schedules.forwarding import Forwarding, chain, forwards_at

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def forward(from_user: str, to_user: str, *, hours: int = 1, created: int = 0, ident: str = "") -> Forwarding:
    """From AT on, for some hours."""
    ident = ident or f"{from_user}-{to_user}"
    return Forwarding(ident, ident, from_user, to_user, AT, AT + hours * HOUR, AT - 9 * HOUR + created * HOUR)


def ends_at(user_id: str, *forwardings: Forwarding, at: datetime = AT) -> str:
    steps = chain(user_id, forwards_at(forwardings, at))
    return steps[-1].to_user_id if steps else user_id


def test_a_forwarding_holds_from_its_start_up_to_its_end() -> None:
    there = forward("ana", "bo")

    assert ends_at("ana", there, at=AT - timedelta(seconds=1)) == "ana"
    assert ends_at("ana", there) == "bo"
    assert ends_at("ana", there, at=AT + HOUR - timedelta(seconds=1)) == "bo"
    assert ends_at("ana", there, at=AT + HOUR) == "ana"
    assert ends_at("cy", there) == "cy"


def test_two_who_forward_to_each_other_swap() -> None:
    swap = forward("ana", "bo"), forward("bo", "ana")

    assert (ends_at("ana", *swap), ends_at("bo", *swap)) == ("bo", "ana")


def test_a_chain_ends_before_somebody_whom_it_passed() -> None:
    circle = forward("ana", "cy"), forward("cy", "dee"), forward("dee", "ana")

    assert ends_at("ana", *circle) == "dee"
    assert [step.id for step in chain("ana", forwards_at(circle, AT))] == ["ana-cy", "cy-dee"]


def test_of_two_forwardings_of_a_person_the_newest_holds_and_the_other_shows_again() -> None:
    old, new = forward("ana", "bo", hours=5), forward("ana", "cy", hours=1, created=1)

    assert ends_at("ana", new, old) == ends_at("ana", old, new) == "cy"
    assert ends_at("ana", new, old, at=AT + HOUR) == "bo"


def test_of_two_created_at_one_instant_the_order_does_not_matter() -> None:
    one, other = forward("ana", "bo", ident="a"), forward("ana", "cy", ident="b")

    assert ends_at("ana", one, other) == ends_at("ana", other, one) == "cy"
