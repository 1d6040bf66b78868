"""axe-core on a page: `assert await axe.violations(page) == []`."""

from pathlib import Path
from typing import TypedDict

from playwright.async_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
GRAVE = frozenset({"serious", "critical"})


class _Node(TypedDict):
    target: list[str]
    failureSummary: str


class _Violation(TypedDict):
    id: str
    impact: str
    help: str
    nodes: list[_Node]


async def violations(page: Page, impacts: frozenset[str] = GRAVE) -> list[str]:
    """What axe finds wrong for people with disabilities, a line for each rule, worst kinds only unless told else.

    It is evaluated by the browser's debugger, which a Content-Security-Policy does not stop.
    """
    await page.evaluate(AXE)
    found: list[_Violation] = await page.evaluate("async () => (await axe.run(document)).violations")
    return [_told(violation) for violation in found if violation["impact"] in impacts]


def _told(violation: _Violation) -> str:
    nodes = violation["nodes"]
    where = ", ".join(" ".join(map(str, node["target"])) for node in nodes[:5])
    why = nodes[0]["failureSummary"].replace("\n", " ")
    return f"{violation['impact']} {violation['id']}: {violation['help']} ({len(nodes)}: {where}) {why}"
