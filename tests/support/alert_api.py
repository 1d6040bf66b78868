"""Calling the Alert API as a client does: real HTTP, strict about the envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
from tests.support.makers import Tenant
from yarl import URL


@dataclass(frozen=True)
class Answer:
    """What came back. Every answer of the API is a JSON object with `took` and `requestId`, which this checks."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def errors(self) -> dict[str, str]:
        return {str(name): str(text) for name, text in self.body.get("errors", {}).items()}


@dataclass(frozen=True)
class AlertApi:
    """The API with one key."""

    http: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> Answer:
        """One request; `path` is sent as it is, percent signs included."""
        headers = self.headers | options.pop("headers", {})
        if json is not None:
            options["json"] = json
        async with self.http.request(method, URL(path, encoded=True), headers=headers, **options) as response:
            body = await response.json()
            answer = Answer(response.status, body, response.headers)
        assert isinstance(body, dict)
        assert UUID(body["requestId"]) == UUID(answer.headers["X-Request-Id"])
        assert body["took"] >= 0
        return answer

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def read(self, path: str) -> Answer:
        """One request whose answer is a text; as the body's `text`, where it is one."""
        async with self.http.request("GET", URL(path, encoded=True), headers=self.headers) as response:
            if response.content_type == "application/json":
                return Answer(response.status, await response.json(), response.headers)
            return Answer(response.status, {"text": await response.text()}, response.headers)

    async def act(self, method: str, path: str, json: Any = None, **options: Any) -> dict[str, Any]:
        """An asynchronous write: 202, and the status of its request, which must be readable at once."""
        accepted = await self.call(method, path, json, **options)
        assert (accepted.status, accepted.body["result"]) == (202, "Request will be processed"), accepted.body
        status = await self.get(f"/v2/alerts/requests/{accepted.body['requestId']}")
        assert status.status == 200
        assert status.data["isSuccess"] is status.data["success"]
        data: dict[str, Any] = status.data
        return data

    async def alert(self, identifier: str, kind: str = "id") -> dict[str, Any]:
        """The alert as it is now."""
        answer = await self.get(f"/v2/alerts/{quote(identifier, safe='')}?identifierType={kind}")
        assert answer.status == 200, answer.body
        data: dict[str, Any] = answer.data
        return data

    async def logs(self, alert_id: str) -> list[str]:
        """The lines of the log, oldest first."""
        answer = await self.get(f"/v2/alerts/{alert_id}/logs?order=asc&limit=100")
        assert answer.status == 200, answer.body
        return [item["log"] for item in answer.data]

    async def notes(self, alert_id: str) -> list[str]:
        """The notes, oldest first."""
        answer = await self.get(f"/v2/alerts/{alert_id}/notes?order=asc&limit=100")
        assert answer.status == 200, answer.body
        return [item["note"] for item in answer.data]


def api_of(http: aiohttp.ClientSession, tenant: Tenant, key: str | None = None) -> AlertApi:
    """The API with the tenant's key, or another one."""
    return AlertApi(http, {"Authorization": f"GenieKey {key or tenant.key}"})
