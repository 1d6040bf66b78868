import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tests.support.server import serve_app
from tests.support.style_guide import style_guide

from tocsin import templating


@pytest.fixture
async def site() -> AsyncIterator[aiohttp.ClientSession]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serve_app(style_guide(), listener, lifespan="off"), aiohttp.ClientSession(base) as client:
            yield client


async def test_a_file_named_by_its_content_may_be_kept_for_ever(site: aiohttp.ClientSession) -> None:
    async with site.get(templating.static_url("tocsin.css")) as response:
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.content_type == "text/css"


@pytest.mark.parametrize("path", ["/static/tocsin.css", "/static/tocsin.css?v=000000000000", "/static/icon-192.png"])
async def test_any_other_address_of_a_file_is_asked_for_anew(site: aiohttp.ClientSession, path: str) -> None:
    async with site.get(path) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/static/nothing.css", "/static/../templating.py", "/static/%2e%2e/templating.py"])
async def test_nothing_but_the_assets_is_served(site: aiohttp.ClientSession, path: str) -> None:
    async with site.get(path) as response:
        assert response.status == 404


def test_the_style_sheet_asks_nobody_else_for_anything() -> None:
    for file in Path(templating.STATIC).glob("tocsin.*"):
        text = file.read_text()

        assert "url(" not in text
        assert "@import" not in text
        assert "://" not in text
