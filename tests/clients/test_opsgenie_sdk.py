"""The official Python SDK, unmodified, against the running application: every method of its AlertApi."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import opsgenie_sdk
import pytest
from opsgenie_sdk import AlertApi
from opsgenie_sdk.exceptions import OpenApiException
from tests.support.alerts import add_escalation, add_notification, runs_of
from tests.support.makers import Tenant, add_key, add_team, make_tenant

from tocsin.alerts import store
from tocsin.alerts.model import Alert
from tocsin.db import Databases

pytestmark = pytest.mark.clients

METHODS = {name for name in vars(AlertApi) if not name.startswith("_") and not name.endswith("_with_http_info")}


class Recorder:
    """The SDK's AlertApi, which notes down what was called."""

    def __init__(self, base_url: str, key: str) -> None:
        configuration = opsgenie_sdk.Configuration()
        configuration.host = base_url
        configuration.api_key = {"Authorization": key}  # a new one: all configurations share theirs
        configuration.retry_enabled = False
        self.client = opsgenie_sdk.ApiClient(configuration=configuration)
        self._api = AlertApi(api_client=self.client)
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        self.called.add(name)
        method: Callable[..., Any] = getattr(self._api, name)
        return method

    def done(self, response: Any) -> Any:
        """What became of an asynchronous request: the SDK's own polling, which must succeed at its first try."""
        assert response.result == "Request will be processed"
        assert response.took >= 0
        status = self.get_request_status(request_id=response.request_id).data
        assert status.is_success is True, status
        assert response.retrieve_result().data.is_success is True
        return status


@pytest.fixture
def sdk(base_url: str, tenant: Tenant) -> Recorder:
    return Recorder(base_url, tenant.key)


def test_the_sdk_has_the_35_methods_that_we_know() -> None:
    assert len(METHODS) == 35


async def test_every_method_of_the_sdk_works(
    sdk: Recorder, databases: Databases, tenant: Tenant, tmp_path: Path
) -> None:
    await add_team(databases, tenant, name="infra")
    await add_team(databases, tenant, name="web")
    await add_escalation(databases, tenant)

    alert_id = await asyncio.to_thread(create, sdk, tenant)
    async with databases.engine.transaction() as tx:
        alert = await store.find(tx, tenant.account_id, alert_id, "id")
    assert alert is not None
    await add_notification(databases, alert, tenant.owner, "accepted")
    await asyncio.to_thread(texts, sdk, alert)
    await asyncio.to_thread(people, sdk, alert, tenant)
    assert {run["responder_type"] for run in await runs_of(databases, alert)} == {"team", "user", "escalation"}
    await asyncio.to_thread(attachments, sdk, alert, tmp_path)
    await asyncio.to_thread(searches, sdk, alert, tenant)
    await asyncio.to_thread(states, sdk, alert)
    await asyncio.to_thread(history, sdk, alert, tenant)
    await asyncio.to_thread(deletion, sdk, alert)

    assert METHODS - sdk.called == set()


def create(sdk: Recorder, tenant: Tenant) -> str:
    response = sdk.create_alert(
        create_alert_payload=opsgenie_sdk.CreateAlertPayload(
            message="disk full",
            alias="web3/disk full",
            description="97 %",
            responders=[{"type": "team", "name": "infra"}],
            visible_to=[{"type": "user", "username": tenant.owner.username}],
            actions=["reboot"],
            tags=["disk"],
            details={"env": "prod", "usage": "97"},
            entity="web3",
            source="probe",
            priority="P2",
            user="ana",
            note="seen before",
        )
    )
    assert response.id == sdk.done(response).alert_id  # the SDK polls the status until it knows the id
    shown = sdk.get_alert(identifier="web3/disk full", identifier_type="alias").data
    assert shown.id == response.id
    assert (shown.message, shown.description, shown.priority, shown.status) == ("disk full", "97 %", "P2", "open")
    assert (shown.tags, shown.actions, shown.details) == (["disk"], ["reboot"], {"env": "prod", "usage": "97"})
    assert (shown.entity, shown.source, shown.count, shown.acknowledged) == ("web3", "probe", 1, False)
    assert shown.integration.name == "Default API"
    assert [(it.type, bool(it.id)) for it in shown.responders] == [("team", True)]
    assert response.retrieve_resulting_action().data.id == shown.id
    return str(shown.id)


