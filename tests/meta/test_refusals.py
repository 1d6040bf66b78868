"""What is refused to somebody at a page can be said in his language: its text is marked for translation."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin import errors

SOURCE = Path(__file__).parents[2] / "src" / "tocsin"
ROOMS = ("billing", "contact", "deletion", "licensing", "signup")
REFUSALS = {
    name for name, it in vars(errors).items() if isinstance(it, type) and issubclass(it, errors.TocsinError)
}  # fmt: skip

CLIENTS = ("_api.py", "billing/api_access.py", "billing/webhook.py", "licensing/api.py")
"""The doors of programs, which speak English."""

NO_READER = {
    "billing/books.py": "a version that a subscription names is there",
    "billing/documents/einvoice.py": "a document that cannot be made is logged for the operator",
    "billing/documents/glyphs.py": "the same, of its font",
    "billing/documents/words.py": "the same, of its remarks",
    "billing/documents/xmp.py": "the same, of its metadata",
    "billing/vat_registry.py": "kept as what the registry said",
    "licensing/metering.py": "an instant that no page asks for",
    "licensing/numbers.py": "a number that was checked when it was kept",
    "licensing/pricebook_diff.py": "an amount that the reader of the document has checked",
    "licensing/usage.py": "records that providers report",
}
"""Modules whose refusals nobody reads on a page, and why."""

MODULES = [
    path
    for room in ROOMS
    for path in sorted((SOURCE / room).rglob("*.py"))
    if not path.relative_to(SOURCE).as_posix().endswith(CLIENTS)
]


def refusals(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each refusal whose words are written where it is raised, and not marked."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS and node.args:
            said = node.args[0]
            if isinstance(said, ast.Constant | ast.JoinedStr | ast.BinOp):
                yield node.lineno, ast.unparse(said)


@pytest.mark.parametrize("module", MODULES, ids=lambda it: it.relative_to(SOURCE).as_posix())
def test_what_a_page_refuses_is_marked_for_translation(module: Path) -> None:
    if module.relative_to(SOURCE).as_posix() not in NO_READER:
        assert list(refusals(module.read_text())) == []


def test_the_exceptions_are_needed() -> None:
    assert [name for name in NO_READER if not list(refusals((SOURCE / name).read_text()))] == []


def test_an_unmarked_text_is_seen() -> None:
    source = """
raise Invalid("no")
raise Conflict(f"no {name}")
raise NotFound(N_("no"))
raise Invalid(TEXT, {"field": "code"})
raise Forbidden("no " + name)
raise ValueError("no")
"""
    assert [line for line, _ in refusals(source)] == [2, 3, 6]
