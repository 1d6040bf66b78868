"""Everything that lint finds, of one account's configuration. Pure; every instant is UTC."""

from datetime import datetime, timedelta

from tocsin.escalations.snapshot import Snapshot
from tocsin.on_call.lint import coverage, forwards, people, rest, routing_rules, ways
from tocsin.on_call.lint.findings import Finding
from tocsin.on_call.lint.reach import Reach

HORIZON = timedelta(days=28)


def lint(snapshot: Snapshot, at: datetime, horizon: timedelta = HORIZON) -> list[Finding]:
    """What is wrong now or comes to be within `horizon`: the gravest first, then by object, each once."""
    directory, end = snapshot.directory, at + horizon
    reach = Reach(directory, at, end)
    found = [
        *coverage.findings(directory, reach),
        *routing_rules.findings(directory),
        *ways.findings(directory, reach),
        *people.findings(snapshot, at, end),
        *rest.findings(directory, at, end),
        *forwards.findings(directory, at, end),
    ]
    return sorted(found, key=lambda it: it.key)
