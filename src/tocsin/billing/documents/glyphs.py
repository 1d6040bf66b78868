"""Which characters a font can draw, and a text made of those alone. Pure.

PDF/A forbids a character without a shape, so one emoji in a customer's name would keep an invoice from being printed.
Source: OpenType specification, table "cmap", format 12
"""

import struct
from collections.abc import Container
from unicodedata import category, normalize

from tocsin.errors import Invalid

MISSING = "\N{WHITE SQUARE}"
FULL_RANGE = 12


def drawn(font: bytes) -> frozenset[str]:
    """The characters that an OpenType font has shapes for. Raises: Invalid when it has no full table of them."""
    start = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, start + 2)
    for index in range(count):
        _, _, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * index)
        if struct.unpack_from(">H", font, start + offset) == (FULL_RANGE,):
            return frozenset(_groups(font, start + offset))
    raise Invalid("The font does not say which characters it can draw.")


def _table(font: bytes, name: bytes) -> int:
    """Where a table begins."""
    (count,) = struct.unpack_from(">H", font, 4)
    for index in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * index)
        if tag == name:
            return int(offset)
    raise Invalid(f"The font has no table {name.decode()!r}.")


def _groups(font: bytes, at: int) -> list[str]:
    """The characters of a table of that format: groups of first and last character."""
    (count,) = struct.unpack_from(">L", font, at + 12)
    groups = (struct.unpack_from(">LLL", font, at + 16 + 12 * index) for index in range(count))
    return [chr(code) for first, last, glyph in groups for code in range(first, last + 1) if glyph + code - first]


def drawable(text: str, glyphs: Container[str]) -> str:
    """`text` with a white square for each character that has no shape; what is invisible is left out."""
    return "".join(_shape(character, glyphs) for character in normalize("NFC", text))


def _shape(character: str, glyphs: Container[str]) -> str:
    if character.isspace() and character not in glyphs:
        return " "
    if category(character) == "Cc":
        return ""
    if character in glyphs:
        return character
    return "" if category(character).startswith(("C", "M")) else MISSING
