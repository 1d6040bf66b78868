"""A rehearsal for the terminal: what happened when, to whom, how and why."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin import i18n
from tocsin.notifications.words import after_in_words
from tocsin.rehearsal import events
from tocsin.rehearsal.events import Event
from tocsin.rehearsal.expectation import in_words
from tocsin.rehearsal.run import Rehearsal

STYLES = {
    events.NOTIFICATION: "bold green",
    events.ATTEMPT_FAILED: "red",
    events.NOT_SENT: "yellow",
    events.WAITING: "yellow",
    events.REFUSED: "bold red",
    "not_told": "red",
    "last_resort": "bold red",
}
PIPED_WIDTH = 140  # columns where nobody's terminal says how many there are


MONEY = {
    events.INVOICE,
    events.CREDIT_NOTE,
    events.PAYMENT,
    events.INVOICE_STATUS,
    events.PREVIEW,
    events.SCHEDULED,
    events.FAIR_USE,
    events.PRICE_BOOK,
    events.PLAN,
}


def make_console() -> Console:
    """Standard output; wide enough for a line an event where it is a file or a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def show(rehearsal: Rehearsal, console: Console) -> None:
    """Print the timeline, in the account's zone, and whether it came as expected."""
    account = rehearsal.account
    zone = ZoneInfo(account.time_zone)
    table = Table(title=f"{account.name}, times in {account.time_zone}", title_justify="left", box=None, pad_edge=False)
    for name in ("Time", "Event", "Alert", "What", "Why"):
        table.add_column(name, overflow="fold", no_wrap=name == "Time")
    day = ""
    for event in rehearsal.events:
        today = i18n.day(account.locale, zone, event.at)
        if today != day:
            table.add_row(Text(today, style="bold"), end_section=False)
            day = today
        table.add_row(*_cells(event, zone, account.locale))
    console.print(table)
    console.print(f"{_counted(rehearsal)} from {_instant(rehearsal.scenario.start, zone, account.locale)} "
                  f"to {_instant(rehearsal.scenario.end, zone, account.locale)}.")  # fmt: skip
    if rehearsal.scenario.expectation is not None and not rehearsal.unmet:
        console.print(Text("All came as expected.", style="green"))


def unmet_in_words(rehearsal: Rehearsal) -> str:
    """What was missing and what came instead."""
    return f"It did not come as expected (- missing, + came instead):\n{in_words(rehearsal.unmet)}"


def _counted(rehearsal: Rehearsal) -> str:
    sent = sum(event.kind == events.NOTIFICATION for event in rehearsal.events)
    return f"{len(rehearsal.events)} events, {sent} of them notifications,"


def _instant(at: datetime, zone: ZoneInfo, locale: str) -> str:
    return i18n.instant(locale, zone, at)


def _cells(event: Event, zone: ZoneInfo, locale: str) -> tuple[Text, ...]:
    local = event.at.astimezone(zone)
    time = f"{local:%H:%M:%S}" + ("" if not local.fold else f" {local.tzname()}")
    name = event.kind.replace("_", " ")
    alert = str(event.data.get("alert", ""))
    return (
        Text(time, style="cyan"),
        Text(name, style=STYLES.get(event.kind, "")),
        Text(alert),
        Text(_what(event, zone, locale)),
        Text(_why(event.data, locale), style="dim"),
    )


def _what(event: Event, zone: ZoneInfo, locale: str) -> str:
    """Who, by which way, and what became of it; or what happened, by whom."""
    data = event.data
    text = str(data.get("text", ""))
    match event.kind:
        case events.NOTIFICATION:
            return f"{_address(data)} ({data['status']})"
        case events.ATTEMPT_FAILED | events.NOT_SENT | events.WAITING:
            again = _at(data.get("againAt") or data.get("dueAt"), zone)
            return f"{_address(data)}: {text}{f'; again at {again}' if again else ''}"
        case _ if event.kind in MONEY:
            return _money(event.kind, data, text)
        case events.REFUSED | events.UNCHANGED:
            return f"{data['command']}: {text}"
        case _:
            who = data.get("who")
            by = data.get("by")
            said = f"{who}: {text}" if who and who not in text else text
            return f"{said} ({by})" if by and by not in {"System", "Alert API"} and by not in said else said


def _money(kind: str, data: Mapping[str, Any], text: str) -> str:
    """What is invoiced, paid and owed, and what is to come."""
    match kind:
        case events.INVOICE | events.CREDIT_NOTE:
            tax = f"{data['net']} + tax {data['tax']} = {data['gross']} {data['currency']}"
            return "\n".join([f"{data['number']}: {tax}", *data["lines"]])
        case events.PAYMENT:
            left = f", {data['owed']} still owed" if data["status"] != "paid" else ""
            return f"{data['number']}: {data['amount']} ({data['method']}){left}"
        case events.INVOICE_STATUS:
            return f"{data['number']}: {data['status'].replace('_', ' ')}, {data['owed']} owed"
        case events.PREVIEW:
            due = f"{data['amount']} due now"
            return "\n".join([due, *data.get("lines", []), *([_planned(data)] if "from" in data else [])])
        case events.SCHEDULED:
            return _planned(data) if "from" in data else text
        case events.FAIR_USE:
            return f"{data['number']}: {data['status']}; {text}"
        case events.PRICE_BOOK:
            return "\n".join([text, *data["changes"]])
        case _:
            interval = f", by the {data['interval']}" if "interval" in data else ""
            return f"{data['plan']}, {data['standing']}, {data['seats']} seats{interval}"


def _planned(data: Mapping[str, Any]) -> str:
    """`essentials, 10 seats from 2026-04-10`."""
    seats = f"{data['seats']} seats" if data.get("seats") else ""
    interval = f"by the {data['interval']}" if data.get("interval") else ""
    return f"{', '.join(it for it in (data.get('plan'), seats, interval) if it)} from {data['from']}"


def _address(data: Mapping[str, Any]) -> str:
    who, address = data.get("who", ""), data.get("address", "")
    return f"{who} by {data.get('method')}" if who == address else f"{who} by {data.get('method')} {address}"


def _at(text: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%H:%M:%S}" if text else ""


def _why(data: Mapping[str, Any], locale: str) -> str:
    why = " → ".join(data.get("why", ()))
    after = ""
    if data.get("after"):
        after = f"; {data['rule']}, {after_in_words(timedelta(seconds=data['after']), locale)}"
    left_out = f" (left out: {data['leftOut']})" if data.get("leftOut") else ""
    return why + after + left_out
