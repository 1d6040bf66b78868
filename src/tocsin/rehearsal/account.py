"""The account of a scenario: people, teams, schedules, escalations in the API's JSON shapes. Pure.

Whatever is absent is as the product makes it: a person has an e-mail contact and is mailed at once, a team has its
schedule, escalation and routing rule. Source: reference, account-users, teams, schedules, escalations-forwarding,
notification-rules
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from tocsin.accounts.directory import Reference
from tocsin.accounts.model import ContactMethod, Role
from tocsin.alerts import criteria
from tocsin.alerts.criteria import MATCH_ALL, Criteria
from tocsin.errors import Invalid
from tocsin.escalations.escalation import Condition, NotifyType
from tocsin.i18n import LOCALES
from tocsin.licensing.numbers import region_of
from tocsin.notifications.plan import ActionType, NotificationTime
from tocsin.notifications.rules import MINUTE, REPEAT_LIMIT
from tocsin.rehearsal.plans import (
    AccountPlan,
    ContactPlan,
    EscalationPlan,
    EscalationRulePlan,
    ForwardingPlan,
    OverridePlan,
    RepeatPlan,
    RotationPlan,
    RoutePlan,
    RulePlan,
    SchedulePlan,
    StepPlan,
    TeamPlan,
    UserPlan,
)
from tocsin.schedules import restrictions
from tocsin.schedules.restrictions import Restriction
from tocsin.schedules.rotation import ParticipantKind, RotationKind
from tocsin.wall import snapped, wall_clock, wall_instant
from tocsin.yaml_tree import Fields, Node

OWNER = "owner@example.com"  # added where no user is an owner, for an account has one, and the last resort writes there
ACTION_TYPES = (
    ActionType.CREATE_ALERT,
    ActionType.RENOTIFIED_ALERT,
    ActionType.ACKNOWLEDGED_ALERT,
    ActionType.CLOSED_ALERT,
    ActionType.ASSIGNED_ALERT,
    ActionType.ADD_NOTE,
    ActionType.SCHEDULE_START,
    ActionType.SCHEDULE_END,
)
PLANS = ("free", "trial")
TIME_UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}
RESPONDER_TYPES = ("team", "user", "schedule", "escalation")
TOP_LENGTH = 10_000
HALF_HOUR = timedelta(minutes=30)
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Names:
    """What may be referred to: each thing's name by its type."""

    user: frozenset[str]
    team: frozenset[str]
    schedule: frozenset[str]
    escalation: frozenset[str]

    def of(self, kind: str) -> frozenset[str]:
        found: frozenset[str] = getattr(self, kind)
        return found


def parse_account(node: Node, start: datetime) -> AccountPlan:
    """The account that the file describes. Raises: Invalid, naming the place."""
    fields = node.fields(
        "name", "timeZone", "locale", "plan", "currency", "country", "vatId", "users", "teams", "schedules",
        "escalations", "forwardingRules", "responders",
    )  # fmt: skip
    time_zone = _time_zone(fields, "timeZone", "UTC")
    locale = _locale(fields, "en")
    plan = fields.get("plan")
    names = _names(fields)
    users = [_user(it, time_zone, locale, names, start) for it in fields.items("users")]
    if not any(user.role is Role.OWNER for user in users):
        if OWNER in names.user:
            raise fields.need("users").refusal("Nobody has the role owner: give it to one of them.")
        users.append(_default_owner(time_zone, locale))
    teams = [_team(it, names) for it in fields.items("teams")]
    responders = fields.get("responders")
    return AccountPlan(
        name=fields.text("name", "Rehearsal"),
        time_zone=time_zone,
        locale=locale,
        users=tuple(users),
        teams=tuple(teams),
        schedules=tuple(_schedule(it, names, time_zone, start) for it in fields.items("schedules")),
        escalations=tuple(_escalation(it, names) for it in fields.items("escalations")),
        responders=(
            tuple(_reference(it, RESPONDER_TYPES, names) for it in responders.items())
            if responders is not None
            else tuple(Reference("team", name=team.name) for team in teams[:1])
        ),
        forwardings=_forwardings(fields.items("forwardingRules"), names, start),
        plan=plan.choice(PLANS, "plan") if plan is not None else "",
        currency=fields.text("currency", "USD"),
        country=fields.text("country", "US"),
        vat_id=fields.text("vatId"),
    )


