"""An answer's head and body reach the client in one write."""

import asyncio

from tocsin.serving import WholeAnswers

HEAD, BODY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", b"{}"


class Wire(asyncio.Transport):
    """Notes what is written, and when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None:
        self.written.append(b"closed")


async def test_a_head_goes_out_with_the_body_that_follows_it() -> None:
    wire = Wire()
    connection = WholeAnswers(wire)
    connection.write(HEAD)
    connection.write(BODY)
    connection.write(BODY)
    await asyncio.sleep(0)
    assert wire.written == [HEAD + BODY, BODY]


async def test_a_head_that_nothing_follows_does_not_wait() -> None:
    wire = Wire()
    connection = WholeAnswers(wire)
    connection.write(HEAD)
    assert wire.written == []
    await asyncio.sleep(0)
    assert wire.written == [HEAD]
    connection.write(BODY)
    assert wire.written == [HEAD, BODY]


async def test_a_head_that_is_held_is_sent_before_the_end() -> None:
    wire = Wire()
    connection = WholeAnswers(wire)
    connection.write(HEAD)
    connection.close()
    await asyncio.sleep(0)
    assert wire.written == [HEAD, b"closed"]
