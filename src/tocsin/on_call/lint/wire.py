"""Findings as JSON, for the API and for `tocsin lint --json`. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tocsin.on_call.lint.findings import Finding, Severity
from tocsin.on_call.lint.words import Reader, say
from tocsin.wire import wire_time


def findings_json(findings: Sequence[Finding], reader: Reader, at: datetime, horizon: timedelta) -> dict[str, Any]:
    """All of them with what is said of each; `link` is an address on this server."""
    return {
        "from": wire_time(at),
        "to": wire_time(at + horizon),
        "counts": counts(findings),
        "findings": [_finding(it, reader) for it in findings],
    }


def counts(findings: Sequence[Finding]) -> Mapping[str, int]:
    """How many there are of each severity."""
    found = Counter(it.severity for it in findings)
    return {severity.value: found[severity] for severity in Severity}


def _finding(finding: Finding, reader: Reader) -> dict[str, Any]:
    said = say(finding, reader)
    return {
        "code": finding.code.value,
        "severity": finding.severity.value,
        "object": {"type": finding.object_type.value, "id": finding.object_id, "name": finding.object_name},
        "sentence": said.sentence,
        "cost": said.cost,
        "link": said.link,
    }