def _names(fields: Fields) -> _Names:
    """Every name in the file, each once of its kind."""
    users = _unique(fields, "users", "username", lower=True)
    teams = _unique(fields, "teams", "name")
    return _Names(
        user=users,
        team=teams,
        schedule=_unique(fields, "schedules", "name") | {f"{team}_schedule" for team in teams},
        escalation=_unique(fields, "escalations", "name") | {f"{team}_escalation" for team in teams},
    )


def _unique(fields: Fields, key: str, name_key: str, *, lower: bool = False) -> frozenset[str]:
    found: set[str] = set()
    for item in fields.items(key):
        node = item.value.get(name_key) if isinstance(item.value, dict) else None
        if node is None:
            raise item.refusal(f"The key {name_key!r} is missing.")
        name = node.text().lower() if lower else node.text()
        if name in found:
            raise node.refusal(f"{name!r} is there twice.")
        found.add(name)
    return frozenset(found)


def _time_zone(fields: Fields, key: str, default: str) -> str:
    found = fields.get(key)
    return found.choice(_time_zones(), "time zone") if found is not None else default


@cache
def _time_zones() -> set[str]:
    return available_timezones()


def _locale(fields: Fields, default: str) -> str:
    found = fields.get("locale")
    if found is None:
        return default
    language = found.text().replace("-", "_").partition("_")[0].lower()
    return language if language in LOCALES else found.choice(LOCALES, "language")


def _default_owner(time_zone: str, locale: str) -> UserPlan:
    contact = ContactPlan(ContactMethod.EMAIL, OWNER)
    return UserPlan(OWNER, "Owner", Role.OWNER, time_zone, locale, False, (contact,), (_mail_at_once((contact,)),))


def _mail_at_once(contacts: Iterable[ContactPlan]) -> RulePlan:
    mails = [it for it in contacts if it.method is ContactMethod.EMAIL]
    steps = tuple(StepPlan(it.method, it.to, timedelta(0)) for it in mails)
    return RulePlan("New alert", ActionType.CREATE_ALERT.value, steps)


def _user(node: Node, time_zone: str, locale: str, names: _Names, start: datetime) -> UserPlan:
    fields = node.fields(
        "username", "fullName", "role", "timeZone", "locale", "blocked", "contacts", "notificationRules", "mutedUntil",
        "quietHours",
    )  # fmt: skip
    username = fields.need("username").text().lower()
    if not all(username.partition("@")):
        raise fields.need("username").refusal(f"{username!r} is no e-mail address, which a username is.")
    contacts = tuple(_contact(it) for it in fields.items("contacts"))
    _refuse_repeated(fields.items("contacts"), [(it.method, it.to) for it in contacts])
    if fields.get("contacts") is None:
        contacts = (ContactPlan(ContactMethod.EMAIL, username),)
    rules = tuple(_rule(it, contacts, names) for it in fields.items("notificationRules"))
    muted_until = fields.get("mutedUntil")
    if fields.get("notificationRules") is None:
        rules = (_mail_at_once(contacts),)
    role = fields.get("role")
    return UserPlan(
        username=username,
        full_name=fields.text("fullName", username.partition("@")[0].replace(".", " ").title()),
        role=Role(_role_name(role).choice(list(Role), "role")) if role is not None else Role.USER,
        time_zone=_time_zone(fields, "timeZone", time_zone),
        locale=_locale(fields, locale),
        blocked=fields.flag("blocked", False),
        contacts=contacts,
        rules=rules,
        muted_until=muted_until.instant(start) if muted_until is not None else None,
        quiet_hours=_restriction(fields, "quietHours"),
    )


def _restriction(fields: Fields, key: str = "timeRestriction") -> Restriction | None:
    return _understood(fields.get(key), restrictions.from_json)


def _criteria(fields: Fields) -> Criteria:
    return _understood(fields.get("criteria"), criteria.from_json) or MATCH_ALL


