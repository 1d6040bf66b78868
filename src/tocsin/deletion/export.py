"""Everything of an account to take along: a ZIP with a JSON file a table, without secrets."""

import io
import json
import zipfile

from tocsin.db import Db
from tocsin.deletion import store

# What lets somebody in, or is a secret of this server's, is not handed out.
SECRETS = frozenset(
    {"password_hash", "totp_secret", "totp_last_step", "secret", "key_hash", "token_hash", "csrf_token", "public_key"}
)
LEFT_OUT = frozenset(
    {"sessions", "tokens", "calendar_feeds", "search_queue", "alert_texts", "configuration_versions", "deletions"}
)


async def as_zip(engine: Db, account_id: int) -> bytes:
    """The whole account; the order of rows is the database's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        async with engine.transaction() as tx:
            tables = sorted({*await store.tables_of_accounts(tx)} - LEFT_OUT)
        for table in tables:
            async with engine.transaction() as tx:
                rows = await store.rows_of(tx, table, account_id)
            plain = [{key: value for key, value in row.items() if key not in SECRETS} for row in rows]
            if plain:
                file.writestr(f"{table}.json", json.dumps(plain, indent=1, ensure_ascii=False))
    return buffer.getvalue()
