"""The price books of a scenario: a file beside it, the whole book inline, or what changes in the newest one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tocsin.errors import Invalid
from tocsin.licensing.pricebook_document import parse_book
from tocsin.yaml_tree import Fields, Node, read_document


@dataclass(frozen=True, slots=True)
class Book:
    """Either a `path`, which is read before the rehearsal, or the `document`, or `changes` to the newest one."""

    node: Node
    path: str = ""
    document: str = ""
    changes: Mapping[str, Any] | None = None


def parse_book_of(node: Node) -> Book:
    """A book by its path from the scenario's folder, or written out. Raises: Invalid, naming the place."""
    if isinstance(node.value, dict):
        return with_document(Book(node), as_document(node.plain()))
    return Book(node, path=node.text())


def parse_next_book(fields: Fields) -> Book:
    """The book to publish: `book` is a whole one, `changes` are merged into the newest. Raises: Invalid."""
    whole, changes = fields.get("book"), fields.get("changes")
    if (whole is None) is (changes is None):
        raise fields.node.refusal("Give either `book`, a path or a whole price book, or `changes` to the newest one.")
    if whole is not None:
        return parse_book_of(whole)
    assert changes is not None  # noqa: S101 - one of them is given
    if not isinstance(changes.value, dict):
        raise changes.refusal("Changes are a mapping with the keys of a price book.")
    return Book(changes, changes=changes.plain())


def with_document(book: Book, document: str) -> Book:
    """The book, read. Raises: Invalid, naming the place and every problem of the document."""
    try:
        parse_book(document)
    except Invalid as error:
        raise book.node.refusal(f"This is no price book:\n{error.message}") from None
    return Book(book.node, document=document)


def next_document(book: Book, newest: str) -> str:
    """The document to publish after `newest`."""
    if book.changes is None:
        return book.document
    return as_document(merged(read_document(newest).plain(), book.changes))


def merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with `changes` in their places; mappings are gone into, everything else is replaced."""
    new = dict(old)
    for key, value in changes.items():
        before = new.get(key)
        new[key] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return new


def as_document(tree: Mapping[str, Any]) -> str:
    """The text of a price book."""
    return yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True)
