"""What is configured, in words: escalation rules, routing rules, rotations. Pure."""

from collections.abc import Mapping

from tocsin.alerts.criteria_words import criteria_in_words
from tocsin.escalations.directory import Directory
from tocsin.escalations.escalation import (
    Condition,
    EscalationRule,
    NotifyType,
    Recipient,
    RecipientKind,
    Repeat,
)
from tocsin.escalations.routing import RoutingRule, TargetKind
from tocsin.i18n import N_, Translator, duration
from tocsin.notifications.words import after_in_words
from tocsin.schedules.restriction_words import restriction_in_words
from tocsin.schedules.rotation import RotationKind

CONDITIONS: Mapping[Condition, str] = {
    Condition.IF_NOT_ACKED: N_("if not acknowledged"),
    Condition.IF_NOT_CLOSED: N_("if not closed"),
}
RECIPIENTS: Mapping[tuple[RecipientKind, NotifyType], str] = {
    (RecipientKind.SCHEDULE, NotifyType.DEFAULT): N_("whoever is on call in %(name)s"),
    (RecipientKind.SCHEDULE, NotifyType.NEXT): N_("who is next on call in %(name)s"),
    (RecipientKind.SCHEDULE, NotifyType.PREVIOUS): N_("who was on call before in %(name)s"),
    (RecipientKind.TEAM, NotifyType.DEFAULT): N_("the team %(name)s, by its routing rules"),
    (RecipientKind.TEAM, NotifyType.ALL): N_("everybody in the team %(name)s"),
    (RecipientKind.TEAM, NotifyType.ADMINS): N_("the admins of the team %(name)s"),
    (RecipientKind.TEAM, NotifyType.USERS): N_("the team %(name)s without its admins"),
    (RecipientKind.TEAM, NotifyType.RANDOM): N_("somebody in the team %(name)s, at random"),
    (RecipientKind.ESCALATION, NotifyType.DEFAULT): N_("the escalation %(name)s"),
}


def name_of(recipient: Recipient, directory: Directory, full_names: Mapping[str, str], locale: str) -> str:
    """What people call it; what is gone says so."""
    found: str | None = None
    match recipient.kind:
        case RecipientKind.USER:
            person = directory.people.get(recipient.id)
            found = full_names.get(recipient.id) or (person.username if person else None)
        case RecipientKind.TEAM:
            found = team.name if (team := directory.teams.get(recipient.id)) else None
        case RecipientKind.SCHEDULE:
            found = schedule.name if (schedule := directory.schedules.get(recipient.id)) else None
        case RecipientKind.ESCALATION:
            found = escalation.name if (escalation := directory.escalations.get(recipient.id)) else None
    _ = Translator(locale)
    return found or _("(deleted)")


def recipient_in_words(
    recipient: Recipient, notify_type: NotifyType, directory: Directory, full_names: Mapping[str, str], locale: str
) -> str:
    """ "whoever is on call in Web_schedule"."""
    name = name_of(recipient, directory, full_names, locale)
    if recipient.kind is RecipientKind.USER:
        return name
    text = RECIPIENTS.get((recipient.kind, notify_type)) or RECIPIENTS[recipient.kind, NotifyType.DEFAULT]
    return Translator(locale)(text, name=name)


def rule_in_words(rule: EscalationRule, directory: Directory, full_names: Mapping[str, str], locale: str) -> str:
    """ "after 5 min, if not acknowledged: who is next on call in Web_schedule"."""
    _ = Translator(locale)
    return _(
        "%(delay)s, %(condition)s: %(recipient)s",
        delay=after_in_words(rule.delay, locale),
        condition=_(CONDITIONS[rule.condition]),
        recipient=recipient_in_words(rule.recipient, rule.notify_type, directory, full_names, locale),
    )


def repeat_in_words(repeat: Repeat, locale: str) -> str:
    """ "Then 2 more times, each 10 min after the last rule."."""
    _ = Translator(locale)
    wait = duration(locale, repeat.wait)
    if not repeat.count:
        return _("Closes the alert %(wait)s after the last rule.", wait=wait) if repeat.close_alert_after_all else ""
    text = _.ngettext(
        "Then once more, %(wait)s after the last rule.",
        "Then %(num)s more times, each %(wait)s after the last rule.",
        repeat.count,
        wait=wait,
    )
    if repeat.close_alert_after_all:
        text = f"{text} {_('At the end it closes the alert.')}"
    return text


def routing_in_words(rule: RoutingRule, directory: Directory, locale: str, *, alone: bool = True) -> str:
    """Which of a team's alerts go where: "priority is P1, daily 20:00–08:00 (Europe/Warsaw): whoever is on call …".

    The default rule takes what is left, where it is not `alone`.
    """
    _ = Translator(locale)
    where = _("nobody is told")
    if rule.target_kind is not TargetKind.NONE and rule.target_id is not None:
        recipient = Recipient(RecipientKind(rule.target_kind.value), rule.target_id)
        where = recipient_in_words(recipient, NotifyType.DEFAULT, directory, {}, locale)
    if rule.is_default:
        return where if alone else _("%(which)s: %(where)s", which=_("all others"), where=where)
    which = criteria_in_words(rule.criteria, locale)
    if rule.restriction is not None:
        hours = restriction_in_words(rule.restriction, locale)
        which = _("%(which)s, %(hours)s (%(zone)s)", which=which, hours=hours, zone=rule.zone.key)
    return _("%(which)s: %(where)s", which=which, where=where)


def turns_in_words(kind: RotationKind, length: int, locale: str) -> str:
    """ "1 week each"."""
    _ = Translator(locale)
    match kind:
        case RotationKind.DAILY:
            return _.ngettext("%(num)s day each", "%(num)s days each", length)
        case RotationKind.WEEKLY:
            return _.ngettext("%(num)s week each", "%(num)s weeks each", length)
        case RotationKind.HOURLY:
            return _.ngettext("%(num)s hour each", "%(num)s hours each", length)
