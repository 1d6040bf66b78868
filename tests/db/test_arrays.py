from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import arrays
from tocsin.db import Databases

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(st.lists(ANY_TEXT | st.none(), max_size=8))
@settings(max_examples=60)
async def test_texts_come_back_as_they_went_in(databases: Databases, items: list[str | None]) -> None:
    assert await echoed(databases, arrays.texts(items), "text[]") == items


@given(st.lists(st.dictionaries(ANY_TEXT, ANY_TEXT | st.integers(-(2**53), 2**53) | st.none(), max_size=3), max_size=4))
@settings(max_examples=40)
async def test_documents_come_back_as_they_went_in(databases: Databases, items: list[dict[str, Any]]) -> None:
    assert await echoed(databases, arrays.jsons(items), "jsonb[]") == items


async def test_instants_ids_and_numbers_come_back_as_they_went_in(databases: Databases) -> None:
    async with databases.engine.transaction() as tx:
        at, ident = datetime(2026, 3, 1, 12, 30, 1, 500, tzinfo=UTC), UUID(int=7)
        assert await tx.value("select %(v)s::timestamptz[]", v=arrays.plain([at, None])) == [at, None]
        assert await tx.value("select %(v)s::uuid[]", v=arrays.plain([ident])) == [ident]
        assert await tx.value("select %(v)s::bigint[]", v=arrays.plain([1, -2])) == [1, -2]
        assert await tx.value("select %(v)s::boolean[]", v=arrays.plain([True, False])) == [True, False]


async def echoed(databases: Databases, literal: str, kind: str) -> Any:
    async with databases.engine.transaction() as tx:
        return await tx.value(f"select %(v)s::{kind}", v=literal)
