"""Cases of fair use: the operator decides, with a reason; the owner reads it and answers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.support.browsing import Browsing, browsing, give_password
from tests.support.makers import START, Tenant, make_tenant

from tocsin.accounts import store as accounts_store
from tocsin.billing import fair_use_store, service
from tocsin.db import Databases
from tocsin.licensing.fair_use import Case, CaseStatus, WindowCost

HERE = "/operator/fair-use"
MONTH = timedelta(days=30)


@pytest.fixture
async def case(databases: Databases, tenant: Tenant) -> Case:
    """A case of Standard ×10 whose windows cost 78 % and 61 % of its seats."""
    made = Case(tenant.account_id, uuid4(), CaseStatus.OPENED, START - timedelta(days=1), START - timedelta(days=3))
    windows = [
        WindowCost(START - 2 * MONTH, START - MONTH, 18_000, 23_000, 10),
        WindowCost(START - MONTH, START, 14_000, 23_000, 10),
    ]
    async with databases.engine.transaction() as tx:
        await service.start_trial(tx, tenant.account_id, "Europe/Warsaw", "USD", START - MONTH)
        await fair_use_store.insert_case(tx, made, windows, "USD", "standard")
    return made


@pytest.fixture
async def operator(browser: Browsing, databases: Databases) -> Browsing:
    server = await make_tenant(databases, "server")
    async with databases.engine.transaction() as tx:
        await accounts_store.insert_operator(tx, server.account_id, server.owner.id, START)
    await browser.sign_in(await give_password(databases, server.owner))
    return browser


@pytest.fixture
async def ana(url: str, databases: Databases, tenant: Tenant) -> AsyncIterator[Browsing]:
    """The owner of the account that the case is about."""
    async with browsing(url) as opened:
        await opened.sign_in(await give_password(databases, tenant.owner))
        yield opened


async def test_the_operator_sees_what_a_case_is_about(operator: Browsing, case: Case) -> None:
    page = await operator.get(HERE)
    assert fair_use_store.number_of(case.id) in page
    assert "78 %" in page
    assert "61 %" in page


async def test_a_decision_needs_a_reason(operator: Browsing, case: Case) -> None:
    await operator.get(HERE)
    refused = await operator.post(f"{HERE}/{case.account_id}/{case.id}/dismiss", note="")
    assert refused.status == 422
    assert "Say why, in at most 2,000 characters." in refused

    page = await operator.post(f"{HERE}/{case.account_id}/{case.id}/dismiss", note="An incident storm.")
    assert "The case is dismissed." in page
    assert "An incident storm." in page
    again = await operator.post(f"{HERE}/{case.account_id}/{case.id}/dismiss", note="Again.")
    assert "This case has gone on since" in again


async def test_notice_needs_a_paid_plan(operator: Browsing, case: Case) -> None:
    await operator.get(HERE)
    page = await operator.post(f"{HERE}/{case.account_id}/{case.id}/approve", note="Far above.")
    assert "The account has no paid plan any more. Dismiss the case." in page


async def test_r11_4_the_owner_answers_and_the_operator_reads_it(
    operator: Browsing, ana: Browsing, case: Case, databases: Databases
) -> None:
    assert "Your answer" not in await ana.get("/settings/usage")
    async with databases.engine.transaction() as tx:
        noticed = Case(
            case.account_id, case.id, CaseStatus.NOTICED, case.opened_at, case.until, START + 2 * MONTH
        )  # fmt: skip
        await fair_use_store.save_case(tx, noticed)

    page = await ana.get("/settings/usage")
    assert fair_use_store.number_of(case.id) in page
    assert "Your answer is with the case." in await ana.post("/settings/usage/case", note="We moved to push.")
    assert "We moved to push." in await operator.get(HERE)


async def test_nobody_else_sees_cases(bo: Browsing, ana: Browsing, case: Case) -> None:
    for somebody in (bo, ana):
        assert (await somebody.get(HERE)).status == 404
    answer = await ana.post(f"{HERE}/{case.account_id}/{case.id}/dismiss", note="Mine.")
    assert answer.status == 404
