from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tocsin.licensing.limits import Candidate, Fit, fit

START = datetime(2026, 1, 1, tzinfo=UTC)


def candidate(number: int, *, rank: int = 0, inactive: bool = False, group: str = "") -> Candidate:
    return Candidate(UUID(int=number), START + timedelta(days=number), rank, inactive, group)


def ids(*numbers: int) -> tuple[UUID, ...]:
    return tuple(UUID(int=number) for number in numbers)


def test_the_oldest_of_the_lowest_rank_stay_and_the_rest_are_inactive() -> None:
    found = fit([candidate(3), candidate(1, rank=1), candidate(2)], 2)

    assert found == Fit(rests=ids(1))


def test_what_its_owner_keeps_stays_before_all_others() -> None:
    found = fit([candidate(1), candidate(2), candidate(3, inactive=True)], 1, {UUID(int=3): 0})

    assert found == Fit(wakes=ids(3), rests=ids(1, 2))


def test_the_limit_is_for_each_group() -> None:
    found = fit([candidate(1, group="a"), candidate(2, group="a"), candidate(3, group="b")], 1)

    assert found == Fit(rests=ids(2))


def test_without_a_limit_everything_is_active_again() -> None:
    found = fit([candidate(1, inactive=True), candidate(2, inactive=True), candidate(3)], None)

    assert found == Fit(wakes=ids(1, 2))


@given(
    limit=st.none() | st.integers(0, 5),
    drawn=st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.sampled_from("ab")), max_size=12),
    kept=st.sets(st.integers(0, 11), max_size=4),
)
def test_after_fitting_as_many_are_active_as_fit_and_fitting_again_changes_nothing(
    limit: int | None, drawn: list[tuple[int, bool, str]], kept: set[int]
) -> None:
    things = [candidate(n, rank=rank, inactive=resting, group=group) for n, (rank, resting, group) in enumerate(drawn)]
    chosen = {UUID(int=number): place for place, number in enumerate(sorted(kept))}

    found = fit(things, limit, chosen)
    fitted = [
        candidate(it.id.int, rank=it.rank, inactive=(it.inactive or it.id in found.rests) and it.id not in found.wakes,
                  group=it.group)
        for it in things
    ]  # fmt: skip

    for group in "ab":
        of_group = [it for it in fitted if it.group == group]
        assert sum(not it.inactive for it in of_group) == min(len(of_group), 99 if limit is None else limit)
    assert fit(fitted, limit, chosen) == Fit()
    assert {it.id for it in fitted} == {it.id for it in things}


def test_what_asks_for_more_than_the_plan_has_is_inactive_and_takes_no_room() -> None:
    barred = [Candidate(UUID(int=number), START, barred=True, inactive=number == 2) for number in (1, 2)]

    assert fit([*barred, candidate(3), candidate(4)], 1) == Fit(rests=ids(1, 4))
    assert fit([*barred, candidate(3, inactive=True)], None) == Fit(wakes=ids(3), rests=ids(1))
