"""How values are spelled on the wire. Pure."""

from datetime import UTC, datetime


def wire_time(at: datetime) -> str:
    """`2021-11-15T13:57:54.05Z`. Source: reference, conventions (dates)."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{text[:23].rstrip('0').rstrip('.')}Z"
