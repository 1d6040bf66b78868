"""Every setting has its line in the documentation, with its default, and no other variable has one."""

import re
from pathlib import Path

import pytest

from tocsin.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations" / "settings.md"
LINES = {
    match[1]: match[0] for match in re.finditer(r"^\| `(TOCSIN_[A-Z_]+)` \|.*\|$", DOCUMENT.read_text(), re.MULTILINE)
}


def test_the_documentation_and_the_settings_name_the_same_variables() -> None:
    assert LINES.keys() == {f"TOCSIN_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_plain_default_is_the_documented_one(name: str) -> None:
    default = Settings.model_fields[name].default

    cell = LINES[f"TOCSIN_{name.upper()}"].split("|")[2].strip()

    if isinstance(default, str | int) and default != "":
        assert cell == f"`{default}`"
    else:
        assert cell
