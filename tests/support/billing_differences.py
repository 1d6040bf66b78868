"""One history through the product and through the reference model, and where they differ.

    history = random_history(seed)
    differences(history)  # [] where both say the same

A history is a list of the reference model's commands; `Engine` does the same to the product's pure billing.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid5

from tests.support.billing_histories import History
from tests.support.billing_reference import Command, Use, World, boundary, midnight
from tests.support.books import requirements_book

from tocsin.billing import commands as c
from tocsin.billing.account import (
    AccountBilling,
    ChargeOrder,
    LetterKind,
    Outcome,
    PaymentMethod,
    UsageAsked,
    UsageBill,
)
from tocsin.billing.decide import advance, next_due
from tocsin.billing.model import Document, DocumentKind, DocumentStatus
from tocsin.billing.usage_bills import billed
from tocsin.errors import TocsinError
from tocsin.licensing.metering import Closing, Facts
from tocsin.licensing.model import FREE, Interval, Target
from tocsin.licensing.pricebook import Zone
from tocsin.licensing.tariff import Tariff
from tocsin.licensing.usage import UsageKind, UsageRecord

NAMES = UUID("0a8f5a0e-5f3e-4f0f-8a52-0d1d7a4b6f11")
NUMBERS = {"us_ca": ("+12125550123", "US", Zone.US_CA), "other": ("+48123456789", "PL", Zone.OTHER)}
KINDS = {"sms": UsageKind.SMS, "voice": UsageKind.VOICE, "leg": UsageKind.CALL_LEG}
MAILS = {
    LetterKind.DUNNING: "debt",
    LetterKind.CHARGE_FAILED: "debt",
    LetterKind.PAYMENT_TAKEN_BACK: "debt",
    LetterKind.FIRST_CHARGE_FAILED: "first_charge",
    LetterKind.TRIAL_REMINDER: "trial",
    LetterKind.TRIAL_ENDED: "trial",
}
WORDS = {"dunning": "debt", "payment": "debt", "first": "first_charge", "trial": "trial"}
PATIENCE = timedelta(days=75)  # how long a history goes on after its last command


@dataclass(frozen=True, slots=True)
class Past:
    """What happens to one account: a trial from `start` on, commands, and what its card says, attempt by attempt."""

    zone: str
    start: datetime
    commands: tuple[Command, ...]
    outcomes: tuple[str, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """What became of it, in words that both know."""

    documents: list[tuple[Any, ...]]
    standings: list[tuple[datetime, str]]
    terms: list[tuple[Any, ...]]
    owed: int
    balance: int
    mails: list[tuple[str, datetime]]
    refusals: list[int]
    attempts: int


class Engine(History):
    """The product's pure billing, driven by the reference model's commands."""

    def __init__(self, past: Past) -> None:
        self.outcomes = list(past.outcomes)
        self.closings: list[Closing] = []
        self.records: list[UsageRecord] = []
        self.standings: list[tuple[datetime, str]] = []
        self.terms: list[tuple[Any, ...]] = []
        self.paid: list[tuple[UUID, int, int, int]] = []
        self.latest = past.start
        super().__init__(past.start.isoformat(), zone=past.zone, charger=self._answer)
        self.context = type(self.context)(self.books, self._billed)
        self.note(past.start)
        self.attempt(past.start.isoformat(), c.SetAutoExpand(True))

    def instant(self, local: str) -> datetime:
        return datetime.fromisoformat(local).astimezone(UTC)

    def _answer(self, charge: ChargeOrder, at: datetime) -> str:
        return self.outcomes.pop(0) if self.outcomes else "paid"

    def _billed(self, billing: AccountBilling, asked: UsageAsked) -> UsageBill:
        tariffs = {1: Tariff(requirements_book(), "USD")}
        facts = Facts(billing.terms, tariffs, self.records, closings=self.closings)
        return billed({billing.subscription.account_id: facts}, billing, asked)

    def _apply(self, outcome: Outcome, at: datetime) -> None:
        self.closings += outcome.closings
        super()._apply(outcome, at)
        self.note(at)

    def note(self, at: datetime) -> None:
        self.latest = at = max(at, self.latest)
        subscription = self.subscription
        if subscription.plan == FREE:
            self.billing = replace(self.billing, responders=0)  # nobody holds a seat
        self.standings.append((at, subscription.standing.value))
        interval = subscription.interval.value if subscription.interval and subscription.plan != FREE else ""
        self.terms.append((at, subscription.plan, subscription.seats if interval else 0, interval))

    # commands

    def play_one(self, command: Command) -> bool:
        """Whether it was done."""
        if command.name == "usage":
            self._until_received(command.at)
            self._use(command)
            return True
        asked = self._asked(command)
        self.until(command.at)
        if asked is None:
            return False
        try:
            done = self.do(command.at.isoformat(), asked) is not None
        except TocsinError:
            return False
        if isinstance(asked, c.AutoExpand):
            self.billing = replace(self.billing, responders=asked.seats)
        return done

    def _until_received(self, at: datetime) -> None:
        """Like `until`, but for invoices that are finalised at `at`: what is received then is in time for them."""
        while (due_at := next_due(self.billing, self.context)) is not None and due_at <= at:
            step = advance(self.billing, self.context)
            assert step is not None
            if due_at == at and len(step.billing.drafts) < len(self.billing.drafts):
                break
            self._apply(step, due_at)
        self.now = max(self.now, at)

    def _use(self, command: Command) -> None:
        if self.subscription.telephony_stopped or self.subscription.standing.value in ("deleting", "deleted"):
            return
        for use in command.args["uses"]:
            number, region, zone = NUMBERS[use.zone]
            leg = use.kind == "leg"
            if leg and all(it.ended_at is not None or it.added_at > use.at for it in self.billing.numbers):
                continue
            for _ in range(1 if leg else use.amount):
                name = f"{len(self.records):06}"
                seconds = use.amount if leg else 0
                self.records.append(
                    UsageRecord(42, name, KINDS[use.kind], use.at, command.at, number, region, zone, seconds)
                )

    def _asked(self, command: Command) -> c.Command | None:
        """The command in the product's words; None where there is nothing that it could be done to."""
        self.until(command.at)
        args = dict(command.args)
        match command.name:
            case "order":
                start_today = args.pop("start_today", False)
                return c.Order(_target(args), start_today)
            case "accept_offline":
                return c.AcceptOfflineOrder(Target(args["plan"], Interval.YEAR, args["seats"]))
            case "record_payment":
                return self._payment(args["amount"], command.at)
            case "reverse_payment":
                return self._reversal()
            case _:
                return _simple(command.name, args)

    def _payment(self, amount: int, at: datetime) -> c.Command | None:
        if not self.billing.unpaid:
            return None
        document = self.billing.unpaid[0].document
        used = min(amount, document.owed_minor)
        rest = document.owed_minor - used
        self.paid.append((document.id, amount, amount - used, rest if rest <= 1000 else 0))
        return c.RecordPayment(document.id, amount, PaymentMethod.TRANSFER)

    def _reversal(self) -> c.Command | None:
        if not self.paid:
            return None
        document_id, amount, excess, off = self.paid.pop()
        return c.ReversePayment(document_id, amount, PaymentMethod.TRANSFER, excess, off)

    def story(self, refusals: list[int], attempts: int) -> Story:
        documents = [_document(it) for it in self.documents.values() if it.status is not DocumentStatus.DRAFT]
        return Story(
            sorted(documents),
            _steps(self.standings),
            _steps(self.terms),
            self.owed(),
            self.subscription.balance_minor,
            sorted((MAILS[it.kind], it.at) for it in self.letters if it.kind in MAILS),
            refusals,
            attempts,
        )


def _target(args: dict[str, Any]) -> Target:
    interval = Interval(args["interval"]) if args.get("interval") else None
    return Target(args.get("plan"), interval, args.get("seats"))


def _simple(name: str, args: dict[str, Any]) -> c.Command:
    if name in ("add_number", "release_number"):
        number_id = uuid5(NAMES, args["name"])
        return c.AddNumber(number_id, args["name"]) if name == "add_number" else c.ReleaseNumber(number_id)
    made: dict[str, Any] = {
        "cancel": lambda: c.Cancel(now=args.get("now", False)),
        "resume": c.Resume,
        "card_added": lambda: c.CardAdded(uuid5(NAMES, "card")),
        "change_zone": lambda: c.ChangeZone(args["zone"]),
        "auto_expand": lambda: c.AutoExpand(args["needed"]),
        "usage_plan": lambda: c.SetUsageBilling(True, args["effective_on"]),
        "request_deletion": c.RequestDeletion,
        "undo_deletion": c.UndoDeletion,
    }
    return made[name]()  # type: ignore[no-any-return]


def _document(document: Document) -> tuple[Any, ...]:
    lines = sorted((line.kind.value, line.item, line.quantity, line.amount_minor) for line in document.lines)
    kind = "invoice" if document.kind is DocumentKind.INVOICE else "credit_note"
    return (document.issued_at, kind, document.dated_on, document.net_minor, lines, document.owed_minor)


