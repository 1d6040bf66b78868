"""How values are spelled on the wire. Pure."""

from datetime import UTC, datetime


def wire_time(at: datetime) -> str:
    """`2021-11-15T13:57:54.05Z`. Source: reference, conventions (dates)."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    millis = at.microsecond // 1000
    return f"{text}.{millis:03d}".rstrip("0") + "Z" if millis else f"{text}Z"
