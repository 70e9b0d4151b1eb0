"""Calls to outside services: bounded in time and size, no redirects, no private addresses.

The address that was checked is the address that is connected to, so that a name which answers
differently the second time (DNS rebinding) gains nothing. Each host has connections of its own:
two may be at one address, and what was proved of one on a connection is nothing to the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

from stockwright.adapters.slots import RETRY_SECONDS, WAIT_SECONDS, Slots
from stockwright.base.errors import Permanent, TryLater
from stockwright.base.ports import Fetched, Reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    import httpx2

Result = TypeVar("Result")

TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024
CONNECTIONS_MAX: Final = 20
"""To one host at once."""
RETRY_AFTER_MAX: Final = 86_400

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_NOT_FOR_US: Final = tuple(map(ipaddress.ip_network, ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24")))
"""Carriers' own, the protocols' own (where one cloud keeps its metadata), old relays: not every Python knows them."""
_GLOBAL: Final = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is handed out for machines to be reached at (IANA)."""


class HttpOutbound:
    """Calls with httpx2.

    `resolve` turns a host and a port into addresses, by default as the system does; `verify` is whom
    to trust, by default the certificate authorities that the system trusts.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        timeout_seconds: float = TIMEOUT_SECONDS,
        resolve: Callable[[str, int], Awaitable[list[str]]] | None = None,
        verify: ssl.SSLContext | None = None,
        connections_max: int = CONNECTIONS_MAX,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._allow_private = allow_private
        self._timeout_seconds = timeout_seconds
        self._resolve = resolve or _resolve
        self._verify = verify
        self._clients: dict[str, httpx2.AsyncClient] = {}
        self._connections_max = connections_max
        self._wait_seconds = wait_seconds
        self._slots: dict[str, Slots] = {}

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST and return the answer's head.

        Raises Permanent where the address is not one to call, and TryLater where all connections to that
        host are in use: the time of a try begins when it has one.
        """

        async def call(target: httpx2.URL, address: str) -> Reply:
            async with self._answer("POST", target, address, body, headers) as response:
                await _read(response, ANSWER_BYTES_MAX)
                return Reply(response.status_code, _retry_after(response.headers.get("retry-after", "")))

        return await self._at_one_address(url, call)

    async def get(self, url: str, most: int) -> Fetched:
        """GET what is at an address, at most so many bytes of it; raises as `post` does."""

        async def call(target: httpx2.URL, address: str) -> Fetched:
            # Compressed, a few bytes could become very many.
            headers = {"accept-encoding": "identity", "user-agent": "Stockwright"}
            async with self._answer("GET", target, address, b"", headers) as response:
                content, is_whole = await _read(response, most)
                return Fetched(response.status_code, content, is_whole)

        return await self._at_one_address(url, call)

    async def _at_one_address(self, url: str, call: Callable[[httpx2.URL, str], Awaitable[Result]]) -> Result:
        """Call the first address of a host that can be connected to."""
        import httpx2

        target = _parsed(url)
        slots = self._slots.setdefault(_name(target), Slots(self._connections_max, target.host, self._wait_seconds))
        async with slots.one(), asyncio.timeout(2 * self._timeout_seconds):
            addresses = await self._addresses(target)
            for address in addresses[:-1]:
                # Nothing was sent yet, so that the next address may be tried.
                with contextlib.suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                    return await call(target, address)
            return await call(target, addresses[-1])

    async def _addresses(self, target: httpx2.URL) -> list[str]:
        """Look up where a host is; refuse it where any of its addresses is private."""
        try:
            found = await self._resolve(_name(target), target.port or (443 if target.scheme == "https" else 80))
        except (UnicodeError, OverflowError) as wrong:
            raise Permanent(f"{target.host!r} is not a valid host name: {wrong}") from wrong
        private = [] if self._allow_private else [address for address in found if is_private(address)]
        if private:
            raise Permanent(f"{target.host} is at a private address ({private[0]}), which is not allowed")
        return found

    @contextlib.asynccontextmanager
    async def _answer(
        self, method: str, target: httpx2.URL, address: str, body: bytes, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx2.Response]:
        """Connect to the checked address, and still ask for the host by its name."""
        import httpx2

        sent = {**headers, "host": target.netloc.decode("ascii")}
        extensions = {"sni_hostname": _name(target)} if target.scheme == "https" else {}
        pinned, client = target.copy_with(host=address), self._opened(_name(target))
        try:
            async with client.stream(method, pinned, content=body, headers=sent, extensions=extensions) as response:
                yield response
        except httpx2.PoolTimeout as busy:
            # Nothing was sent: it is our own pool that has no connection.
            raise TryLater(f"all our connections to {target.host} are in use", after_seconds=RETRY_SECONDS) from busy

    def _opened(self, host: str) -> httpx2.AsyncClient:
        """Make a host's client when it is first called: the settings name few hosts, most functions call none."""
        if host not in self._clients:
            import httpx2

            self._verify = self._verify or httpx2.create_ssl_context(trust_env=False)
            self._clients[host] = httpx2.AsyncClient(
                verify=self._verify,
                timeout=httpx2.Timeout(self._timeout_seconds),
                follow_redirects=False,
                # No proxy of the environment: it would connect where we did not look.
                trust_env=False,
                limits=httpx2.Limits(max_connections=self._connections_max),
            )
        return self._clients[host]

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()


async def _read(response: httpx2.Response, most: int) -> tuple[bytes, bool]:
    """Read an answer as it comes; returns at most so many bytes of it, and whether that is all."""
    content = bytearray()
    async for part in response.aiter_raw():
        content += part
        if len(content) > most:
            return bytes(content[:most]), False
    return bytes(content), True


def _retry_after(text: str) -> float | None:
    """Read a Retry-After (RFC 9110, 10.2.3): seconds, or a date; None where there is none that can be read."""
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        return float(min(int(text[:9]), RETRY_AFTER_MAX))
    try:
        left = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, left), RETRY_AFTER_MAX)


def is_private(text: str) -> bool:
    """Whether an address is one that only this machine or its network reaches, in whatever wrapping."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            inner = address.teredo[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_private(str(inner))
        # Local, translated (::ffff:0:a.b.c.d) or long out of use (::a.b.c.d, fec0::): only tricks write them.
        if address not in _GLOBAL:
            return True
    elif any(address in network for network in _NOT_FOR_US):
        return True
    return not address.is_global or address.is_multicast


def _parsed(url: str) -> httpx2.URL:
    import httpx2

    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError, ValueError) as wrong:
        raise Permanent(f"not a valid URL: {wrong}") from None
    if target.scheme not in {"http", "https"} or not target.host:
        raise Permanent("only http and https URLs can be called")
    return target


def _name(target: httpx2.URL) -> str:
    """Return a host as it is in the DNS: one reading for where and who it is, and what is asked."""
    return target.raw_host.decode("ascii")


async def _resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host as the system reads it: decimal and octal forms become plain ones."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))
