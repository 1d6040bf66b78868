"""Who may do what: one table of roles and actions, and what a custom role changes about it. Pure.

A custom role is what its base may do, more what is granted, less what is disallowed, in the names of rights that the
API has. A right that this program asks for is one or more of its actions; the others are kept and change nothing.
Source: plans §6, reference, custom user roles
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from tocsin.accounts.model import CustomRole, Role


class Action(StrEnum):
    """What a page lets a person do."""

    VIEW = "view"  # alerts
    VIEW_ON_CALL = "view-on-call"  # who is on call, in every team
    VIEW_CONFIGURATION = "view-configuration"  # teams, schedules, escalations
    RESPOND = "respond"  # takes part in alerts: what every responder may
    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGE_ALL = "acknowledge-all"  # several at once
    UNACKNOWLEDGE = "unacknowledge"
    CLOSE = "close"
    CLOSE_ALL = "close-all"  # several at once
    SNOOZE = "snooze"
    ADD_NOTE = "add-note"
    ASSIGN = "assign"
    TAKE_OWNERSHIP = "take-ownership"
    ADD_RESPONDER = "add-responder"
    ADD_TEAM = "add-team"
    ESCALATE = "escalate"
    EDIT_PRIORITY = "edit-priority"
    EDIT_TAGS = "edit-tags"
    EDIT_DETAILS = "edit-details"
    EXECUTE = "execute"  # an alert's own actions
    ATTACH = "attach"
    DETACH = "detach"
    CONFIGURE = "configure"  # teams, schedules, escalations, integrations
    DELETE_CONFIGURATION = "delete-configuration"  # of what one may configure
    EDIT_PROFILE = "edit-profile"  # one's own, as all that follow
    EDIT_CONTACTS = "edit-contacts"
    EDIT_NOTIFICATION_RULES = "edit-notification-rules"
    EDIT_QUIET_HOURS = "edit-quiet-hours"
    MANAGE_USERS = "manage-users"
    MANAGE_ROLES = "manage-roles"  # custom ones; who has them is the users' manager's
    MANAGE_OWNERS = "manage-owners"
    MANAGE_KEYS = "manage-keys"
    VIEW_AUDIT = "view-audit"
    VIEW_MAILBOX = "view-mailbox"  # it holds links that sign in
    MANAGE_ACCOUNT = "manage-account"
    MANAGE_BILLING = "manage-billing"  # subscription, invoices, cards, deletion: owners alone. Source: M13


_STAKEHOLDER = frozenset({Action.EDIT_PROFILE, Action.EDIT_CONTACTS})  # and what incidents tell him. Source: R8.3
_USER = frozenset({it for it in Action if it not in {
    Action.CONFIGURE, Action.MANAGE_USERS, Action.MANAGE_ROLES, Action.MANAGE_OWNERS, Action.MANAGE_KEYS,
    Action.VIEW_AUDIT, Action.VIEW_MAILBOX, Action.MANAGE_ACCOUNT, Action.MANAGE_BILLING,
}})  # fmt: skip
_ADMIN = _USER | {
    Action.CONFIGURE, Action.MANAGE_USERS, Action.MANAGE_ROLES, Action.MANAGE_KEYS, Action.VIEW_AUDIT,
}  # fmt: skip
_OWNER = frozenset(Action)

RIGHTS: dict[Role, frozenset[Action]] = {
    Role.STAKEHOLDER: _STAKEHOLDER,
    Role.USER: _USER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}

FREE = _STAKEHOLDER | {Action.EDIT_NOTIFICATION_RULES, Action.EDIT_QUIET_HOURS}
"""What needs no responder's licence, so that a role based on a stakeholder may have it. Source: R8.2, R8.3"""

