"""A wire to PostgreSQL that can be cut at the worst moment: when the server's answer is on its way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


@dataclass
class Wire:
    """`url` leads to the database through the wire. While `cutting`, the next answer is lost, and the connection."""

    url: str
    cutting: bool = False
    cuts: int = 0


@asynccontextmanager
async def wire(database_url: str, folder: Path) -> AsyncIterator[Wire]:
    """A wire of its own to the server of `database_url`, which is reached by a socket."""
    base, _, sockets = database_url.partition("?host=")
    made = Wire(f"{base}?host={folder}")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(f"{sockets}/{SOCKET}")

        async def ask() -> None:
            while data := await reader.read(65536):
                forth.write(data)
                await forth.drain()

        async def answer() -> None:
            while data := await back.read(65536):
                if made.cutting:
                    made.cutting, made.cuts = False, made.cuts + 1
                    return
                writer.write(data)
                await writer.drain()

        tasks = {asyncio.create_task(ask()), asyncio.create_task(answer())}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for end in (writer, forth):
            end.close()
            with suppress(OSError):
                await end.wait_closed()

    server = await asyncio.start_unix_server(connected, folder / SOCKET)
    try:
        yield made
    finally:
        server.close()
