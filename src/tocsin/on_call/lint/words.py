"""Findings in words: what is wrong, what it would cost, and the page that mends it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from tocsin import i18n
from tocsin.alerts.criteria_words import FIELDS
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import NotifyType, Recipient, RecipientKind
from tocsin.escalations.rule_words import name_of, recipient_in_words
from tocsin.i18n import N_, Translator
from tocsin.notifications.words import after_in_words, method_in_words
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity


@dataclass(frozen=True, slots=True)
class Places:
    """Which team things belong to, by their ids."""

    schedules: Mapping[str, str] = field(default_factory=dict)
    escalations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: names for ids, language, zone of the times; `me` is the reader's own user id, "" for a program.

    With `team` it is read for that team alone: what names a person is one of its own.
    """

    directory: Directory
    locale: str
    zone: tzinfo
    full_names: Mapping[str, str] = field(default_factory=dict)
    me: str = ""
    team: str = ""
    places: Places = field(default_factory=Places)

    @property
    def words(self) -> Translator:
        """Use it as `_`."""
        return Translator(self.locale)

    def person(self, user_id: str | None) -> str:
        """The person's name; None is nobody."""
        if user_id is None:
            return self.words("nobody")
        return name_of(Recipient(RecipientKind.USER, user_id), self.directory, self.full_names, self.locale)

    def instant(self, at: datetime) -> str:
        return i18n.instant(self.locale, self.zone, at)

    def place(self, places: Sequence[tuple[ObjectType, str, str]]) -> str:
        """The name of what names somebody: of those that are the reader's, the first."""
        own = {ObjectType.SCHEDULE: self.places.schedules, ObjectType.ESCALATION: self.places.escalations}
        names = [
            name for kind, ident, name in places
            if not self.team or (ident if kind is ObjectType.TEAM else own[kind].get(ident)) == self.team
        ]  # fmt: skip
        return names[0]

    def user(self, user: tuple[str, str]) -> str:
        """What uses a schedule: (kind, name)."""
        kind, name = user
        _ = self.words
        return (
            _("the routing rules of %(team)s", team=name) if kind == "team" else _("the escalation %(name)s", name=name)
        )


@dataclass(frozen=True, slots=True)
class Said:
    """A finding as it is read; `link` is the address of what mends it, on this server."""

    sentence: str
    cost: str
    link: str


def say(finding: Finding, reader: Reader) -> Said:
    """All that is said of a finding."""
    write = _WRITERS[finding.code]
    sentence, cost = write(finding, reader, finding.facts)
    return Said(sentence, cost, link(finding, reader.me, reader.places))


def link(finding: Finding, me: str, places: Places) -> str:
    """Where it is mended; a forwarding is by the API alone."""
    ident = finding.object_id
    match finding.object_type:
        case ObjectType.SCHEDULE:
            rotation = finding.facts.get("rotation_id")
            return f"/schedules/{ident}/rotations/{rotation}/edit" if rotation else f"/schedules/{ident}"
        case ObjectType.ESCALATION:
            team = places.escalations.get(ident)
            return f"/teams/{team}#escalation-{ident}" if team else "/teams"
        case ObjectType.ROUTING_RULE:
            return f"/teams/{finding.facts['team']}#routing"
        case ObjectType.TEAM:
            return f"/teams/{ident}#routing"
        case ObjectType.FORWARDING:
            return f"/v2/forwarding-rules/{ident}"
        case ObjectType.USER if finding.code in {Code.LITTLE_REST, Code.LONG_DUTY}:
            return "/on-call"
        case ObjectType.USER if ident != me:
            return "/settings/users"
        case ObjectType.USER:
            return "/profile/notifications" if finding.code is Code.NO_RULE else "/profile"


Facts = Mapping[str, Any]
Written = tuple[str, str]  # what is wrong, what it would cost

DAY = timedelta(days=1)
ONLY_OWNERS = N_("An alert that comes this way reaches nobody who was meant; only the owners hear of it.")


