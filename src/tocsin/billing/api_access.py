"""What the doors of the billing API share: whose key may, doing a command once, and what came of it on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Header
from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from tocsin.accounts import audit
from tocsin.accounts.access import ApiContext, api
from tocsin.accounts.model import Right
from tocsin.billing import charges_store, charging, service
from tocsin.billing.account import AccountBilling
from tocsin.billing.charging import Result
from tocsin.billing.commands import Command
from tocsin.billing.keeping import Rails
from tocsin.billing.service import Asked
from tocsin.errors import Conflict, Forbidden, Invalid, NotFound, PaymentRefused
from tocsin.wire import wire_time

KEY_LENGTH = 100
Instant = Annotated[datetime, PlainSerializer(wire_time, return_type=str)]


class Wire(BaseModel):
    """A body as the API spells it: camel case, and nothing that is not known."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    def as_json(self) -> dict[str, Any]:
        """The body in plain values."""
        return self.model_dump(mode="json", by_alias=True)


class ResultBody(Wire):
    """What came of a command. `done`; `action_required`: send the card's holder to `url`; `pending`: ask again."""

    status: str
    invoices: list[UUID]
    url: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """How an answer is described: OpenAPI's `responses` for a body of `model` in the envelope's `data`."""

    model: type[Wire]

    def responses(self) -> dict[int | str, dict[str, Any]]:
        return {200: {"model": self.model, "description": "`data` of the envelope"}}


async def billing_key(ctx: Annotated[ApiContext, Depends(api(Right.BILLING))]) -> ApiContext:
    """A dependency: a key that an owner gave the billing right. Raises: Forbidden for a team's, NotFound where
    billing is off.
    """
    if ctx.integration.team_id is not None:
        raise Forbidden("API Key of a team cannot read or change the billing of the account")
    if ctx.request.app.state.settings.billing == "off":
        raise NotFound("This server bills nothing.")
    return ctx


Paying = Annotated[ApiContext, Depends(billing_key)]
OnceKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="Of requests with the same key only the first does anything; the others get its answer.",
    ),
]


async def billing_of(ctx: ApiContext) -> AccountBilling:
    """Raises: NotFound for an account that is not billed."""
    found = await service.find(ctx.db, ctx.account_id)
    if found is None:
        raise NotFound("This account has no subscription.")
    return found


def rails_of(ctx: ApiContext) -> Rails:
    rails: Rails = ctx.request.app.state.rails
    return rails


async def perform(
    ctx: ApiContext, command: Command, key: str, *, action: str, version: int | None = None, reason: str = ""
) -> ResultBody:
    """Do it once and record it, with its reason; asked again with the same key, what came of it the first time.

    Raises: Invalid, Conflict, NotFound; PaymentRefused where the card was declined.
    """
    if len(key) > KEY_LENGTH:
        raise Invalid("An Idempotency-Key has at most 100 characters.", {"Idempotency-Key": "too long"})
    await billing_of(ctx)
    base_url = ctx.request.app.state.settings.base_url
    once = f"api-{ctx.integration.id}-{key or ctx.request_id}"
    known = await _is_known(ctx, once, command)
    asked = Asked(command, once, version=version, return_url=f"{base_url}/settings/subscriptions/returned")
    result = await service.perform(ctx.db, rails_of(ctx), ctx.account_id, asked, ctx.at)
    if not known:
        await _record(ctx, action, result, {"reason": reason} if reason else {})
    if result.status == "declined":
        raise PaymentRefused(result.message or "The card was declined.", {"card": result.code or "declined"})
    subscription = (await billing_of(ctx)).subscription
    return ResultBody(
        status=result.status, invoices=list(result.documents), url=result.url or None, version=subscription.version
    )


async def _is_known(ctx: ApiContext, once: str, command: Command) -> bool:
    """Whether the key was used for this command before. Raises: Conflict where it was used for another one."""
    async with ctx.db.transaction() as tx:
        kept = await charges_store.find_command(tx, ctx.account_id, once)
    if kept is None:
        return False
    if _asked(kept.command) != _asked(msgspec.json.decode(charging.to_json(command))):
        raise Conflict("This Idempotency-Key was used for another request.", {"Idempotency-Key": "used"})
    return True


def _asked(command: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody wanted: a registry's answer to it is another one each time."""
    return {name: value for name, value in command.items() if name != "vat_check"}


async def _record(ctx: ApiContext, action: str, result: Result, more: Mapping[str, object]) -> None:
    async with ctx.db.transaction() as tx:
        after = {"result": result.status, "key": ctx.integration.name, **more}
        await audit.record(tx, ctx.actor, action, "subscription", ctx.account_id, "", after=after)
