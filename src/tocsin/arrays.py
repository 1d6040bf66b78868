"""Columns of many rows as PostgreSQL writes arrays, for statements that take whole sets. Pure.

The driver's own adapters write arrays element by element, which took more time than all the rest of an ingest request;
these are texts, numbers, ids and instants only, and PostgreSQL's notation for them is short. The statement casts:
`unnest(%(ids)s::uuid[])`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec


def texts(items: Iterable[str | None]) -> str:
    """An array of texts; None is null."""
    return "{" + ",".join(["null" if item is None else f'"{_quoted(item)}"' for item in items]) + "}"


def plain(items: Iterable[object]) -> str:
    """An array of numbers, booleans, ids or instants; None is null."""
    return "{" + ",".join(["null" if item is None else f'"{item}"' for item in items]) + "}"


def jsons(items: Sequence[Any]) -> str:
    """An array of JSON documents, for `::jsonb[]`."""
    return texts([msgspec.json.encode(item).decode() for item in items])


def _quoted(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.replace('"', '\\"') if '"' in text else text
