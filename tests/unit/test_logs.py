"""Logs: a line an event, and no secret in it."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from tocsin import logs

KEY = "8c2f0f5e-5c11-4f6e-9f4b-1f6f7f0a2b3c"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure("debug", "auto")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "password",
        "smtp_password",
        "token",
        "csrf_token",
        "api_key",
        "key",
        "apiKey",
        "Cookie",
        "secret",
    ],
)
def test_what_is_named_like_a_secret_is_hidden_at_any_depth(name: str) -> None:
    event = logs.redact(None, "info", {"event": "x", name: KEY, "inside": {"more": [{name: KEY}]}})

    assert KEY not in json.dumps(event)
    assert event["event"] == "x"


@pytest.mark.parametrize("name", ["monkey", "keyboard", "path", "alert_id", "request_id", "author"])
def test_what_is_not_named_like_one_stays(name: str) -> None:
    assert logs.redact(None, "info", {name: KEY}) == {name: KEY}


@pytest.mark.parametrize(
    "text",
    [
        f"refused GenieKey {KEY}",
        f"authorization: Bearer {KEY}",
        f"GET /v2/alerts?apiKey={KEY}&limit=1",
        f"cannot connect to postgresql://tocsin:{KEY}@db/tocsin",
        f"smtp://mailer:{KEY}@mail:587",
        f"/reset/{KEY}",
        f"https://tocsin.example.com/invitation/{KEY}?x=1",
        f"/a/{KEY}/acknowledge",
        f"GET /calendar/{KEY}.ics",
        f"/undo-deletion/{KEY}",
        f"/try/{KEY}",
        f"the key sk_live_{KEY} was refused",
        f"rk_test_{KEY}",
        f"signed with whsec_{KEY}",
        f"GET /settings/billing/cards/added?setup_intent_client_secret=seti_1AbC_secret_{KEY}",
    ],
)
def test_what_looks_like_a_secret_inside_a_text_is_hidden(text: str) -> None:
    event = logs.redact(None, "info", {"event": text, "error": text})

    assert KEY not in json.dumps(event)
    assert logs.REDACTED in event["event"]


def test_each_event_is_one_json_line_with_the_request_and_the_trace(written: io.StringIO) -> None:
    log = structlog.get_logger("tocsin.test")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        try:
            raise ValueError(f"GenieKey {KEY}\nsecond line")
        except ValueError:
            log.exception("request failed", path="/v2/alerts")
        logging.getLogger("uvicorn.error").warning("from the library: GenieKey %s", KEY)

    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert first["event"] == "request failed"
    assert first["request_id"] == second["request_id"] == "r-1"
    assert "ValueError" in first["exception"]
    assert first["level"] == "error"
    assert first["at"].endswith("Z")
    assert second["logger"] == "uvicorn.error"
    assert KEY not in written.getvalue()
