"""The cluster that rehearsals begin with: a migrated, empty database, made once and kept as one file.

Making it takes longer than most rehearsals. What is kept is never needed: where it is missing, damaged, somebody
else's or of another version, the cluster is made anew, and where nothing can be kept, it is made each time.
"""

import contextlib
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tocsin.postgres import wheel_package

MOST_KEPT = 2  # of other versions, too; each is about 17 MB
DIGEST_BYTES = hashlib.sha256().digest_size
LENGTH_BYTES = 8
FIRST_OWN_DATABASE = 16_384  # PostgreSQL's FirstNormalObjectId: what initdb makes has lower numbers
MADE_BY = ("postgres.py", "migrate.py", "licensing/pricebook.yaml", "rehearsal/scratch.py", "rehearsal/template.py")


@dataclass(frozen=True, slots=True)
class Template:
    """A file of a digest and what it is of: an index of names and sizes, and the contents one after the other."""

    file: Path

    def fill(self, cluster: Path) -> bool:
        """Put the kept cluster into an empty folder. False where there is none, or none that is whole."""
        packed = self._read()
        if packed is None:
            return False
        for path, content in _entries(packed):
            _write(cluster / path, content)
        with contextlib.suppress(OSError):
            os.utime(self.file)  # the least recently used goes first
        return True

    def keep(self, cluster: Path) -> None:
        """Keep a cluster whose server has stopped cleanly. Whoever reads at this moment sees all of it or nothing.

        Raises: OSError.
        """
        packed = _packed(cluster)
        descriptor, name = tempfile.mkstemp(prefix=".half-", dir=self.file.parent)
        try:
            with os.fdopen(descriptor, "wb") as half:
                half.write(hashlib.sha256(packed).digest())
                half.write(packed)
            Path(name).replace(self.file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._forget_others()

    def _read(self) -> memoryview | None:
        try:
            with self.file.open("rb") as file:
                if os.fstat(file.fileno()).st_uid != os.geteuid():
                    return None
                whole = memoryview(file.read())
        except OSError:
            return None
        packed = whole[DIGEST_BYTES:]
        return packed if hashlib.sha256(packed).digest() == whole[:DIGEST_BYTES] else None

    def _forget_others(self) -> None:
        kept = sorted(self.file.parent.glob("cluster-*"), key=lambda it: it.stat().st_mtime, reverse=True)
        for old in kept[MOST_KEPT:]:
            old.unlink(missing_ok=True)


def template_in(folder: Path) -> Template | None:
    """The file in `folder` of what this Tocsin makes with this PostgreSQL; None where nothing can be kept."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return Template(folder / f"cluster-{_version()}") if os.access(folder, os.W_OK) else None


def _version() -> str:
    """A digest of everything that decides what the cluster holds."""
    server = (wheel_package() / "pginstall" / "bin" / "postgres").stat()
    digest = hashlib.sha256(f"{platform.machine()} {server.st_size} {server.st_mtime_ns}".encode())
    tocsin = files("tocsin")
    migrations = sorted((it for it in (tocsin / "migrations").iterdir() if it.is_file()), key=lambda it: it.name)
    for source in (*(tocsin / name for name in MADE_BY), *migrations):
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _packed(cluster: Path) -> bytes:
    """Every folder and file that a rehearsal needs; folders have no size."""
    index: list[tuple[str, int | None]] = []
    contents: list[bytes] = []
    for path in sorted(cluster.rglob("*")):
        name = path.relative_to(cluster).as_posix()
        if path.is_dir():
            index.append((name, None))
        elif _is_needed(*name.split("/")):
            contents.append(path.read_bytes())
            index.append((name, len(contents[-1])))
    head = json.dumps(index).encode()
    return b"".join((len(head).to_bytes(LENGTH_BYTES), head, *contents))


def _is_needed(folder: str, *rest: str) -> bool:
    """Not the log, and not what is in the three databases of initdb: nobody connects to them."""
    return folder != "log" and not (folder == "base" and int(rest[0]) < FIRST_OWN_DATABASE)


def _entries(packed: memoryview) -> Iterator[tuple[str, memoryview | None]]:
    """The name of each folder (without content) and file, a folder before what is in it."""
    start = LENGTH_BYTES + int.from_bytes(packed[:LENGTH_BYTES])
    for name, size in json.loads(bytes(packed[LENGTH_BYTES:start])):
        if size is None:
            yield name, None
        else:
            yield name, packed[start : start + size]
            start += size


def _write(path: Path, content: memoryview | None) -> None:
    if content is None:
        os.mkdir(path, 0o700)  # noqa: PTH102 - more than a thousand: what pathlib adds is felt
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
        file.write(content)
