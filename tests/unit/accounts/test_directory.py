"""Who is meant by an id or a name."""

from uuid import UUID

import pytest

from tocsin.accounts.directory import Directory, Entry, Reference

TEAM, ANA, UPPER, LOWER = (UUID(int=number) for number in (10, 11, 12, 13))
DIRECTORY = Directory(
    [
        Entry(1, "team", TEAM, "Infra", "Infra"),
        Entry(1, "user", ANA, "ana@example.com", "Ana"),
        Entry(1, "team", UPPER, "WEB", "WEB"),
        Entry(1, "team", LOWER, "web", "web"),
    ]
)


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        (Reference("team", id=str(TEAM)), ("team", str(TEAM))),
        (Reference("team", id=str(TEAM).upper()), ("team", str(TEAM))),
        (Reference("team", name="Infra"), ("team", str(TEAM))),
        (Reference("team", name="infra"), ("team", str(TEAM))),
        (Reference("team", id="Infra"), ("team", str(TEAM))),
        (Reference("user", name="Ana@Example.com"), ("user", str(ANA))),
        (Reference("team", name="web"), ("team", str(LOWER))),
        (Reference("team", name="WEB"), ("team", str(UPPER))),
        (Reference("team", name="Web"), None),  # two teams could be meant
        (Reference("user", name="Infra"), None),
        (Reference("schedule", id=str(TEAM)), None),
        (Reference("team"), None),
    ],
)
def test_a_reference_finds_the_one_who_is_meant(reference: Reference, meant: tuple[str, str] | None) -> None:
    assert DIRECTORY.resolve(reference) == meant


def test_people_read_labels_and_the_id_of_whoever_is_gone() -> None:
    assert DIRECTORY.label("user", str(ANA)) == "Ana"
    assert DIRECTORY.label("user", "gone") == "gone"
