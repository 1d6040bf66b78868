"""docs/operations/selling.md lists the pages about plans and money, and none that there is not."""

import re
from pathlib import Path

from tests.web.test_page_isolation import pages_of

from tocsin.app import PAGE_ROUTERS

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "selling.md"
ABOUT = re.compile(
    r"/(?:pricing|licensing-faq|supported-countries|contact|try)"
    r"|/settings/(?:subscriptions(?!/change|/returned)|billing/|usage|active|delete-account).*"
    r"|/operator/.+"
)
NO_PAGE = re.compile(r".*/(?:all\.zip|quote\.pdf|export|added)")  # a download, the way back from the provider


def test_every_page_about_plans_is_listed() -> None:
    shown = {path for router in PAGE_ROUTERS for method, path in pages_of(router.routes) if method == "GET"}
    wanted = {path for path in shown if ABOUT.fullmatch(path) and "{" not in path and not NO_PAGE.fullmatch(path)}

    listed = re.findall(r"^\| `(/[^`]+)` ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert len(wanted) > 15
    assert sorted(listed) == sorted(wanted)
