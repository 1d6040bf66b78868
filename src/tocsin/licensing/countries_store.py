"""The SQL of the operator's countries. They belong to the server, not to an account."""

from collections.abc import Mapping
from dataclasses import asdict

from tocsin.db import Tx
from tocsin.licensing.countries import Override


async def list_overrides(tx: Tx) -> Mapping[str, Override]:
    """Every one, by code."""
    found = await tx.all(Override, "select code, sms, voice, note from country_overrides order by code")
    return {it.code: it for it in found}


async def lock(tx: Tx, code: str) -> Override | None:
    """What is said of a country, locked until the transaction ends; None where nothing is."""
    sql = "select code, sms, voice, note from country_overrides where code = %(code)s for update"
    return await tx.find(Override, sql, code=code)


async def save(tx: Tx, override: Override) -> None:
    """In the place of what was said of that country before."""
    sql = """
        insert into country_overrides (code, sms, voice, note) values (%(code)s, %(sms)s, %(voice)s, %(note)s)
        on conflict (code) do update set sms = excluded.sms, voice = excluded.voice, note = excluded.note
    """
    await tx.execute(sql, **asdict(override))


async def delete(tx: Tx, code: str) -> None:
    await tx.execute("delete from country_overrides where code = %(code)s", code=code)
