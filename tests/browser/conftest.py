"""One Chromium a worker; each test opens a context of its own."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser
from tests.support.chromium import EXECUTABLE, chromium, installed


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not installed():
        pytest.skip(f"no browser at {EXECUTABLE}: apt install chromium")
    async with chromium() as running:
        yield running


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A free port of 127.0.0.1, listening."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening
