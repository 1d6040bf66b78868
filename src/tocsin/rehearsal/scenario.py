"""A scenario: when it starts and ends, whose account it is, what happens, and what is expected. Pure.

docs/rehearsal.md describes the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.accounts.model import ContactMethod
from tocsin.errors import Invalid
from tocsin.rehearsal.account import contact_named, parse_account
from tocsin.rehearsal.books import Book, parse_book_of
from tocsin.rehearsal.commands import Command, check_alerts, parse_command
from tocsin.rehearsal.expectation import Expectation, parse_expectation
from tocsin.rehearsal.plans import AccountPlan
from tocsin.rehearsal.subscription_commands import SubscriptionAction
from tocsin.yaml_tree import Fields, Node, read_document

LONGEST = timedelta(days=3_660)


@dataclass(frozen=True, slots=True)
class Failure:
    """A contact whose channel fails during [starts_at, ends_at). `permanent`: trying again does not help."""

    method: ContactMethod
    to: str
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    permanent: bool

    def covers(self, method: str, to: str, at: datetime) -> bool:
        """Does this contact fail at `at`?"""
        ended = self.ends_at is not None and at >= self.ends_at
        return (method, to) == (self.method, self.to) and at >= self.starts_at and not ended


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to rehearse. Without an account it is for a live one. `commands` are in order of their instants."""

    start: datetime
    end: datetime
    account: AccountPlan | None
    commands: tuple[Command, ...]
    failures: tuple[Failure, ...]
    expectation: Expectation | None
    price_book: Book | None = None  # None: the shipped one, with a made-up seller

    @property
    def is_billed(self) -> bool:
        """Whether its account has a subscription, or a command is about one."""
        plan = self.account.plan if self.account is not None else ""
        return bool(plan) or any(isinstance(it.action, SubscriptionAction) for it in self.commands)


def parse_scenario(text: str, *, live: bool = False) -> Scenario:
    """The scenario in a YAML file. Raises: Invalid, naming line and path and what would be right.

    With `live` the account comes from elsewhere, so the file may not describe one.
    """
    fields = read_document(text).fields("start", "account", "priceBook", "commands", "failures", "end", "expect")
    start = fields.need("start").instant(None)
    account = _account(fields, start, live=live)
    end = fields.need("end").instant(start)
    if not start <= end <= start + LONGEST:
        raise fields.need("end").refusal("The end lies after the start, by ten years at most.")
    expect, book = fields.get("expect"), fields.get("priceBook")
    return Scenario(
        start=start,
        end=end,
        account=account,
        commands=_commands(fields, start, end),
        failures=tuple(_failure(it, account, start) for it in fields.items("failures")),
        expectation=parse_expectation(expect, start) if expect is not None else None,
        price_book=parse_book_of(book) if book is not None else None,
    )


def _account(fields: Fields, start: datetime, *, live: bool) -> AccountPlan | None:
    given = fields.get("account")
    if live:
        if given is not None:
            raise given.refusal("The account comes from the live database; take this out, or rehearse without --live.")
        return None
    if given is None:
        raise Invalid("The key 'account' is missing: describe one, or rehearse on a live account with --live.")
    return parse_account(given, start)


def _commands(fields: Fields, start: datetime, end: datetime) -> tuple[Command, ...]:
    parsed: list[tuple[Command, Node]] = []
    for node in fields.items("commands"):
        command = parse_command(node, start)
        if command.at > end:
            raise node.fields("at", *node.value).need("at").refusal("A command cannot come after the end.")
        parsed.append((command, node))
    check_alerts(parsed)
    return tuple(command for command, _ in sorted(parsed, key=lambda pair: pair[0].at))


def _failure(node: Node, account: AccountPlan | None, start: datetime) -> Failure:
    fields = node.fields("contact", "from", "until", "reason", "permanent")
    method, to = contact_named(fields.need("contact"), _contacts(account) if account is not None else None)
    starts, ends = fields.get("from"), fields.get("until")
    starts_at = starts.instant(start) if starts is not None else start
    ends_at = ends.instant(start) if ends is not None else None
    if ends is not None and ends_at is not None and ends_at <= starts_at:
        raise ends.refusal("A failure ends after it begins.")
    reason = fields.text("reason", "does not answer")
    return Failure(method, to, starts_at, ends_at, reason, fields.flag("permanent", False))


def _contacts(account: AccountPlan) -> Iterable[tuple[ContactMethod, str]]:
    return [(contact.method, contact.to) for user in account.users for contact in user.contacts]
