"""Use cases of countries: the table in force, whether a number is reached, and what the operator says of a country.

Source: licensing requirements R12
"""

from collections.abc import Mapping
from dataclasses import replace

from tocsin import i18n
from tocsin.accounts import audit
from tocsin.accounts.audit import Actor
from tocsin.db import Db, Tx
from tocsin.errors import Invalid, NotFound
from tocsin.i18n import N_
from tocsin.licensing import countries_store as store
from tocsin.licensing.countries import Country, Override, check_reach, shipped, table
from tocsin.licensing.numbers import normalised

NOTE_LIMIT = 200  # characters


async def in_force(tx: Tx) -> Mapping[str, Country]:
    """Every country, by code, as the operator says where he says something."""
    return table(await store.list_overrides(tx))


async def check_number(tx: Tx, number: str, *, voice: bool, locale: str) -> str:
    """The number in E.164 form, if calls, or SMS, go there (`accounts.reach.Reach`). Raises: Invalid."""
    e164 = normalised(number)
    check_reach(e164, voice=voice, overrides=await store.list_overrides(tx), locale=locale)
    return e164


async def set_override(engine: Db, actor: Actor, override: Override) -> None:
    """From now on the operator's word holds for that country. Raises: Invalid."""
    override = replace(override, note=override.note.strip())
    if override.code not in shipped():
        raise Invalid(N_("Something is not right yet."), {"code": N_("Choose a country.")})
    if len(override.note) > NOTE_LIMIT or not override.note.isprintable():
        raise Invalid(N_("Something is not right yet."), {"note": N_("A note is one line of at most 200 characters.")})
    async with engine.transaction() as tx:
        before = await store.lock(tx, override.code)
        await store.save(tx, override)
        await audit.record(
            tx, actor, "changed" if before else "added", "country", override.code, _name(override.code),
            before=_facts(before) if before else None, after=_facts(override),
        )  # fmt: skip


async def remove_override(engine: Db, actor: Actor, code: str) -> None:
    """The shipped table holds again for that country. Raises: NotFound."""
    async with engine.transaction() as tx:
        before = await store.lock(tx, code)
        if before is None:
            raise NotFound(N_("Nothing is said of that country."))
        await store.delete(tx, code)
        await audit.record(tx, actor, "removed", "country", code, _name(code), before=_facts(before))


def _facts(override: Override) -> audit.Facts:
    return {"sms": override.sms, "voice": override.voice, "note": override.note}


def _name(code: str) -> str:
    return i18n.country(i18n.DEFAULT_LOCALE, code)
