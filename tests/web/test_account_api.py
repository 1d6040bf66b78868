import base64

import aiohttp
import pytest
from tests.support.makers import Tenant, add_key

from tocsin.db import Databases


async def test_the_account_tells_its_name_and_plan(http: aiohttp.ClientSession, tenant: Tenant) -> None:
    async with http.get("/v2/account", headers=tenant.headers) as response:
        body = await response.json()

    assert response.status == 200
    assert body["data"] == {
        "name": "edge",
        "userCount": 1,
        "plan": {"maxUserCount": 1, "name": "Enterprise", "isYearly": True},
    }
    assert body["requestId"] == response.headers["X-Request-Id"]
    assert float(response.headers["X-Response-Time"]) >= body["took"] > 0
    assert response.headers["X-RateLimit-State"] == "OK"


async def test_basic_authentication_with_an_empty_user_name_works(http: aiohttp.ClientSession, tenant: Tenant) -> None:
    basic = base64.b64encode(f":{tenant.key}".encode()).decode()

    async with http.get("/v2/account/", headers={"Authorization": f"Basic {basic}"}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("authorization", "status", "message"),
    [
        ("GenieKey 5f2b0c1e-7d7a-4d0e-9d5b-0a1c2e3f4a5b", 401, "Could not authenticate"),
        ("GenieKey not-a-key", 422, "Key format is not valid!"),
        ("Basic %%%", 422, "Key format is not valid!"),
        ("Bearer something", 401, "Could not authenticate: send the header `Authorization: GenieKey <API key>`."),
    ],
)
async def test_a_key_we_do_not_know_is_refused(
    http: aiohttp.ClientSession, authorization: str, status: int, message: str
) -> None:
    async with http.get("/v2/account", headers={"Authorization": authorization}) as response:
        body = await response.json()

    assert (response.status, body["message"]) == (status, message)


async def test_a_key_without_the_right_is_refused(
    http: aiohttp.ClientSession, tenant: Tenant, databases: Databases
) -> None:
    key = await add_key(databases, tenant, allow_read_access=False)

    async with http.get("/v2/account", headers={"Authorization": f"GenieKey {key}"}) as response:
        body = await response.json()

    assert (response.status, body["code"]) == (403, 40301)
    assert body["message"] == "API Key is not granted with read access"


async def test_a_path_that_nobody_serves_is_404_in_the_envelope(http: aiohttp.ClientSession) -> None:
    async with http.get("/v2/nothing%2Fhere") as response:
        body = await response.json()

    assert (response.status, body["message"]) == (404, "No handler found for GET /v2/nothing/here")
