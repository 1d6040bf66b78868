"""Documents as PDF/A-3b, by typst. The same document gives the same bytes, whenever and wherever it is printed.

typst is loaded when this module is: import it where a document is made, never while a process starts.
"""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import cast

import typst

from tocsin.billing.documents.glyphs import drawable, drawn
from tocsin.billing.documents.sheet import Sheet, sheet
from tocsin.billing.model import Document

HERE = Path(__file__).parent
TEMPLATE = HERE / "invoice.typ"
FONTS = HERE / "fonts"


def render_pdf(document: Document, locale: str) -> bytes:
    """The printed invoice, credit note or draft, in `locale`. Raises: Invalid without a seller."""
    return printed(sheet(document, locale))


def render_quote(document: Document, locale: str, valid_until: date) -> bytes:
    """The same lines and sums as an offer. Raises: Invalid without a seller."""
    return printed(sheet(document, locale, valid_until))


def printed(page: Sheet, xml: bytes | None = None) -> bytes:
    """A sheet on paper, with its structured twin attached when there is one."""
    inputs = {"sheet": json.dumps(_drawable(asdict(page)))}
    if xml is not None:
        inputs["xml"] = xml.decode()
    compiler = typst.Compiler(TEMPLATE, root=HERE, font_paths=_fonts(), ignore_system_fonts=True)
    made = compiler.compile(
        format="pdf",
        pdf_standards=["a-3b"],
        timestamp=datetime(*page.dated_on, tzinfo=UTC),
        sys_inputs=inputs,
    )
    return cast("bytes", made)


@cache
def _fonts() -> typst.Fonts:
    """Ours alone: what is installed on a machine must not show in its documents."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


@cache
def _glyphs() -> frozenset[str]:
    return drawn((FONTS / "SourceSans3-Regular.otf").read_bytes())


def _drawable(value: object) -> object:
    """The same, every text of it made of what the font can draw."""
    match value:
        case str():
            return drawable(value, _glyphs())
        case dict():
            return {key: _drawable(each) for key, each in value.items()}
        case list() | tuple():
            return [_drawable(each) for each in value]
        case _:
            return value
