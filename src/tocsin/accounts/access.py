"""Who calls the API, and may they? What every API door asks first."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import Request

from tocsin.accounts.audit import Actor
from tocsin.accounts.gate import Gate
from tocsin.accounts.key_rights import check_right
from tocsin.accounts.keys import KeyRing
from tocsin.accounts.model import Integration, Right
from tocsin.accounts.rate_limits import RateLimiter, domain_of
from tocsin.db import Databases, Db
from tocsin.errors import Unauthenticated
from tocsin.http import RequestInfo, info


@dataclass(frozen=True, slots=True)
class ApiContext:
    """An authenticated API request: whose account, by which key, since when. `db` sees that account only."""

    request: Request
    info: RequestInfo
    integration: Integration
    db: Db

    @property
    def account_id(self) -> int:
        return self.integration.account_id

    @property
    def at(self) -> datetime:
        return self.info.at

    @property
    def request_id(self) -> UUID:
        return self.info.id

    @property
    def gate(self) -> Gate:
        """What the account's plan allows."""
        found: Gate = self.request.app.state.gate
        return found

    @property
    def actor(self) -> Actor:
        """Who the audit log names: the key."""
        key = self.integration
        return Actor(self.account_id, key.name, self.at, key.id, self.info.address, self.info.id)


def api(*rights: Right) -> Callable[[Request], Awaitable[ApiContext]]:
    """A dependency: the context of a call whose key holds `rights`.

    Raises: Unauthenticated, Invalid, Forbidden, Throttled.
    """

    async def context(request: Request) -> ApiContext:
        keys: KeyRing = request.app.state.keys
        databases: Databases = request.app.state.databases
        authorization = request.headers.get("authorization")
        if not authorization:
            raise Unauthenticated("Could not authenticate: send the header `Authorization: GenieKey <API key>`.")
        integration = await keys.authenticate(authorization)
        check_right(integration, *rights)
        limiter: RateLimiter = request.app.state.rate_limiter
        domain = domain_of(request.method, request.scope["path"])
        await limiter.take(integration.account_id, domain, info(request).at)
        return ApiContext(request, info(request), integration, databases.app.for_account(integration.account_id))

    return context
