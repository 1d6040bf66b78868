"""Channels: one directory each, behind one small protocol."""

from typing import Protocol

from tocsin.notifications.model import Envelope, Sent


class Channel(Protocol):
    """A way to reach a contact."""

    name: str
    in_flight: int  # how many sends at once do it good

    async def send(self, envelope: Envelope) -> Sent:
        """What the provider said. Raises: ChannelError."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
