"""`tocsin rehearse`: what it prints, and its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.program import ENVIRONMENT, eventually
from tests.support.server import scratch_folder

from tocsin.rehearsal import command

DOCUMENTED = Path(__file__).parents[2] / "docs" / "rehearsals"


def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tocsin", "rehearse", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**ENVIRONMENT, **environment},
    )


def test_json_is_the_same_each_time_and_nothing_else_is_printed() -> None:
    first, second = (run(DOCUMENTED / "acknowledged.yaml", "--json") for _ in range(2))

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    told = json.loads(first.stdout)
    assert told["asExpected"] is True
    assert {(event["at"], event["event"]) for event in told["events"]} >= {
        ("2026-11-21T02:10:00Z", "notification"),
        ("2026-11-21T02:12:00Z", "not_sent"),
    }


def test_the_cluster_that_is_kept_changes_nothing_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    made = run(DOCUMENTED / "acknowledged.yaml", "--json", XDG_CACHE_HOME=str(tmp_path))
    (kept,) = (tmp_path / "tocsin").iterdir()
    whole = kept.stat()
    again = run(DOCUMENTED / "acknowledged.yaml", "--json", XDG_CACHE_HOME=str(tmp_path))
    assert kept.stat().st_ino == whole.st_ino  # it was used, and not made again

    os.truncate(kept, whole.st_size // 2)
    mended = run(DOCUMENTED / "acknowledged.yaml", "--json", XDG_CACHE_HOME=str(tmp_path))

    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == again.stdout == mended.stdout
    assert [it.name for it in (tmp_path / "tocsin").iterdir()] == [kept.name]
    assert kept.stat().st_size > whole.st_size // 2


def test_where_nothing_can_be_kept_it_is_rehearsed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = run(DOCUMENTED / "acknowledged.yaml", XDG_CACHE_HOME=str(tmp_path / "file"))

    assert (done.returncode, done.stderr) == (0, "")


def test_the_timeline_shows_who_is_told_when_how_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    status = command.run(DOCUMENTED / "gap.yaml", None, as_json=False)

    shown = capsys.readouterr().out
    assert status == 0
    assert "times in Europe/Warsaw" in shown
    assert "Sat 21 Nov 2026" in shown
    for words in ("03:10:00", "olga@example.com by email", "a gap in the", "last resort", "All came as expected."):
        assert words in shown


def test_what_was_not_expected_is_said_and_the_status_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wrong.yaml"
    text = (DOCUMENTED / "night-page.yaml").read_text()
    file.write_text(text.replace("{at: +5m, event: notification, who: bo", "{at: +9m, event: notification, who: bo"))

    status = command.run(file, None, as_json=True)

    captured = capsys.readouterr()
    assert status == 1
    assert json.loads(captured.out)["asExpected"] is False
    lines = captured.err.splitlines()
    assert lines[0] == "It did not come as expected (- missing, + came instead):"
    assert lines[2].startswith("- expected: at=2026-11-21T02:19:00Z event=notification who=bo@example.com")
    assert lines[3].startswith("+ at=2026-11-21T02:15:00Z event=notification alert=disk who=bo@example.com")


def test_a_bad_file_is_named_with_its_fault_and_the_status_is_2(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("start: 2026-11-21T03:10:00Z\naccuont: {}\nend: +1h\n")

    done = run(file)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"{file}: line 2, accuont: There is no key 'accuont' here. Did you mean 'account'? "
        "Known: start, account, priceBook, commands, failures, end, expect.\n"
    )


def test_a_missing_file_and_one_that_is_no_text_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")

    for file in (tmp_path / "none.yaml", binary):
        assert command.run(file, None, as_json=False) == 2

    said = capsys.readouterr().err
    assert "none.yaml: The file cannot be read: No such file or directory." in said
    assert "binary.yaml: The file is not UTF-8 text." in said


def test_a_bad_file_leaves_no_server_and_no_folder_behind(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("start: never\n")

    with scratch_folder() as folder:
        rehearsal = start(file, TMPDIR=str(folder))

        assert rehearsal.wait(60) == 2
        assert list(folder.iterdir()) == []


async def test_sigterm_leaves_no_server_and_no_folder_behind() -> None:
    with scratch_folder() as folder:
        rehearsal = start(DOCUMENTED / "night-page.yaml", TMPDIR=str(folder))
        await eventually(lambda: server_in(folder) != 0)
        server = server_in(folder)

        rehearsal.terminate()

        assert rehearsal.wait(60) == 143
        assert list(folder.iterdir()) == []
        with pytest.raises(ProcessLookupError):
            os.kill(server, 0)


def start(file: Path, **environment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tocsin", "rehearse", file],
        stdout=subprocess.DEVNULL,
        env={**ENVIRONMENT, **environment},
    )


def server_in(folder: Path) -> int:
    """The process of the scratch server in `folder`, or 0 while there is none."""
    pids = [file.read_text().partition("\n")[0] for file in folder.glob("tocsin-rehearsal-*/postgres/postmaster.pid")]
    return int(pids[0]) if pids and pids[0] else 0


def test_a_live_rehearsal_without_a_server_says_so(tmp_path: Path) -> None:
    file = tmp_path / "live.yaml"
    file.write_text("start: 2026-11-21T03:10:00Z\nend: +1h\n")

    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "rehearse", str(file), "--live"],
        capture_output=True, text=True, check=False, env={**ENVIRONMENT, "TOCSIN_DATA_DIR": str(tmp_path)},
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith(f"No Tocsin runs on {tmp_path}")
