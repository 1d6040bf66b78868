"""The features and limits that plans differ in: what each is called, and which values it takes. Pure.

A price book gives every plan a value for each of them. A feature is sold only where the program really asks for it:
the gate that asks registers its key here. Source: licensing requirements part 2, plans §3
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tocsin.i18n import N_


class FeatureKind(StrEnum):
    """What a feature's value is."""

    SWITCH = "switch"  # bool
    COUNT = "count"  # int, or None: unlimited
    DURATION = "duration"  # timedelta, or None: unlimited
    CHOICE = "choice"  # one of `choices`, from the least to the most


FeatureValue = bool | int | timedelta | str | None
"""None is "unlimited"."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of the feature matrix. `words` and `choice_words` are marked for translation."""

    key: str
    kind: FeatureKind
    words: str
    choices: Mapping[str, str] | None = None  # key → words


def _switch(key: str, words: str) -> Feature:
    return Feature(key, FeatureKind.SWITCH, words)


def _count(key: str, words: str) -> Feature:
    return Feature(key, FeatureKind.COUNT, words)


def _duration(key: str, words: str) -> Feature:
    return Feature(key, FeatureKind.DURATION, words)


def _choice(key: str, words: str, **choices: str) -> Feature:
    return Feature(key, FeatureKind.CHOICE, words, choices)


_ALL = (
    _count("schedules", N_("Schedules")),
    _count("escalations", N_("Escalations")),
    _count("routing_rules", N_("Routing rules per team")),
    _choice(
        "routing_conditions",
        N_("What routing rules look at"),
        priority_and_tags=N_("priority and tags"),
        any_field=N_("any field"),
    ),
    _choice(
        "notification_rules",
        N_("Personal notification rules"),
        one_per_event=N_("one per event"),
        custom=N_("any number, with conditions"),
    ),
    _count("policies", N_("Alert and notification policies for the account")),
    _count("team_policies", N_("Alert and notification policies per team")),
    _switch("maintenance", N_("Maintenance windows")),
    _switch("configuration_api", N_("Configuration through the API and Terraform")),
    _count("integrations", N_("Integrations")),
    _count("heartbeats", N_("Heartbeats")),
    _count("incidents_per_month", N_("Incidents per month")),
    _switch("services", N_("Services")),
    _switch("command_center", N_("Incident command center")),
    _count("postmortems_per_month", N_("Postmortems per month")),
    _switch("service_status", N_("Service status for stakeholders")),
    _count("status_pages", N_("Public status pages")),
    _switch("chat", N_("Chat: Slack and Microsoft Teams")),
    _switch("sso", N_("Single sign-on (SAML)")),
    _switch("scim", N_("User provisioning (SCIM)")),
    _switch("custom_roles", N_("Custom roles")),
    _duration("report_history", N_("Reports reach back")),
    _switch("report_export", N_("Export of reports")),
    _duration("audit_history", N_("Audit log reaches back")),
    _duration("retention", N_("Closed alerts and incidents are kept")),
)

FEATURES: Mapping[str, Feature] = {feature.key: feature for feature in _ALL}

_gates: set[str] = set()


def gate(key: str) -> str:
    """`key`, registered as one that the program asks for; called where the gate is defined. Raises: KeyError."""
    _gates.add(FEATURES[key].key)
    return key


def has_gate(key: str) -> bool:
    """Whether the program asks for this feature anywhere: only then it is shown and sold."""
    return key in _gates
