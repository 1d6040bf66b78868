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
from tocsin.accounts.model import Integration, Right, Role
from tocsin.accounts.rate_limits import RateLimiter, domain_of
from tocsin.db import Databases, Db
from tocsin.errors import Forbidden, Unauthenticated
from tocsin.http import RequestInfo, info


@dataclass(frozen=True, slots=True)
class KeyAuthority:
    """A key that changes people: it may what an admin may, who makes keys, and never more."""

    id: UUID
    username: str
    role: Role = Role.ADMIN

    @property
    def full_name(self) -> str:
        return self.username


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
    def authority(self) -> KeyAuthority:
        """On whose authority people are changed: a key's, which is an admin's."""
        return KeyAuthority(self.integration.id, self.integration.name)

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


def configuring(*rights: Right) -> Callable[[Request], Awaitable[ApiContext]]:
    """A dependency: like `api`, of a call that changes the configuration: the key holds that right too.

    Raises: as `api`, and PlanRequired where the plan has no configuration by API, or an invoice is long unpaid.
    """
    authenticated = api(*rights, Right.CONFIGURATION)

    async def context(request: Request) -> ApiContext:
        ctx = await authenticated(request)
        async with ctx.db.transaction() as tx:
            await ctx.gate.require_configurable(tx, ctx.account_id, ctx.at)
            await ctx.gate.require(tx, ctx.account_id, "configuration_api", ctx.at)
        return ctx

    return context


def of_the_account(ctx: ApiContext) -> None:
    """Raises: Forbidden for a team's key: it changes what is the team's, and nobody's account."""
    if ctx.integration.team_id is not None:
        raise Forbidden("API Key of a team cannot change the users of the account")
