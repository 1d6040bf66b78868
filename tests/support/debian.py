"""Debian's PostgreSQL 15, run by hand: no service, an unprivileged user, a socket of its own."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.server import scratch_folder

from tocsin.postgres import SERVER_USER, EmbeddedServer

BIN = Path("/usr/lib/postgresql/15/bin")
INSTALLED = (BIN / "postgres").exists()


@contextmanager
def debian_server(password: str | None = None) -> Iterator[Path]:
    """The folder of the socket of a fresh server, whose superuser is postgres.

    With `password` it is the superuser's, and everybody needs one; without, anybody may sign in as anybody.
    """
    with scratch_folder() as folder:
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            EmbeddedServer(folder)  # makes the user
            user = pwd.getpwnam(SERVER_USER)
            as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data, sockets = folder / "data", folder / "run"
        for place in (data, sockets):
            place.mkdir()
            if as_user:
                shutil.chown(place, SERVER_USER)
        secret = folder / "password"
        secret.write_text(f"{password or 'unused'}\n")
        secret.chmod(0o644)
        subprocess.run(
            [BIN / "initdb", "-D", data, "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8",
             f"--auth={'scram-sha-256' if password else 'trust'}", f"--pwfile={secret}"],
            check=True, capture_output=True, cwd="/", **as_user,
        )  # fmt: skip
        server = subprocess.Popen(
            [BIN / "postgres", "-D", data, "-c", "listen_addresses=", "-c", f"unix_socket_directories={sockets}",
             "-c", "fsync=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **as_user,
        )  # fmt: skip
        try:
            while subprocess.run([BIN / "pg_isready", "-q", "-h", sockets], check=False).returncode != 0:
                assert server.poll() is None, "PostgreSQL 15 does not start"
                time.sleep(0.02)
            yield sockets
        finally:
            server.terminate()
            server.wait()
