"""What each action does to an alert, through real HTTP."""

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, api_of
from tests.support.alerts import add_alert
from tests.support.makers import Tenant

from tocsin.db import Databases


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


async def test_acknowledging_marks_the_alert_and_makes_the_person_its_owner(
    api: AlertApi, databases: Databases, tenant: Tenant
) -> None:
    alert = await add_alert(databases, tenant)

    status = await api.act("POST", f"/v2/alerts/{alert.id}/acknowledge", {"user": "ana@example.com", "note": "on it"})

    assert (status["isSuccess"], status["action"], status["alertId"]) == (True, "Acknowledge", alert.id)
    shown = await api.alert(alert.id)
    assert (shown["acknowledged"], shown["owner"], shown["isSeen"]) == (True, "ana@example.com", True)
    assert shown["report"]["acknowledgedBy"] == "ana@example.com"
    assert shown["report"]["ackTime"] > 0
    assert await api.notes(alert.id) == ["on it"]
    assert await api.logs(alert.id) == ["Alert acknowledged", "Note added: on it"]
