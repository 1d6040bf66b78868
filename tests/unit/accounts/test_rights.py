from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.accounts.model import CustomRole, Role
from tocsin.accounts.rights import ASKED_FOR, FREE, RIGHT_NAMES, RIGHTS, Action, grantable, may, rights_of, unlicensed

NAMES = st.sets(st.sampled_from(sorted(RIGHT_NAMES)))
BASES = st.sampled_from(["user", "observer", "stakeholder"])


def custom(base: str, granted: Iterable[str] = (), disallowed: Iterable[str] = ()) -> CustomRole:
    made_at = datetime(2026, 1, 1, tzinfo=UTC)
    return CustomRole(1, UUID(int=1), "Watch", base, sorted(granted), sorted(disallowed), made_at)


def test_each_role_may_what_the_narrower_one_may() -> None:
    allowed = [rights_of(role) for role in reversed(Role)]

    assert all(narrow < wide for narrow, wide in pairwise(allowed))
    assert allowed[0] == {Action.EDIT_PROFILE, Action.EDIT_CONTACTS}  # a stakeholder
    assert allowed[-1] == set(Action)


@pytest.mark.parametrize("action", [Action.MANAGE_OWNERS, Action.VIEW_MAILBOX, Action.MANAGE_ACCOUNT])
def test_some_things_only_an_owner_may(action: Action) -> None:
    assert [role for role in Role if may(role, action)] == [Role.OWNER]


def test_only_an_owner_makes_an_owner() -> None:
    assert grantable(Role.OWNER) == tuple(Role)
    assert grantable(Role.ADMIN) == (Role.ADMIN, Role.USER, Role.STAKEHOLDER)
    assert grantable(Role.USER) == grantable(Role.STAKEHOLDER) == ()


@pytest.mark.parametrize("right", sorted(ASKED_FOR))
def test_what_is_granted_is_allowed_and_what_is_disallowed_is_not(right: str) -> None:
    granted = rights_of(Role.USER, custom("user", {right}))
    disallowed = rights_of(Role.USER, custom("user", {right}, {right}))

    assert granted == RIGHTS[Role.USER] | ASKED_FOR[right]
    assert disallowed == RIGHTS[Role.USER] - ASKED_FOR[right]


@given(BASES, NAMES, NAMES)
def test_a_custom_role_is_its_base_and_what_is_granted_less_what_is_disallowed(
    base: str, granted: set[str], disallowed: set[str]
) -> None:
    role = custom(base, granted, disallowed)

    allowed = rights_of(role.role, role)

    for action in Action:
        names = {name for name, actions in ASKED_FOR.items() if action in actions}
        wanted = (action in RIGHTS[role.role] or bool(names & granted)) and not names & disallowed
        assert (action in allowed) == (wanted and (base == "user" or action in FREE)), action
    assert not allowed & {Action.MANAGE_BILLING, Action.MANAGE_OWNERS, Action.MANAGE_KEYS, Action.MANAGE_USERS}


@given(NAMES)
def test_what_a_role_without_a_licence_is_granted_it_has(granted: set[str]) -> None:
    fitting = granted - set(unlicensed(Role.STAKEHOLDER, granted))

    allowed = rights_of(Role.STAKEHOLDER, custom("stakeholder", fitting))

    assert allowed >= {action for name in fitting for action in ASKED_FOR.get(name, ())}
    assert unlicensed(Role.USER, granted) == []
