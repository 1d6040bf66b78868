"""The composition root of the API process: settings in, ASGI application out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from tocsin import __version__, accounts
from tocsin.accounts import api as accounts_api
from tocsin.accounts.keys import KeyRing
from tocsin.accounts.pages import audit as audit_pages
from tocsin.accounts.pages import keys as key_pages
from tocsin.accounts.pages import links as link_pages
from tocsin.accounts.pages import mailbox as mailbox_pages
from tocsin.accounts.pages import operator as operator_pages
from tocsin.accounts.pages import profile as profile_pages
from tocsin.accounts.pages import roles as role_pages
from tocsin.accounts.pages import security as security_pages
from tocsin.accounts.pages import sign_in as sign_in_pages
from tocsin.accounts.pages import users as user_pages
from tocsin.accounts.rate_limits import Limits, LimitsOf, RateLimiter
from tocsin.accounts.sign_in.passwords import Argon2Passwords
from tocsin.alerts import api as alerts_api
from tocsin.alerts import attachments_api, list_api, saved_search_api
from tocsin.billing import (
    cards_api,
    fair_use_pages,
    invoices_api,
    notices,
    quotes_api,
    subscription_api,
    usage_api,
    usage_pages,
)
from tocsin.billing import operator_pages as billing_operator_pages
from tocsin.billing import pages as billing_pages
from tocsin.billing import webhook as billing_webhook
from tocsin.billing.cards import gateway_of
from tocsin.billing.tax_estimate import tax_estimate
from tocsin.clock import Clock
from tocsin.contact import pages as contact_pages
from tocsin.db import Databases, open_databases
from tocsin.deletion import pages as deletion_pages
from tocsin.engine.engine import make_rails, registry_of
from tocsin.escalations import api as escalations_api
from tocsin.escalations import escalations_api as escalation_config_api
from tocsin.escalations import forwarding_api, routing_api, teams_api
from tocsin.escalations import pages as escalations_pages
from tocsin.escalations.ingest import Ingest, IngestFront
from tocsin.escalations.people import contacts_api, notification_rules_api, roles_api, users_api
from tocsin.escalations.plan_limits import PlanLimits
from tocsin.escalations.responders import Directories
from tocsin.escalations.snapshot_store import Snapshots
from tocsin.http import HeadAsGet, RequestMiddleware
from tocsin.licensing import api as licensing_api
from tocsin.licensing import countries_service
from tocsin.licensing.pages import faq as faq_pages
from tocsin.licensing.pages import operator_countries, operator_price_book, supported_countries
from tocsin.licensing.pages import pricing as pricing_pages
from tocsin.notifications import pages as rules_pages
from tocsin.on_call import calendars_api, on_calls_api, schedules_api, walk_page
from tocsin.on_call import pages as on_call_pages
from tocsin.on_call.feed_limit import FeedLimit
from tocsin.on_call.lint import api as lint_api
from tocsin.on_call.lint import pages as lint_pages
from tocsin.settings import Settings
from tocsin.signup import pages as signup_pages
from tocsin.web import events, health, join
from tocsin.web.assets import Assets
from tocsin.web.errors import add_error_handlers
from tocsin.web.feed import Feed
from tocsin.web.security import SecurityMiddleware

# In this order: /v2/alerts/saved-searches and /count would otherwise be alerts of that name, and
# /v2/schedules/on-calls a schedule.
API_ROUTERS = (
    accounts_api.router,
    saved_search_api.router,
    list_api.router,
    attachments_api.router,
    alerts_api.router,
    escalations_api.router,
    on_calls_api.router,
    calendars_api.router,
    schedules_api.router,
    lint_api.router,
    users_api.router,
    contacts_api.router,
    notification_rules_api.router,
    roles_api.router,
    teams_api.router,
    routing_api.router,
    escalation_config_api.router,
    forwarding_api.router,
    licensing_api.router,
    supported_countries.api_router,
    usage_api.router,
    subscription_api.router,
    invoices_api.router,
    quotes_api.router,
    cards_api.router,
    billing_webhook.router,
    health.router,
)
PAGE_ROUTERS = (
    sign_in_pages.router,
    signup_pages.router,
    pricing_pages.router,
    faq_pages.router,
    supported_countries.router,
    contact_pages.router,
    deletion_pages.router,
    billing_pages.router,
    link_pages.router,
    join.router,
    security_pages.router,
    profile_pages.router,
    user_pages.router,
    role_pages.router,
    key_pages.router,
    audit_pages.router,
    operator_pages.router,
    mailbox_pages.router,
    usage_pages.router,
    fair_use_pages.router,
    billing_operator_pages.router,
    operator_countries.router,
    operator_price_book.router,
    rules_pages.router,
    on_call_pages.router,
    lint_pages.router,
    escalations_pages.router,
    walk_page.router,
    events.router,
)


def create_app(settings: Settings, database_url: str, clock: Clock, limits_of: LimitsOf | None = None) -> ASGIApp:
    """The whole HTTP side: REST API, pages, health, behind the request middleware.

    `limits_of` says how many API requests an account may send; left out, its plan does.
    """
    limits = PlanLimits(billing=settings.billing == "on")

    async def of_plan(account_id: int) -> Limits:
        databases: Databases = app.state.databases
        async with databases.engine.transaction() as tx:
            return await limits.request_limits(tx, account_id, clock.now())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_databases(database_url) as databases:
            app.state.databases = databases
            app.state.started_at = clock.now()
            app.state.keys = front.keys = KeyRing(databases.engine)
            front.ingest = Ingest(
                database_url, Directories(databases.engine), clock, queue_limit=settings.ingest_queue_limit
            )
            app.state.passwords = passwords = Argon2Passwords(
                concurrency=settings.password_hash_concurrency,
                memory_kib=settings.password_hash_memory_kib,
                passes=settings.password_hash_passes,
            )
            app.state.gate = limits
            app.state.notices = notices.of_account
            app.state.reach = countries_service.check_number
            app.state.tax_estimate = tax_estimate
            app.state.rails = rails = make_rails(settings, limits, gateway_of(settings), registry_of(settings))
            app.state.snapshots = Snapshots()
            app.state.feed_limit = FeedLimit()
            app.state.feed = feed = Feed(database_url)
            await feed.open()
            await front.ingest.open()
            try:
                yield
            finally:
                passwords.close()
                if rails.gateway is not None:
                    await rails.gateway.close()
                await feed.close()
                await front.ingest.close()
                front.ingest = None

    app = FastAPI(
        title="Tocsin",
        version=__version__,
        description=accounts.__doc__ or "",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.rate_limiter = RateLimiter(limits_of or of_plan)
    for router in API_ROUTERS:
        app.include_router(router)
    for router in PAGE_ROUTERS:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", Assets())
    add_error_handlers(app)
    front = IngestFront(RequestMiddleware(HeadAsGet(SecurityMiddleware(app, settings)), clock), clock)
    return front
