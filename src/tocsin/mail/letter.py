"""Letters: what a mail says, written once and rendered as text and as HTML, so that both say the same."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from tocsin.templating import Viewer, render


@dataclass(frozen=True, slots=True)
class Button:
    """A link that is meant to be tapped."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's content, already in the reader's language."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()  # label, value
    buttons: tuple[Button, ...] = ()  # the first one is the main one
    afterwards: tuple[str, ...] = ()  # below the buttons, smaller


def written(letter: Letter, *, locale: str, zone: tzinfo, at: datetime) -> tuple[str, str]:
    """The letter as text and as HTML."""
    reader = Viewer(locale=locale, zone=zone, at=at, csrf_token="", nonce="")
    return (
        render(reader, "mail/letter.txt", letter=letter).strip() + "\n",
        render(reader, "mail/letter.html", letter=letter),
    )
