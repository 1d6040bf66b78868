"""Why somebody was told, or was not: reasons as words in the reader's language. Pure.

Every sentence stands here, so that the page, the mail and the rehearsal give one account of the same decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from tocsin import i18n
from tocsin.escalations.escalation import NotifyType, SkipReason
from tocsin.escalations.reason import Path, Reason, ReasonKind
from tocsin.escalations.resolve import NobodyReason
from tocsin.i18n import N_, Translator
from tocsin.notifications.model import COSTS_EXTRA, NO_COUNTRY, NotificationStatus
from tocsin.notifications.words import SUPPRESSED, UNREACHABLE, after_in_words

NOBODY: Mapping[str, str] = {
    NobodyReason.NO_RESPONDERS: N_("The alert names no responders, so nobody was to be told."),
    NobodyReason.ROUTED_NOWHERE: N_("The routing rule of %(name)s says that nobody is told."),
    NobodyReason.SCHEDULE_DISABLED: N_("The schedule %(name)s is disabled."),
    NobodyReason.NOBODY_ON_CALL: N_("Nobody was on call in %(name)s: a gap in the schedule."),
    NobodyReason.EMPTY_TEAM: N_("The team %(name)s has no members."),
    NobodyReason.EMPTY_ESCALATION: N_("The escalation %(name)s has no rules."),
    NobodyReason.NO_SUCH_MEMBER: N_("The team %(name)s has no member of the kind that the rule names."),
    NobodyReason.SUSPENDED: N_("%(name)s is suspended."),
    NobodyReason.STAKEHOLDER: N_("%(name)s is a stakeholder, who is told of incidents and never of alerts."),
    NobodyReason.PLAN_LIMIT: N_("%(name)s is inactive: the account's plan includes fewer."),
    NobodyReason.UNROUTED: N_("The team %(name)s has no routing rule that matches."),
    NobodyReason.CIRCLE: N_("%(name)s had been reached on the same way already."),
    NobodyReason.MISSING: N_("It no longer exists."),
}

SKIPPED: Mapping[str, str] = {
    SkipReason.ACKNOWLEDGED: N_("The alert was acknowledged before."),
    SkipReason.SNOOZED: N_("The alert was snoozed."),
}

MOOT: Mapping[str, str] = {
    "closed": N_("The alert was closed before it was sent."),
    "acknowledged": N_("The alert was acknowledged before it was sent."),
    "snoozed": N_("The alert was snoozed before it was sent."),
    "deleted": N_("The alert was deleted before it was sent."),
    "suspended": N_("The person was suspended."),
    "contact-missing": N_("The contact no longer exists."),
    "contact-disabled": N_("The contact was disabled."),
    "contact-unverified": N_("The contact was not verified."),
    NO_COUNTRY: N_("This country is not supported on that channel."),
    COSTS_EXTRA: N_("The number is of a range that costs extra."),
}

MOOT_BY: Mapping[str, str] = {
    "closed": N_("%(who)s closed the alert before it was sent."),
    "acknowledged": N_("%(who)s acknowledged the alert before it was sent."),
    "deleted": N_("%(who)s deleted the alert before it was sent."),
}

STATUS: Mapping[str, str] = {
    NotificationStatus.DUE: N_("Waits for its time"),
    NotificationStatus.SENDING: N_("Is being sent"),
    NotificationStatus.RETRYING: N_("Did not go through yet; is tried again"),
    NotificationStatus.DELIVERED: N_("Delivered: a receipt came"),
    NotificationStatus.ACCEPTED: N_("Accepted by the provider; whether it was seen is not known"),
    NotificationStatus.FAILED_OVER: N_("Failed; the next contact was used instead"),
    NotificationStatus.BUNDLED: N_("Sent together with others"),
    NotificationStatus.CANCELLED: N_("Not sent"),
    NotificationStatus.SUPPRESSED: N_("Not sent, as configured"),
    NotificationStatus.FAILED: N_("Failed"),
}
ACCEPTED_BY_MAIL = N_("Accepted by the mail server; whether it was read is not known")

LAST_RESORT: Mapping[str, str] = {
    "nobody-reached": N_("last resort: nobody else could be reached"),
    "every-contact-failed": N_("last resort: every contact failed"),
    "internal-error": N_("last resort: the escalation could not be worked out"),
}

ON_CALL: Mapping[NotifyType | None, tuple[str, str]] = {
    NotifyType.NEXT: (
        N_("next on call in %(schedule)s"),
        N_("next on call in %(schedule)s (%(shift)s)"),
    ),
    NotifyType.PREVIOUS: (
        N_("previously on call in %(schedule)s"),
        N_("previously on call in %(schedule)s (%(shift)s)"),
    ),
}
ON_CALL_NOW = (N_("on call in %(schedule)s"), N_("on call in %(schedule)s (%(shift)s)"))

MEMBERS: Mapping[NotifyType | None, str] = {
    NotifyType.ADMINS: N_("admin of the team %(team)s"),
    NotifyType.USERS: N_("member of the team %(team)s, admins left out"),
    NotifyType.RANDOM: N_("member of the team %(team)s, picked at random"),
}
ANY_MEMBER = N_("member of the team %(team)s")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose words: the language, the zone of the times, and the instant that they are told from."""

    locale: str
    zone: tzinfo
    at: datetime

    @property
    def words(self) -> Translator:
        return Translator(self.locale)

    def until(self, at: datetime) -> str:
        """The time of day where that says it all, else with its day."""
        same_day = at.astimezone(self.zone).date() == self.at.astimezone(self.zone).date()
        return i18n.time_of_day(self.locale, self.zone, at) if same_day else i18n.instant(self.locale, self.zone, at)


