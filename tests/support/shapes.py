"""Shapes of the API's answers, checked strictly: every field is there, none besides, and each of the type it has.

A shape is a type, a value, a checking function, a dict of shapes (with `optional` for keys that may be absent), or a
list of one shape.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.support.alert_api import Answer

Shape = Any
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?Z")


@dataclass(frozen=True)
class Optional:
    """A field that may be absent, and is of this shape where it is there."""

    shape: Shape


def optional(shape: Shape) -> Optional:
    return Optional(shape)


def uuid_text(value: object) -> bool:
    """The text of a UUID, in lower case and with hyphens."""
    return isinstance(value, str) and str(UUID(value)) == value


def instant(value: object) -> bool:
    """UTC, with milliseconds where there are any, their trailing zeros trimmed."""
    return isinstance(value, str) and INSTANT.fullmatch(value) is not None


def filled(value: object) -> bool:
    """A text with something in it."""
    return isinstance(value, str) and bool(value)


def one_of(*values: object) -> Callable[[object], bool]:
    """One of these values."""

    def is_one(value: object) -> bool:
        return value in values

    return is_one


def check(shape: Shape, value: Any, place: str = "$") -> None:
    """Fails, naming the place, where the value is not of the shape."""
    if isinstance(shape, dict):
        _check_object(shape, value, place)
    elif isinstance(shape, list):
        assert isinstance(value, list), f"{place}: {value!r} is no list"
        for index, item in enumerate(value):
            check(shape[0], item, f"{place}[{index}]")
    elif isinstance(shape, type):
        assert type(value) is shape, f"{place}: {value!r} is not of type {shape.__name__}"
    elif callable(shape):
        assert shape(value), f"{place}: {value!r} is no {shape.__name__}"
    else:
        assert (type(value), value) == (type(shape), shape), f"{place}: {value!r} is not {shape!r}"


def _check_object(shape: dict[str, Shape], value: Any, place: str) -> None:
    assert isinstance(value, Mapping), f"{place}: {value!r} is no object"
    needed = {key for key, it in shape.items() if not isinstance(it, Optional)}
    assert needed <= value.keys(), f"{place}: {sorted(needed - value.keys())} missing"
    assert value.keys() <= shape.keys(), f"{place}: {sorted(value.keys() - shape.keys())} too much"
    for key, item in value.items():
        wanted = shape[key]
        check(wanted.shape if isinstance(wanted, Optional) else wanted, item, f"{place}.{key}")


def check_answer(answer: Answer, status: int, **fields: Shape) -> Any:
    """The answer's `data` (None without), which is as the shapes of its `fields` say: besides `took` and `requestId`
    there is nothing else.
    """
    assert answer.status == status, answer.body
    check({"took": float, "requestId": uuid_text, **fields}, answer.body)
    return answer.body.get("data")


def check_error(answer: Answer, status: int, *fields: str) -> str:
    """The message of an error; its `errors` name exactly these fields."""
    assert answer.status == status, answer.body
    check(
        {
            "message": filled,
            "took": float,
            "requestId": uuid_text,
            "errors": optional(dict),
            "code": optional(one_of(40301, 40302)),
        },
        answer.body,
    )
    assert set(answer.errors) == set(fields), answer.body
    message: str = answer.body["message"]
    return message
