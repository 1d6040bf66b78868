"""The floor: the least that a durable create can be. Bare ASGI, a key, validation, an upsert by alias, a request id.

It knows no accounts, log, responders or escalations; what Tocsin adds to it is what Tocsin costs.
Run as `python -m benchmarks.floor PORT DATABASE_URL`.
"""

import asyncio
import sys
from typing import Any
from uuid import uuid4

import msgspec
import uvicorn
from psycopg import AsyncConnection
from starlette.types import Receive, Scope, Send

TABLE = """
create table if not exists floor_alerts (
  id uuid primary key, alias text not null, message text not null, count integer not null default 1,
  open boolean not null
);
create unique index if not exists floor_open on floor_alerts (alias) where open;
"""
UPSERT = """
insert into floor_alerts as a (id, alias, message, open)
select i.id, i.alias, i.message, true
  from unnest(%(id)s::uuid[], %(alias)s::text[], %(message)s::text[]) i(id, alias, message)
on conflict (alias) where open do update set count = a.count + 1
"""
KEY = b"GenieKey 11111111-2222-4333-8444-555555555555"


class Create(msgspec.Struct):
    message: str
    alias: str = ""


class Floor:
    def __init__(self, url: str) -> None:
        self.url = url
        self.waiting: list[tuple[Create, asyncio.Future[None]]] = []
        self.wake = asyncio.Event()
        self.decode = msgspec.json.Decoder(Create).decode
        self.task: asyncio.Task[None] | None = None

    async def write(self) -> None:
        conn: AsyncConnection[Any] = await AsyncConnection.connect(self.url, autocommit=True)
        await conn.execute(TABLE)
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.waiting:
                batch, self.waiting = self.waiting, []
                folded = {create.alias: create for create, _ in batch}
                await conn.execute(
                    UPSERT,
                    {
                        "id": [uuid4() for _ in folded],
                        "alias": list(folded),
                        "message": [create.message for create in folded.values()],
                    },
                )
                for _, done in batch:
                    done.set_result(None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.task = asyncio.create_task(self.write())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        message = await receive()
        body = message.get("body", b"")
        status, answer = 202, {"result": "Request will be processed", "requestId": str(uuid4()), "took": 0.001}
        if (b"authorization", KEY) not in scope["headers"]:
            status, answer = 401, {"message": "Could not authenticate"}
        else:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append((self.decode(body), done))
            self.wake.set()
            await done
        payload = msgspec.json.encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": payload})


def main() -> None:
    port, url = int(sys.argv[1]), sys.argv[2]
    uvicorn.run(
        Floor(url), host="127.0.0.1", port=port, loop="uvloop", http="httptools", ws="none", log_level="warning",
        access_log=False, interface="asgi3",
    )  # fmt: skip


if __name__ == "__main__":
    main()
