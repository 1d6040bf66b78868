"""What a mail about an alert says, in text and HTML. Pure but for reading its templates."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.i18n import Translator
from tocsin.notifications.model import Envelope, Notification
from tocsin.notifications.plan import SHIFT_NOTICES, ActionType
from tocsin.templating import Viewer, render

TEMPLATES = "notifications/email"
SUBJECT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail without its envelope."""

    subject: str
    text: str
    html: str


def compose(envelope: Envelope) -> Mail:
    """The mail in the receiver's language; instants are in the receiver's zone."""
    receiver, told = envelope.receiver, envelope.notification
    viewer = Viewer(
        locale=receiver.locale,
        zone=ZoneInfo(receiver.time_zone),
        at=told.told_at,
        csrf_token="",
        nonce="",
        name=receiver.full_name,
    )
    turn = Turn.of(told)
    words = Translator(receiver.locale)
    subject = (_turn_subject(turn, words) if turn else _subject(envelope, words))[:SUBJECT_LIMIT]
    name = "turn" if turn else "test" if envelope.alert is None else "alert"
    values = {
        "envelope": envelope,
        "alert": envelope.alert,
        "told": told,
        "receiver": receiver,
        "subject": subject,
        "turn": turn,
        "happened": _happened(told.action_type, str(told.reason.get("by", "")), words),
        "note": str(told.reason.get("note", "")),
    }
    return Mail(
        subject=subject,
        text=render(viewer, f"{TEMPLATES}/{name}.txt", **values).strip() + "\n",
        html=render(viewer, f"{TEMPLATES}/{name}.html", **values),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """What a notice of a turn is about."""

    schedule: str
    begins: bool
    at: datetime  # when it starts or ends, whichever is told

    @staticmethod
    def of(told: Notification) -> "Turn | None":
        """The turn that a notification tells of, if it does."""
        if told.action_type not in SHIFT_NOTICES:
            return None
        facts = told.reason["turn"]
        begins = told.action_type == ActionType.SCHEDULE_START
        return Turn(facts["schedule"], begins, datetime.fromisoformat(facts["at"]))


def _turn_subject(turn: Turn, _: Translator) -> str:
    if turn.begins:
        return _("Your turn starts: %(schedule)s", schedule=turn.schedule)
    return _("Your turn ends: %(schedule)s", schedule=turn.schedule)


def _subject(envelope: Envelope, _: Translator) -> str:
    alert, told = envelope.alert, envelope.notification
    if alert is None:
        return _("Test page from Tocsin")
    what = f"[P{alert.priority}] #{alert.tiny_id} {alert.message}"
    match told.action_type:
        case "last-resort":
            return _("Nobody could be reached: %(what)s", what=what)
        case "renotified-alert":
            return _("Again: %(what)s", what=what)
        case "acknowledged-alert":
            return _("Acknowledged: %(what)s", what=what)
        case "closed-alert":
            return _("Closed: %(what)s", what=what)
        case "assigned-alert":
            return _("Assigned to you: %(what)s", what=what)
        case "add-note":
            return _("Note: %(what)s", what=what)
        case _:
            return what


def _happened(action_type: str, by: str, _: Translator) -> str:
    """What somebody did, where the mail reports that."""
    match action_type:
        case "acknowledged-alert":
            return _("%(who)s has acknowledged it.", who=by)
        case "closed-alert":
            return _("%(who)s has closed it.", who=by)
        case "assigned-alert":
            return _("%(who)s has assigned it to you.", who=by)
        case "add-note":
            return _("%(who)s has noted:", who=by)
        case _:
            return ""
