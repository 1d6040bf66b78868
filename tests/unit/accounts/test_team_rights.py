import pytest

from tocsin.accounts.team_rights import TeamRight, allows

OWN = {"lead": {"manage-members": True, "edit-schedules": False}}


@pytest.mark.parametrize(
    ("role", "right", "answer"),
    [
        ("admin", TeamRight.DELETE_SCHEDULES, True),
        ("admin", None, True),
        ("user", TeamRight.EDIT_SCHEDULES, False),
        ("lead", TeamRight.MANAGE_MEMBERS, True),
        ("lead", TeamRight.EDIT_SCHEDULES, False),  # said, and not granted
        ("lead", TeamRight.EDIT_ESCALATIONS, False),  # not said
        ("lead", None, False),
        ("gone", TeamRight.MANAGE_MEMBERS, False),
        (None, TeamRight.MANAGE_MEMBERS, False),
    ],
)
def test_a_role_may_what_it_is_granted(role: str | None, right: TeamRight | None, answer: bool) -> None:
    assert allows(role, OWN, right) is answer