def _understood(node: Node | None, read: Callable[[Any], Made]) -> Made | None:
    """What `read` makes of it; None where it is absent. Raises: Invalid, naming the place."""
    if node is None:
        return None
    try:
        return read(node.plain())
    except Invalid as error:
        said = "; ".join(f"{field}: {text}" for field, text in error.errors.items())
        raise node.refusal(f"{error.message} {said}".strip()) from None


def _role_name(node: Node) -> Node:
    """`{name: Admin}`, as the API has it, or the name alone."""
    return node.fields("name").need("name") if isinstance(node.value, dict) else node


def _contact(node: Node) -> ContactPlan:
    fields = node.fields("method", "to", "enabled")
    method = ContactMethod(fields.need("method").choice(list(ContactMethod), "method"))
    to = fields.need("to")
    if method in {ContactMethod.SMS, ContactMethod.VOICE}:
        try:
            region_of(to.text())
        except Invalid as error:
            raise to.refusal(error.message) from None
    return ContactPlan(method, to.text(), fields.flag("enabled", True))


def _rule(node: Node, contacts: Iterable[ContactPlan], names: _Names) -> RulePlan:
    fields = node.fields(
        "name", "actionType", "enabled", "steps", "criteria", "timeRestriction", "repeat", "notificationTime",
        "schedules",
    )  # fmt: skip
    action_type = fields.need("actionType").choice(ACTION_TYPES, "action type")
    repeat = fields.get("repeat")
    return RulePlan(
        name=fields.text("name", action_type),
        action_type=action_type,
        steps=tuple(_rule_step(it, contacts) for it in fields.items("steps")),
        enabled=fields.flag("enabled", True),
        criteria=_criteria(fields),
        restriction=_restriction(fields),
        repeat_after=_loop_after(repeat) if repeat is not None else None,
        times=tuple(
            NotificationTime(it.choice(list(NotificationTime), "time")) for it in fields.items("notificationTime")
        ),
        schedules=tuple(_reference(it, ("schedule",), names).name for it in fields.items("schedules")),
    )


