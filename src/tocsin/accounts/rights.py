"""Who may do what: one table of roles and actions. Pure."""

from enum import StrEnum

from tocsin.accounts.model import Role


class Action(StrEnum):
    """What a page lets a person do beyond looking after himself."""

    VIEW = "view"  # alerts, who is on call, teams
    RESPOND = "respond"  # acknowledge, close, note: what a responder does
    CONFIGURE = "configure"  # teams, schedules, escalations, integrations
    MANAGE_USERS = "manage-users"
    MANAGE_OWNERS = "manage-owners"
    MANAGE_KEYS = "manage-keys"
    VIEW_AUDIT = "view-audit"
    VIEW_MAILBOX = "view-mailbox"  # it holds links that sign in
    MANAGE_ACCOUNT = "manage-account"
    MANAGE_BILLING = "manage-billing"  # subscription, invoices, cards, deletion: owners alone. Source: M13


_STAKEHOLDER: frozenset[Action] = frozenset()  # his own profile, and what incidents tell him. Source: R8.3
_USER = frozenset({Action.VIEW, Action.RESPOND})
_ADMIN = _USER | {Action.CONFIGURE, Action.MANAGE_USERS, Action.MANAGE_KEYS, Action.VIEW_AUDIT}
_OWNER = frozenset(Action)

RIGHTS: dict[Role, frozenset[Action]] = {
    Role.STAKEHOLDER: _STAKEHOLDER,
    Role.USER: _USER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}


CONFIGURING = frozenset({Action.CONFIGURE, Action.MANAGE_USERS, Action.MANAGE_KEYS, Action.MANAGE_ACCOUNT})
"""What an account may not do while an invoice is long unpaid."""


def may(role: Role, action: Action) -> bool:
    """Does the role allow the action?"""
    return action in RIGHTS[role]


def grantable(by: Role) -> tuple[Role, ...]:
    """The roles that a person of role `by` may give and take, widest first; only an owner makes or unmakes owners."""
    if may(by, Action.MANAGE_OWNERS):
        return tuple(Role)
    if may(by, Action.MANAGE_USERS):
        return tuple(role for role in Role if role is not Role.OWNER)
    return ()