def texts(sdk: Recorder, alert: Alert) -> None:
    sdk.done(sdk.add_tags(alert.id, opsgenie_sdk.AddTagsToAlertPayload(tags=["new", "late"], user="ana")))
    sdk.done(sdk.remove_tags(alert.id, tags=["disk", "late"], user="ana", note="gone", source="sdk"))
    sdk.done(sdk.add_details(alert.id, opsgenie_sdk.AddDetailsToAlertPayload(details={"env": "test", "more": "1"})))
    sdk.done(sdk.remove_details(str(alert.tiny_id), keys=["usage"], identifier_type="tiny"))
    sdk.done(sdk.add_note(alert.id, opsgenie_sdk.AddNoteToAlertPayload(note="a note", user="ana")))
    sdk.done(sdk.update_alert_message(alert.id, opsgenie_sdk.UpdateAlertMessagePayload(message="disk fuller")))
    sdk.done(sdk.update_alert_description(alert.id, opsgenie_sdk.UpdateAlertDescriptionPayload(description="98 %")))
    sdk.done(sdk.update_alert_priority(alert.id, opsgenie_sdk.UpdateAlertPriorityPayload(priority="P1")))
    sdk.done(
        sdk.execute_custom_alert_action(
            alert.id, "reboot", execute_custom_alert_action_payload=opsgenie_sdk.ExecuteCustomAlertActionPayload()
        )
    )

    shown = sdk.get_alert(alert.id).data
    assert (shown.tags, shown.details) == (["new"], {"env": "test", "more": "1"})
    assert (shown.message, shown.description, shown.priority) == ("disk fuller", "98 %", "P1")


def people(sdk: Recorder, alert: Alert, tenant: Tenant) -> None:
    username = tenant.owner.username
    sdk.done(sdk.assign_alert(alert.id, opsgenie_sdk.AssignAlertPayload(owner={"username": username})))
    sdk.done(sdk.add_team(alert.id, opsgenie_sdk.AddTeamToAlertPayload(team={"name": "web"})))
    sdk.done(
        sdk.add_responder(
            alert.id, opsgenie_sdk.AddResponderToAlertPayload(responder={"type": "user", "username": username})
        )
    )
    sdk.done(
        sdk.escalate_alert(alert.id, opsgenie_sdk.EscalateAlertToNextPayload(escalation={"name": "Web_escalation"}))
    )

    shown = sdk.get_alert(alert.id).data
    assert shown.owner == username
    assert [it.type for it in shown.responders] == ["team", "team", "user"]


def attachments(sdk: Recorder, alert: Alert, tmp_path: Path) -> None:
    file = tmp_path / "graph.png"
    file.write_bytes(bytes(range(256)))

    made = sdk.add_attachment(alert.id, file=str(file), user="ana", index_file="index.html")
    assert made.result == "Attachment uploaded"
    [listed] = sdk.list_attachments(alert.id).data
    assert listed.name == "graph.png"
    shown = sdk.get_attachment(alert.id, listed.id).data
    assert shown.name == "graph.png"
    with urlopen(shown.url) as download:
        assert download.read() == bytes(range(256))
    assert sdk.remove_attachment(alert.id, listed.id, user="ana").result == "Deleted"
    assert sdk.list_attachments(alert.id).data == []


def searches(sdk: Recorder, alert: Alert, tenant: Tenant) -> None:
    owner = {"username": tenant.owner.username}
    made = sdk.create_saved_searches(
        opsgenie_sdk.CreateSavedSearchPayload(
            name="urgent", query="priority: P1", owner=owner, teams=[{"name": "infra"}], description="what burns"
        )
    )
    assert made.data.name == "urgent"
    changed = sdk.update_saved_search(
        made.data.id, opsgenie_sdk.UpdateSavedSearchPayload(name="urgent", query="tag: new", owner=owner)
    )
    assert changed.data.query == "tag: new"
    shown = sdk.get_saved_search("urgent", identifier_type="name").data
    assert (shown.id, shown.query, shown.owner.id) == (made.data.id, "tag: new", str(tenant.owner.id))
    assert [search.name for search in sdk.list_saved_searches().data] == ["urgent"]

    by_query = sdk.list_alerts(query="entity: web3", sort="createdAt", order="asc", limit=10, offset=0)
    by_search = sdk.list_alerts(search_identifier="urgent", search_identifier_type="name")
    assert [found.id for found in by_query.data] == [found.id for found in by_search.data] == [alert.id]
    assert by_query.paging.first
    assert by_query.paging.last
    assert sdk.list_alerts(query="nothing").data == []
    assert sdk.count_alerts(query="status: open").data.count == 1
    assert sdk.count_alerts(search_identifier=made.data.id, search_identifier_type="id").data.count == 1

    sdk.delete_saved_search(made.data.id, identifier_type="id")
    assert sdk.list_saved_searches().data == []