def _loop_after(node: Node) -> timedelta | None:
    """`{loopAfter: 10, enabled: true}`, in minutes; None where it is off."""
    fields = node.fields("loopAfter", "enabled")
    after = timedelta(minutes=fields.need("loopAfter").integer(1, REPEAT_LIMIT // MINUTE))
    return after if fields.flag("enabled", True) else None


def _rule_step(node: Node, contacts: Iterable[ContactPlan]) -> StepPlan:
    fields = node.fields("contact", "sendAfter", "enabled")
    contact = contact_named(fields.need("contact"), {(it.method, it.to) for it in contacts})
    after = fields.get("sendAfter")
    return StepPlan(*contact, _duration(after) if after is not None else timedelta(0), fields.flag("enabled", True))


def contact_named(node: Node, known: Iterable[tuple[ContactMethod, str]] | None) -> tuple[ContactMethod, str]:
    """The method and address of `{method, to}`, one of those `known` if they are. Raises: Invalid."""
    fields = node.fields("method", "to")
    method = ContactMethod(fields.need("method").choice(list(ContactMethod), "method"))
    to = fields.need("to")
    if known is None:
        return method, to.text()
    return method, to.choice([address for kind, address in known if kind is method], f"{method} contact")


def _duration(node: Node) -> timedelta:
    """`{timeAmount: 5, timeUnit: minutes}`."""
    fields = node.fields("timeAmount", "timeUnit")
    unit = fields.get("timeUnit")
    name = unit.choice(TIME_UNITS, "time unit") if unit is not None else "minutes"
    return fields.need("timeAmount").integer(0, TOP_LENGTH) * TIME_UNITS[name]


def _team(node: Node, names: _Names) -> TeamPlan:
    fields = node.fields("name", "members", "routingRules")
    routes = []
    for item in fields.items("routingRules"):
        routes.append(_route(item, names))
        if routes[-1].is_default and any(it.is_default for it in routes[:-1]):
            raise item.refusal("A team has one default routing rule.")
    members = tuple(_member(it, names) for it in fields.items("members"))
    return TeamPlan(fields.text("name"), members, tuple(routes))


def _member(node: Node, names: _Names) -> tuple[str, str]:
    fields = node.fields("user", "role")
    user = fields.need("user").fields("username").need("username").choice(names.user, "user")
    role = fields.get("role")
    return user, role.choice(["user", "admin"], "role") if role is not None else "user"


def _route(node: Node, names: _Names) -> RoutePlan:
    """A rule; without criteria, hours or `isDefault: false` it is the default rule."""
    fields = node.fields("name", "isDefault", "notify", "criteria", "timezone", "timeRestriction")
    asks = any(fields.get(key) is not None for key in ("criteria", "timezone", "timeRestriction"))
    is_default = fields.flag("isDefault", not asks)
    if is_default and asks:
        raise node.refusal("The default rule has neither criteria nor hours: it holds when no other does.")
    return RoutePlan(
        name=fields.text("name"),
        target=_reference(fields.need("notify"), ("schedule", "escalation", "none"), names),
        is_default=is_default,
        criteria=_criteria(fields),
        restriction=_restriction(fields),
        time_zone=_time_zone(fields, "timezone", "") or None,
    )


def _forwardings(nodes: Sequence[Node], names: _Names, start: datetime) -> tuple[ForwardingPlan, ...]:
    found = []
    for number, node in enumerate(nodes, 1):
        fields = node.fields("alias", "fromUser", "toUser", "startDate", "endDate")
        starts_at, ends_at = _span(fields, start, open_ended=False)
        assert ends_at is not None  # noqa: S101 - the end is needed
        from_user, to_user = (
            fields.need(key).fields("username").need("username").choice(names.user, "user")
            for key in ("fromUser", "toUser")
        )
        if from_user == to_user:
            raise fields.need("toUser").refusal("Nobody forwards to himself.")
        found.append(
            ForwardingPlan(fields.text("alias", f"forwarding {number}"), from_user, to_user, starts_at, ends_at)
        )
    _refuse_repeated(nodes, [it.alias for it in found])
    return tuple(found)


def _reference(node: Node, kinds: Iterable[str], names: _Names) -> Reference:
    """`{type: user, username}`, `{type: team, name}`, or `{type: none}` where that is one of `kinds`."""
    fields = node.fields("type", "name", "username")
    username = fields.get("username")
    if fields.get("type") is None and username is not None and "user" in kinds:
        kind = "user"
    else:
        kind = fields.need("type").choice(kinds, "type")
    if kind == "none":
        return Reference("none")
    named = (username or fields.get("name") or fields.need("username")) if kind == "user" else fields.need("name")
    return Reference(kind, name=named.choice(names.of(kind), kind))


def _owner_team(fields: Fields, names: _Names) -> str | None:
    found = fields.get("ownerTeam")
    return found.fields("name").need("name").choice(names.team, "team") if found is not None else None


def _schedule(node: Node, names: _Names, time_zone: str, start: datetime) -> SchedulePlan:
    fields = node.fields("name", "timezone", "enabled", "ownerTeam", "rotations", "overrides")
    zone = _time_zone(fields, "timezone", time_zone)
    rotations = tuple(_rotation(it, i, names, start, ZoneInfo(zone)) for i, it in enumerate(fields.items("rotations")))
    known = [rotation.name for rotation in rotations]
    given = fields.items("overrides")
    overrides = tuple(_override(it, i, names, known, start) for i, it in enumerate(given))
    _refuse_repeated(given, [override.alias for override in overrides])
    return SchedulePlan(
        name=fields.need("name").text(),
        time_zone=zone,
        enabled=fields.flag("enabled", True),
        team=_owner_team(fields, names),
        rotations=rotations,
        overrides=overrides,
    )


def _refuse_repeated(nodes: Sequence[Node], names: Sequence[object]) -> None:
    """Raises: Invalid at the first of `nodes` whose name an earlier one has."""
    for index, (node, name) in enumerate(zip(nodes, names, strict=True)):
        if name in names[:index]:
            raise node.refusal("The same is there twice.")


def _span(fields: Fields, start: datetime, *, open_ended: bool) -> tuple[datetime, datetime | None]:
    starts_at = fields.need("startDate").instant(start)
    end = fields.get("endDate") if open_ended else fields.need("endDate")
    ends_at = end.instant(start) if end is not None else None
    if end is not None and ends_at is not None and ends_at <= starts_at:
        raise end.refusal("The end does not lie after the start.")
    return starts_at, ends_at


def _snapped(at: datetime, zone: ZoneInfo) -> datetime:
    """On the half hour of the schedule's clock, as the product keeps rotations."""
    wall = snapped(wall_clock(at, zone))
    return wall_instant(wall.date(), wall.time(), zone)


def _rotation(node: Node, index: int, names: _Names, start: datetime, zone: ZoneInfo) -> RotationPlan:
    fields = node.fields("name", "type", "length", "startDate", "endDate", "participants", "timeRestriction")
    length = fields.get("length")
    starts_at, ends_at = _span(fields, start, open_ended=True)
    starts_at = _snapped(starts_at, zone)
    ends_at = max(_snapped(ends_at, zone), starts_at + HALF_HOUR) if ends_at is not None else None
    participants = fields.need("participants").items()
    if not participants:
        raise fields.need("participants").refusal("A rotation has at least one participant.")
    return RotationPlan(
        name=fields.text("name", f"Rotation {index + 1}"),
        kind=RotationKind(fields.need("type").choice(list(RotationKind), "type")),
        length=length.integer(1, TOP_LENGTH) if length is not None else 1,
        starts_at=starts_at,
        ends_at=ends_at,
        participants=tuple(_reference(it, list(ParticipantKind), names) for it in participants),
        restriction=_restriction(fields),
    )


def _override(node: Node, index: int, names: _Names, rotations: Iterable[str], start: datetime) -> OverridePlan:
    fields = node.fields("alias", "user", "startDate", "endDate", "rotations")
    starts_at, ends_at = _span(fields, start, open_ended=False)
    assert ends_at is not None  # noqa: S101 - the end is needed
    user = _reference(fields.need("user"), ("user", "none"), names)
    return OverridePlan(
        alias=fields.text("alias", f"override {index + 1}"),
        username=user.name or None,
        starts_at=starts_at,
        ends_at=ends_at,
        rotations=tuple(
            it.fields("name").need("name").choice(rotations, "rotation") for it in fields.items("rotations")
        ),
    )


def _escalation(node: Node, names: _Names) -> EscalationPlan:
    fields = node.fields("name", "ownerTeam", "rules", "repeat")
    repeat = fields.get("repeat")
    return EscalationPlan(
        name=fields.need("name").text(),
        team=_owner_team(fields, names),
        rules=tuple(_escalation_rule(it, names) for it in fields.need("rules").items()),
        repeat=_repeat(repeat) if repeat is not None else RepeatPlan(),
    )


def _escalation_rule(node: Node, names: _Names) -> EscalationRulePlan:
    fields = node.fields("condition", "notifyType", "delay", "recipient")
    condition, notify_type, delay = fields.get("condition"), fields.get("notifyType"), fields.get("delay")
    return EscalationRulePlan(
        condition=Condition(condition.choice(list(Condition), "condition")) if condition else Condition.IF_NOT_ACKED,
        notify_type=NotifyType(notify_type.choice(list(NotifyType), "type")) if notify_type else NotifyType.DEFAULT,
        delay=_duration(delay) if delay is not None else timedelta(0),
        recipient=_reference(fields.need("recipient"), ("user", "team", "schedule"), names),
    )


def _repeat(node: Node) -> RepeatPlan:
    fields = node.fields("waitInterval", "count", "resetRecipientStates", "closeAlertAfterAll")
    count = fields.get("count")
    return RepeatPlan(
        wait=timedelta(minutes=fields.need("waitInterval").integer(0, TOP_LENGTH)),
        count=count.integer(0, 20) if count is not None else 0,
        reset_recipient_states=fields.flag("resetRecipientStates", False),
        close_alert_after_all=fields.flag("closeAlertAfterAll", False),
    )
