"""Many documents in one ZIP archive, made while it is sent: no archive is ever whole in memory."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

EARLIEST = 1980  # the first year that a ZIP archive can name


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """A finished document's stored file: `format` is pdf or xml."""

    number: str
    dated_on: date
    format: str
    content: bytes

    @property
    def name(self) -> str:
        """A file name that every system takes: INV-2026-00001.pdf"""
        return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', self.number).strip('.-') or 'document'}.{self.format}"


def zip_of(files: Iterable[FinishedFile]) -> Iterator[bytes]:
    """The archive, part by part. The same files give the same bytes; what shares a name is numbered."""
    out = _Passing()
    taken: dict[str, int] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(_unused(file.name, taken), _stamp(file.dated_on))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.content, zipfile.ZIP_STORED if file.format == "pdf" else zipfile.ZIP_DEFLATED)
            yield out.taken()
    yield out.taken()


def _unused(name: str, taken: dict[str, int]) -> str:
    taken[name] = taken.get(name, 0) + 1
    stem, _, ending = name.rpartition(".")
    return name if taken[name] == 1 else f"{stem} ({taken[name]}).{ending}"


def _stamp(on: date) -> tuple[int, int, int, int, int, int]:
    return max(on.year, EARLIEST), on.month, on.day, 0, 0, 0


class _Passing(io.RawIOBase):
    """A file that cannot go back, whose bytes are taken out as they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile hands bytes only
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
