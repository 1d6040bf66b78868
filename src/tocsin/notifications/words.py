"""How somebody is told, in the reader's language: contacts, delays, and why nothing can be sent. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from tocsin import i18n
from tocsin.i18n import N_, Translator
from tocsin.licensing.quota import StopReason
from tocsin.notifications.model import COSTS_EXTRA, MUTED, NO_COUNTRY, QUIET_HOURS, STAKEHOLDER
from tocsin.notifications.plan import ActionType, LeftOutReason, NotificationTime, UnreachableReason

UNREACHABLE: Mapping[str, str] = {
    UnreachableReason.NO_RULE: N_("There is no notification rule for new alerts."),
    UnreachableReason.NO_ENABLED_RULE: N_("Every notification rule for new alerts is disabled."),
    UnreachableReason.NO_MATCHING_RULE: N_("No notification rule for new alerts fits this alert at this hour."),
    UnreachableReason.NO_STEPS: N_("The notification rule has no enabled step."),
    UnreachableReason.NO_USABLE_CONTACT: N_("No contact of the notification rule is verified and enabled."),
}

LEFT_OUT: Mapping[str, str] = {
    LeftOutReason.STEP_DISABLED: N_("a step is disabled"),
    LeftOutReason.CONTACT_DISABLED: N_("a contact is disabled"),
    LeftOutReason.CONTACT_UNVERIFIED: N_("a contact is not verified"),
    LeftOutReason.CONTACT_MISSING: N_("a contact no longer exists"),
    LeftOutReason.MERGED: N_("two steps would have told the same contact at the same time"),
}

METHODS: Mapping[str, str] = {
    "email": N_("e-mail"),
    "webhook": N_("webhook"),
    "sms": N_("SMS"),
    "voice": N_("voice call"),
    "push": N_("push"),
}

SUPPRESSED: Mapping[str, str] = {
    StopReason.LIMIT: N_("Not sent: the SMS that the plan includes are used up; told by push or e-mail instead"),
    StopReason.PLAN: N_("Not sent: the plan has no voice calls; told by push or e-mail instead"),
    StopReason.TRIAL: N_("Not sent: the SMS and calls of the trial are used up; told by push or e-mail instead"),
    StopReason.SPENDING_CAP: N_("Not sent: the spending cap is reached; told by push or e-mail instead"),
    StopReason.UNPAID: N_("Not sent: use is unpaid; told by push or e-mail instead"),
    StopReason.CLOSED: N_("Not sent: the account is being deleted"),
    NO_COUNTRY: N_("Not sent: this country is not supported; told by push or e-mail instead"),
    COSTS_EXTRA: N_("Not sent: the number is of a range that costs extra; told by push or e-mail instead"),
    STAKEHOLDER: N_("Not sent: stakeholders are told by e-mail and push"),
    MUTED: N_("Not sent: muted by the person"),
    QUIET_HOURS: N_("Not sent: quiet hours of the person"),
}
"""Why a notification ended as suppressed."""

ACTIONS: Mapping[str, str] = {
    ActionType.CREATE_ALERT: N_("New alert"),
    ActionType.RENOTIFIED_ALERT: N_("Told again"),
    ActionType.ACKNOWLEDGED_ALERT: N_("Acknowledged"),
    ActionType.CLOSED_ALERT: N_("Closed"),
    ActionType.ASSIGNED_ALERT: N_("Assigned"),
    ActionType.ADD_NOTE: N_("Note added"),
    ActionType.SCHEDULE_START: N_("Your turn starts"),
    ActionType.SCHEDULE_END: N_("Your turn ends"),
    ActionType.INCOMING_CALL_ROUTING: N_("Incoming call"),
}


TIMES: Mapping[str, str] = {
    NotificationTime.JUST_BEFORE: N_("at that moment"),
    NotificationTime.MINUTES_15: N_("15 minutes before"),
    NotificationTime.HOUR_1: N_("1 hour before"),
    NotificationTime.DAY_1: N_("1 day before"),
}


def length_in_words(length: timedelta, locale: str) -> str:
    """ "4 h"."""
    return i18n.duration(locale, length)


def after_in_words(delay: timedelta, locale: str) -> str:
    """ "at once", "after 5 min"."""
    _ = Translator(locale)
    return _("after %(delay)s", delay=i18n.duration(locale, delay)) if delay else _("at once")


def method_in_words(method: str, locale: str) -> str:
    """ "e-mail"."""
    return Translator(locale)(METHODS[method]) if method in METHODS else method


def left_out_in_words(left_out: Iterable[Mapping[str, Any]], locale: str) -> str:
    """The steps of a notification rule that led to nothing, or an empty text."""
    _ = Translator(locale)
    reasons = dict.fromkeys(str(it["reason"]) for it in left_out)
    return ", ".join(_(LEFT_OUT[reason]) for reason in reasons if reason in LEFT_OUT)
