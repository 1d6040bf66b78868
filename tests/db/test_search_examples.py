"""Each example in docs/search.md finds what the page says."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.support.alerts import add_alert
from tests.support.makers import Tenant, add_team

from tocsin.alerts import search_store
from tocsin.alerts.model import AlertStatus
from tocsin.alerts.search import FIELDS
from tocsin.db import Databases

PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text()
WARSAW = ZoneInfo("Europe/Warsaw")
EVENING = datetime(2026, 3, 2, 18, 30, 59, tzinfo=WARSAW)
NIGHT = datetime(2026, 3, 3, 0, 0, tzinfo=WARSAW)

# query → what differs between an alert that is found and one that is not
EXAMPLES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "disk": ({"details": {"mount": "web-disk"}}, {"message": "disks"}),
    '"disk full"': ({"message": "Disk full!"}, {"message": "full disk"}),
    "status:open priority:P1": ({"priority": 1}, {"priority": 1, "status": AlertStatus.CLOSED}),
    'status: open AND tag: "prod"': ({"tags": ["Prod"]}, {"tags": ["prod-eu"]}),
    "priority:P1 OR priority:P2": ({"priority": 2}, {"priority": 3}),
    "NOT acknowledged:true": ({}, {"acknowledged": True}),
    "teams:platform (disk OR memory)": ({"message": "memory"}, {"message": "memory", "responders": []}),
    "message:(disk OR memory)": ({"message": "out of memory"}, {"message": "cpu", "entity": "disk"}),
    "message: *prod*": ({"message": "reproduced"}, {"message": "dev", "tags": ["prod"]}),
    "owner:ana@example.com count > 3": (
        {"owner": "ana@example.com", "count": 4},
        {"owner": "ana@example.com", "count": 3},
    ),
    "createdAt >= 02-03-2026 AND createdAt <= 02-03-2026T18:30": ({"created_at": EVENING}, {"created_at": NIGHT}),
    "details.key:env AND details.value:prod": ({"details": {"ENV": "Prod"}}, {"details": {"prod": "env"}}),
    # from the section on values
    "disk*": ({"message": "disks"}, {"message": "web"}),
    "*west*": ({"source": "eu-west-1"}, {"source": "eu-wes-t"}),
    "tag:*": ({"tags": ["any"]}, {}),
    '"*"': ({"message": "a * b"}, {}),
    '"and"': ({"message": "disk and memory"}, {"message": "android"}),
    r"100\*": ({"message": "100*"}, {"message": "1000"}),
    "createdAt:02-03-2026": ({"created_at": EVENING}, {"created_at": NIGHT}),
    "createdAt > 02-03-2026": ({"created_at": NIGHT}, {"created_at": EVENING}),
}


def test_every_example_of_the_page_is_tried_and_every_field_is_on_it() -> None:
    first_table = PAGE.split("## Fields")[0]
    written = re.findall(r"^\| `(.+?)` \|", first_table, flags=re.MULTILINE)

    assert written == list(EXAMPLES)[: len(written)]
    for query in EXAMPLES:
        assert f"`{query}`" in PAGE
    for field in FIELDS:
        assert f"`{field}`" in PAGE


@pytest.mark.parametrize("query", EXAMPLES)
async def test_an_example_finds_what_the_page_says(databases: Databases, tenant: Tenant, query: str) -> None:
    team_id = await add_team(databases, tenant, name="Platform")
    common: dict[str, object] = {"message": "something else", "responders": [{"type": "team", "id": str(team_id)}]}
    wanted, other = EXAMPLES[query]
    right = await add_alert(databases, tenant, **(common | wanted))
    await add_alert(databases, tenant, **(common | other))

    async with tenant.app.transaction() as tx:
        found = await search_store.search_alerts(tx, tenant.account_id, query, zone=WARSAW)

    assert [alert.id for alert in found] == [right.id]
