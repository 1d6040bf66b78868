"""Glyphs: a text that the font can draw, whatever a customer is called."""

from pathlib import Path

import pytest

import tocsin.billing.documents
from tocsin.billing.documents.glyphs import drawable, drawn
from tocsin.errors import Invalid

FONTS = Path(tocsin.billing.documents.__file__).parent / "fonts"
GLYPHS = drawn((FONTS / "SourceSans3-Regular.otf").read_bytes())


@pytest.mark.parametrize(
    "text", ["Zażółć gęślą jaźń", "Ωμέγα Α.Ε.", "Привет ООД", "Ærø – Łódź – İzmir – Đà Nẵng", "€ £ ¥"]
)
def test_the_scripts_of_the_union_are_drawn(text: str) -> None:
    assert drawable(text, GLYPHS) == text


def test_what_has_no_shape_becomes_a_square() -> None:
    assert drawable("中文 Ltd 😀", GLYPHS) == "□□ Ltd □"


def test_what_is_invisible_is_left_out() -> None:
    assert drawable("a\x00b\x07c\u200dd\ufe0fe", GLYPHS) == "abcde"


def test_a_line_break_is_a_space_and_letters_are_composed() -> None:
    assert drawable("a\nb\tc", GLYPHS) == "a b c"
    assert drawable("Z\u0307", GLYPHS) == "Ż"


def test_both_weights_draw_the_same() -> None:
    assert drawn((FONTS / "SourceSans3-Semibold.otf").read_bytes()) == GLYPHS


def test_a_file_without_a_table_of_characters_is_refused() -> None:
    with pytest.raises(Invalid, match="cmap"):
        drawn(b"OTTO" + bytes(8))