def _steps(log: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The last of each instant, where it is another than before."""
    last = [one for one, after in pairwise([*log, (None,)]) if one[0] != after[0]]
    return [one for before, one in pairwise([(None,), *last]) if before[1:] != one[1:]]


def told(past: Past) -> Story:
    """What the product makes of it."""
    engine = Engine(past)
    refusals = [index for index, command in enumerate(past.commands) if not engine.play_one(command)]
    engine.until(past.until)
    return engine.story(refusals, len(past.outcomes) - len(engine.outcomes) if engine.outcomes else -1)


def expected(past: Past) -> Story:
    """What the reference model makes of it."""
    world = World(past.zone, past.start, outcomes=past.outcomes)
    world.run([Command(past.start, "start_trial"), *past.commands], past.until)
    documents = [
        (
            doc.issued_at,
            doc.kind,
            doc.dated_on,
            doc.total,
            sorted((line.kind, line.item, line.quantity, line.amount) for line in doc.lines),
            doc.owed if doc.kind == "invoice" else 0,
        )
        for doc in world.docs
        if doc.issued_at
    ]
    return Story(
        sorted(documents),
        _steps(world.standings),
        _steps(world.terms),
        world.owed,
        world.balance,
        sorted((WORDS[name.split("_")[0]], at) for name, at in world.mails if not name.startswith("usage")),
        [index - 1 for index, _ in world.refusals if index and past.commands[index - 1].name != "usage"],
        len(past.outcomes) - len(world.outcomes) if world.outcomes else -1,
    )


def differences(past: Past) -> list[str]:
    """Each field of the story that is not the same, with both sides; what both have in common is left out."""
    ours, theirs = told(past), expected(past)
    found = []
    for name in Story.__slots__:
        engine, model = getattr(ours, name), getattr(theirs, name)
        if engine != model:
            if isinstance(engine, list):
                only, other = Counter(map(repr, engine)), Counter(map(repr, model))
                engine, model = sorted((only - other).elements()), sorted((other - only).elements())
            found.append(f"{name}\n    engine: {engine}\n    model:  {model}")
    return found


# random histories

ZONES = (
    "Europe/Warsaw",
    "America/New_York",
    "Pacific/Auckland",
    "America/Havana",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Africa/Cairo",
    "Pacific/Apia",
    "America/Santiago",
    "UTC",
)
STARTS = (
    "2026-01-17",
    "2026-03-03",
    "2026-03-16",
    "2026-10-12",
    "2027-01-16",
    "2028-01-15",
    "2028-02-14",
    "2027-12-31",
)
PLANS = ("essentials", "essentials", "standard", "standard", "enterprise")
SEATS = (1, 2, 5, 10, 49, 50, 52, 101)
STEPS = (0, 0, 1, 2, 5, 12, 13, 14, 20, 27, 28, 30, 31, 45, 60, 120, 300)
DAYTIMES = (0, 0, 1, 86399, 3600, 36000, 43200, 80000)


class _Author:
    """Writes one history."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.zone = self.random.choice(ZONES)
        self.day = datetime.fromisoformat(self.random.choice(STARTS)).date() + timedelta(days=self.random.randrange(3))
        self.start = midnight(self.day, self.zone) + timedelta(seconds=self.random.choice(DAYTIMES))
        self.at = self.start
        self.names = 0
        self.offline = self.random.random() < 0.15
        self.declines = self.random.choice((0.0, 0.0, 0.1, 0.4, 0.9))

    def past(self) -> Past:
        first, commands = self._first(), []
        for _ in range(self.random.randrange(12)):
            self._wait()
            commands.append(self._command())
        # A bill that is made at an instant has what came in then, so use comes before other commands of the same one.
        commands = [first, *sorted(commands, key=lambda it: (it.at, it.name != "usage"))]
        outcomes = tuple(self._outcome() for _ in range(60))
        return Past(self.zone, self.start, tuple(commands), outcomes, self.at + PATIENCE)

    def _wait(self) -> None:
        choose = self.random.choice
        days = choose(STEPS)
        if self.random.random() < 0.3:
            day = boundary(self.day, self.random.randrange(1, 14)) + timedelta(days=choose((-1, 0, 0, 1, 2)))
        else:
            day = self.at.date() + timedelta(days=days)
        at = midnight(day, self.zone) + timedelta(seconds=choose(DAYTIMES))
        self.at = at if at >= self.at else self.at + timedelta(seconds=choose((0, 1, 60, 3600)))

    def _outcome(self) -> str:
        if self.random.random() >= self.declines:
            return "paid"
        return "hard" if self.random.random() < 0.2 else "soft"

    def _first(self) -> Command:
        at = self.start + timedelta(days=self.random.choice((0, 0, 3, 14, 20)), seconds=self.random.randrange(50000))
        self.at = at
        if self.offline:
            return Command(at, "accept_offline", {"plan": self._plan(), "seats": self._seats()})
        return self._choose(at)

    def _choose(self, at: datetime) -> Command:
        interval = "year" if self.random.random() < 0.3 else "month"
        args = {"plan": self._plan(), "interval": interval, "seats": self._seats()}
        if self.random.random() < 0.6:
            args["start_today"] = True
        return Command(at, "order", args)

    def _plan(self) -> str:
        return self.random.choice(PLANS)

    def _seats(self) -> int:
        return self.random.choice(SEATS)

    def _command(self) -> Command:
        kinds = {
            "order": 24, "choose": 8, "usage": 22, "add_number": 9, "release_number": 4, "cancel": 6, "resume": 4,
            "auto_expand": 8, "card_added": 5, "change_zone": 3, "usage_plan": 2, "record_payment": 6,
            "reverse_payment": 2, "request_deletion": 1, "undo_deletion": 2, "accept_offline": 2,
        }  # fmt: skip
        kind = self.random.choices(list(kinds), list(kinds.values()))[0]
        if kind == "choose":
            return self._choose(self.at)
        return Command(self.at, kind, getattr(self, f"_{kind}")())

    def _order(self) -> dict[str, Any]:
        every = {"plan": self._plan(), "interval": self.random.choice(("month", "year")), "seats": self._seats()}
        names = [name for name in every if self.random.random() < 0.4] or ["seats"]
        return {name: every[name] for name in names}

    def _usage(self) -> dict[str, Any]:
        uses = []
        for _ in range(self.random.randrange(1, 4)):
            kind = self.random.choice(("sms", "sms", "voice", "leg"))
            back = self.random.choice((0, 0, 0, 1, 3600, 40000, 86400, 200000, 3000000))
            amount = (
                self.random.choice((1, 59, 61, 1800, 4000)) if kind == "leg" else self.random.choice((1, 9, 60, 120))
            )
            uses.append(Use(kind, self.random.choice(("us_ca", "other")), self.at - timedelta(seconds=back), amount))
        return {"uses": uses}

    def _add_number(self) -> dict[str, Any]:
        self.names += 1
        return {"name": f"+1212555{self.names:04}"}

    def _release_number(self) -> dict[str, Any]:
        return {"name": f"+1212555{self.random.randint(1, max(1, self.names)):04}"}

    def _cancel(self) -> dict[str, Any]:
        return {"now": True} if self.random.random() < 0.3 else {}

    def _auto_expand(self) -> dict[str, Any]:
        return {"needed": self.random.choice((1, 3, 6, 11, 53, 60))}

    def _change_zone(self) -> dict[str, Any]:
        return {"zone": self.random.choice(ZONES)}

    def _usage_plan(self) -> dict[str, Any]:
        return {"effective_on": self.at.date() + timedelta(days=30)}

    def _record_payment(self) -> dict[str, Any]:
        return {"amount": self.random.choice((100, 1000, 10000, 23000, 108000, 227500, 228000, 999999))}

    def _accept_offline(self) -> dict[str, Any]:
        return {"plan": self._plan(), "seats": self._seats()}

    def _nothing(self) -> dict[str, Any]:
        return {}

    _resume = _card_added = _reverse_payment = _request_deletion = _undo_deletion = _nothing


def random_history(seed: int) -> Past:
    """A history that is the same for the same seed."""
    return _Author(seed).past()


def differing(seeds: range) -> list[int]:
    """The seeds whose histories do not come out the same."""
    return [seed for seed in seeds if differences(random_history(seed))]


def shrunk(past: Past) -> Past:
    """The history without whatever may be left out so that there is still a difference."""
    smaller = True
    while smaller:
        smaller = False
        for index in range(len(past.commands)):
            commands = past.commands[:index] + past.commands[index + 1 :]
            shorter = Past(past.zone, past.start, commands, past.outcomes, past.until)
            if differences(shorter):
                past, smaller = shorter, True
                break
    return past


def shown(past: Past) -> str:
    """The history, a line for each command, in its zone's time."""
    lines = [f"{past.zone}, from {past.start:%Y-%m-%d %H:%M:%S}, until {past.until:%Y-%m-%d %H:%M:%S}"]
    lines += [f"  {command.at:%Y-%m-%d %H:%M:%S} {command.name} {command.args}" for command in past.commands]
    return "\n".join([*lines, f"  card: {past.outcomes[:12]}"])
