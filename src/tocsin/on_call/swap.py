"""A shift that changes hands: given to somebody, or taken from somebody; the other hears of it by mail."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tocsin.accounts import audit
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import User
from tocsin.accounts.pages_access import zone_of
from tocsin.accounts.people import letters
from tocsin.accounts.people.letters import Address
from tocsin.db import Db
from tocsin.i18n import Translator, instant
from tocsin.mail.letter import Button, Letter
from tocsin.schedules import service
from tocsin.schedules.forms import OverrideForm
from tocsin.schedules.forwarding import Forwarding
from tocsin.schedules.model import ScheduleRow
from tocsin.schedules.on_call import Schedule, Shift, on_call_at, shifts

AROUND = timedelta(days=40)  # how far a shift is looked for


class Swap(StrEnum):
    GIVEN = "given"
    TAKEN = "taken"


_VERBS = {Swap.GIVEN: "gave", Swap.TAKEN: "took"}


@dataclass(frozen=True, slots=True)
class Handover:
    """The shift that changes hands: who takes it, and whom to tell; None where there is nobody to tell."""

    kind: Swap
    schedule: ScheduleRow
    shift: Shift
    by: User
    to: User
    told: User | None

    @property
    def rotation(self) -> str:
        return self.shift.rotation.name if self.shift.rotation else ""


def shift_at(schedule: Schedule, forwardings: tuple[Forwarding, ...], at: datetime, rotation_id: str) -> Shift | None:
    """The shift of that rotation (empty: of a schedule without any) that covers `at`, one turn of it; None in a gap."""
    found = next(
        (
            it
            for it in shifts(schedule, at - AROUND, at + AROUND, forwardings)
            if (it.rotation.id if it.rotation else "") == rotation_id and it.starts_at <= at < it.ends_at
        ),
        None,
    )
    if found is None:
        return None
    turn = next(it for it in on_call_at(replace(schedule, enabled=True), at) if it.rotation is found.rotation)
    return replace(found, starts_at=max(found.starts_at, turn.starts_at), ends_at=min(found.ends_at, turn.ends_at))


async def hand_over(db: Db, actor: Actor, handover: Handover, where: Address) -> str:
    """The override that does it, from now on where the shift is under way; its alias. The other is told by mail.

    Raises: NotFound, Invalid (it is over), PlanRequired.
    """
    shift = handover.shift
    starts_at = max(shift.starts_at, actor.at.replace(second=0, microsecond=0))
    form = OverrideForm(
        handover.to.id, starts_at, shift.ends_at, (UUID(shift.rotation.id),) if shift.rotation else ()
    )  # fmt: skip
    async with db.transaction() as tx:
        alias = await service.add_override_within(tx, actor, handover.schedule.id, form)
        await audit.record(
            tx, actor, f"{_VERBS[handover.kind]} a shift of", "schedule", handover.schedule.id, handover.schedule.name,
            after={"alias": alias, "to": handover.to.username, "starts_at": starts_at, "ends_at": shift.ends_at},
        )  # fmt: skip
        if handover.told is not None:
            letter = letter_of(handover, handover.told, starts_at, where)
            await letters.send(tx, handover.told, "shift", handover.told.username, letter, actor.at)
    return alias


def letter_of(handover: Handover, reader: User, starts_at: datetime, where: Address) -> Letter:
    """What the other reads, in his language and zone."""
    _, zone = Translator(reader.locale), zone_of(reader.time_zone)
    who = handover.by.full_name or handover.by.username
    given = handover.kind is Swap.GIVEN
    return Letter(
        subject=_("%(who)s gave you a shift", who=who) if given else _("%(who)s took your shift", who=who),
        heading=_("You are on call instead of %(who)s", who=who) if given else _("%(who)s is on call for you", who=who),
        paragraphs=(
            _("Alerts in this time reach you.")
            if given
            else _("Alerts in this time do not reach you by this schedule."),
        ),
        facts=(
            (_("Schedule"), handover.schedule.name),
            *([(_("Rotation"), handover.rotation)] if handover.rotation else []),
            (_("From"), instant(reader.locale, zone, starts_at)),
            (_("To"), instant(reader.locale, zone, handover.shift.ends_at)),
            (_("Time zone"), zone.key),
        ),
        buttons=(Button(_("Open the schedule"), where.link(f"/schedules/{handover.schedule.id}")),),
    )
