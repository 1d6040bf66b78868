"""Accounts, users, contacts, teams, integrations and what they may do. Pure."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

KEY_FORMAT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Role(StrEnum):
    """What a person may do in an account, widest first."""

    OWNER = "owner"
    ADMIN = "admin"
    USER = "user"
    STAKEHOLDER = "stakeholder"


class UserStatus(StrEnum):
    """Only an active user can sign in; invited and active ones are told about alerts."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class LicenceKind(StrEnum):
    """A responder may act and is counted; a stakeholder is only told, and is not."""

    RESPONDER = "responder"
    STAKEHOLDER = "stakeholder"


class ContactMethod(StrEnum):
    """The ways to reach a person. Those of OFFERED can be added; push is played in rehearsals."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SMS = "sms"
    VOICE = "voice"
    PUSH = "push"


OFFERED = (ContactMethod.EMAIL, ContactMethod.WEBHOOK, ContactMethod.SMS, ContactMethod.VOICE)

TELEPHONE = frozenset({ContactMethod.SMS, ContactMethod.VOICE})
"""The methods whose address is a telephone number. There is no channel for them yet, so none is ever verified."""


class Right(StrEnum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    CONFIGURATION = "configuration"
    BILLING = "billing"  # given by an owner alone. Source: licensing requirements M13


@dataclass(frozen=True, slots=True)
class Account:
    """The tenant: who owns rows and pays."""

    id: int
    name: str
    time_zone: str
    locale: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person in one account. `username` is the e-mail address in lower case."""

    account_id: int
    id: UUID
    username: str
    full_name: str
    role: Role
    licence_kind: LicenceKind
    status: UserStatus
    time_zone: str
    locale: str
    created_at: datetime
    verified_at: datetime | None = None
    inactive_since: datetime | None = None  # over the plan's limit: told nothing, signed out, and kept as he was
    role_id: UUID | None = None  # a custom role; `role` is then what it is based on

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))
        object.__setattr__(self, "licence_kind", LicenceKind(self.licence_kind))
        object.__setattr__(self, "status", UserStatus(self.status))


@dataclass(frozen=True, slots=True)
class Particulars:
    """What an account keeps of a person beside his profile. `address` has the fields of ADDRESS_FIELDS."""

    skype_username: str = ""
    address: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    details: dict[str, list[str]] = field(default_factory=dict)
    language_tag: str = ""  # his locale as a client of the API spells it


ADDRESS_FIELDS = ("country", "state", "city", "line", "zipCode")


@dataclass(frozen=True, slots=True)
class CustomRole:
    """What `base` may do, and what is granted beyond and disallowed of it, by the names of rights."""

    account_id: int
    id: UUID
    name: str
    base: str  # user, observer or stakeholder
    granted: list[str]
    disallowed: list[str]
    created_at: datetime

    @property
    def role(self) -> Role:
        """The built-in role that it counts as; an observer is a stakeholder. Source: licensing requirements R8.1"""
        return Role.USER if self.base == "user" else Role.STAKEHOLDER


@dataclass(frozen=True, slots=True)
class Contact:
    """An address on a channel. It is used only when it is enabled and verified."""

    account_id: int
    id: UUID
    user_id: UUID
    method: ContactMethod
    address: str
    enabled: bool
    verified_at: datetime | None
    created_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", ContactMethod(self.method))


@dataclass(frozen=True, slots=True)
class Team:
    """People who share schedules, escalations and alerts."""

    account_id: int
    id: UUID
    name: str
    description: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TeamMember:
    """One person's place in one team."""

    team_id: UUID
    user_id: UUID
    username: str
    full_name: str
    role: str


@dataclass(frozen=True, slots=True)
class Integration:
    """A key's holder. Type `API` may create alerts; type `Key` (a settings key) may not."""

    account_id: int
    id: UUID
    name: str
    type: str
    enabled: bool
    allow_read_access: bool
    allow_write_access: bool
    allow_delete_access: bool
    allow_configuration_access: bool
    team_id: UUID | None
    responders: list[dict[str, Any]] = field(default_factory=list)
    allow_billing_access: bool = False

    def allows(self, right: Right) -> bool:
        """Does the key hold `right`?"""
        return {
            Right.READ: self.allow_read_access,
            Right.WRITE: self.allow_write_access,
            Right.DELETE: self.allow_delete_access,
            Right.CONFIGURATION: self.allow_configuration_access,
            Right.BILLING: self.allow_billing_access,
        }[right]


def is_key(text: str) -> bool:
    """Is `text` shaped like an API key (a UUID)? Source: reference, conventions: a malformed key is 422."""
    return KEY_FORMAT.fullmatch(text) is not None


def key_hash(key: str) -> bytes:
    """What is stored of a key: SHA-256 of its lower-case text. Keys are 122 random bits, so no salt is needed."""
    return hashlib.sha256(key.lower().encode()).digest()
