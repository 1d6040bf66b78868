"""schema.sql shows what the migrations make."""

from tests.support.schema import SCHEMA, dumped_schema


def test_schema_sql_is_what_the_migrations_make() -> None:
    assert SCHEMA.read_text() == dumped_schema(), "run `make schema` and commit schema.sql"
