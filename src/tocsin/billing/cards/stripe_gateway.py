"""The driver of Stripe, over its own package: one connection pool, bounded waits, and no retry behind our back."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NoReturn

import aiohttp
import stripe
import structlog

from tocsin import __version__
from tocsin.billing.cards import declines, events, stripe_objects
from tocsin.billing.cards.gateway import (
    ActionRequired,
    Card,
    CardSetup,
    Charge,
    Declined,
    Event,
    Outcome,
    Refunded,
    RefundRefused,
    SetupResult,
    Unknown,
)
from tocsin.errors import Conflict, NotFound, Unavailable
from tocsin.i18n import N_

log = structlog.get_logger()

UNREACHABLE = N_("The payment provider cannot be reached just now. Nothing was changed; try again in a moment.")
NO_ACCESS = N_("The payment provider does not accept this server's key. The operator has to check it.")
UNKNOWN_TO_PROVIDER = N_("The payment provider does not know this. It may have been removed there.")

PAGE = 100
IN_FLIGHT = 32  # Stripe allows a live account 100 requests a second; a charge takes one to three seconds

WIRE_ERRORS = (stripe.APIConnectionError, aiohttp.ClientError, TimeoutError, OSError)


class StripeGateway:
    """CardGateway by Stripe."""

    def __init__(
        self,
        api_key: str,
        *,
        publishable_key: str,
        webhook_secret: str,
        script_url: str,
        api_base: str | None = None,
        timeout_seconds: float = 30.0,
    ) -> None:
        _quiet()
        self._publishable_key = publishable_key
        self._webhook_secret = webhook_secret
        self._script_url = script_url
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=min(10.0, timeout_seconds))
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: stripe.StripeClient | None = None
        self._api_key = api_key
        self._api_base = api_base

    async def create_customer(self, account_id: int, name: str, email: str, key: str) -> str:
        async with _asking():
            customer = await self._v1.customers.create_async(
                {"name": name, "email": email, "metadata": {"account_id": str(account_id)}}, {"idempotency_key": key}
            )
        return customer.id

    async def forget_customer(self, customer: str) -> None:
        try:
            async with _asking():
                await self._v1.customers.delete_async(customer)
        except NotFound:
            return

    async def start_card_setup(self, customer: str) -> CardSetup:
        async with _asking():
            setup = await self._v1.setup_intents.create_async(
                {"customer": customer, "usage": "off_session", "allowed_payment_method_types": ["card"]}
            )
        return CardSetup(setup.id, setup.client_secret or "", self._publishable_key, self._script_url)

    async def setup_result(self, customer: str, setup: str) -> SetupResult:
        async with _asking():
            found = await self._v1.setup_intents.retrieve_async(setup, {"expand": ["payment_method"]})
        _same_customer(found.to_dict(), customer)
        return stripe_objects.setup_of(found.to_dict())

    async def card(self, customer: str, card: str) -> Card:
        async with _asking():
            method = await self._v1.payment_methods.retrieve_async(card)
        _same_customer(method.to_dict(), customer)
        return stripe_objects.card_of(method.to_dict())

    async def make_default(self, customer: str, card: str) -> None:
        async with _asking():
            await self._v1.customers.update_async(customer, {"invoice_settings": {"default_payment_method": card}})

    async def detach(self, customer: str, card: str) -> None:
        try:
            await self.card(customer, card)
        except NotFound:
            return
        async with _asking():
            await self._v1.payment_methods.detach_async(card)

    async def charge(self, charge: Charge, *, again: bool = False) -> Outcome:
        if again:
            try:
                found = await self.find(charge.customer, charge.key)
            except Unavailable as error:
                return Unknown(error.message)
            except NotFound:
                found = None
            if found is not None:
                return found
        return await self._outcome(
            self._v1.payment_intents.create_async(_charge_params(charge), {"idempotency_key": charge.key})
        )

    async def find(self, customer: str, key: str) -> Outcome | None:
        async with _asking():
            async for intent in self._payments_of(customer):
                if (intent.get("metadata") or {}).get(stripe_objects.KEY_FIELD) == key:
                    return stripe_objects.outcome_of(intent)
        return None

    async def payment(self, ref: str) -> Outcome:
        async with _asking():
            intent = await self._v1.payment_intents.retrieve_async(ref)
        return stripe_objects.outcome_of(intent.to_dict())

    async def authenticate(self, ref: str, card: str, return_url: str) -> Outcome:
        async with _asking():
            intent = (await self._v1.payment_intents.retrieve_async(ref)).to_dict()
        waits = intent["status"] == "requires_payment_method" or (
            intent["status"] == "requires_action" and stripe_objects.redirect_of(intent) is None
        )
        if not waits:
            return stripe_objects.outcome_of(intent)
        return await self._outcome(
            self._v1.payment_intents.confirm_async(ref, {"payment_method": card, "return_url": return_url})
        )

    async def cancel(self, ref: str) -> Outcome:
        try:
            async with _asking():
                intent = await self._v1.payment_intents.cancel_async(ref)
        except Conflict:  # its state forbids it: paid, or cancelled before
            return await self.payment(ref)
        return stripe_objects.outcome_of(intent.to_dict())

    async def refund(
        self, payment: str, amount_minor: int, key: str, metadata: Mapping[str, str]
    ) -> Refunded | RefundRefused | Unknown:
        try:
            refund = await self._v1.refunds.create_async(
                {"payment_intent": payment, "amount": amount_minor, "metadata": dict(metadata)},
                {"idempotency_key": key},
            )
        except stripe.InvalidRequestError as error:
            return RefundRefused(error.code or "invalid_request", error.user_message or "")
        except stripe.IdempotencyError as error:
            return _key_trouble(error)
        except (stripe.StripeError, *WIRE_ERRORS) as error:
            return _unknown(error)
        return stripe_objects.refund_of(refund.to_dict())

    def read_event(self, payload: bytes, signature: str, now: datetime) -> Event:
        return events.read_event(payload, signature, self._webhook_secret, now)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = self._client = self._loop = None

    async def _outcome(self, request: Awaitable[stripe.PaymentIntent]) -> Outcome:
        """What became of a payment that was asked for. Raises: Conflict."""
        try:
            intent = await request
        except stripe.CardError as error:
            return _card_error(error)
        except stripe.InvalidRequestError as error:
            return _invalid_request(error)
        except stripe.IdempotencyError as error:
            return _key_trouble(error)
        except (stripe.StripeError, *WIRE_ERRORS) as error:
            return _unknown(error)
        return stripe_objects.outcome_of(intent.to_dict())

    async def _payments_of(self, customer: str) -> AsyncIterator[dict[str, Any]]:
        """The customer's payments, newest first."""
        after: str | None = None
        while True:
            params: stripe.params.PaymentIntentListParams = {"customer": customer, "limit": PAGE}
            if after is not None:
                params["starting_after"] = after
            page = await self._v1.payment_intents.list_async(params)
            for intent in page.data:
                yield intent.to_dict()
            if not page.has_more or not page.data:
                return
            after = page.data[-1].id

    @property
    def _v1(self) -> "stripe.V1Services":
        """The client; made on the loop that uses it, since its connections belong to one."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=IN_FLIGHT),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            self._client = stripe.StripeClient(
                self._api_key,
                stripe_version=stripe_objects.API_VERSION,
                base_addresses={"api": self._api_base} if self._api_base else {},
                max_network_retries=0,  # a retry is the caller's, by the same key
                http_client=stripe.AIOHTTPClient(timeout=None, session=self._session),
            )
        return self._client.v1


def _quiet() -> None:
    """No telemetry (it would write a file into the home directory), no bodies with client secrets in the log."""
    stripe.enable_telemetry = False
    stripe.set_app_info("Tocsin", version=__version__)
    logging.getLogger("stripe").setLevel(logging.WARNING)


def _charge_params(charge: Charge) -> "stripe.params.PaymentIntentCreateParams":
    params: stripe.params.PaymentIntentCreateParams = {
        "amount": charge.amount_minor,
        "currency": charge.currency.lower(),
        "customer": charge.customer,
        "payment_method": charge.card,
        "allowed_payment_method_types": ["card"],
        "description": charge.description,
        "metadata": {**charge.metadata, stripe_objects.KEY_FIELD: charge.key},
        "confirm": True,
    }
    if charge.off_session:
        params["off_session"] = True
    else:
        params["return_url"] = charge.return_url
    return params


@asynccontextmanager
async def _asking() -> AsyncIterator[None]:
    """Stripe's errors as ours, where a question was asked or something changed that may be asked for again."""
    try:
        yield
    except stripe.IdempotencyError as error:
        raise Conflict(error.user_message or str(error)) from None
    except stripe.InvalidRequestError as error:
        _refused(error)
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("stripe_key_refused", status=error.http_status, request=error.request_id)
        raise Unavailable(NO_ACCESS) from None
    except (stripe.StripeError, *WIRE_ERRORS) as error:
        log.warning("stripe_unreachable", reason=_reason(error))
        raise Unavailable(UNREACHABLE) from None


