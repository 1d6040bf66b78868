"""The fake on the wire: routes, keys, parameters, idempotency, failures of the network, webhooks and pages."""

import asyncio
import hashlib
import hmac
import html
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web
from tests.support.stripe_fake import form
from tests.support.stripe_fake.errors import (
    ApiError,
    invalid,
    key_in_use,
    missing,
    reused_key,
    unauthorised,
    unknown_parameters,
)
from tests.support.stripe_fake.objects import Object, Store

from tocsin.clock import SystemClock

API_KEY = "sk_test_fake"
PUBLISHABLE_KEY = "pk_test_fake"
WEBHOOK_SECRET = "whsec_fake"
ASSETS = Path(__file__).parent / "assets"

Fault = Literal["silent", "silent_undone", "cut", "cut_undone", "error", "error_undone", "held", "gateway", "busy"]
"""What happens to the next request: no answer, a broken connection, a 500, an answer that waits for `release`, a page
of a proxy instead of JSON, a 429. `_undone`: the request had no effect; without it, it had."""

PARAMETERS: Mapping[str, set[str]] = {
    "POST /v1/customers": {"name", "email", "metadata", "description", "phone", "invoice_settings"},
    "POST /v1/customers/{id}": {"name", "email", "metadata", "description", "phone", "invoice_settings"},
    "POST /v1/setup_intents": {
        "customer", "usage", "allowed_payment_method_types", "metadata", "description", "confirm", "payment_method",
        "return_url",
    },
    "GET /v1/setup_intents/{id}": {"client_secret"},
    "POST /v1/setup_intents/{id}/confirm": {"payment_method", "payment_method_data", "return_url", "client_secret"},
    "POST /v1/payment_methods/{id}/attach": {"customer"},
    "POST /v1/payment_intents": {
        "amount", "currency", "customer", "payment_method", "allowed_payment_method_types", "description", "metadata",
        "confirm", "off_session", "return_url", "setup_future_usage", "receipt_email", "statement_descriptor_suffix",
    },
    "GET /v1/payment_intents": {"customer", "limit", "starting_after", "created"},
    "GET /v1/payment_intents/{id}": {"client_secret"},
    "POST /v1/payment_intents/{id}/confirm": {"payment_method", "return_url", "off_session", "client_secret"},
    "POST /v1/payment_intents/{id}/cancel": {"cancellation_reason"},
    "POST /v1/refunds": {"payment_intent", "amount", "metadata", "reason"},
}  # fmt: skip
"""By route; what a route does not name it does not take. `expand` goes everywhere."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "POST /v1/payment_intents": ("amount", "currency"),
    "POST /v1/payment_methods/{id}/attach": ("customer",),
    "POST /v1/refunds": ("payment_intent",),
}

BY_BROWSERS = {
    "GET /v1/setup_intents/{id}",
    "POST /v1/setup_intents/{id}/confirm",
    "GET /v1/payment_intents/{id}",
}


@dataclass(frozen=True)
class Request:
    """What was asked: for tests that look at the wire."""

    route: str
    params: form.Tree
    key: str | None
    version: str | None
    answered: int


@dataclass(frozen=True)
class Reply:
    """What an idempotency key was first answered, None while that goes on."""

    asked: str
    status: int | None = None
    body: Object = field(default_factory=dict)


class StripeFake:
    """A running fake; `store` is its account, `requests` what was asked of it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.url = ""
        self.webhook_url: str | None = None
        self.hold_webhooks = False
        self.store = Store(lambda: self.url, now)
        self.requests: list[Request] = []
        self.statuses: list[int] = []  # what our endpoint answered to webhooks
        self._now = now
        self._replies: dict[str, Reply] = {}
        self._faults: list[tuple[Fault, str]] = []
        self.holding = asyncio.Event()  # set once a held request is at work
        self._release = asyncio.Event()
        self._ending = asyncio.Event()
        self._numbers = itertools.count(1)
        self._told = 0
        self._delivering: set[asyncio.Task[None]] = set()
        self.app = self._application()

    # What tests ask for

    def fail_next(self, fault: Fault, route: str = "POST /v1/payment_intents") -> None:
        """The next request of `route` fails."""
        self._faults.append((fault, route))

    def release(self) -> None:
        """Let held requests go on."""
        self._release.set()

    def forget_keys(self) -> None:
        """What Stripe does after 24 hours."""
        self._replies.clear()

    def charged(self) -> list[int]:
        """The amounts that were taken from cards, in order: what must never be too many."""
        return [charge["amount"] for charge in self.store.of("charge")]

    def add_card(self, customer: str, number: str = "4242424242424242") -> str:
        """A card that is on file already."""
        card = self.store.new_card({"number": number, "exp_month": "12", "exp_year": "2030"})
        card["customer"] = customer
        return str(card["id"])

    def signature(self, payload: bytes, at: datetime | None = None) -> str:
        """The Stripe-Signature header, by the text of Stripe's documentation."""
        signed_at = int((at or self._now()).timestamp())
        mac = hmac.new(WEBHOOK_SECRET.encode(), b"%d.%s" % (signed_at, payload), hashlib.sha256).hexdigest()
        return f"t={signed_at},v1={mac}"

    async def deliver(self, *events: Object) -> None:
        """Send these events to `webhook_url` in this order, again if they were sent before."""
        assert self.webhook_url is not None
        async with aiohttp.ClientSession() as session:
            for event in events:
                payload = json.dumps(event, indent=2).encode()
                headers = {
                    "Stripe-Signature": self.signature(payload),
                    "Content-Type": "application/json; charset=utf-8",
                }
                async with session.post(self.webhook_url, data=payload, headers=headers) as answer:
                    self.statuses.append(answer.status)

    async def delivered(self) -> None:
        """Wait until every webhook that is on its way has been answered."""
        while self._delivering:
            await asyncio.gather(*self._delivering)

    async def authenticate(self, url: str, *, accept: bool = True) -> str:
        """Press a button on the bank's page, as a browser would; where it is sent then."""
        answer = "accept" if accept else "refuse"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data={"answer": answer}, allow_redirects=False) as response,
        ):
            return response.headers["location"]

    # The wire

    def _application(self) -> web.Application:
        app = web.Application()
        store = self.store
        routes: Mapping[str, Callable[[str, form.Tree], Object]] = {
            "POST /v1/customers": lambda _, params: store.create_customer(params),
            "GET /v1/customers/{id}": lambda id_, _: store.get("customer", id_),
            "POST /v1/customers/{id}": store.update_customer,
            "DELETE /v1/customers/{id}": lambda id_, _: store.delete_customer(id_),
            "POST /v1/setup_intents": lambda _, params: store.create_setup(params),
            "GET /v1/setup_intents/{id}": lambda id_, _: store.get("setup_intent", id_, "intent"),
            "POST /v1/setup_intents/{id}/confirm": store.confirm_setup,
            "GET /v1/payment_methods/{id}": lambda id_, _: store.card(id_, "id"),
            "POST /v1/payment_methods/{id}/attach": lambda id_, params: store.attach(id_, params["customer"]),
            "POST /v1/payment_methods/{id}/detach": lambda id_, _: store.detach(id_),
            "POST /v1/payment_intents": lambda _, params: store.create_payment(params),
            "GET /v1/payment_intents": lambda _, params: store.list_payments(params),
            "GET /v1/payment_intents/{id}": lambda id_, _: store.get("payment_intent", id_, "intent"),
            "POST /v1/payment_intents/{id}/confirm": store.confirm_payment,
            "POST /v1/payment_intents/{id}/cancel": lambda id_, _: store.cancel_payment(id_),
            "POST /v1/refunds": lambda _, params: store.create_refund(params),
            "GET /v1/refunds/{id}": lambda id_, _: store.get("refund", id_),
        }
        for route, does in routes.items():
            method, _, path = route.partition(" ")
            app.router.add_route(method, path, self._handler(route, does))
        app.router.add_route("OPTIONS", "/v1/{tail:.*}", self._preflight)
        app.router.add_route("*", "/v1/{tail:.*}", self._nothing)
        app.router.add_get("/v3/", self._script)
        app.router.add_get("/endive/stripe.js", self._script)
        app.router.add_get("/v3/{name:fields\\.(?:html|js|css)}", self._asset)
        app.router.add_get("/redirect/authenticate/{id}", self._bank)
        app.router.add_post("/redirect/authenticate/{id}", self._bank_answer)
        return app

    def _handler(self, route: str, does: Callable[[str, form.Tree], Object]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            params = await _params(request)
            key = request.headers.get("Idempotency-Key")
            fault = self._fault(route)
            if fault == "busy":
                status, body = (
                    429,
                    {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many."}},
                )
            else:
                status, body = await self._answer(request, route, does, params, key, fault)
            version = request.headers.get("Stripe-Version")
            self.requests.append(Request(route, params, key, version, status))
            self._tell()
            if fault in {"silent", "silent_undone"}:
                await self._ending.wait()
            if fault in {"cut", "cut_undone"} and request.transport is not None:
                request.transport.abort()
            if fault == "gateway":
                return web.Response(status=502, text="<html><title>502 Bad Gateway</title></html>")
            headers = _cors(request) | {"Request-Id": f"req_{next(self._numbers):08d}"}
            if body.pop("replayed", False):
                headers["Idempotent-Replayed"] = "true"
            return web.json_response(
                {name: value for name, value in body.items() if name != "replayed"}, status=status, headers=headers
            )

        return handle

    async def _answer(
        self,
        request: web.Request,
        route: str,
        does: Callable[[str, form.Tree], Object],
        params: form.Tree,
        key: str | None,
        fault: Fault | None,
    ) -> tuple[int, Object]:
        asked = hashlib.sha256(json.dumps([request.path, params], sort_keys=True).encode()).hexdigest()
        try:
            self._authorise(request, route, params)
            _check(route, params)
            reply = self._replies.get(key) if key is not None and request.method == "POST" else None
            if reply is not None and key is not None:
                if reply.asked != asked:
                    raise reused_key(key)
                if reply.status is None:
                    raise key_in_use(key)
                return reply.status, {**reply.body, "replayed": True}
        except ApiError as error:
            return error.status, error.body
        if key is not None:
            self._replies[key] = Reply(asked)
        if fault == "held":
            self.holding.set()
            await self._release.wait()
        status, body, kept = self._do(request, does, params, key, fault)
        if key is not None:
            if kept:
                self._replies[key] = Reply(asked, status, body)
            else:
                del self._replies[key]
        return status, body

    def _do(
        self,
        request: web.Request,
        does: Callable[[str, form.Tree], Object],
        params: form.Tree,
        key: str | None,
        fault: Fault | None,
    ) -> tuple[int, Object, bool]:
        """Status, body, and whether they are kept under the key."""
        status, body, kept = 200, {}, True
        self.store.request_key = key
        if fault not in {"silent_undone", "cut_undone", "error_undone"}:
            try:
                found = does(request.match_info.get("id", ""), json.loads(json.dumps(params)))
                body = self._expanded(found, params.get("expand", []))
            except ApiError as error:
                status, body, kept = error.status, error.body, error.kept
        else:
            kept = fault == "error_undone"
        if fault in {"error", "error_undone"}:
            status, body = 500, {"error": {"type": "api_error", "message": "An unknown error occurred."}}
        return status, json.loads(json.dumps(body)), kept

    def _expanded(self, value: Object, paths: list[str]) -> Object:
        return value | {path: self.store.objects[value[path]] for path in paths if value.get(path)}

    def _authorise(self, request: web.Request, route: str, params: form.Tree) -> None:
        """A secret key may all; a browser with the publishable one only what it has the intent's secret for."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = params.pop("key", None) or bearer
        if given == API_KEY:
            return
        if given != PUBLISHABLE_KEY or route not in BY_BROWSERS:
            raise unauthorised()
        intent = self.store.intent(request.match_info["id"])
        if params.get("client_secret") != intent["client_secret"]:
            raise missing(intent["object"], intent["id"], "intent")

    def _fault(self, route: str) -> Fault | None:
        for index, (fault, wanted) in enumerate(self._faults):
            if wanted == route:
                del self._faults[index]
                return fault
        return None

    def _tell(self) -> None:
        """Send what happened to the webhook, in the background and in order."""
        new = self.store.events[self._told :]
        self._told = len(self.store.events)
        if self.webhook_url is not None and not self.hold_webhooks and new:
            task = asyncio.create_task(self.deliver(*new))
            self._delivering.add(task)
            task.add_done_callback(self._delivering.discard)

    async def _preflight(self, request: web.Request) -> web.Response:
        return web.Response(status=204, headers=_cors(request))

    async def _nothing(self, request: web.Request) -> web.Response:
        message = f"Unrecognized request URL ({request.method}: {request.path})."
        return web.json_response({"error": {"type": "invalid_request_error", "message": message}}, status=404)

    # Pages

    async def _script(self, request: web.Request) -> web.Response:
        text = (ASSETS / "stripe.js").read_text()
        return web.Response(
            text=text, content_type="text/javascript", headers={"Cross-Origin-Resource-Policy": "cross-origin"}
        )

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        kinds = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
        return web.Response(text=(ASSETS / name).read_text(), content_type=kinds[name.rpartition(".")[2]])

    async def _bank(self, request: web.Request) -> web.Response:
        intent = self.store.intent(request.match_info["id"])
        if request.query.get("client_secret") != intent["client_secret"]:
            raise web.HTTPNotFound
        amount = (
            f"{intent['amount'] / 100:.2f} {intent['currency'].upper()}" if "amount" in intent else "saving your card"
        )
        page = (ASSETS / "bank.html").read_text().replace("{{ amount }}", html.escape(amount))
        return web.Response(text=page, content_type="text/html")

    async def _bank_answer(self, request: web.Request) -> web.Response:
        intent = self.store.intent(request.match_info["id"])
        if request.query.get("client_secret") != intent["client_secret"]:
            raise web.HTTPNotFound
        answer = (await request.post())["answer"]
        back = self.store.ways_back.get(intent["id"])
        status = self.store.authenticated(intent["id"], accepted=answer == "accept")
        self._tell()
        if back is None:
            return web.Response(text=(ASSETS / "done.html").read_text(), content_type="text/html")
        kind = intent["object"]
        query = urlencode(
            {kind: intent["id"], f"{kind}_client_secret": intent["client_secret"], "redirect_status": status}
        )
        raise web.HTTPSeeOther(f"{back}{'&' if '?' in back else '?'}{query}")

    async def start(self) -> web.AppRunner:
        runner = web.AppRunner(self.app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]  # a Server
        return runner

    async def stop(self, runner: web.AppRunner) -> None:
        self._ending.set()
        self._release.set()
        for task in self._delivering:
            task.cancel()
        await runner.cleanup()


@asynccontextmanager
async def stripe_fake(now: Callable[[], datetime] | None = None) -> AsyncIterator[StripeFake]:
    """A fake that runs in this event loop until the block ends; its clock is `now`."""
    fake = StripeFake(now or SystemClock().now)
    runner = await fake.start()
    try:
        yield fake
    finally:
        await fake.stop(runner)


async def _params(request: web.Request) -> form.Tree:
    pairs = list(request.query.items())
    if request.method == "POST":
        pairs += parse_qsl(await request.text(), keep_blank_values=True)
    return form.parse(pairs)


def _check(route: str, params: form.Tree) -> None:
    """Raises: ApiError for what a route does not take or lacks."""
    if "payment_method_types" in params:  # since 2026-09-30.endive
        raise invalid(
            "The `payment_method_types` parameter is no longer supported.",
            "payment_method_types_no_longer_supported",
            "payment_method_types",
            kept=False,
        )
    known = PARAMETERS.get(route, set()) | {"expand"}
    unknown = [name for name in params if name not in known]
    if unknown:
        raise unknown_parameters(unknown)
    for name in REQUIRED.get(route, ()):
        if not params.get(name):
            raise invalid(f"Missing required param: {name}.", "parameter_missing", name, kept=False)


def _cors(request: web.Request) -> dict[str, str]:
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
    }
