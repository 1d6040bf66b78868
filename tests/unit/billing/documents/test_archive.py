"""The archive of all documents."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date

from tocsin.billing.documents.archive import FinishedFile, zip_of

DAY = date(2026, 3, 24)
FILES = [
    FinishedFile("INV/2026/00001", DAY, "pdf", b"%PDF one"),
    FinishedFile("INV/2026/00001", DAY, "xml", b"<one/>" * 100),
    FinishedFile("CN/2026/00001", DAY, "pdf", b"%PDF two"),
]


def opened(files: list[FinishedFile]) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(zip_of(files))))


def test_every_file_is_in_the_archive_under_its_number() -> None:
    archive = opened(FILES)

    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "INV-2026-00001.pdf": b"%PDF one",
        "INV-2026-00001.xml": b"<one/>" * 100,
        "CN-2026-00001.pdf": b"%PDF two",
    }


def test_no_name_leaves_the_folder_it_is_unpacked_in() -> None:
    names = opened(
        [FinishedFile(number, DAY, "pdf", b"") for number in ("../../etc/passwd", "..", "a\\b\x00c")]
    ).namelist()

    assert names == ["etc-passwd.pdf", "document.pdf", "a-b-c.pdf"]


def test_numbers_that_become_one_name_are_both_kept() -> None:
    archive = opened([FinishedFile("A/1", DAY, "pdf", b"1"), FinishedFile("A-1", DAY, "pdf", b"2")])

    assert [archive.read(name) for name in ("A-1.pdf", "A-1 (2).pdf")] == [b"1", b"2"]


def test_the_same_files_are_the_same_bytes_and_none_is_an_empty_archive() -> None:
    assert b"".join(zip_of(FILES)) == b"".join(zip_of(FILES))
    assert opened([]).namelist() == []


def test_a_file_is_sent_before_the_next_is_read() -> None:
    asked: list[int] = []

    def files() -> Iterator[FinishedFile]:
        for number, file in enumerate(FILES):
            asked.append(number)
            yield file

    stream = zip_of(files())

    assert b"%PDF one" in next(stream)
    assert asked == [0]
