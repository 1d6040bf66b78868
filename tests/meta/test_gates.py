"""A feature is sold only where the program asks for it, and everything the program asks for is sold."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tocsin import app
from tocsin.escalations.plan_limits import SETTLED
from tocsin.licensing.features import FEATURES, has_gate

SOURCE = Path(app.__file__).parent
QUESTIONS = {"require", "require_room", "since", "has", "limit", "reach", "choice"}


def asked() -> Iterator[str]:
    """Every feature that a call of the gate names, outside the room that answers, and what rests over a limit."""
    yield from FEATURES.keys() & SETTLED.keys()
    for file in SOURCE.rglob("*.py"):
        if "licensing" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in QUESTIONS:
                yield from (str(it.value) for it in node.args if isinstance(it, ast.Constant) and it.value in FEATURES)
            if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):  # `for kind in ("schedules", …)`
                yield from (
                    str(it.value) for it in node.iter.elts if isinstance(it, ast.Constant) and it.value in FEATURES
                )


def test_a_feature_that_is_sold_is_asked_for() -> None:
    sold = {key for key in FEATURES if has_gate(key)}

    assert sold
    assert sold - {*asked()} == set()


def test_a_feature_that_is_asked_for_is_sold() -> None:
    assert {key for key in asked() if not has_gate(key)} == set()
