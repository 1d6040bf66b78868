import pytest

from tocsin.errors import Invalid
from tocsin.notifications.outbound import check_url, may_reach, parse_networks


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.5", "2002:7f00:1::", "64:ff9b::a00:5", "64:ff9b::7f00:1", "240.0.0.1",
    ],
)  # fmt: skip
def test_no_way_of_writing_a_private_address_is_reached(address: str) -> None:
    assert not may_reach(address, ())


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(address, ())


def test_the_operator_allows_networks() -> None:
    allowed = parse_networks("10.1.0.0/16, fd00::/8")

    assert may_reach("10.1.2.3", allowed)
    assert may_reach("::ffff:10.1.2.3", allowed)
    assert may_reach("fd00::7", allowed)
    assert not may_reach("10.2.0.1", allowed)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(Invalid, match=r"TOCSIN_ALLOWED_PRIVATE_NETWORKS.*10.1.0.0/16"):
        parse_networks("10.1.0.0/99")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.com", "starts with https:// or http://"),
        ("https://", "starts with https:// or http://"),
        ("nonsense", "starts with https:// or http://"),
        ("http://user:pass@example.com/", "password"),
        ("http://127.0.0.1/x", "private network"),
        ("http://[::1]/x", "private network"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused_with_the_reason(url: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        check_url(url, ())
