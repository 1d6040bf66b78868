"""Findings: what is wrong, how grave it is, and of what. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error: somebody is not told who should be. A warning: it hangs by a thread, or is not as meant. A hint: it
    works, and is worth a look."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


GRAVITY = tuple(Severity)


class Code(StrEnum):
    COVERAGE_GAP = "coverage-gap"
    DISABLED_IN_USE = "disabled-in-use"
    ONE_PERSON_ROTATION = "one-person-rotation"
    OVERRIDE_CLASH = "override-clash"
    LITTLE_REST = "little-rest"
    LONG_DUTY = "long-duty"
    TOLD_NOTHING = "told-nothing"
    RULE_NEVER_MATCHES = "rule-never-matches"
    ROUTED_TO_NOTHING = "routed-to-nothing"
    ROUTED_TO_NOBODY = "routed-to-nobody"
    ESCALATION_TELLS_NOBODY = "escalation-tells-nobody"
    ESCALATION_ENDS_WITH_NOBODY = "escalation-ends-with-nobody"
    FIRST_AND_SECOND = "first-and-second-the-same"
    LOOP = "loop"
    FORWARDING_LOOP = "forwarding-loop"
    FORWARDING_RESTS = "forwarding-rests"
    NO_CONTACT = "no-contact"
    ONE_CHANNEL = "one-channel"
    NO_RULE = "no-rule"


class ObjectType(StrEnum):
    SCHEDULE = "schedule"
    ESCALATION = "escalation"
    ROUTING_RULE = "routing-rule"
    TEAM = "team"
    USER = "user"
    FORWARDING = "forwarding"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `facts` holds what its sentence needs, by code: ids of people, instants, names of things."""

    code: Code
    severity: Severity
    object_type: ObjectType
    object_id: str
    object_name: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, str, str, str, str, str]:
        """What findings are sorted by: the gravest first, then by object."""
        return (
            GRAVITY.index(self.severity), self.object_type, self.object_name.casefold(), self.object_id, self.code,
            repr(sorted(self.facts.items())),
        )  # fmt: skip
