"""Where outbound requests may go: never into the operator's private networks unless he allows them."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import AF_INET, AddressFamily

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from tocsin.errors import Invalid

Network = IPv4Network | IPv6Network
NAT64 = IPv6Network("64:ff9b::/96")


def parse_networks(text: str) -> tuple[Network, ...]:
    """`10.1.0.0/16, fd00::/8` as networks. Raises: Invalid, naming the one that is not a network."""
    networks = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ip_network(part))
        except ValueError as error:
            raise Invalid(f"TOCSIN_ALLOWED_PRIVATE_NETWORKS: {error}. Write networks like 10.1.0.0/16.") from None
    return tuple(networks)


def may_reach(address: str, allowed: Sequence[Network]) -> bool:
    """Is this IP address public, or in a network that the operator allows?

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) counts as the IPv4 address it leads to.
    """
    ip = _innermost(ip_address(address.partition("%")[0]))
    if any(ip.version == network.version and ip in network for network in allowed):
        return True
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _innermost(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip


class Refused(OSError):
    """The address lies in a private network."""


class GuardedResolver(AbstractResolver):
    """Resolves names, and keeps only addresses that may be reached: what is checked is what is connected to."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = tuple(allowed)
        self._resolver = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        reachable = [entry for entry in found if may_reach(entry["host"], self._allowed)]
        if not reachable:
            raise Refused(refusal(host))
        return reachable

    async def close(self) -> None:
        await self._resolver.close()


@lru_cache(maxsize=10_000)
def check_url(text: str, allowed: tuple[Network, ...]) -> URL:
    """`text` as an http(s) address that may be called; a literal private address is refused here already.

    Names are checked when they are resolved. Raises: Invalid.
    """
    try:
        url = URL(text)
    except ValueError:
        raise Invalid(f"{text!r} is not a web address.") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise Invalid("Give a web address that starts with https:// or http://.")
    if url.user or url.password:
        raise Invalid("A web address with a user name or password in it is not accepted.")
    try:
        literal = ip_address(url.host)
    except ValueError:
        return url
    if not may_reach(str(literal), allowed):
        raise Invalid(refusal(url.host))
    return url


def refusal(host: str) -> str:
    return f"{host} is in a private network; the operator may allow it with TOCSIN_ALLOWED_PRIVATE_NETWORKS."
