"""Which tests call which endpoint of the REST API, read from their sources: `python -m tests.support.endpoints` writes
the table of docs/api/endpoints.md anew.

What counts is a call in a test, or in a function of its module that it uses: `api.call("POST", f"{PATH}/{ident}/…")`,
`api.get(…)`, `api.read(…)`; what is put into an address at run time stands for one segment of a path. A test that makes
its addresses otherwise names the endpoints in its docstring, or its module does: `POST /v2/teams/{identifier}/members`.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.support.routes import api_routes

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api" / "endpoints.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
TESTS = sorted(file for room in ("web", "db") for file in (ROOT / "tests" / room).rglob("test_*.py"))
ANYTHING = "\0"  # a part of an address that is only known at run time
SHOWN = 2  # tests of an endpoint that the table names
NAMED = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/v[12]/\S+)")
METHOD_OF = {"get": "GET", "read": "GET"}

Route = tuple[str, str]
Known = dict[str, str]


@dataclass(slots=True)
class _Function:
    """What a function of a test module calls: endpoints as (method, address), and functions of the module."""

    endpoints: set[Route] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)


def tests_of_endpoints() -> dict[Route, list[str]]:
    """For each route, `test_file.py: test name` of the tests that call it, those that do so themselves first."""
    routes = api_routes()
    found: defaultdict[Route, dict[str, None]] = defaultdict(dict)
    later: defaultdict[Route, dict[str, None]] = defaultdict(dict)
    for file in TESTS:
        module = ast.parse(file.read_text())
        functions = _functions(module)
        for route in _routes({*_named(module)}, routes):
            later[route][file.name] = None
        for name in functions:
            if name.startswith("test_"):
                for route in _routes(functions[name].endpoints, routes):
                    found[route][f"{file.name}: {name}"] = None
                used = {at for used in _used(name, functions) for at in functions[used].endpoints}
                for route in _routes(used, routes):
                    later[route][f"{file.name}: {name}"] = None
    return {route: list(found[route] | later[route]) for route in routes}


def _functions(module: ast.Module) -> dict[str, _Function]:
    constants: Known = {}
    for node in module.body:
        _learn(node, constants)
    return {
        node.name: _read(node, dict(constants))
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _named(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Route]:
    """The endpoints that a docstring names."""
    for method, path in NAMED.findall(ast.get_docstring(node) or ""):
        yield method, path.rstrip(".,;:`")


def _learn(node: ast.AST, known: Known) -> None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        text = _text(node.value, known)
        if text is not None:
            known[node.targets[0].id] = text


def _read(function: ast.FunctionDef | ast.AsyncFunctionDef, known: Known) -> _Function:
    found = _Function({*_named(function)})
    for node in ast.walk(function):
        _learn(node, known)
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found.uses.add(node.id)
        if isinstance(node, ast.Call):
            found.endpoints.update(_called(node, known))
    return found


def _called(call: ast.Call, known: Known) -> Iterator[Route]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [_text(argument, known) for argument in call.args]
    for method, address in pairwise(texts):
        if method in {"GET", "POST", "PUT", "PATCH", "DELETE"} and address is not None:
            yield method, address
    if name in METHOD_OF:
        yield from ((METHOD_OF[name], text) for text in texts if text is not None)


def _text(node: ast.expr, known: Mapping[str, str]) -> str | None:
    """The text that an expression makes, as far as it can be read; None where it makes none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return known.get(name)
        case ast.JoinedStr(values=parts):
            return "".join(_part(part, known) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _text(left, known), _text(right, known)
            return f"{one or ANYTHING}{other or ANYTHING}" if one or other else None
        case _:
            return None


def _part(part: ast.expr, known: Mapping[str, str]) -> str:
    if isinstance(part, ast.FormattedValue):
        return _text(part.value, known) or ANYTHING
    return _text(part, known) or ""


def _routes(called: set[Route], routes: list[Route]) -> Iterator[Route]:
    for method, address in called:
        path = re.sub("^\0(?=/v[12]/)", "", address.partition("?")[0].rstrip("/"))  # a host comes first, in some
        fitting = [it for it in routes if it[0] == method and _fits(it[1], path)]
        if fitting:
            yield min(fitting, key=lambda it: (it[1].count("{"), -len(it[1])))


def _fits(route: str, path: str) -> bool:
    """Whether the path is one of the route's; what is only known at run time is never a word of a route."""
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route))
    return re.fullmatch(pattern, path) is not None


def _used(name: str, functions: Mapping[str, _Function]) -> set[str]:
    """The functions of the module that one uses, and those that they use."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for used in functions[waiting.pop()].uses & functions.keys() - found:
            found.add(used)
            waiting.append(used)
    return found


def table() -> str:
    """The table as it stands in the page."""
    lines = ["| endpoint | tests |", "|---|---|"]
    for (method, path), tests in sorted(tests_of_endpoints().items(), key=lambda it: (it[0][1], it[0][0])):
        named = "; ".join(f"`{test}`" for test in tests[:SHOWN])
        more = f" and {len(tests) - SHOWN} more" if len(tests) > SHOWN else ""
        lines.append(f"| `{method} {path}` | {named}{more} |")
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
