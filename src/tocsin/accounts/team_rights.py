"""What a member may do in a team, by the role he has there. Pure.

Source: reference, teams (team roles)
"""

from collections.abc import Mapping
from enum import StrEnum

ADMIN, USER = "admin", "user"


class TeamRight(StrEnum):
    """What a team's own role may grant. An admin of the team holds all of them, a user none."""

    MANAGE_MEMBERS = "manage-members"
    EDIT_TEAM_ROLES = "edit-team-roles"
    DELETE_TEAM_ROLES = "delete-team-roles"
    ACCESS_MEMBER_PROFILES = "access-member-profiles"
    EDIT_MEMBER_PROFILES = "edit-member-profiles"
    EDIT_ROUTING_RULES = "edit-routing-rules"
    DELETE_ROUTING_RULES = "delete-routing-rules"
    EDIT_ESCALATIONS = "edit-escalations"
    DELETE_ESCALATIONS = "delete-escalations"
    EDIT_SCHEDULES = "edit-schedules"
    DELETE_SCHEDULES = "delete-schedules"
    EDIT_INTEGRATIONS = "edit-integrations"
    DELETE_INTEGRATIONS = "delete-integrations"
    EDIT_HEARTBEATS = "edit-heartbeats"
    DELETE_HEARTBEATS = "delete-heartbeats"
    ACCESS_REPORTS = "access-reports"
    EDIT_SERVICES = "edit-services"
    DELETE_SERVICES = "delete-services"
    EDIT_ROOMS = "edit-rooms"
    DELETE_ROOMS = "delete-rooms"
    EDIT_POLICIES = "edit-policies"
    DELETE_POLICIES = "delete-policies"
    EDIT_MAINTENANCE = "edit-maintenance"
    DELETE_MAINTENANCE = "delete-maintenance"
    EDIT_AUTOMATION_ACTIONS = "edit-automation-actions"
    DELETE_AUTOMATION_ACTIONS = "delete-automation-actions"
    SUBSCRIPTION_TO_SERVICES = "subscription-to-services"


def allows(role: str | None, own: Mapping[str, Mapping[str, bool]], right: TeamRight | None) -> bool:
    """May somebody with this role in the team (None: no member) do what `right` grants? `own` are the team's roles.

    None stands for what no role grants: only an admin of the team may.
    """
    if role == ADMIN:
        return True
    return right is not None and role is not None and bool(own.get(role, {}).get(right.value, False))
