"""HEAD: what GET would say, without saying it."""

import asyncio

import aiohttp
import pytest
from tests.support.alerts import add_alert
from tests.support.browsing import Browsing
from tests.support.makers import Tenant

from tocsin.db import Databases

VARYING = {"date", "x-request-id", "x-response-time", "content-length", "content-security-policy", "set-cookie"}


async def heads(http: aiohttp.ClientSession, verb: str, path: str) -> tuple[int, dict[str, str], bytes]:
    async with http.request(verb, path, allow_redirects=False) as response:
        named = {name.lower(): value for name, value in response.headers.items() if name.lower() not in VARYING}
        return response.status, named, await response.read()


@pytest.mark.parametrize(
    "path",
    [
        "/", "/sign-in", "/alerts", "/no-such-page", "/healthz", "/readyz", "/metrics", "/static/tocsin.css",
        "/v2/account", "/v2/account/", "/v2/alerts", "/v2/alerts?limit=1", "/v2/alerts/nobody", "/v2/nothing",
    ],
)  # fmt: skip
async def test_head_answers_like_get_without_a_body(base_url: str, tenant: Tenant, path: str) -> None:
    one_connection = aiohttp.TCPConnector(limit=1)  # a body that nobody expects would spoil the next answer on it
    async with aiohttp.ClientSession(base_url, headers=tenant.headers, connector=one_connection) as http:
        got = await heads(http, "GET", path)
        head = await heads(http, "HEAD", path)
        again = await heads(http, "GET", path)

    assert head[:2] == got[:2] == again[:2]
    assert head[2] == b""


async def test_head_needs_a_key_where_get_does(http: aiohttp.ClientSession) -> None:
    assert (await heads(http, "HEAD", "/v2/alerts"))[0] == 401


async def test_head_of_pages_and_of_their_event_stream_ends(
    ana: Browsing, databases: Databases, tenant: Tenant
) -> None:
    alert = await add_alert(databases, tenant)
    async with asyncio.timeout(20):
        for path in ("/alerts", f"/alerts/{alert.id}", "/settings/users", "/events"):
            status, headers, body = await heads(ana.session, "HEAD", path)
            assert (status, body) == (200, b"")
            assert headers["content-type"].startswith("text/event-stream" if path == "/events" else "text/html")


async def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(
    http: aiohttp.ClientSession, tenant: Tenant
) -> None:
    async with http.request("PATCH", "/v2/alerts/count", headers=tenant.headers) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET"
        assert (await response.json())["message"] == "/v2/alerts/count does not take PATCH. It takes GET."
