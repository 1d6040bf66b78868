"""Logs: one line an event, as JSON or for a terminal, with the request's id and never with a secret."""

import logging
import re
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"
SECRET_NAME = re.compile(r"authorization|password|passwd|token|secret|cookie|(^|[_-])key($|[_-])|apikey", re.IGNORECASE)
SECRET_IN_TEXT = re.compile(
    r"""(?P<before>
          \bGenieKey\s+ | \bBearer\s+ | \bBasic\s+                      # an Authorization header
        | \bapi[_-]?key=                                                # a query string
        | /(?:a|calendar|invitation|reset|try|undo-deletion|verify)/(?=[^\s/]{20})  # a link that lets in by itself
        | \b[a-z][a-z0-9+]*://[^\s:/@]*:                                # a password in an address
        | \b(?:sk|rk)_(?:live|test)_ | \bwhsec_                          # Stripe's keys
        | \b(?:pi|seti)_[A-Za-z0-9]+_secret_                            # what lets a browser finish a payment
        )(?P<secret>[^\s&"',@]+)""",
    re.IGNORECASE | re.VERBOSE,
)


def configure(
    level: Literal["debug", "info", "warning", "error"], log_format: Literal["auto", "json", "console"]
) -> None:
    """From here on everything is logged to standard error; `auto` is for people on a terminal, JSON elsewhere."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer: Processor = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,  # the plain trace: its frames' variables stay out
        redact,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.INFO, getattr(logging, level.upper())))
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, root.level))  # serving.py says what matters


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """What is named like a secret is hidden, at any depth; what looks like one inside a text, too."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if SECRET_NAME.search(name) and value is not None and not isinstance(value, bool):
        return REDACTED
    match value:
        case str():
            return SECRET_IN_TEXT.sub(lambda found: found["before"] + REDACTED, value)
        case bytes():
            return f"{len(value)} bytes"
        case dict():
            return {key: _redacted(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [_redacted("", inner) for inner in value]
        case _:
            return value