def _gap(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    days = facts["horizon"] // DAY
    if facts["total"] == facts["horizon"]:
        sentence = _(
            "Nobody is on call in %(schedule)s during all of the next %(days)s days.",
            schedule=finding.object_name, days=days,
        )  # fmt: skip
    else:
        sentence = _(
            "Nobody is on call in %(schedule)s %(gaps)s: %(total)s in the next %(days)s days.",
            schedule=finding.object_name, gaps=_gaps(reader, facts), days=days,
            total=i18n.duration(reader.locale, facts["total"]),
        )  # fmt: skip
    user = reader.user(facts["user"])
    if finding.severity is Severity.ERROR:
        return sentence, _(
            "An alert that comes then by %(user)s reaches nobody; only the owners hear of it.", user=user
        )
    return sentence, _("An alert that comes then by %(user)s waits for the rules that name others.", user=user)


def _gaps(reader: Reader, facts: Facts) -> str:
    _ = reader.words
    told = [
        _("from %(start)s to %(end)s", start=reader.instant(since), end=reader.instant(until))
        for since, until in facts["gaps"]
    ]
    if more := facts["count"] - len(told):
        told.append(_.ngettext("once more", "%(num)s times more", more))
    return ", ".join(told)


def _disabled(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"schedule": finding.object_name, "user": reader.user(facts["user"])}
    if facts["reason"] == "plan":
        return (
            _("%(schedule)s rests because the plan includes fewer schedules, and is used by %(user)s.", **names),
            _("Nobody is told by it until the plan includes it."),
        )
    return (
        _("%(schedule)s is switched off, and is used by %(user)s.", **names),
        _("Nobody is told by it, and nobody hears of that: the silence counts as asked for."),
    )


def _alone(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"person": reader.person(facts["person"]), "rotation": facts["rotation"], "schedule": finding.object_name}
    return (
        _("In %(schedule)s, %(person)s is the only person in the rotation %(rotation)s.", **names),
        _("Whenever %(person)s is ill, on holiday or asleep, nobody takes over.", **names),
    )


def _clash(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    wins, loses = reader.person(facts["wins"]), reader.person(facts["loses"])
    sentence = _(
        "Two overrides of %(schedule)s overlap from %(start)s to %(end)s: one names %(wins)s and decides, the other "
        "names %(loses)s.",
        schedule=finding.object_name, start=reader.instant(facts["from"]), end=reader.instant(facts["to"]),
        wins=wins, loses=loses,
    )  # fmt: skip
    if facts["loses"] is None:
        return sentence, _("Nobody was to be on call then, and %(person)s is told.", person=wins)
    if facts["wins"] is None:
        return sentence, _("%(person)s was to be on call then, and nobody is.", person=loses)
    return sentence, _("Whoever counts on %(loses)s then gets %(wins)s, who may not expect it.", wins=wins, loses=loses)


def _rest(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    return (
        _(
            "In the 24 hours from %(start)s, %(person)s has at most %(rest)s of rest between turns.",
            start=reader.instant(facts["from"]), person=reader.person(finding.object_id),
            rest=i18n.duration(reader.locale, facts["rest"]),
        ),
        _("Without 11 hours of rest people answer later and err more, and working-time law may be broken."),
    )  # fmt: skip


def _duty(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    return (
        _(
            "%(person)s is on call for more than a week without a break, at least from %(start)s to %(end)s.",
            start=reader.instant(facts["from"]), end=reader.instant(facts["to"]),
            person=reader.person(finding.object_id),
        ),
        _("After more than a week on call people are tired, and pages are missed."),
    )  # fmt: skip


OUT = {
    "suspended": N_("%(object)s names %(who)s, who is suspended."),
    "stakeholder": N_("%(object)s names %(who)s, who is a stakeholder and is told of no alert."),
    "plan": N_("%(object)s names %(who)s, who rests because the plan includes fewer."),
    "deleted": N_("%(object)s names somebody or something that was deleted."),
}


def _nothing(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    recipient = Recipient(RecipientKind(facts["kind"]), facts["who"])
    who = recipient_in_words(recipient, NotifyType.DEFAULT, reader.directory, reader.full_names, reader.locale)
    cost = (
        _("During that turn nobody is told.")
        if finding.object_type is ObjectType.SCHEDULE
        else _("When that rule's time comes, it tells nobody.")
    )
    text = OUT[facts["reason"]]
    return _(text, object=finding.object_name, who=who), cost


def _never(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"rule": finding.object_name, "team": facts["team_name"]}
    cost = _("The alerts that it was written for go where another rule sends them.")
    if facts["why"] == "before":
        sentence = _(
            "The routing rule %(rule)s of %(team)s never decides: %(before)s before it takes all that it could.",
            before=facts["before"], **names,
        )  # fmt: skip
        return sentence, cost
    fields = ", ".join(_(FIELDS[it]) for it in facts["fields"])
    sentence = _(
        "The routing rule %(rule)s of %(team)s never matches: its conditions contradict each other (%(fields)s).",
        fields=fields, **names,
    )  # fmt: skip
    return sentence, cost


def _to_nothing(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"rule": finding.object_name, "team": facts["team_name"]}
    if facts["reason"] == "plan":
        sentence = _(
            "The routing rule %(rule)s of %(team)s leads to an escalation that the plan does not include.", **names
        )
    elif facts["kind"] == "schedule":
        sentence = _("The routing rule %(rule)s of %(team)s leads to a schedule that was deleted.", **names)
    else:
        sentence = _("The routing rule %(rule)s of %(team)s leads to an escalation that was deleted.", **names)
    return sentence, _(ONLY_OWNERS)


def _to_nobody(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"rule": finding.object_name, "team": facts["team_name"]}
    sentence = (
        _("The default routing rule of %(team)s tells nobody.", **names)
        if facts["default"]
        else _("The routing rule %(rule)s of %(team)s tells nobody.", **names)
    )
    return sentence, _("Alerts that it takes stand in the list, and nobody is told: neither the team nor the owners.")


def _tells_nobody(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    text = (
        N_("The escalation %(escalation)s has no rule.")
        if facts["empty"]
        else N_("No rule of the escalation %(escalation)s tells anybody at any time of the next %(days)s days.")
    )
    return _(text, escalation=finding.object_name, days=facts["horizon"] // DAY), _(ONLY_OWNERS)


def _ends_with_nobody(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    return (
        _(
            "The last step of the escalation %(escalation)s, %(after)s, tells nobody in all of the next %(days)s days.",
            escalation=finding.object_name,
            after=after_in_words(facts["after"], reader.locale),
            days=facts["horizon"] // DAY,
        ),
        _("If nobody answers until then, nobody more is told."),
    )


def _same(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    person = reader.person(facts["person"])
    about = {
        "escalation": finding.object_name, "person": person, "first": after_in_words(facts["first"], reader.locale),
        "second": after_in_words(facts["second"], reader.locale),
    }  # fmt: skip
    if facts["always"]:
        sentence = _(
            "The escalation %(escalation)s always tells the same person %(first)s and %(second)s: now %(person)s.",
            **about,
        )  # fmt: skip
    else:
        sentence = _(
            "The escalation %(escalation)s tells %(person)s alone both %(first)s and %(second)s, from %(start)s to "
            "%(end)s.",
            start=reader.instant(facts["since"]), end=reader.instant(facts["until"]), **about,
        )  # fmt: skip
    return sentence, _(
        "If %(person)s does not answer the first time, the second step wakes nobody else.", person=person
    )


def _loop(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    way = " → ".join(name for _kind, name in facts["way"])
    return (
        _("%(name)s leads back to itself: %(way)s.", name=finding.object_name, way=way),
        _("Where the circle closes nobody more is told: whoever was to come after it hears nothing."),
    )


def _forwarding_loop(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    way = " → ".join(reader.person(it) for it in facts["people"])
    return (
        _("From %(start)s on, forwardings go in a circle: %(way)s.", start=reader.instant(facts["at"]), way=way),
        _("Each of them is told what was meant for another one, and nobody is relieved."),
    )


def _forwarding_rests(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"from_user": reader.person(facts["from_user"]), "to_user": reader.person(facts["to_user"])}
    return (
        _(
            "From %(start)s to %(end)s, %(from_user)s forwards to %(to_user)s, who is told nothing.",
            start=reader.instant(facts["from"]), end=reader.instant(facts["to"]), **names,
        ),
        _("The forwarding rests: %(from_user)s is told, and may not expect it.", **names),
    )  # fmt: skip


def _no_contact(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"person": reader.person(finding.object_id), "where": reader.place(facts["where"])}
    return (
        _("%(person)s (%(where)s) has no contact that is verified and switched on.", **names),
        _("No notification can reach %(person)s.", **names),
    )


def _no_rule(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"person": reader.person(finding.object_id), "where": reader.place(facts["where"])}
    return (
        _("%(person)s (%(where)s) has no notification rule that leads from a new alert to a usable contact.", **names),
        _("%(person)s is not told of new alerts, even when on call.", **names),
    )


def _one_channel(finding: Finding, reader: Reader, facts: Facts) -> Written:
    _ = reader.words
    names = {"person": reader.person(finding.object_id), "where": reader.place(facts["where"])}
    method = method_in_words(facts["method"], reader.locale)
    return (
        _("%(person)s (%(where)s) can be reached in one way only: %(method)s.", method=method, **names),
        _("When that fails or goes unread, %(person)s is not reached.", **names),
    )


_WRITERS: Mapping[Code, Callable[[Finding, Reader, Facts], Written]] = {
    Code.COVERAGE_GAP: _gap,
    Code.DISABLED_IN_USE: _disabled,
    Code.ONE_PERSON_ROTATION: _alone,
    Code.OVERRIDE_CLASH: _clash,
    Code.LITTLE_REST: _rest,
    Code.LONG_DUTY: _duty,
    Code.TOLD_NOTHING: _nothing,
    Code.RULE_NEVER_MATCHES: _never,
    Code.ROUTED_TO_NOTHING: _to_nothing,
    Code.ROUTED_TO_NOBODY: _to_nobody,
    Code.ESCALATION_TELLS_NOBODY: _tells_nobody,
    Code.ESCALATION_ENDS_WITH_NOBODY: _ends_with_nobody,
    Code.FIRST_AND_SECOND: _same,
    Code.LOOP: _loop,
    Code.FORWARDING_LOOP: _forwarding_loop,
    Code.FORWARDING_RESTS: _forwarding_rests,
    Code.NO_CONTACT: _no_contact,
    Code.ONE_CHANNEL: _one_channel,
    Code.NO_RULE: _no_rule,
}
