"""The catalogues: up to date with the sources, whole, and safe to fill in."""

import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog

from tocsin import i18n

ROOT = Path(__file__).resolve().parents[2]
TRANSLATED = sorted(set(i18n.LOCALES) - {i18n.DEFAULT_LOCALE})


def catalogue(locale: str) -> Catalog:
    with (i18n.CATALOGUES / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return pofile.read_po(file, locale=locale)


def test_the_catalogues_are_up_to_date_with_the_sources() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "scripts/messages", "--check"], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("locale", TRANSLATED)
def test_no_translation_is_missing_or_fuzzy(locale: str) -> None:
    messages = [message for message in catalogue(locale) if message.id]

    wanting = [
        message.id
        for message in messages
        if message.fuzzy or not (all(message.string) if isinstance(message.string, tuple) else message.string)
    ]

    assert messages
    assert wanting == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_text(locale: str) -> None:
    whole = catalogue(locale)

    broken = [(message.id, str(error)) for message in whole for error in message.check(whole)]

    assert broken == []
