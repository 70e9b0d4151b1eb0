"""Where a request comes from: the first address, from the right, that no trusted proxy has."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal

Header = Literal["x-forwarded-for", "forwarded"]
Network = IPv4Network | IPv6Network
HOPS_MAX: Final = 50
_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<v4>[^:\[\]]*))(?::\d{1,5})?")
_FOR = re.compile(
    r"""(?:^|;)\s*for\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^\s";]*))\s*(?=;|$)""", re.IGNORECASE
)
_BETWEEN_ELEMENTS = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it: with a port or brackets or not; None where it is none."""
    text = text.strip()
    found = _WITH_PORT.fullmatch(text)
    if found is not None:
        text = found["v6"] if found["v6"] is not None else found["v4"]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def client_address(
    peer: str, headers: Iterable[tuple[bytes, bytes]], header: Header, proxies: Sequence[Network]
) -> str:
    """Walk from the peer to the left as long as a trusted proxy speaks.

    An entry that is no address ends the walk at the proxy that wrote it: what is to the left of it
    cannot be trusted.
    """
    if not proxies:
        return _as_written(peer)
    client = parse_address(peer)
    if client is None:
        return peer
    if not _is_in(client, proxies):
        return str(client)
    for entry in reversed(_entries(headers, header)[-HOPS_MAX:]):
        address = parse_address(entry)
        if address is None:
            break
        client = address
        if not _is_in(client, proxies):
            break
    return str(client)


@functools.lru_cache(maxsize=4096)
def _as_written(peer: str) -> str:
    """Write a peer's address in one way; what is no address (a socket's path) stays as it is."""
    client = parse_address(peer)
    return peer if client is None else str(client)


def _entries(headers: Iterable[tuple[bytes, bytes]], header: Header) -> list[str]:
    """Return what each proxy wrote, the last one's last; a header that is sent twice is one list."""
    name = header.encode()
    text = ",".join(value.decode("latin-1") for each, value in headers if each == name)
    if not text:
        return []
    if header == "x-forwarded-for":
        return text.split(",")
    return [_for(element) for element in _BETWEEN_ELEMENTS.split(text)]


def _for(element: str) -> str:
    found = _FOR.search(element)
    if found is None:
        return ""
    return re.sub(r"\\(.)", r"\1", found["quoted"]) if found["quoted"] is not None else found["token"]


def _is_in(address: IPv4Address | IPv6Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
