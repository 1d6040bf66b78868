"""docs/api/alerts.md names every endpoint of the Alert API, and tests that exist."""

import re
from pathlib import Path

from tests.support.routes import api_routes

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(?P<method>[A-Z]+) (?P<path>/v2/alerts\S*)` \|.*\| `(?P<test>tests/\S+)` \|$", re.MULTILINE)


def test_the_table_has_exactly_the_routes_of_the_application() -> None:
    rows = [(row["method"], row["path"]) for row in ROW.finditer((ROOT / "docs/api/alerts.md").read_text())]

    assert len(rows) == len(set(rows))
    assert set(rows) == {route for route in api_routes() if route[1].startswith("/v2/alerts")}


def test_each_test_that_the_table_names_asks_for_that_endpoint() -> None:
    for row in ROW.finditer((ROOT / "docs/api/alerts.md").read_text()):
        test = (ROOT / row["test"]).read_text()
        last = row["path"].rpartition("/")[2]
        called = last if not last.startswith("{") else row["method"]
        assert called in test or (called == "escalate" and "service.escalate" in test), row[0]
