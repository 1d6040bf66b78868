"""A second reading of the subscription and billing rules, for comparing with the product's. Pure.

Written from the text of the licensing requirements alone and naive on purpose: a world that walks from midnight to
midnight, one account at a time, and shares no line with the product. Where the text leaves two readings, the one taken
here is under "Readings" below. Amounts are minor units, net; days are dates in the billing time zone.

Readings
 1. Whatever happens on "day n" happens at the local midnight that begins it (S15 knows instants where a retry, the end
    of dunning and a boundary meet). Where a new zone has that day already, dunning's day begins with the zone.
 2. Day 0 of a charged invoice is the local date of its finalisation; of an invoice on account, its due date (S01, S04).
 3. A first payment that failed (S16) is tried again only when a card is added. Cancelled in those days: Free at once.
    A trial that is cancelled goes on to its end as a trial.
 4. A new billing zone takes force at a boundary that time brings: the end of the trial, of a term, Free; not with a
    term that an order begins, nor with a first payment that comes late (S24). On Free, where nothing is billed, it
    takes force at once.
 5. A new term drops a scheduled change whole (R4.3: "the new order replaces it").
 6. A window that an order cut short (S13) ends like any other: whether its usage is too small to bill (S07) is asked of
    it by itself, only later. Late usage goes with the first window that is billed after it came.
 7. A draft that waits when dunning ends keeps its usage and the days up to then; the rest is taken off it by line.
 8. An unpaid invoice without seats never ends the term (S19): its numbers are credited, and while telephony is stopped
    no number is charged.
 9. What a credit note gives back beyond what was still open goes to the balance.
10. Once deletion is requested no card is charged and nothing happens by itself; taken back, everything that was missed
    happens as of when it was due. The account is deleted when that is no longer possible; erasure follows.
11. Seats that expanded today are no part of any order's price; the midnight that ends the day prices them (S22), and
    only then a scheduled reduction is dropped (S09).
12. A number is neither added nor are seats expanded while canceling (S41). Restricted refuses reductions too (S23), but
    not to resume.
13. Numbers are held for fourteen times 24 hours after an account fell to Free, and come back with a plan.
14. On Free, an account pays by card again, and buys again once nothing is overdue.
15. Of several invoices the one that was due first is paid first, of one day the one that was finalised first.
16. A payment that bounced begins everything anew (S37), however the card was declined before.
17. An order at once for fewer seats than people hold now is refused (R4.3). How many those are is what `auto_expand`
    said last; on Free it is nobody.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

SEAT_TIERS: dict[str, dict[str, tuple[int, int, int, int]]] = {
    "essentials": {"month": (1100, 990, 880, 770), "year": (10800, 9720, 8640, 7560)},
    "standard": {"month": (2300, 2070, 1840, 1610), "year": (22800, 20520, 18240, 15960)},
    "enterprise": {"month": (3500, 3150, 2800, 2450), "year": (34800, 31320, 27840, 24360)},
}
TIER_ENDS = (50, 100, 500)
RANK = {"free": 0, "essentials": 1, "standard": 2, "enterprise": 3}
INTERVAL_RANK = {"month": 0, "year": 1}
MONTHS = {"month": 1, "year": 12}
NUMBER_PRICE = 1000
UNIT_PRICE = {"us_ca": 10, "other": 35}
POOL_PER_SEAT = 100
FREE_SMS = 100
FREE_MINUTES = 100
INCLUDED_NUMBERS = {"free": 0, "essentials": 0, "standard": 1, "enterprise": 1}
LATE_AFTER = timedelta(hours=48)
UNDO_FOR = timedelta(hours=24)
WHILE_DELETING = ("undo_deletion", "record_payment", "reverse_payment", "card_added")
SMALL_USAGE = 500
WRITE_OFF_UP_TO = 1000
DUNNING_DAYS = (1, 3, 7, 14, 21)
REMINDER_DAYS = (-7, 0, 7, 14, 21)
NET_DAYS = 30


class Refused(Exception):
    """The command is not possible now."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that is done to the account at an instant."""

    at: datetime
    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Use:
    """One usage record: messages sent at an instant, or an answered leg of a forwarded call."""

    kind: str  # "sms", "voice" or "leg"
    zone: str  # "us_ca" or "other"
    at: datetime
    amount: int  # messages, or seconds
    received: datetime | None = None

    @property
    def minutes(self) -> int:
        return -(-self.amount // 60)


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    item: str
    quantity: int
    amount: int


@dataclass(slots=True, eq=False)
class Doc:
    kind: str  # "invoice" or "credit_note"
    dated_on: date
    lines: list[Line]
    collection: str
    issued_at: datetime | None = None
    place: int = 0  # among all that were finalised
    ready_at: datetime | None = None  # a draft: when it is finalised
    windows: list["Window"] = field(default_factory=list)  # whose usage it waits for
    final: bool = False  # a final usage invoice
    paid: int = 0
    written_off: int = 0
    day0: date | None = None
    steps: set[int] = field(default_factory=set)
    hard: bool = False
    ended: bool = False
    void: bool = False  # would have been empty
    states: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def owed(self) -> int:
        return self.total - self.paid - self.written_off

    @property
    def unpaid(self) -> bool:
        return self.kind == "invoice" and self.issued_at is not None and self.owed > 0

    @property
    def status(self) -> str:
        return self.states[-1][1] if self.states else "draft"


@dataclass(slots=True, eq=False)
class Run:
    """A debit whose days are still running."""

    kind: str
    item: str
    quantity: int
    amount: int
    start: date
    end: date
    doc: Doc | None = None

    def unused(self, day: date) -> int:
        day = max(day, self.start)
        return rounded(Fraction(self.amount * (self.end - day).days, (self.end - self.start).days))


@dataclass(slots=True, eq=False)
class Window:
    """A metering window of a subscription."""

    subscription: int
    starts: datetime
    ends_on: date
    ends: datetime | None = None
    minutes: int = FREE_MINUTES
    number_held: bool = False
    over: bool = False  # nothing of it can be billed any more
    uses: list[Use] = field(default_factory=list)
    late: list[Use] = field(default_factory=list)
    levels: set[int] = field(default_factory=set)
    billed: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Number:
    name: str
    added_at: datetime
    releasing: bool = False


def rounded(amount: Fraction) -> int:
    """To a whole minor unit, half away from zero."""
    whole = int(abs(amount) * 2 + 1) // 2
    return whole if amount >= 0 else -whole


def list_price(plan: str, interval: str, seats: int) -> int:
    """What that many seats cost for a whole month or year."""
    total = 0
    for seat in range(1, seats + 1):
        tier = sum(seat > end for end in TIER_ENDS)
        total += SEAT_TIERS[plan][interval][tier]
    return total


def boundary(anchor: date, months: int) -> date:
    """The day `months` months after the anchor, the month's last day where there is none."""
    year, month = anchor.year, anchor.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


Fact = tuple[datetime, str, int, bool]


class World:
    """One account. Give it commands with `run`; then look at what became of it."""

    def __init__(
        self, zone: str, created_at: datetime, collection: str = "card", outcomes: Iterable[str] = (), card: bool = True
    ) -> None:
        self.zone, self.next_zone = zone, ""
        self.now = self.created_at = created_at
        self.collection = collection
        self.outcomes = list(outcomes)
        self.attempts = 0
        self.has_card = card
        self.state = "free"  # or "trialing", "paid", "deleted"
        self.deleting_at: datetime | None = None
        self.undone_at = created_at
        self.trial_end: date | None = None
        self.trial_used = False
        self.trial_mails: set[tuple[date, int]] = set()
        self.chosen: dict[str, Any] | None = None
        self.grace_until: date | None = None
        self.grace_lines: list[Line] = []
        self.plan, self.interval, self.seats = "free", "month", 0
        self.need = self.people = 0
        self.anchor = self.term_start = self.term_end = self.day(created_at)
        self.pending: dict[str, Any] = {}
        self.cancels = False
        self.usage_billed = False
        self.usage_billed_on: date | None = None
        self.telephony_stopped = False
        self.numbers: list[Number] = []
        self.suspended: list[Number] = []
        self.suspended_at = created_at
        self.runs: list[Run] = []
        self.docs: list[Doc] = []
        self.issued = 0
        self.balance = 0
        self.payments: list[tuple[Doc, int, int, int]] = []
        self.subscription = 0
        self.windows: list[Window] = []
        self.unbilled: list[Window] = []
        self.next_uses: list[Use] = []
        self.facts: list[Fact] = []
        self.late_lines: list[tuple[Window, Line]] = []  # a line for each window, kind and zone
        self.carried, self.carries = 0, 0
        self.free_anchor = self.anchor
        self.free_until = boundary(self.anchor, 1)
        self.free_used = 0
        self.free_levels: set[int] = set()
        self.standings: list[tuple[datetime, str]] = []
        self.terms: list[tuple[datetime, str, int, str]] = []
        self.mails: list[tuple[str, datetime]] = []
        self.refusals: list[tuple[int, str]] = []
        self._note()

    # the walk

    def run(self, commands: Sequence[Command], until: datetime) -> "World":
        for index, command in enumerate(commands):
            self.advance(command.at, drafts=command.name != "usage")
            try:
                if self.state == "deleted" or (self.deleting_at and command.name not in WHILE_DELETING):
                    raise Refused("deleting")
                getattr(self, command.name)(**command.args)
            except Refused as refused:
                self.refusals.append((index, str(refused)))
            self._note()
        self.advance(until)
        return self

    def advance(self, to: datetime, drafts: bool = True) -> None:
        """Let everything happen that happens by itself up to and with that instant."""
        if drafts or to > self.now:
            self._finalise_ready()
            self._note()
        while True:
            tomorrow = midnight(self.day(self.now) + timedelta(days=1), self.zone)
            nine = datetime.combine(self.day(self.now), time(9), ZoneInfo(self.zone)).astimezone(UTC)
            steps = [tomorrow, *([nine] if self.state == "trialing" and self.now < nine else [])]
            steps += [doc.ready_at for doc in self.docs if doc.ready_at and doc.ready_at > self.now]
            if self.deleting_at:
                steps += [self.deleting_at + UNDO_FOR]
            step = min(steps)
            if step > to or self.state == "deleted":
                break
            self.now = step
            self._automatic(step == tomorrow, step == nine, drafts or step < to)
            self._note()
        self.now = to

    def _automatic(self, is_midnight: bool, is_nine: bool, drafts: bool) -> None:
        if self.deleting_at:
            if self.now >= self.deleting_at + UNDO_FOR:
                self.state = "deleted"
            return
        if is_midnight:
            self._midnight()
        if is_nine:
            self._trial_mails()
        if drafts:
            self._finalise_ready()

    def _midnight(self) -> None:
        self._expansion()
        for doc in self._by_age():
            self._retry(doc)
        for doc in self._by_age():
            self._end_of_dunning(doc)
        if self.state == "trialing" and self.trial_end and self.day() >= self.trial_end:
            self._end_trial()
        if self.grace_until and self.day() >= self.grace_until:
            self._lose_grace()
        if self.state == "paid" and self.day() >= self.windows[-1].ends_on:
            self._boundary()
        if self.state == "free":
            self._free_day()

    def day(self, at: datetime | None = None) -> date:
        return (at or self.now).astimezone(ZoneInfo(self.zone)).date()

    def today(self) -> date:
        """The day that counts for an order. S24"""
        return max(self.day(), self.term_start) if self.state == "paid" else self.day()

    # standing

    @property
    def standing(self) -> str:
        if self.state == "deleted":
            return "deleted"
        if self.deleting_at:
            return "deleting"
        if self.state != "paid":
            return self.state
        if self.grace_until:
            return "past_due"
        late = max((self._lateness(doc) for doc in self.docs), default=-1)
        if late >= 14:
            return "restricted"
        if late >= 0:
            return "past_due"
        return "canceling" if self.cancels else "active"

    def _lateness(self, doc: Doc) -> int:
        """Days since day 0 of an unpaid invoice; -1 if nothing is overdue."""
        if doc.day0 is None or not doc.unpaid:
            return -1
        days = (self.today() - doc.day0).days
        return days if days > 0 or (days == 0 and doc.collection == "card") else -1

    def _note(self) -> None:
        at = max(self.now, self.undone_at)
        if not self.standings or self.standings[-1][1] != self.standing:
            self.standings.append((at, self.standing))
        interval = self.interval if self.state == "paid" else ""
        if self.state == "deleted":
            return
        term = (self.plan, max(self.seats, self.need), interval)
        if not self.terms or self.terms[-1][1:] != term:
            self.terms.append((at, *term))
        fact = (self.plan, max(self.seats, self.need), self.usage_billed)
        if not self.facts or self.facts[-1][1:] != fact:
            self.facts.append((self.now, *fact))

    @property
    def owed(self) -> int:
        return sum(doc.owed for doc in self.docs if doc.unpaid)

    # documents and money

    def _by_age(self) -> list[Doc]:
        """Unpaid invoices in the order in which they are paid."""
        unpaid = [doc for doc in self.docs if doc.unpaid]
        return sorted(unpaid, key=lambda doc: (doc.day0, doc.issued_at, doc.place))

    def _attempt(self) -> str:
        if not self.has_card:
            return "soft"
        self.attempts += 1
        return self.outcomes.pop(0) if self.outcomes else "paid"

    def _mark(self, doc: Doc, status: str) -> None:
        if doc.status != status:
            doc.states.append((self.now, status))

    def _settle(self, doc: Doc) -> None:
        self._mark(doc, "paid" if doc.owed == 0 else "partially_paid" if doc.paid else "open")
        if self.telephony_stopped and not any(other.ended and other.unpaid for other in self.docs):
            self.telephony_stopped = False

    def _issue(self, doc: Doc, charge: bool = True) -> None:
        """Finalise an invoice: take the balance, then the card, or let it be due."""
        doc.issued_at, doc.ready_at = self.now, None
        doc.place = self.issued = self.issued + 1
        if doc not in self.docs:
            self.docs.append(doc)
        use = max(0, min(self.balance, doc.total))
        self.balance -= use
        doc.paid += use
        doc.day0 = self.today() + timedelta(days=NET_DAYS if doc.collection == "invoice" else 0)
        self._settle(doc)
        if doc.collection == "card" and charge:
            self._charge(doc)
            if doc.unpaid:
                self.mails.append(("payment_failed", self.now))

    def _charge(self, doc: Doc) -> None:
        if doc.owed <= 0:
            return
        outcome = self._attempt()
        doc.hard = outcome == "hard"
        if outcome == "paid":
            doc.paid = doc.total - doc.written_off
            self._settle(doc)

    def _sell(self, lines: list[Line], runs: list[Run], on: date | None = None) -> None:
        """Invoice an order at once; with a card only if it can be paid. Raises: Refused when it cannot. R6.3, S26"""
        net = sum(line.amount for line in lines)
        if net > max(0, self.balance) and self.collection == "card" and self._attempt() != "paid":
            raise Refused("declined")
        if net == 0:
            self.runs += runs
            return
        if net < 0:
            back = [Line(line.kind, line.item, line.quantity, -line.amount) for line in lines if line.amount < 0]
            self._credit_note(back)
            self.balance += sum(line.amount for line in back)
            lines = [line for line in lines if line.amount > 0]
        doc = Doc("invoice", on or self.today(), lines, self.collection)
        if lines:
            self._issue(doc, charge=False)
        if self.collection == "card":
            doc.paid = doc.total
            self._settle(doc)
        for run in runs:
            run.doc = doc
        self.runs += runs

    def _credit_note(self, lines: list[Line]) -> None:
        doc = Doc("credit_note", self.today(), lines, self.collection, issued_at=self.now)
        self.docs.append(doc)
        self._mark(doc, "issued")

    # dunning

    def _retry(self, doc: Doc) -> None:
        if not doc.unpaid or doc.day0 is None:
            return
        days = DUNNING_DAYS if doc.collection == "card" else REMINDER_DAYS
        for step in days:
            if step in doc.steps or self.day() < doc.day0 + timedelta(days=step):
                continue
            doc.steps.add(step)
            if doc.collection == "card" and not doc.hard:
                self._charge(doc)
            if doc.unpaid:
                self.mails.append((f"dunning_{step}", self.now))

    def _end_of_dunning(self, doc: Doc) -> None:
        if not doc.unpaid or doc.ended or doc.day0 is None or self.day() < doc.day0 + timedelta(days=28):
            return
        doc.ended = True
        if self.state != "paid" or self.grace_until:
            return
        if any(line.kind == "seats" for line in doc.lines):
            self._give_back(self.runs)
            for draft in self.docs:
                if draft.ready_at:
                    draft.lines += self._credits([run for run in self.runs if run.doc is draft])
            self._end_subscription()
        elif not self.telephony_stopped:
            self.telephony_stopped = True
            self._give_back([run for run in self.runs if run.kind == "number"])
            self.runs = [run for run in self.runs if run.kind != "number"]

    def _give_back(self, runs: list[Run]) -> None:
        """A credit note for each unpaid invoice: its unused days. S15, S19"""
        for doc in [doc for doc in self.docs if doc.unpaid]:
            lines = [Line(r.kind, r.item, r.quantity, r.unused(self.today())) for r in runs if r.doc is doc]
            lines = [line for line in lines if line.amount]
            if lines:
                self._credit_note(lines)
                back = sum(line.amount for line in lines)
                self.balance += max(0, back - doc.owed)
                doc.paid += min(back, doc.owed)
                self._settle(doc)

    # trial

    def start_trial(self) -> None:
        if self.state != "free" or self.trial_used or self.subscription:
            raise Refused("trial_used")
        self.trial_used = True
        self.state, self.plan, self.seats = "trialing", "enterprise", 0
        self.trial_end = self.day() + timedelta(days=15)

    def extend_trial(self, last_day: date) -> None:
        if self.state != "trialing" or not self.trial_end or last_day + timedelta(days=1) < self.trial_end:
            raise Refused("not_trialing")
        self.trial_end = last_day + timedelta(days=1)

    def _trial_mails(self) -> None:
        if self.trial_end is None:
            return
        for days in (7, 3, 1):
            running = self.state == "trialing"
            key = (self.trial_end, days)
            if running and self.day() == self.trial_end - timedelta(days=days) and key not in self.trial_mails:
                self.trial_mails.add(key)
                self.mails.append((f"trial_{days}", self.now))

    def _end_trial(self) -> None:
        chosen, self.chosen = self.chosen, None
        if chosen is None:
            self._become_free()
            self._tell_trial_end()
            return
        first = self.trial_end or self.day()
        try:
            self._begin(chosen, first)
            self._take_zone()
        except Refused:
            # a first payment that failed: three days, and no document. S16
            self.grace_until = first + timedelta(days=3)
            self._open(chosen, first)
            self.mails.append(("first_charge_failed", self.now))
        self._tell_trial_end()

    def _tell_trial_end(self) -> None:
        nine = datetime.combine(
            self.trial_end or self.day(), time(9), ZoneInfo(self.next_zone or self.zone)
        ).astimezone(UTC)
        self.mails.append(("trial_0", max(nine, self.now)))

    def _lose_grace(self) -> None:
        self.grace_until = None
        self.windows[-1].over, self.windows[-1].ends = True, self.now
        self._become_free()

    # starting a subscription

    def _choose(self, target: dict[str, Any], start_today: bool) -> None:
        """A plan for after the trial, or from today."""
        before = self.chosen or {}
        chosen = {"interval": "month", "seats": 1, **before, **target}
        if "plan" not in chosen:
            raise Refused("no_plan")
        if self.collection == "invoice" and chosen["interval"] != "year":
            raise Refused("offline_requires_annual")
        if start_today:
            self._begin(chosen, self.day())
            self.trial_end = self.chosen = None
        else:
            self.chosen = chosen
        self.cancels = False

    def _buy(self, target: dict[str, Any]) -> None:
        """A new subscription from Free."""
        if any(self._lateness(doc) >= 0 for doc in self.docs):
            raise Refused("pay_first")
        chosen = {"interval": "month", "seats": 1, **target}
        if "plan" not in chosen:
            raise Refused("no_plan")
        if self.collection == "invoice" and chosen["interval"] != "year":
            raise Refused("offline_requires_annual")
        self._begin(chosen, self.day())

    def _begin(self, target: dict[str, Any], on: date) -> None:
        """The first invoice, and with it the subscription. Raises: Refused when the card is declined."""
        held = self.now < self.suspended_at + timedelta(days=14)
        numbers = self.numbers or (self.suspended if held else [])
        lines, runs = self._full(target, on, numbers)
        self._sell(lines, runs, on)
        self._open(target, on)

    def choose_plan(self, plan: str, interval: str, seats: int, start_today: bool = False) -> None:
        self.order(plan, interval, seats, start_today)

    def _full(self, target: dict[str, Any], on: date, numbers: list[Number]) -> tuple[list[Line], list[Run]]:
        """The lines of a whole term and a whole window from a day on."""
        lines = [self._seat_line(target)]
        runs = [Run("seats", target["plan"], target["seats"], lines[0].amount, on, self._term_after(target, on))]
        more_lines, more_runs = self._number_lines(target["plan"], on, boundary(on, 1), numbers)
        return lines + more_lines, runs + more_runs

    @staticmethod
    def _seat_line(target: dict[str, Any]) -> Line:
        price = list_price(target["plan"], target["interval"], target["seats"])
        return Line("seats", target["plan"], target["seats"], price)

    @staticmethod
    def _term_after(target: dict[str, Any], on: date) -> date:
        return boundary(on, MONTHS[target["interval"]])

    @staticmethod
    def _number_lines(plan: str, on: date, end: date, numbers: list[Number]) -> tuple[list[Line], list[Run]]:
        charged = numbers[INCLUDED_NUMBERS[plan] :]
        lines = [Line("number", number.name, 1, NUMBER_PRICE) for number in charged]
        return lines, [Run("number", number.name, 1, NUMBER_PRICE, on, end) for number in charged]

    def _open(self, target: dict[str, Any], on: date) -> None:
        """A subscription begins, with its first window."""
        if self.now >= self.suspended_at + timedelta(days=14):
            self.suspended = []
        used = self._free_minutes_since(self.now - timedelta(days=30))
        self.state = "paid"
        self.subscription += 1
        self.numbers += self.suspended
        self.suspended = []
        self._start_term(target, on)
        self.windows[-1].minutes = max(0, FREE_MINUTES - used)

    def _start_term(self, target: dict[str, Any], on: date) -> None:
        self.plan, self.interval, self.seats = target["plan"], target["interval"], target["seats"]
        self.anchor = self.term_start = on
        self.term_end = self._term_after(target, on)
        self._open_window(boundary(on, 1))

    def _open_window(self, ends_on: date) -> None:
        window = Window(self.subscription, self.now, ends_on, number_held=bool(self.numbers))
        window.uses, self.next_uses = [use for use in self.next_uses if use.at >= self.now], []
        self.windows.append(window)
        self._note()

    def _take_zone(self) -> None:
        if self.next_zone:
            before = self.day()
            self.zone, self.next_zone = self.next_zone, ""
            for doc in self._by_age() if self.day() > before else []:
                self._retry(doc)

    # orders

    def order(
        self,
        plan: str | None = None,
        interval: str | None = None,
        seats: int | None = None,
        start_today: bool = False,
    ) -> None:
        named = {k: v for k, v in (("plan", plan), ("interval", interval), ("seats", seats)) if v is not None}
        if self.state == "trialing":
            self._choose(named, start_today)
        elif self.state == "free":
            self._buy(named)
        elif self.grace_until:
            raise Refused("pay_first")
        else:
            self._change(named)

    def _change(self, named: dict[str, Any]) -> None:
        if self.cancels:
            raise Refused("resume_first")
        if self.standing == "restricted":
            raise Refused("pay_first")
        if self.collection == "invoice" and named.get("interval") == "month":
            raise Refused("offline_requires_annual")
        current = {"plan": self.plan, "interval": self.interval, "seats": self.seats}
        raised = {k: v for k, v in named.items() if self._is_up(k, v, current[k])}
        if raised and self.standing == "past_due":
            raise Refused("pay_first")
        if ("interval" in raised or "seats" in raised) and named.get("seats", max(self.seats, self.need)) < self.people:
            raise Refused("people")
        if "interval" in raised:
            self._new_term({**current, **named})
            return
        if raised:
            self._upgrade({**current, **raised})
        for name, value in named.items():
            self.pending.pop(name, None)
            if name not in raised and value != current[name]:
                self.pending[name] = value

    @staticmethod
    def _is_up(name: str, value: Any, current: Any) -> bool:
        if name == "plan":
            return RANK[value] > RANK[current]
        if name == "interval":
            return INTERVAL_RANK[value] > INTERVAL_RANK[current]
        return bool(value > current)

    def _credits(self, runs: list[Run]) -> list[Line]:
        """A line for every debit that still runs. S11"""
        lines = [Line(run.kind, run.item, run.quantity, -run.unused(self.today())) for run in runs]
        return [line for line in lines if line.amount]

    def _upgrade(self, target: dict[str, Any]) -> None:
        """Plan, seats or both go up inside the running term."""
        left, days = (self.term_end - self.today()).days, (self.term_end - self.term_start).days
        price = list_price(target["plan"], self.interval, target["seats"])
        ended: list[Run] = []
        quantity = target["seats"]
        if target["plan"] == self.plan:
            price -= list_price(self.plan, self.interval, self.seats)
            quantity -= self.seats
        else:
            ended = [run for run in self.runs if run.kind == "seats"]
            included = {number.name for number in self.numbers[: INCLUDED_NUMBERS[target["plan"]]]}
            ended += [run for run in self.runs if run.kind == "number" and run.item in included]
        amount = rounded(Fraction(price * left, days))
        line = Line("seats", target["plan"], quantity, amount)
        run = Run("seats", target["plan"], quantity, amount, self.today(), self.term_end)
        self._sell([*self._credits(ended), line], [run])
        self.runs = [run for run in self.runs if run not in ended]
        self.plan, self.seats = target["plan"], target["seats"]

    def _new_term(self, target: dict[str, Any]) -> None:
        """Monthly to annual: everything at once, a new anchor and a new window. S03, S13"""
        today = self.today()
        ended = list(self.runs)
        kept = [number for number in self.numbers if not number.releasing]
        lines, runs = self._full(target, today, kept)
        self._sell(self._credits(ended) + lines, runs)
        self.numbers = kept
        self.runs = [run for run in self.runs if run not in ended]
        self.pending = {}
        self._close_window()
        self._start_term(target, today)

    def _close_window(self) -> None:
        window = self.windows[-1]
        window.ends = self.now
        self.next_uses = self._take_uses_of_now(window)
        if window.starts < self.now:  # else nothing can have been used in it
            self.unbilled.append(window)

    def _take_uses_of_now(self, window: Window) -> list[Use]:
        """What was used at this very instant belongs to what begins with it. M5"""
        taken = [use for use in window.uses if use.at >= self.now]
        window.uses = [use for use in window.uses if use.at < self.now]
        return taken

    def accept_offline(self, plan: str, seats: int, po: str = "") -> None:
        """An order on account: a year, due in thirty days. R4.2"""
        if self.state == "paid" and (self.standing != "active" or self.grace_until):
            raise Refused("not_active")
        before, self.collection = self.collection, "invoice"
        try:
            self.order(plan, "year", seats)
        except Refused:
            self.collection = before
            raise

    def auto_expand(self, needed: int) -> None:
        """So many people need a seat now. S02, S22"""
        if self.state != "paid" or self.grace_until:
            raise Refused("no_subscription")
        if needed > max(self.seats, self.need) and self.standing != "active":
            raise Refused("not_active")
        self.need = self.people = needed

    def _expansion(self) -> None:
        """Invoice what the day that just ended expanded by."""
        if self.state == "paid" and self.day() <= self.term_start:
            return  # a zone further west: the first day has not ended
        need, self.need = self.need, 0
        if self.state != "paid" or need <= self.seats:
            return
        yesterday = max(self.day() - timedelta(days=1), self.term_start)
        left, days = (self.term_end - yesterday).days, (self.term_end - self.term_start).days
        price = list_price(self.plan, self.interval, need) - list_price(self.plan, self.interval, self.seats)
        amount = rounded(Fraction(price * left, days))
        doc = Doc("invoice", self.today(), [Line("seats", self.plan, need - self.seats, amount)], self.collection)
        self.runs.append(Run("seats", self.plan, need - self.seats, amount, yesterday, self.term_end, doc))
        self.seats = need
        self.pending.pop("seats", None)
        self._issue(doc)

    def cancel(self, now: bool = False) -> None:
        if self.state == "trialing":
            self._cancel_trial(now)
            return
        if self.state != "paid":
            raise Refused("no_subscription")
        if self.standing == "restricted":
            raise Refused("pay_first")
        if self.grace_until:
            self._lose_grace()
        elif now:
            self._end_subscription()
        elif self.cancels:
            raise Refused("already_canceling")
        else:
            self.cancels, self.pending = True, {}

    def _cancel_trial(self, now: bool) -> None:
        if now:
            self.trial_end = None
            self._become_free()
            return
        if self.cancels:
            raise Refused("already_canceling")
        self.chosen, self.cancels = None, True

    def resume(self) -> None:
        if not self.cancels:
            raise Refused("not_canceling")
        self.cancels = False

    # the boundary

    def _boundary(self) -> None:
        on = self.windows[-1].ends_on
        self._close_window()
        renews = on >= self.term_end
        if renews and self.cancels:
            self._end_subscription(on)
            return
        windows, self.unbilled = self.unbilled, []
        waits = self._could_charge(windows)
        self.runs = [run for run in self.runs if run.end > on]
        self.numbers = [number for number in self.numbers if not number.releasing]
        doc = Doc("invoice", on, [], self.collection, windows=windows)
        if renews:
            self._renew(doc, on)
        if self.usage_billed_on and on >= self.usage_billed_on:
            self.usage_billed, self.usage_billed_on = True, None
        next_end = self._next_window_end(on)
        numbers = [] if self.telephony_stopped else self.numbers
        lines, runs = self._number_lines(self.plan, on, next_end, numbers)
        for run in runs:
            run.doc = doc
        doc.lines += lines
        self.runs += runs
        ready_at = self.now + LATE_AFTER
        self._open_window(next_end)
        self.docs.append(doc)
        doc.ready_at = ready_at
        if not waits:
            self._finalise(doc)
        if renews:
            self._take_zone()

    def _renew(self, doc: Doc, on: date) -> None:
        target = {"plan": self.plan, "interval": self.interval, "seats": self.seats, **self.pending}
        self.pending = {}
        self.plan, self.interval, self.seats = target["plan"], target["interval"], target["seats"]
        self.term_start = on
        months = 0
        while boundary(self.anchor, months) <= on:
            months += 1
        self.term_end = boundary(self.anchor, months - 1 + MONTHS[self.interval])
        line = self._seat_line(target)
        doc.lines.append(line)
        self.runs.append(Run("seats", self.plan, self.seats, line.amount, on, self.term_end, doc))

    def _next_window_end(self, on: date) -> date:
        months = 0
        while boundary(self.anchor, months) <= on:
            months += 1
        return boundary(self.anchor, months)

    def _could_charge(self, windows: list[Window]) -> bool:
        """S04: whether usage may still come to something."""
        if self.carried:
            return True
        return any(window.number_held or self._metered(window) for window in windows)

    def _metered(self, window: Window) -> bool:
        inside = [self._fact(window.starts)]
        inside += [fact for fact in self.facts if window.starts < fact[0] < (window.ends or self.now)]
        return any(plan == "essentials" or billed for _, plan, _, billed in inside)

    def _finalise_ready(self) -> None:
        if self.deleting_at:
            return
        for doc in list(self.docs):
            if doc.ready_at and doc.ready_at <= self.now:
                self._finalise(doc)

    def _finalise(self, doc: Doc, charge: bool = True) -> None:
        doc.ready_at = None
        doc.lines += self._bill_usage(doc.windows, doc.final)
        if doc.final:
            for window in self.windows:
                window.over = window.over or window.subscription <= doc.windows[-1].subscription
        if doc.total == 0:
            self.docs.remove(doc)
            return
        self._issue(doc, charge)

    # ending

    def _end_subscription(self, on: date | None = None) -> None:
        """To Free at this instant; what was used follows on a final invoice. S19, S20, S27"""
        on = on or self.today()
        if self.windows[-1].ends is None:
            self._close_window()
        self._final_usage(on, self.now + LATE_AFTER)
        self._become_free()

    def _final_usage(self, on: date, ready_at: datetime) -> None:
        windows, self.unbilled = self.unbilled, []
        drafts = [doc for doc in self.docs if doc.ready_at]
        if not windows and drafts and drafts[-1].windows[-1].ends == self.now:
            drafts[-1].final = True  # a boundary at this instant: its invoice is the last
            return
        if self._could_charge(windows) or any(self._could_charge(draft.windows) for draft in drafts):
            doc = Doc("invoice", on, [], self.collection, ready_at=ready_at, windows=windows, final=True)
            self.docs.append(doc)
        else:
            lines = self._bill_usage(windows, final=True)
            if lines:
                self._issue(Doc("invoice", on, lines, self.collection))
            for window in self.windows:
                window.over = True

    def _become_free(self) -> None:
        self._suspend_numbers()
        self.state, self.plan, self.seats, self.collection = "free", "free", 0, "card"
        self.runs, self.pending, self.need, self.people = [], {}, 0, 0
        self.next_uses = []
        self.cancels = self.usage_billed = self.telephony_stopped = False
        self.grace_until = self.usage_billed_on = None
        self._take_zone()
        self.free_used, self.free_levels = 0, set()
        self._next_free_window()

    def _next_free_window(self) -> None:
        months = 0
        while boundary(self.free_anchor, months) <= self.day():
            months += 1
        self.free_until = boundary(self.free_anchor, months)

    def _suspend_numbers(self) -> None:
        self.suspended = [number for number in self.numbers if not number.releasing]
        self.numbers = []
        self.suspended_at = self.now

    def _free_day(self) -> None:
        if self.day() >= self.free_until:
            self.free_used, self.free_levels = 0, set()
            self._next_free_window()

    # numbers

    def add_number(self, name: str) -> None:
        if self.state == "trialing" and not self.cancels:
            if self.numbers:
                raise Refused("one_in_trial")
            self.numbers.append(Number(name, self.now))
            return
        if self.state != "paid" or self.telephony_stopped:
            raise Refused("no_numbers")
        if self.standing != "active":
            raise Refused("pay_first" if not self.cancels else "resume_first")
        if len(self.numbers) >= INCLUDED_NUMBERS[self.plan]:
            start, end = self._window_days()
            day = max(self.day(), start)
            amount = rounded(Fraction(NUMBER_PRICE * (end - day).days, (end - start).days))
            self._sell([Line("number", name, 1, amount)], [Run("number", name, 1, amount, day, end)])
        self.numbers.append(Number(name, self.now))
        self.windows[-1].number_held = True

    def _window_days(self) -> tuple[date, date]:
        end = self.windows[-1].ends_on
        months = 0
        while boundary(self.anchor, months + 1) < end:
            months += 1
        return boundary(self.anchor, months), end

    def release_number(self, name: str) -> None:
        if self.standing == "restricted":
            raise Refused("pay_first")
        if self.now >= self.suspended_at + timedelta(days=14):
            self.suspended = []
        mine = self.suspended if self.state == "free" else self.numbers
        held = [number for number in mine if number.name == name and not number.releasing]
        if not held:
            raise Refused("no_such_number")
        if self.state != "paid" or self.grace_until:
            mine.remove(held[0])
        held[0].releasing = True

    # usage

    def usage(self, uses: Iterable[Use]) -> None:
        for use in uses:
            self._record(Use(use.kind, use.zone, use.at, use.amount, self.now))

    def _record(self, use: Use) -> None:
        found = [w for w in self.windows if w.starts <= use.at and (w.ends is None or use.at < w.ends)]
        held = self.suspended if self.now < self.suspended_at + timedelta(days=14) else []
        called = use.kind != "leg" or any(number.added_at <= use.at for number in [*self.numbers, *held])
        if not found and use.at == self.now and called:  # what begins at this very instant has it too. M5
            self.next_uses.append(use)
        if self.state == "free" and not found:
            self._record_free(use)
            return
        if not found or found[0].over or self.telephony_stopped or not called:
            return
        window = found[0]
        if window.ends is not None and self.now > window.ends + LATE_AFTER:
            before = self._rate(window)
            window.late.append(use)
            more = self._difference(before, self._rate(window), "late_")
            for line in more:
                key = (line.kind.removeprefix("late_"), line.item)
                window.billed[key] = window.billed.get(key, 0) + line.quantity
                self._add_late(window, line)
            return
        window.uses.append(use)
        if window.ends is None and use.kind != "leg" and self._pooled(self._fact(use.at)):
            self._pool_mails(window)

    def _add_late(self, window: Window, more: Line) -> None:
        for index, (of, line) in enumerate(self.late_lines):
            if of is window and (line.kind, line.item) == (more.kind, more.item):
                line = Line(line.kind, line.item, line.quantity + more.quantity, line.amount + more.amount)
                self.late_lines[index] = (window, line)
                return
        self.late_lines.append((window, more))

    def _record_free(self, use: Use) -> None:
        if use.kind == "sms":
            self.free_used = min(FREE_SMS, self.free_used + use.amount)
            for level in (80, 100):
                if self.free_used * 100 >= FREE_SMS * level and level not in self.free_levels:
                    self.free_levels.add(level)
                    self.mails.append((f"usage_{level}", self.now))

    def _pool_mails(self, window: Window) -> None:
        included = self._rate(window).get(("included", ""), 0)
        pool = POOL_PER_SEAT * self._fact(self.now)[2]
        for level in (80, 100):
            if included * 100 >= pool * level and level not in window.levels:
                window.levels.add(level)
                self.mails.append((f"usage_{level}", self.now))

    def _fact(self, at: datetime) -> Fact:
        return [fact for fact in self.facts if fact[0] <= at][-1]

    @staticmethod
    def _pooled(fact: Fact) -> bool:
        return fact[1] == "essentials" or fact[3]

    def _rate(self, window: Window) -> dict[tuple[str, str], int]:
        """Units by (what, zone): beyond what is included, and under "included" and "free" what is not."""
        units: dict[tuple[str, str], int] = {}

        def count(what: str, zone: str, number: int) -> None:
            if number:
                units[what, zone] = units.get((what, zone), 0) + number

        for use in [*sorted(window.uses, key=lambda use: use.at), *window.late]:
            fact = self._fact(use.at)
            if use.kind == "leg":
                allowance = window.minutes if INCLUDED_NUMBERS[fact[1]] and use.zone == "us_ca" else 0
                free = min(use.minutes, max(0, allowance - units.get(("free", ""), 0)))
                count("free", "", free)
                count("minutes", use.zone, use.minutes - free)
            elif self._pooled(fact):
                room = max(0, POOL_PER_SEAT * fact[2] - units.get(("included", ""), 0))
                count("included", "", min(use.amount, room))
                count("messages", use.zone, max(0, use.amount - room))
        return units

    @staticmethod
    def _difference(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int], prefix: str) -> list[Line]:
        lines = []
        for (what, zone), units in after.items():
            more = units - before.get((what, zone), 0)
            if zone and more > 0:
                lines.append(Line(prefix + what, zone, more, more * UNIT_PRICE[zone]))
        return lines

    def _usage_lines(self, window: Window) -> list[Line]:
        before, window.billed = window.billed, self._rate(window)
        return self._difference(before, window.billed, "")

    def _bill_usage(self, windows: list[Window], final: bool) -> list[Line]:
        """What is billed of these windows, late usage and what was carried; small sums wait. S07"""
        billed: list[Line] = []
        for window in windows:
            lines = self._usage_lines(window) + [line for _, line in self.late_lines]
            self.late_lines = []
            total = sum(line.amount for line in lines) + self.carried
            if 0 < total < SMALL_USAGE and self.carries < 3 and not (final and window is windows[-1]):
                self.carried, self.carries = total, self.carries + 1
                continue
            billed += lines
            if self.carried:
                billed.append(Line("carried", "", 1, self.carried))
            self.carried = self.carries = 0
        return billed

    def _free_minutes_since(self, since: datetime) -> int:
        """Free minutes used from an instant on, in windows of earlier subscriptions. S39"""
        used = 0
        for window in self.windows:
            part = Window(window.subscription, window.starts, window.ends_on, window.ends, window.minutes)
            part.uses = [use for use in window.uses if use.at < since]
            used += self._rate(window).get(("free", ""), 0) - self._rate(part).get(("free", ""), 0)
        return used

    def usage_plan(self, effective_on: date) -> None:
        """Fair use: a pool and rates from the first window that begins on that day or later. R11.3"""
        if self.state != "paid" or self.grace_until:
            raise Refused("no_subscription")
        self.usage_billed_on = effective_on

    # paying

    def card_added(self, works: bool = True) -> None:
        """A new card pays everything that is open; one that does not work changes nothing. R5.1"""
        if not works:
            raise Refused("card_declined")
        self.has_card = True
        if self.deleting_at:
            return
        if self.grace_until:
            self._pay_grace()
        for doc in self._by_age():
            doc.hard = False
            self._charge(doc)
            if doc.unpaid:
                self.mails.append(("payment_failed", self.now))

    def _pay_grace(self) -> None:
        target = {"plan": self.plan, "interval": self.interval, "seats": self.seats}
        lines, runs = self._full(target, self.term_start, self.numbers)
        doc = Doc("invoice", self.term_start, lines, self.collection)
        if doc.total > max(0, self.balance) and self._attempt() != "paid":
            self.mails.append(("first_charge_failed", self.now))
            return
        self._issue(doc, charge=False)
        doc.paid = doc.total
        self._settle(doc)
        for run in runs:
            run.doc = doc
        self.runs += runs
        self.grace_until = None

    def record_payment(self, amount: int) -> None:
        """A transfer or cheque for the oldest open invoice. R4.2, S21"""
        open_docs = self._by_age()
        if not open_docs:
            raise Refused("nothing_owed")
        doc = open_docs[0]
        applied = min(amount, doc.owed)
        doc.paid += applied
        off = doc.owed if doc.owed <= WRITE_OFF_UP_TO else 0
        doc.written_off += off
        self.balance += amount - applied
        self.payments.append((doc, applied, off, amount - applied))
        self._settle(doc)

    def reverse_payment(self) -> None:
        """The last cheque bounced. S37"""
        if not self.payments:
            raise Refused("no_payment")
        doc, applied, off, over = self.payments.pop()
        doc.paid -= applied
        doc.written_off -= off
        self.balance -= over
        doc.day0, doc.ended, doc.hard = self.day(), False, False
        doc.steps = {step for step in REMINDER_DAYS if step <= 0}
        self.mails.append(("payment_failed", self.now))
        self._settle(doc)

    # the rest

    def change_zone(self, zone: str) -> None:
        self.next_zone = zone if zone != self.zone else ""
        if self.state == "free":
            self._take_zone()

    def request_deletion(self) -> None:
        """Nothing happens by itself any more; what was used is invoiced at once. R13.5"""
        for doc in [doc for doc in self.docs if doc.ready_at]:
            self._finalise(doc, charge=False)
        if self.state == "paid" and not self.grace_until:
            self._take_uses_of_now(self.windows[-1])
            lines = self._bill_usage([*self.unbilled, self.windows[-1]], final=True)
            self.unbilled = []
            if lines:
                self._issue(Doc("invoice", self.today(), lines, self.collection), charge=False)
        self.deleting_at = self.now

    def undo_deletion(self) -> None:
        if not self.deleting_at or self.now >= self.deleting_at + UNDO_FOR:
            raise Refused("too_late")
        self.undone_at = self.now
        now, self.now, self.deleting_at = self.now, self.deleting_at, None
        self.advance(now)