def _refused(error: stripe.InvalidRequestError) -> NoReturn:
    if error.code == "resource_missing" or error.http_status == 404:
        raise NotFound(UNKNOWN_TO_PROVIDER) from None
    raise Conflict(error.user_message or str(error)) from None


def _same_customer(found: Mapping[str, Any], customer: str) -> None:
    """Raises: NotFound, as for something that is not there, if it is another customer's."""
    if stripe_objects.ref_of(found.get("customer")) != customer:
        raise NotFound(UNKNOWN_TO_PROVIDER)


def _card_error(error: stripe.CardError) -> Outcome:
    body = _body(error)
    intent = body.get("payment_intent")
    ref = stripe_objects.ref_of(intent)
    if ref and "authentication_required" in (body.get("code"), body.get("decline_code")):
        return ActionRequired(ref, None)
    return stripe_objects.declined_by(body, ref)


def _invalid_request(error: stripe.InvalidRequestError) -> Outcome:
    """Stripe did not even try. That is final: the same request again gets the same answer."""
    log.warning("stripe_refused", code=error.code, param=error.param, request=error.request_id, reason=str(error))
    code = error.code or "invalid_request"
    if code == "resource_missing":
        return Declined("card_missing", hard=True, message=declines.GONE)
    if code in declines.HARD:
        return Declined(code, hard=True, message=declines.message_of(code))
    return Declined(code, hard=True, message=declines.REFUSED)


def _key_trouble(error: stripe.IdempotencyError) -> Unknown:
    """The same key is being worked on (409), else it was used for something else. Raises: Conflict."""
    if error.http_status == 409:
        return Unknown(_reason(error))
    raise Conflict(error.user_message or str(error)) from None


def _unknown(error: Exception) -> Unknown:
    reason = _reason(error)
    log.warning("stripe_outcome_unknown", reason=reason)
    return Unknown(reason)


def _reason(error: Exception) -> str:
    if isinstance(error, stripe.APIConnectionError):
        cause = error.__cause__
        return f"no answer: {type(cause).__name__}" if cause is not None else "no answer"
    if isinstance(error, stripe.StripeError):
        return f"HTTP {error.http_status}: {error.user_message or type(error).__name__}"
    return f"no answer: {type(error).__name__}"


def _body(error: stripe.StripeError) -> Mapping[str, Any]:
    body = error.json_body if isinstance(error.json_body, Mapping) else {}
    found = body.get("error")
    return found if isinstance(found, Mapping) else {}
