"""The webhook transport: one POST, no redirects, a bounded wait."""

from collections.abc import Callable, Sequence

import aiohttp

from tocsin import __version__
from tocsin.clock import Clock
from tocsin.errors import Invalid
from tocsin.notifications.channels.webhook.message import body, headers
from tocsin.notifications.model import ChannelError, Envelope, Sent
from tocsin.notifications.outbound import GuardedResolver, Network, Refused, check_url

PERMANENT = frozenset({400, 401, 403, 404, 405, 410, 413, 414, 415, 422, 501})


class WebhookChannel:
    """Sends by POST. A 2xx answer is its receipt: the other side has the message."""

    name = "webhook"
    in_flight = 500

    def __init__(
        self, clock: Clock, allowed: Sequence[Network], decrypt: Callable[[bytes], bytes], timeout_seconds: float = 10.0
    ) -> None:
        self._clock = clock
        self._allowed = tuple(allowed)
        self._decrypt = decrypt
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, envelope: Envelope) -> Sent:
        """Raises: ChannelError; `unknown` when the connection broke after the request may have gone out."""
        secret = envelope.receiver.secret
        if secret is None:
            raise ChannelError("The contact has no signing secret; remove it and add it again.", retry=False)
        payload = body(envelope)
        signed = headers(f"ntf_{envelope.notification.id}", self._clock.now(), payload, self._decrypt(secret))
        try:
            url = check_url(envelope.receiver.address, self._allowed)
            async with self._open().post(url, data=payload, headers=signed, allow_redirects=False) as response:
                await response.content.read(4096)
                return _receipt(response.status, url.host or "")
        except Invalid as error:
            raise ChannelError(error.message, retry=False) from None
        except Refused as error:
            raise ChannelError(str(error), retry=False) from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, Refused):
                raise ChannelError(str(error.os_error), retry=False) from None
            raise ChannelError(f"could not connect: {error.strerror or error}", retry=True) from None
        except TimeoutError:
            raise ChannelError("no answer in time", retry=True, unknown=True) from None
        except (aiohttp.ClientError, OSError) as error:
            raise ChannelError(f"the connection broke: {error}", retry=True, unknown=True) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self.in_flight, resolver=GuardedResolver(self._allowed), ttl_dns_cache=10
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                headers={"user-agent": f"Tocsin/{__version__}"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _receipt(status: int, host: str) -> Sent:
    if 200 <= status < 300:
        return Sent(provider=host, receipt=f"HTTP {status}", delivered=True)
    raise ChannelError(f"{host} answered HTTP {status}", retry=status not in PERMANENT, provider=host)
