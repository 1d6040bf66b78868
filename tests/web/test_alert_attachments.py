"""Attachments, through real HTTP."""

import io
from datetime import timedelta

import aiohttp
import pytest
from tests.support.alert_api import AlertApi, Answer, api_of
from tests.support.alerts import add_alert
from tests.support.makers import START, Tenant

from tocsin import crypto
from tocsin.alerts import attachments_api
from tocsin.alerts.model import Alert
from tocsin.db import Databases
from tocsin.settings import Settings


@pytest.fixture
def api(http: aiohttp.ClientSession, tenant: Tenant) -> AlertApi:
    return api_of(http, tenant)


@pytest.fixture
async def alert(databases: Databases, tenant: Tenant) -> Alert:
    return await add_alert(databases, tenant, alias="web/disk full")


async def upload(api: AlertApi, identifier: str, content: bytes, name: str = "graph ż.png", **fields: str) -> Answer:
    form = aiohttp.FormData(fields, quote_fields=False)
    form.add_field("file", io.BytesIO(content), filename=name, content_type="application/octet-stream")
    return await api.call("POST", f"/v2/alerts/{identifier}/attachments", data=form)


async def test_an_attachment_can_be_uploaded_found_downloaded_and_removed(
    api: AlertApi, http: aiohttp.ClientSession, alert: Alert
) -> None:
    content = bytes(range(256)) * 100
    path = "/v2/alerts/web%2Fdisk%20full/attachments"

    form = aiohttp.FormData({"user": "ana"}, quote_fields=False)
    form.add_field("file", io.BytesIO(content), filename="graph ż.png")
    made = await api.call("POST", f"{path}?alertIdentifierType=alias", data=form)
    listed = await api.get(f"{path}?alertIdentifierType=alias")
    shown = await api.get(f"{path}/{made.data['id']}?alertIdentifierType=alias")
    async with http.get(shown.data["url"]) as response:
        downloaded, headers = await response.read(), response.headers
    removed = await api.call("DELETE", f"{path}/{made.data['id']}?alertIdentifierType=alias&user=bo")

    assert (made.status, made.body["result"]) == (201, "Attachment uploaded")
    assert made.data["id"].isdecimal()
    assert listed.data == [{"name": "graph ż.png", "id": int(made.data["id"])}]
    assert shown.data["name"] == "graph ż.png"
    assert downloaded == content
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''graph%20%C5%BC.png"
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert (removed.status, removed.body["result"]) == (200, "Deleted")
    assert (await api.get(f"{path}?alertIdentifierType=alias")).data == []
    assert await api.logs(alert.id) == ["Attachment graph ż.png added", "Attachment graph ż.png removed"]
    async with http.get(shown.data["url"]) as response:
        assert response.status == 404


async def test_a_file_up_to_50_megabytes_is_taken_and_a_larger_one_refused(
    api: AlertApi, alert: Alert, http: aiohttp.ClientSession
) -> None:
    limit = attachments_api.FILE_LIMIT

    largest = await upload(api, alert.id, b"x" * limit, "largest")
    larger = await upload(api, alert.id, b"x" * (limit + 1), "larger")

    assert largest.status == 201
    assert (larger.status, larger.errors) == (422, {"file": "Attachment size should not exceed 50 MB."})
    assert [it["name"] for it in (await api.get(f"/v2/alerts/{alert.id}/attachments")).data] == ["largest"]
    url = (await api.get(f"/v2/alerts/{alert.id}/attachments/{largest.data['id']}")).data["url"]
    async with http.get(url) as response:
        assert len(await response.read()) == limit


async def test_a_body_far_over_the_limit_is_refused_before_it_was_read(api: AlertApi, alert: Alert) -> None:
    announced = str(attachments_api.FORM_LIMIT + 1)

    refused = await api.call(
        "POST",
        f"/v2/alerts/{alert.id}/attachments",
        data=b"",
        headers={
            "Content-Length": announced,
            "Content-Type": "multipart/form-data; boundary=b",
            "Connection": "close",
        },  # what was announced never comes
    )

    assert refused.status == 413
    assert "too large" in refused.body["message"].lower()


@pytest.mark.parametrize(
    ("content_type", "data", "status"),
    [
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="user"\r\n\r\nx\r\n--b--',
            422,
        ),
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=b", b"garbage", 400),
        ("application/json", b"{}", 422),
    ],
)
async def test_an_upload_without_a_file_is_refused(
    api: AlertApi, alert: Alert, content_type: str, data: bytes, status: int
) -> None:
    refused = await api.call(
        "POST", f"/v2/alerts/{alert.id}/attachments", data=data, headers={"Content-Type": content_type}
    )

    assert refused.status == status
    assert refused.errors.get("file", "") == ("Property [file] cannot be empty." if status == 422 else "")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_attachments_of_an_unknown_alert_are_404(api: AlertApi, method: str) -> None:
    answer = await api.call(method, "/v2/alerts/nothing/attachments")

    assert (answer.status, answer.body["message"]) == (404, "Alert does not exist")


@pytest.mark.parametrize("attachment_id", ["0", "nothing", "9" * 30, "%C2%B2", "-1"])
async def test_an_unknown_attachment_is_404(api: AlertApi, alert: Alert, attachment_id: str) -> None:
    answer = await api.get(f"/v2/alerts/{alert.id}/attachments/{attachment_id}")

    assert (answer.status, answer.body["message"]) == (404, "Attachment does not exist")


async def test_a_download_link_stops_working_and_cannot_be_forged(
    http: aiohttp.ClientSession, api: AlertApi, alert: Alert, tenant: Tenant, settings: Settings
) -> None:
    made = await upload(api, alert.id, b"secret")
    text = f"{tenant.account_id} {made.data['id']}"

    expired = crypto.sign(settings.key, attachments_api.PURPOSE, text, START + timedelta(minutes=15))
    forged = crypto.sign(b"another key", attachments_api.PURPOSE, text, START + timedelta(days=10_000))
    other_use = crypto.sign(settings.key, "something else", text, START + timedelta(days=10_000))

    for token in (expired, forged, other_use, "nothing"):
        async with http.get(f"/attachments/{token}") as response:
            assert response.status == 404
            assert b"secret" not in await response.read()


async def test_a_deleted_alert_leaves_no_file_behind(
    api: AlertApi, alert: Alert, http: aiohttp.ClientSession, databases: Databases
) -> None:
    made = await upload(api, alert.id, b"secret")
    url = (await api.get(f"/v2/alerts/{alert.id}/attachments/{made.data['id']}")).data["url"]

    await api.act("DELETE", f"/v2/alerts/{alert.id}")

    async with http.get(url) as response:
        assert response.status == 404
    async with databases.engine.transaction() as tx:
        count = "select count(*) from alert_attachments where account_id = %(a)s"
        assert await tx.value(count, a=alert.account_id) == 0
