"""The SQL of published price books. They belong to the server, not to an account."""

from dataclasses import asdict, dataclass
from datetime import datetime

from tocsin.db import Tx

LOCK = 7_450_265  # any number, the same for every publisher
COLUMNS = "version, document, announced_at, note, published_by"


@dataclass(frozen=True, slots=True)
class PublishedBook:
    """A version as it was published. `published_by` is empty for the command line and the first version."""

    version: int
    document: str
    announced_at: datetime
    note: str
    published_by: str


async def get(tx: Tx, version: int) -> PublishedBook:
    """Raises: NotFound."""
    sql = f"select {COLUMNS} from price_books where version = %(version)s"
    return await tx.one(PublishedBook, sql, missing=f"There is no price book {version}.", version=version)


async def newest(tx: Tx) -> PublishedBook:
    """The version that new orders use. Raises: NotFound on a database without migrations."""
    sql = f"select {COLUMNS} from price_books order by version desc limit 1"
    return await tx.one(PublishedBook, sql, missing="No price book is published. Run `tocsin migrate`.")


async def newest_announced_by(tx: Tx, at: datetime) -> PublishedBook:
    """The newest version that was announced at `at` or earlier; the first where none was."""
    sql = f"""
        select {COLUMNS} from price_books
         where announced_at <= %(at)s or version = 1
         order by version desc limit 1
    """
    return await tx.one(PublishedBook, sql, missing="No price book is published. Run `tocsin migrate`.", at=at)


async def list_newest_first(tx: Tx) -> list[PublishedBook]:
    """Every version."""
    return await tx.all(PublishedBook, f"select {COLUMNS} from price_books order by version desc")


async def lock(tx: Tx) -> None:
    """Nobody else publishes until the transaction ends."""
    await tx.value("select pg_advisory_xact_lock(%(lock)s)", lock=LOCK)


async def insert(tx: Tx, book: PublishedBook) -> None:
    sql = f"""
        insert into price_books ({COLUMNS})
        values (%(version)s, %(document)s, %(announced_at)s, %(note)s, %(published_by)s)
    """
    await tx.execute(sql, **asdict(book))
