from itertools import pairwise

import pytest

from tocsin.accounts.model import Role
from tocsin.accounts.rights import Action, grantable, may


def test_each_role_may_what_the_narrower_one_may() -> None:
    allowed = [{action for action in Action if may(role, action)} for role in reversed(Role)]

    assert allowed == sorted(allowed, key=len)
    assert all(narrow < wide for narrow, wide in pairwise(allowed))
    assert allowed[0] == set()  # a stakeholder: his own profile
    assert allowed[-1] == set(Action)


@pytest.mark.parametrize("action", [Action.MANAGE_OWNERS, Action.VIEW_MAILBOX, Action.MANAGE_ACCOUNT])
def test_some_things_only_an_owner_may(action: Action) -> None:
    assert [role for role in Role if may(role, action)] == [Role.OWNER]


def test_only_an_owner_makes_an_owner() -> None:
    assert grantable(Role.OWNER) == tuple(Role)
    assert grantable(Role.ADMIN) == (Role.ADMIN, Role.USER, Role.STAKEHOLDER)
    assert grantable(Role.USER) == grantable(Role.STAKEHOLDER) == ()
