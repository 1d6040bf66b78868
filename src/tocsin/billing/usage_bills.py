"""Bills of usage as lines of a document: what the meter says of closed windows, one after the other. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tocsin.billing.account import AccountBilling, UsageAsked, UsageBill
from tocsin.billing.model import Line, LineKind
from tocsin.licensing.metering import Carried, Closing, Facts, UsageLine, close_window
from tocsin.licensing.windows import window_at


def billed(facts: Mapping[int, Facts], billing: AccountBilling, asked: UsageAsked) -> UsageBill:
    """What the windows come to, by the facts of the account; of nothing that is known of, what was carried."""
    known = facts.get(billing.subscription.account_id)
    if known is None:
        return _rest((), asked.carried, final=asked.final)
    lines: list[Line] = []
    carried = asked.carried
    tariffs = {version: replace(tariff, currency=asked.currency) for version, tariff in known.tariffs.items()}
    known = replace(known, tariffs=tariffs, closings=[*known.closings, *asked.closings])
    if asked.windows:  # what is used from the end on is not paid for, though the terms do not say so yet. Source: S27
        end = asked.windows[-1].ends_at
        known = replace(known, records=[record for record in known.records if record.at < end])
    for closed in asked.windows:
        window = window_at(known.terms, closed.starts_at)
        if window is None:
            continue
        window = replace(window, ends_at=closed.ends_at)
        last = asked.final and closed is asked.windows[-1]
        bill = close_window(known, window, asked.closed_at, carried, final=last)
        known = replace(known, closings=[*known.closings, Closing(window.starts_at, asked.closed_at)])
        carried = bill.carried
        lines += [_line(line) for line in bill.lines]
    return _rest(lines, carried, final=asked.final)


def _rest(lines: Sequence[Line], carried: Carried, *, final: bool) -> UsageBill:
    """The bill of these lines; a final one takes what no window took with it. Source: S07"""
    if not carried.minor or not final:
        return UsageBill(tuple(lines), carried)
    return UsageBill((*lines, Line(LineKind.CARRIED, "", 1, carried.minor)))


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
