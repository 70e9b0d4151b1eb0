"""Where a request comes from, behind one proxy, several, or none; and that limits, keys and logs agree on it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from stockwright.asgi import HOOKS
from stockwright.context import App
from stockwright.http.addresses import Header, client_address
from stockwright.http.edge import Edge
from stockwright.http.route import Answer, Call, Route
from tests.api.asking import Client
from tests.api.conftest import asking

pytestmark = pytest.mark.one_engine

PROXIES = ("10.0.0.0/16", "192.168.7.1/32", "fd00::/8")

X: Header = "x-forwarded-for"
F: Header = "forwarded"

TABLE: list[tuple[str, Header, list[str], str]] = [
    # Nobody vouches.
    ("203.0.113.5", X, [], "203.0.113.5"),
    ("203.0.113.5", X, ["198.51.100.9"], "203.0.113.5"),
    ("10.0.0.1", X, [], "10.0.0.1"),
    ("10.1.0.1", X, ["198.51.100.9"], "10.1.0.1"),
    # One proxy, two, three; in one header or in several.
    ("10.0.0.1", X, ["198.51.100.9"], "198.51.100.9"),
    ("10.0.0.1", X, ["198.51.100.9, 10.0.3.4"], "198.51.100.9"),
    ("10.0.0.1", X, ["198.51.100.9, 192.168.7.1,10.0.3.4"], "198.51.100.9"),
    ("10.0.0.1", X, ["198.51.100.9", "10.0.3.4"], "198.51.100.9"),
    ("fd00::1", X, ["2001:db8::7, fd00::2"], "2001:db8::7"),
    # What is to the left of the first stranger was written by the stranger.
    ("10.0.0.1", X, ["127.0.0.1, 198.51.100.9, 10.0.3.4"], "198.51.100.9"),
    ("10.0.0.1", X, ["10.0.0.9, 198.51.100.9"], "198.51.100.9"),
    ("10.0.0.1", X, ["192.168.7.2, 10.0.3.4"], "192.168.7.2"),
    # Only proxies: the one farthest away.
    ("10.0.0.1", X, ["10.0.5.5, 10.0.3.4"], "10.0.5.5"),
    # What is no address ends the walk at who wrote it.
    ("10.0.0.1", X, ["198.51.100.9, unknown"], "10.0.0.1"),
    ("10.0.0.1", X, ["198.51.100.9, nonsense, 10.0.3.4"], "10.0.3.4"),
    ("10.0.0.1", X, ["198.51.100.9, , 10.0.3.4"], "10.0.3.4"),
    ("10.0.0.1", X, [""], "10.0.0.1"),
    ("10.0.0.1", X, [","], "10.0.0.1"),
    ("10.0.0.1", X, ["198.51.100.9;10.0.3.4"], "10.0.0.1"),
    ("10.0.0.1", X, ["198.51.100.999"], "10.0.0.1"),
    ("10.0.0.1", X, ["[2001:db8::7"], "10.0.0.1"),
    ("10.0.0.1", X, ["1" * 5000], "10.0.0.1"),
    # Ports, brackets, zones, IPv4 in IPv6.
    ("10.0.0.1", X, ["198.51.100.9:4711"], "198.51.100.9"),
    ("10.0.0.1", X, ["[2001:db8::7]:4711"], "2001:db8::7"),
    ("10.0.0.1", X, ["[2001:db8::7]"], "2001:db8::7"),
    ("10.0.0.1", X, ["2001:DB8:0::7"], "2001:db8::7"),
    ("10.0.0.1", X, ["fe80::1%eth0"], "fe80::1"),
    ("::ffff:10.0.0.1", X, ["::ffff:198.51.100.9"], "198.51.100.9"),
    ("::ffff:203.0.113.5", X, [], "203.0.113.5"),
    ("10.0.0.1", X, ["198.51.100.9, ::ffff:10.0.3.4"], "198.51.100.9"),
    # Only the header that is configured counts.
    ("10.0.0.1", F, ["for=198.51.100.9"], "198.51.100.9"),
    ("10.0.0.1", F, ["for=198.51.100.9;proto=https, for=10.0.3.4;by=10.0.0.1"], "198.51.100.9"),
    ("10.0.0.1", F, ['by=10.0.0.1;For="[2001:db8::7]:4711";host=shop.example'], "2001:db8::7"),
    ("10.0.0.1", F, ['for="198.51.100.9:80"', "for=10.0.3.4"], "198.51.100.9"),
    ("10.0.0.1", F, ['for=198.51.100.9;host="a,b", for=10.0.3.4'], "198.51.100.9"),
    ("10.0.0.1", F, ["for=127.0.0.1, for=198.51.100.9"], "198.51.100.9"),
    ("10.0.0.1", F, ["for=198.51.100.9, for=unknown"], "10.0.0.1"),
    ("10.0.0.1", F, ["for=198.51.100.9, for=_hidden, for=10.0.3.4"], "10.0.3.4"),
    ("10.0.0.1", F, ["for=198.51.100.9, proto=https"], "10.0.0.1"),
    ("10.0.0.1", F, ["198.51.100.9"], "10.0.0.1"),
    ("10.0.0.1", F, ['host="x;for=198.51.100.9"'], "10.0.0.1"),
    # A socket without an address.
    ("", X, ["198.51.100.9"], ""),
    ("/run/shop.sock", X, ["198.51.100.9"], "/run/shop.sock"),
]


@pytest.mark.parametrize(("peer", "header", "sent", "expected"), TABLE)
def test_the_client_address_is_the_rightmost_that_is_not_a_trusted_proxy(
    peer: str, header: Header, sent: list[str], expected: str
) -> None:
    headers = [(header.encode(), each.encode()) for each in sent]
    other: Header = F if header == X else X
    forged = [(other.encode(), b"for=192.0.2.66" if other == F else b"192.0.2.66"), (b"x-real-ip", b"192.0.2.66")]
    networks = [ip_network(each) for each in PROXIES]
    assert client_address(peer, [*forged, *headers], header, networks) == expected


def test_without_trusted_proxies_the_forwarded_header_is_ignored() -> None:
    assert client_address("127.0.0.1", [(b"x-forwarded-for", b"198.51.100.9")], X, []) == "127.0.0.1"


async def test_limits_and_handlers_see_the_same_client(app: App) -> None:
    seen: list[str] = []

    async def run(call: Call) -> Answer:
        seen.append(call.address)
        return Answer({})

    behind: Any = replace(app, settings=app.settings.changed(trusted_proxies=PROXIES, rate_limit=True))
    behind.log = structlog.get_logger()
    edge = Edge(behind, [Route("GET", "/seen", run, "Shows", "Test", who="public", limit="sign-in")], HOOKS)
    counted: list[str] = []
    count = edge.limits.count

    def noted(policy: str, who: str) -> dict[str, str]:
        counted.append(who)
        return count(policy, who)

    edge.limits.count = noted  # type: ignore[method-assign]
    with structlog.testing.capture_logs() as logged:
        async with asking(edge, "10.0.0.1") as http:
            for client in ("198.51.100.9", "198.51.100.10"):
                await Client(http).get("/seen", headers={"x-forwarded-for": f"127.0.0.1, {client}, 10.0.3.4"})
    assert seen == ["198.51.100.9", "198.51.100.10"]
    assert counted == ["address 198.51.100.9", "address 198.51.100.10"]
    assert [each["address"] for each in logged if each["event"] == "request"] == seen
