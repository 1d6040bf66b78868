"""What a kept cluster is worth: whole and our own, or nothing."""

import os
from pathlib import Path

import pytest

from tocsin.rehearsal.template import MOST_KEPT, Template, template_in


@pytest.fixture
def kept(tmp_path: Path) -> Template:
    """A small cluster, kept."""
    cluster = tmp_path / "made"
    for folder in ("base/1", "base/16384", "log", "pg_notify"):
        (cluster / folder).mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("18\n")
    (cluster / "base" / "1" / "2600").write_text("of a database that nobody opens")
    (cluster / "base" / "16384" / "2600").write_bytes(bytes(range(256)) * 40)
    (cluster / "base" / "16384" / "empty").touch()
    (cluster / "log" / "postgres.log").write_text("what was said while it was made")
    template = template_in(tmp_path / "cache")
    assert template is not None
    template.keep(cluster)
    return template


def filled(template: Template, folder: Path) -> dict[str, bytes | None] | None:
    """What is in a folder that it filled: contents by name, none of a folder. None where it did not."""
    folder.mkdir()
    if not template.fill(folder):
        assert list(folder.iterdir()) == []
        return None
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def test_what_was_kept_comes_back_byte_by_byte_without_what_nobody_needs(kept: Template, tmp_path: Path) -> None:
    assert filled(kept, tmp_path / "again") == {
        "PG_VERSION": b"18\n",
        "base": None,
        "base/1": None,
        "base/16384": None,
        "base/16384/2600": bytes(range(256)) * 40,
        "base/16384/empty": b"",
        "log": None,
        "pg_notify": None,
    }


def test_only_we_may_read_what_lies_there(kept: Template, tmp_path: Path) -> None:
    filled(kept, tmp_path / "again")

    assert (tmp_path / "again" / "PG_VERSION").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "again" / "base").stat().st_mode & 0o777 == 0o700
    assert kept.file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("where", [0, 31, 32, 40, 200, -1])
def test_one_wrong_byte_makes_it_worth_nothing(kept: Template, tmp_path: Path, where: int) -> None:
    damaged = bytearray(kept.file.read_bytes())
    damaged[where] ^= 1
    kept.file.write_bytes(damaged)

    assert filled(kept, tmp_path / "again") is None


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_part_of_it_is_worth_nothing(kept: Template, tmp_path: Path, share: float) -> None:
    whole = kept.file.read_bytes()
    kept.file.write_bytes(whole[: int(len(whole) * share)])

    assert filled(kept, tmp_path / "again") is None


def test_none_is_there_before_one_is_kept(tmp_path: Path) -> None:
    template = template_in(tmp_path / "cache")

    assert template is not None
    assert filled(template, tmp_path / "again") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_of_somebody_else_is_not_read(kept: Template, tmp_path: Path) -> None:
    os.chown(kept.file, 12_345, 12_345)

    assert filled(kept, tmp_path / "again") is None


def test_the_newest_stay_and_nothing_half_written_does(kept: Template, tmp_path: Path) -> None:
    folder = kept.file.parent
    for hours in range(1, 6):
        old = folder / f"cluster-{hours}"
        old.write_bytes(b"of an older version")
        os.utime(old, (hours * 3600, hours * 3600))

    kept.keep(tmp_path / "made")

    left = sorted(it.name for it in folder.iterdir())
    assert len(left) == MOST_KEPT
    assert left == sorted(["cluster-5", kept.file.name])


def test_nothing_is_kept_where_no_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert template_in(tmp_path / "file" / "cache") is None
