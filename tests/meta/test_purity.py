"""A module that calls itself Pure in its docstring's first line imports nothing that reaches the world."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "tocsin"

IO = {
    "aiohttp", "aiosmtplib", "asyncio", "fastapi", "http", "httptools", "io", "jinja2", "logging", "multiprocessing",
    "os", "pathlib", "prometheus_client", "psycopg", "psycopg_pool", "random", "secrets", "select", "selectors",
    "shutil", "signal", "smtplib", "socket", "sqlite3", "ssl", "starlette", "structlog", "subprocess", "tempfile",
    "threading", "time", "urllib3", "uvicorn", "uvloop", "yoyo",
}  # fmt: skip
DOORS = {"api", "pages", "service", "store", "clock", "db", "http", "settings", "postgres", "migrate", "app", "cli"}


def is_pure(module: Path) -> bool:
    docstring = ast.get_docstring(ast.parse(module.read_text())) or ""
    return "Pure." in docstring or "Pure;" in docstring


PURE = sorted(module for module in SOURCE.rglob("*.py") if is_pure(module))


def name_of(module: Path) -> str:
    return ".".join(("tocsin", *module.relative_to(SOURCE).with_suffix("").parts))


def test_the_decision_core_calls_itself_pure() -> None:
    assert {
        "tocsin.wall",
        "tocsin.schedules.rotation",
        "tocsin.schedules.overrides",
        "tocsin.schedules.on_call",
        "tocsin.schedules.restrictions",
        "tocsin.schedules.base_layer",
        "tocsin.schedules.forwarding",
        "tocsin.escalations.escalation",
        "tocsin.escalations.routing",
        "tocsin.escalations.resolve",
        "tocsin.notifications.plan",
        "tocsin.notifications.backoff",
    } <= {name_of(module) for module in PURE}


@pytest.mark.parametrize("module", PURE, ids=name_of)
def test_a_pure_module_imports_no_io(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            assert not IO & {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            origin = (node.module or "").split(".")
            assert origin[0] not in IO
            assert origin[0] != "tocsin" or not DOORS & {*origin, *(name.name for name in node.names)}


@pytest.mark.parametrize("module", PURE, ids=name_of)
def test_a_pure_module_asks_for_no_time_file_or_chance(module: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]

    asked = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}

    assert not asked & {"now", "utcnow", "today", "open", "print", "input", "uuid1", "uuid4", "urandom"}


def test_loading_the_pure_modules_loads_no_database_and_no_server() -> None:
    """What is imported by way of others counts too."""
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {', '.join(map(name_of, PURE))}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert not {"psycopg", "aiohttp", "aiosmtplib", "fastapi", "starlette", "uvicorn", "jinja2"} & set(loaded)
