"""The mails that people get about themselves: in their own language and zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin import i18n
from tocsin.accounts.model import User
from tocsin.db import Tx
from tocsin.i18n import N_, Translator
from tocsin.mail import outbox
from tocsin.mail.letter import Button, Letter, written

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)
VERIFICATION_LASTS = timedelta(days=3)
CODE_LASTS = timedelta(hours=1)
ROLES = {"owner": N_("Owner"), "admin": N_("Admin"), "user": N_("User"), "stakeholder": N_("Stakeholder")}


@dataclass(frozen=True, slots=True)
class Address:
    """The name of the account and the address of this server, for the words and links of a mail."""

    account_name: str
    base_url: str

    def link(self, path: str) -> str:
        return f"{self.base_url}{path}"


async def send_invitation(tx: Tx, user: User, token: str, invited_by: str, where: Address, at: datetime) -> None:
    """Come in: choose a name and a password."""
    _ = Translator(user.locale)
    letter = Letter(
        subject=_("You are invited to %(account)s on Tocsin", account=where.account_name),
        heading=_("You are invited to %(account)s", account=where.account_name),
        paragraphs=(
            _("%(who)s invites you to Tocsin, which tells people when something breaks.", who=invited_by),
            _("Choose a name and a password to come in."),
        ),
        facts=((_("Your address"), user.username), (_("Your role"), _(ROLES[user.role]))),
        buttons=(Button(_("Accept the invitation"), where.link(f"/invitation/{token}")),),
        afterwards=(
            _valid_until(user, at + INVITATION_LASTS),
            _("If you expected nothing of this kind, ignore this mail."),
        ),
    )
    await send(tx, user, "invitation", user.username, letter, at)


async def send_reset(tx: Tx, user: User, token: str, where: Address, at: datetime) -> None:
    """A new password, for somebody who forgot the old one."""
    _ = Translator(user.locale)
    letter = Letter(
        subject=_("A new password for Tocsin"),
        heading=_("Choose a new password"),
        paragraphs=(
            _(
                "Somebody, probably you, asked for a new password for your address in %(account)s.",
                account=where.account_name,
            ),
        ),
        buttons=(Button(_("Choose a new password"), where.link(f"/reset/{token}")),),
        afterwards=(
            _valid_until(user, at + RESET_LASTS),
            _("If it was not you, ignore this mail: nothing has changed."),
        ),
    )
    await send(tx, user, "password-reset", user.username, letter, at)


async def send_verification(
    tx: Tx, user: User, address: str, token: str, code: str, where: Address, at: datetime
) -> None:
    """Is this address yours? Alerts go there only after a yes, by the link or by the code."""
    _ = Translator(user.locale)
    letter = Letter(
        subject=_("Confirm this address for Tocsin"),
        heading=_("Is this your address?"),
        paragraphs=(
            _("%(who)s wants to be told about alerts of %(account)s at this address.",
              who=user.full_name or user.username, account=where.account_name),
        ),
        buttons=(Button(_("Confirm the address"), where.link(f"/verify/{token}")),),
        facts=((_("Code"), code),),
        afterwards=(
            _valid_until(user, at + VERIFICATION_LASTS),
            _("Or type the code under Profile, until %(until)s.",
              until=i18n.instant_in_full(user.locale, _zone(user), at + CODE_LASTS)),
            _("If that is not you, ignore this mail."),
        ),
    )  # fmt: skip
    await send(tx, user, "verification", address, letter, at)


async def send_notice(tx: Tx, user: User, what: str, where: Address, at: datetime, *, by: str = "") -> None:
    """Something about signing in was changed, by somebody else where `by` names him; `what` is a marked text."""
    _ = Translator(user.locale)
    when = i18n.instant_in_full(user.locale, _zone(user), at)
    letter = Letter(
        subject=_("Your way to sign in to Tocsin was changed"),
        heading=_("Your way to sign in was changed"),
        paragraphs=(_(what),),
        facts=((_("Account"), where.account_name), (_("When"), when), *([(_("Changed by"), by)] if by else [])),
        buttons=(Button(_("Look at it"), where.link("/profile/security")),),
        afterwards=(
            _("If you did not ask for it, choose a new password at once and tell the owner of the account.")
            if by
            else _("If it was not you, choose a new password at once and tell the owner of the account."),
        ),
    )
    await send(tx, user, "notice", user.username, letter, at)


async def send(tx: Tx, user: User, purpose: str, to: str, letter: Letter, at: datetime) -> None:
    """Put the letter into the outbox."""
    text, html = written(letter, locale=user.locale, zone=_zone(user), at=at)
    await outbox.enqueue(tx, user.account_id, purpose, to, letter.subject, text, html, at)


def _valid_until(user: User, until: datetime) -> str:
    _ = Translator(user.locale)
    return _("The link works once, until %(until)s.", until=i18n.instant_in_full(user.locale, _zone(user), until))


def _zone(user: User) -> ZoneInfo:
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
