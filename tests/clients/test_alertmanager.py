"""Debian's Alertmanager, unmodified, in front of a whole Tocsin: fires, is acknowledged from a mail, resolves."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from tests.support.browsing import browsing
from tests.support.program import Program, eventually, running
from tests.support.server import scratch_folder
from tests.support.smtp import SmtpSink, smtp_sink, text_of

from tocsin.clock import SystemClock
from tocsin.db import Tx, connect
from tocsin.postgres import EmbeddedServer

ALERTMANAGER = shutil.which("prometheus-alertmanager")
OWNER = "owner@example.com"
RECEIVER = {
    "update_alerts": True,
    "message": "{{ .CommonLabels.alertname }}: {{ .Alerts.Firing | len }} firing",
    "description": "{{ .CommonAnnotations.summary }}",
    "source": "alertmanager of the test",
    "entity": "{{ .CommonLabels.cluster }}",
    "tags": "disk, {{ .CommonLabels.severity }}",
    "priority": "P2",
    "note": "from a rule",
    "details": {"runbook": "https://example.com/disk"},
    "responders": [{"type": "team", "name": "Operations"}],
}

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(ALERTMANAGER is None, reason="Debian's prometheus-alertmanager is not installed"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch_folder() as path:
        yield path


@asynccontextmanager
async def alertmanager(folder: Path, tocsin: str, key: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of an Alertmanager on a port of its own, which sends to `tocsin`."""
    config, log = folder / "alertmanager.yml", folder / "alertmanager.log"
    config.write_text(  # JSON is YAML
        json.dumps(
            {
                "route": {
                    "receiver": "tocsin",
                    "group_by": ["alertname"],
                    "group_wait": "0s",
                    "group_interval": "1s",
                    "repeat_interval": "1h",
                },
                "receivers": [
                    {"name": "tocsin", "opsgenie_configs": [{"api_url": f"{tocsin}/", "api_key": key, **RECEIVER}]}
                ],
            }
        )
    )
    process = start(folder, config, log)
    try:

        def listening() -> bool:
            assert process.poll() is None, log.read_text()
            return "Listening on" in log.read_text()

        await eventually(listening)
        found = re.search(r'"?Listening on"? address=(\S+)', log.read_text())
        assert found is not None, log.read_text()
        async with aiohttp.ClientSession(f"http://{found[1]}") as http:
            yield http
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


def start(folder: Path, config: Path, log: Path) -> subprocess.Popen[bytes]:
    assert ALERTMANAGER is not None
    with log.open("wb") as written:
        return subprocess.Popen(
            [ALERTMANAGER, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}",
             "--cluster.listen-address=", "--web.listen-address=127.0.0.1:0"],
            stdout=written, stderr=written,
        )  # fmt: skip


async def tell(manager: aiohttp.ClientSession, *instances: str, resolved: bool = False) -> None:
    """What Prometheus tells it: these instances fire, or do no more."""
    now = SystemClock().now()
    alerts = [
        {
            "labels": {"alertname": "DiskFull", "severity": "page", "cluster": "west", "instance": instance},
            "annotations": {"summary": "97 % used"},
            "startsAt": (now - timedelta(minutes=1)).isoformat(),
            **({"endsAt": now.isoformat()} if resolved else {}),
        }
        for instance in instances
    ]
    async with manager.post("/api/v2/alerts", json=alerts) as response:
        assert response.status == 200, await response.text()


class Api:
    """The one alert that there is, as Tocsin's API shows it."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def alert(self) -> dict[str, Any]:
        async with self._http.get("/v2/alerts") as response:
            listed = (await response.json())["data"]
        assert len(listed) == 1
        async with self._http.get(f"/v2/alerts/{listed[0]['id']}") as response:
            found: dict[str, Any] = (await response.json())["data"]
            return found

    async def becomes(self, **wanted: object) -> None:
        async def it_is() -> bool:
            return wanted.items() <= (await self.alert()).items()

        await eventually(it_is)

    async def notes(self, alert_id: str) -> list[str]:
        async with self._http.get(f"/v2/alerts/{alert_id}/notes") as response:
            return [note["note"] for note in (await response.json())["data"]]


async def test_an_alert_of_alertmanager_pages_is_acknowledged_from_the_mail_and_closes(folder: Path) -> None:
    key = str(uuid4())
    async with smtp_sink() as mails:
        settings = {
            "TOCSIN_SMTP_URL": mails.url,
            "TOCSIN_BOOTSTRAP_API_KEY": key,
            "TOCSIN_BOOTSTRAP_OWNER_EMAIL": OWNER,
        }
        async with (
            running(folder, **settings) as program,
            alertmanager(folder, program.base_url, key) as manager,
            aiohttp.ClientSession(program.base_url, headers={"Authorization": f"GenieKey {key}"}) as http,
        ):
            await fires_and_pages(manager, Api(http), mails)
            await is_acknowledged_from_the_mail(program, Api(http), mails)
            await is_updated_and_closed(manager, Api(http))
            await nobody_more_is_told(folder, mails)


async def fires_and_pages(manager: aiohttp.ClientSession, api: Api, mails: SmtpSink) -> None:
    await tell(manager, "web1")
    await eventually(lambda: len(mails.to(OWNER)) == 1)

    alert = await api.alert()
    assert re.fullmatch("[0-9a-f]{64}", alert["alias"])
    assert (alert["message"], alert["description"]) == ("DiskFull: 1 firing", "97 % used")
    assert (alert["priority"], alert["entity"], alert["source"]) == ("P2", "west", "alertmanager of the test")
    assert sorted(alert["tags"]) == ["disk", "page"]
    assert alert["details"] == {
        "alertname": "DiskFull", "cluster": "west", "instance": "web1", "severity": "page",
        "runbook": "https://example.com/disk",
    }  # fmt: skip
    assert [responder["type"] for responder in alert["responders"]] == ["team"]
    assert await api.notes(alert["id"]) == ["from a rule"]
    mail = text_of(mails.mails[0])
    assert "P2" in mail
    assert "DiskFull: 1 firing" in str(mails.mails[0]["Subject"])
    assert "runbook: https://example.com/disk" in mail


async def is_acknowledged_from_the_mail(program: Program, api: Api, mails: SmtpSink) -> None:
    found = re.search(rf"Acknowledge: {re.escape(program.base_url)}(/a/\S+)", text_of(mails.mails[0]))
    assert found is not None, text_of(mails.mails[0])
    async with browsing(program.base_url) as reader:
        page = await reader.get(found[1])

        assert page.status == 200
        assert "DiskFull: 1 firing" in page
        assert (await api.alert())["acknowledged"] is False, "opening the link changes nothing"

        page = await reader.post(found[1].partition("?")[0], do="acknowledge")

        assert page.status == 200
        alert = await api.alert()
        assert alert["acknowledged"] is True
        assert alert["owner"] == OWNER


async def is_updated_and_closed(manager: aiohttp.ClientSession, api: Api) -> None:
    await tell(manager, "web1", "web2")
    await api.becomes(message="DiskFull: 2 firing", count=2, acknowledged=True)

    await tell(manager, "web1", "web2", resolved=True)
    await api.becomes(status="closed")


async def nobody_more_is_told(folder: Path, mails: SmtpSink) -> None:
    async with await connect(EmbeddedServer(folder / "data").url(), "tocsin_engine") as conn:
        tx = Tx(conn)
        assert await tx.value("select count(*) from escalation_runs where due_at is not null") == 0
        assert await tx.values("select status from notifications") == ["accepted"]
    assert len(mails.mails) == 1
