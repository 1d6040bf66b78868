"""Bills of usage as lines of a document: what the meter says of closed windows, one after the other. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from tocsin.billing.account import AccountBilling, UsageAsked, UsageBill
from tocsin.billing.model import Line, LineKind
from tocsin.licensing.metering import Closing, Facts, UsageLine, close_window
from tocsin.licensing.windows import window_at


def billed(facts: Mapping[int, Facts], billing: AccountBilling, asked: UsageAsked) -> UsageBill:
    """What the windows come to, by the facts of the account; of nothing that is known of, what was carried."""
    known = facts.get(billing.subscription.account_id)
    lines: list[Line] = []
    carried = asked.carried
    if known is None:
        return _without_facts(asked)
    for closed in asked.windows:
        window = window_at(known.terms, closed.starts_at)
        if window is None:
            continue
        window = replace(window, ends_at=closed.ends_at)
        bill = close_window(known, window, asked.closed_at, carried)
        known = replace(known, closings=[*known.closings, Closing(window.starts_at, asked.closed_at)])
        carried = bill.carried
        lines += [_line(line) for line in bill.lines]
    return UsageBill(tuple(lines), carried)


def _without_facts(asked: UsageAsked) -> UsageBill:
    if not asked.carried.minor or not asked.final:
        return UsageBill((), asked.carried)
    return UsageBill((Line(LineKind.CARRIED, "", 1, asked.carried.minor),))


def _line(line: UsageLine) -> Line:
    window = line.window
    return Line(
        kind=LineKind(line.kind.value),
        item=line.zone.value if line.zone else "",
        quantity=line.quantity,
        amount_minor=line.amount_minor,
        unit_minor=line.unit_minor,
        starts_on=window.starts_on,
        ends_on=window.ends_on,
    )
