"""Reading a scenario and the price books that lie beside it."""

from dataclasses import replace
from pathlib import Path

from tocsin.errors import Invalid
from tocsin.rehearsal.books import Book, with_document
from tocsin.rehearsal.commands import Command
from tocsin.rehearsal.scenario import Scenario, parse_scenario
from tocsin.rehearsal.subscription_commands import PublishBook


def read_scenario(file: Path, *, live: bool = False) -> Scenario:
    """The scenario in the file, whole. Raises: Invalid, saying what is wrong and where."""
    try:
        text = _read(file)
    except ValueError as error:
        raise Invalid(f"The file {error}.") from None
    return with_books(parse_scenario(text, live=live), file.parent)


def with_books(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with the price books read that it names by their paths from `folder`. Raises: Invalid."""
    book = scenario.price_book
    return replace(
        scenario,
        price_book=_with_text(book, folder) if book is not None else None,
        commands=tuple(_with_book(it, folder) for it in scenario.commands),
    )


def _with_book(command: Command, folder: Path) -> Command:
    if not isinstance(command.action, PublishBook):
        return command
    return replace(command, action=replace(command.action, book=_with_text(command.action.book, folder)))


def _with_text(book: Book, folder: Path) -> Book:
    if not book.path:
        return book
    try:
        return with_document(book, _read(folder / book.path))
    except ValueError as error:
        raise book.node.refusal(f"{folder / book.path} {error}.") from None


def _read(file: Path) -> str:
    """Raises: ValueError, saying why not."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
