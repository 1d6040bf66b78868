"""Printed documents, read back by another library."""

import io

from pypdf import PdfReader


def read(pdf: bytes) -> PdfReader:
    """The file, which has to keep to the rules."""
    return PdfReader(io.BytesIO(pdf), strict=True)


def text_of(pdf: bytes) -> str:
    """The words of all pages, each run of spaces one space."""
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())