ASKED_FOR: Mapping[str, frozenset[Action]] = {
    "see-alerts": frozenset({Action.VIEW}),
    "who-is-on-call-show-all": frozenset({Action.VIEW_ON_CALL}),
    "alert-acknowledge": frozenset({Action.ACKNOWLEDGE}),
    "alert-acknowledge-all": frozenset({Action.ACKNOWLEDGE_ALL}),
    "alert-unacknowledge": frozenset({Action.UNACKNOWLEDGE}),
    "alert-close": frozenset({Action.CLOSE}),
    "alert-close-all": frozenset({Action.CLOSE_ALL}),
    "alert-snooze": frozenset({Action.SNOOZE}),
    "alert-add-note": frozenset({Action.ADD_NOTE}),
    "alert-assign-ownership": frozenset({Action.ASSIGN}),
    "alert-take-ownership": frozenset({Action.TAKE_OWNERSHIP}),
    "alert-add-responder": frozenset({Action.ADD_RESPONDER}),
    "alert-add-team": frozenset({Action.ADD_TEAM}),
    "alert-escalate": frozenset({Action.ESCALATE}),
    "alert-update-priority": frozenset({Action.EDIT_PRIORITY}),
    "alert-edit-tags": frozenset({Action.EDIT_TAGS}),
    "alert-edit-details": frozenset({Action.EDIT_DETAILS}),
    "alert-custom-action": frozenset({Action.EXECUTE}),
    "alert-add-attachment": frozenset({Action.ATTACH}),
    "alert-delete-attachment": frozenset({Action.DETACH}),
    "configurations-read-only": frozenset({Action.VIEW_CONFIGURATION}),
    "configurations-edit": frozenset({Action.CONFIGURE}),
    "configurations-delete": frozenset({Action.DELETE_CONFIGURATION}),
    "profile-edit": frozenset({Action.EDIT_PROFILE}),
    "contacts-edit": frozenset({Action.EDIT_CONTACTS}),
    "notification-rules-edit": frozenset({Action.EDIT_NOTIFICATION_RULES}),
    "quiet-hours-edit": frozenset({Action.EDIT_QUIET_HOURS}),
    "manage-roles": frozenset({Action.MANAGE_ROLES}),
    "logs-page-access": frozenset({Action.VIEW_AUDIT}),
}
"""The rights that this program asks for."""

RIGHT_NAMES = frozenset(ASKED_FOR) | frozenset(
    [
        "access-icc-past-sessions",
        "alert-action",
        "alert-add-recipient",
        "alert-create",
        "alert-create-issue",
        "alert-delete",
        "alert-delete-note",
        "alert-grant-visibility",
        "alert-link-issue",
        "alert-update-description",
        "alert-update-message",
        "alert-update-note",
        "alerts-access-all",
        "assign-response-role",
        "billing-manage",
        "create-icc-session",
        "delete-incident-command-center-room",
        "edit-impacted-services",
        "edit-incident-command-center-room",
        "forwardings-edit",
        "incident-action",
        "incident-add-note",
        "incident-add-responder",
        "incident-add-stakeholder",
        "incident-associate-alerts",
        "incident-close",
        "incident-create",
        "incident-create-issue",
        "incident-custom-action",
        "incident-delete",
        "incident-dissociate-alerts",
        "incident-edit-details",
        "incident-edit-impact-times",
        "incident-edit-message",
        "incident-edit-postmortem-fields",
        "incident-edit-tags",
        "incident-link-issue",
        "incident-remove-responder",
        "incident-reopen",
        "incident-resolve",
        "incident-timeline-create",
        "incident-timeline-delete",
        "incident-timeline-edit",
        "incident-update-priority",
        "incident-commander",
        "incidents-access-all",
        "it-user-functionality",
        "join-icc-session",
        "login-email-edit",
        "maintenance-edit",
        "mass-notification-create",
        "parent-login-as-user",
        "postmortem-access-published",
        "postmortem-access-unpublished",
        "postmortem-create",
        "postmortem-delete",
        "postmortem-edit",
        "profile-custom-fields-edit",
        "reports-access",
        "service-access",
        "service-access-status",
        "service-send-status-update",
        "slack-channel-create",
        "slack-channel-unlink",
        "update-login-as-user-state",
        "update-potential-causes",
    ]
)
"""Every right that the API knows. Source: reference, custom user roles"""


def rights_of(role: Role, custom: CustomRole | None = None) -> frozenset[Action]:
    """All that a person of this role may do; of a custom role too, whose base `role` is.

    What is granted and disallowed is disallowed. A role without a responder's licence never gets what needs one.
    """
    if custom is None:
        return RIGHTS[role]
    allowed = (RIGHTS[role] | _actions(custom.granted)) - _actions(custom.disallowed)
    return allowed if role is not Role.STAKEHOLDER else allowed & FREE


def unlicensed(base: Role, granted: Iterable[str]) -> list[str]:
    """Those rights that a role of this base cannot be granted, for it takes no responder's licence."""
    return [it for it in granted if base is Role.STAKEHOLDER and not ASKED_FOR.get(it, frozenset()) <= FREE]


def _actions(names: Iterable[str]) -> frozenset[Action]:
    return frozenset(action for name in names for action in ASKED_FOR.get(name, ()))


CONFIGURING = frozenset(
    {Action.CONFIGURE, Action.MANAGE_USERS, Action.MANAGE_ROLES, Action.MANAGE_KEYS, Action.MANAGE_ACCOUNT}
)
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