def path_in_words(path: Path, reader: Reader) -> list[str]:
    """How a decision came to a person or to nobody, step by step: "rule 1 of Web_escalation, at once", …"""
    _ = reader.words
    if not path:
        return [_("named as a responder")]
    told: list[str] = []
    for before, reason in zip((None, *path), path, strict=False):
        match reason.kind:
            case ReasonKind.ROUTING_RULE if before is not None and before.kind is ReasonKind.TEAM:
                told[-1] = _routed(before, reason, reader)
            case ReasonKind.RULE if before is not None and before.kind is ReasonKind.ESCALATION:
                told[-1] = _rule(before, reason, reader)
            case _:
                told.append(_step(reason, reader))
    return told


def _step(reason: Reason, reader: Reader) -> str:
    _ = reader.words
    match reason.kind:
        case ReasonKind.TEAM:
            return _("team %(team)s", team=reason.name)
        case ReasonKind.ROUTING_RULE:
            return _("routing rule %(rule)s", rule=_rule_name(reason))
        case ReasonKind.ESCALATION:
            return _("escalation %(escalation)s", escalation=reason.name)
        case ReasonKind.RULE:
            return _("rule %(number)s, %(delay)s", number=(reason.position or 0) + 1, delay=_delay(reason, reader))
        case ReasonKind.SCHEDULE:
            return _on_call(reason, reader)
        case ReasonKind.MEMBER:
            return _(MEMBERS.get(reason.notify_type, ANY_MEMBER), team=reason.name)
        case ReasonKind.FORWARDING:
            until = reader.until(reason.shift_ends_at) if reason.shift_ends_at else ""
            return _("instead of %(user)s, who forwards until %(time)s", user=reason.name or "", time=until)


def _routed(team: Reason, rule: Reason, reader: Reader) -> str:
    _ = reader.words
    return _("team %(team)s, routing rule %(rule)s", team=team.name, rule=_rule_name(rule))


def _rule_name(rule: Reason) -> str:
    return rule.name or str((rule.position or 0) + 1)


def _rule(escalation: Reason, rule: Reason, reader: Reader) -> str:
    _ = reader.words
    return _(
        "rule %(number)s of %(escalation)s, %(delay)s",
        number=(rule.position or 0) + 1,
        escalation=escalation.name,
        delay=_delay(rule, reader),
    )


def _delay(rule: Reason, reader: Reader) -> str:
    _ = reader.words
    delay = after_in_words(rule.delay or timedelta(0), reader.locale)
    if rule.round:
        return _("%(delay)s, repeat %(round)s", delay=delay, round=rule.round)
    return delay


def _on_call(reason: Reason, reader: Reader) -> str:
    _ = reader.words
    if reason.shift_ends_at is None:
        if reason.override is not None:
            return _("schedule %(schedule)s, an override by nobody", schedule=reason.name)
        return _("schedule %(schedule)s", schedule=reason.name)
    plain, with_shift = ON_CALL.get(reason.notify_type, ON_CALL_NOW)
    if reason.notify_type in ON_CALL and reason.rotation is None:
        return _(plain, schedule=reason.name)
    shift = _("until %(time)s", time=reader.until(reason.shift_ends_at))
    if reason.notify_type in ON_CALL:  # that shift is another one than now's, so its end would mislead
        shift = reason.rotation or ""
    elif reason.override is not None:
        shift = _("by an override, %(until)s", until=shift)
    elif reason.rotation:
        shift = f"{reason.rotation}, {shift}"
    return _(with_shift, schedule=reason.name, shift=shift)


def nobody_in_words(reason: str, name: str, locale: str) -> str:
    """Why a way ended without a person; `reason` as the alert's log keeps it."""
    _ = Translator(locale)
    if reason in UNREACHABLE:
        return _(UNREACHABLE[reason])
    if reason in SKIPPED:
        return _(SKIPPED[reason])
    if reason == NobodyReason.NOBODY_ON_CALL and not name:
        return _("Nobody was on call: it was the turn of “nobody”.")
    return _(NOBODY[reason], name=name) if reason in NOBODY else reason


def status_in_words(status: str, status_reason: str, method: str, locale: str) -> str:
    """What became of a notification: "Not sent. The alert was acknowledged before it was sent."

    `accepted` never reads like "delivered": the provider took it, and nobody knows more.
    """
    _ = Translator(locale)
    accepted = status == NotificationStatus.ACCEPTED and method == "email"
    text = _(ACCEPTED_BY_MAIL if accepted else STATUS[status])
    if not status_reason:
        return text
    if status == NotificationStatus.SUPPRESSED and status_reason in SUPPRESSED:
        return _(SUPPRESSED[status_reason])
    if status_reason in MOOT:
        return f"{text}. {_(MOOT[status_reason])}"
    what, by, who = status_reason.partition(" by ")
    if by and what in MOOT_BY:
        return f"{text}. {_(MOOT_BY[what], who=who)}"
    return f"{text}: {_(status_reason)}"


def last_resort_in_words(why: str, locale: str) -> str:
    """Why the owners were told though nobody had named them."""
    return Translator(locale)(LAST_RESORT.get(why, LAST_RESORT["nobody-reached"]))
