"""Form encoding as Stripe reads it: `a[b][c]=1` nests, `a[]=1` and `a[0]=1` are lists. All values are text."""

import re
from collections.abc import Iterable
from typing import Any

Tree = dict[str, Any]


def parse(pairs: Iterable[tuple[str, str]]) -> Tree:
    """The nested parameters. Raises: ValueError for a key that cannot be read."""
    tree: Tree = {}
    for name, value in pairs:
        head, *rest = _path(name)
        _put(tree, [head, *rest], value)
    return {name: _lists(value) for name, value in tree.items()}


def _path(name: str) -> list[str]:
    if not re.fullmatch(r"[^\[\]]+(\[[^\[\]]*\])*", name):
        raise ValueError(name)
    head, _, rest = name.partition("[")
    return [head, *(rest.removesuffix("]").split("][") if rest else [])]


def _put(tree: Tree, path: list[str], value: str) -> None:
    for part in path[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ValueError(part)
        tree = inner
    tree[path[-1] or str(len(tree))] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdecimal() for name in value):
        return [_lists(value[name]) for name in sorted(value, key=int)]
    return {name: _lists(inner) for name, inner in value.items()}