def states(sdk: Recorder, alert: Alert) -> None:
    sdk.done(
        sdk.acknowledge_alert(alert.id, acknowledge_alert_payload=opsgenie_sdk.AcknowledgeAlertPayload(user="ana"))
    )
    shown = sdk.get_alert(alert.id).data
    assert (shown.acknowledged, shown.report.acknowledged_by) == (True, "ana")

    payload = opsgenie_sdk.UnAcknowledgeAlertPayload(user="ana")
    sdk.done(sdk.un_acknowledge_alert(alert.id, un_acknowledge_alert_payload=payload))
    assert sdk.get_alert(alert.id).data.acknowledged is False

    until = datetime(2099, 1, 1, tzinfo=UTC)
    sdk.done(sdk.snooze_alert(alert.id, opsgenie_sdk.SnoozeAlertPayload(end_time=until)))
    shown = sdk.get_alert(alert.id).data
    assert (shown.snoozed, shown.snoozed_until, shown.acknowledged) == (True, until, True)

    sdk.done(sdk.close_alert(alert.id, close_alert_payload=opsgenie_sdk.CloseAlertPayload(user="ana", source="sdk")))
    shown = sdk.get_alert(alert.id).data
    assert (shown.status, shown.report.closed_by, shown.snoozed) == ("closed", "ana", False)
    assert shown.updated_at - shown.created_at >= timedelta(milliseconds=shown.report.close_time)


def history(sdk: Recorder, alert: Alert, tenant: Tenant) -> None:
    notes = sdk.list_notes(alert.id, order="asc", direction="next", limit=100)
    assert [note.note for note in notes.data] == ["seen before", "gone", "a note"]
    [second] = sdk.list_notes(alert.id, order="asc", offset=notes.data[0].offset, limit=1).data
    assert second.note == "gone"

    logs = sdk.list_logs(alert.id, order="desc", direction="next", limit=2)
    assert [(entry.log, entry.owner) for entry in logs.data] == [
        ("Alert closed, via sdk", "ana"),
        ("Alert snoozed until 2099-01-01T00:00:00+00:00", "Alert API"),
    ]

    [recipient] = sdk.list_recipients(alert.id).data
    assert (recipient.user.username, recipient.state) == (tenant.owner.username, "notified")


def deletion(sdk: Recorder, alert: Alert) -> None:
    sdk.done(sdk.delete_alert(alert.id, user="ana", source="sdk"))
    with pytest.raises(OpenApiException) as missing:
        sdk.get_alert(alert.id)
    assert missing.value.status == 404


async def test_the_sdk_reads_our_errors(base_url: str, sdk: Recorder, databases: Databases, tenant: Tenant) -> None:
    weak = Recorder(base_url, await add_key(databases, tenant, allow_read_access=False))
    foreign = Recorder(base_url, (await make_tenant(databases, "other")).key)

    def status(call: Callable[[], Any]) -> int:
        with pytest.raises(OpenApiException) as refused:
            call()
        return int(refused.value.status)

    def errors() -> list[int]:
        created = sdk.create_alert(opsgenie_sdk.CreateAlertPayload(message="m"))
        return [
            status(lambda: weak.list_alerts()),
            status(lambda: foreign.get_alert(created.id)),
            status(lambda: Recorder(base_url, "not a key").list_alerts()),
            status(lambda: sdk.get_request_status(request_id="nothing")),
        ]

    assert await asyncio.to_thread(errors) == [403, 404, 422, 404]
