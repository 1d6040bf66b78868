"""The schema as SQL, dumped from a freshly migrated database: `make schema` writes it to schema.sql."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.server import scratch_folder

from tocsin.migrate import migrate
from tocsin.postgres import EmbeddedServer

SCHEMA = Path(__file__).parents[2] / "schema.sql"
HEADER = "-- The whole schema, as the migrations make it. Written by `make schema`; read it, do not edit it.\n"


def dumped_schema() -> str:
    """What pg_dump says of the tables, without what differs from version to version. Roles keep their grants."""
    with scratch_folder() as folder:
        server = EmbeddedServer(folder, durable=False)
        server.start()
        try:
            migrate(server.url())
            dump = subprocess.run(
                [server.binary("pg_dump"), "--schema-only", "--no-owner", "--restrict-key=tocsin",
                 "--exclude-table=*yoyo*", "-h", str(server.socket_dir), "-U", "postgres", "tocsin"],
                capture_output=True, text=True, check=True, cwd="/",
            ).stdout  # fmt: skip
        finally:
            server.stop()
    unstable = re.compile(r"^(-- Dumped .*|SET transaction_timeout = .*|\\(un)?restrict .*)\n", re.MULTILINE)
    return HEADER + re.sub(r"\n{3,}", "\n\n", unstable.sub("", dump))


if __name__ == "__main__":
    SCHEMA.write_text(dumped_schema())
    sys.stdout.write(f"wrote {SCHEMA}\n")
