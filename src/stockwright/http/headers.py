"""Headers that every answer carries: who may read it from a page elsewhere (CORS), and what browsers must not do."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from msgspec import Struct

from stockwright.config import Settings
from stockwright.setting_values import EVERY_ORIGIN

ALLOWED_HEADERS: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Device-Token, X-Request-Id"
)
EXPOSED_HEADERS: Final = "ETag, Idempotency-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
ALLOWED_METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
SECURITY_NAMES: Final = frozenset(name.decode() for name, _ in SECURITY_HEADERS)
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_BROKEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
Pair = tuple[bytes, bytes]


class Headers(Struct, frozen=True):
    """Headers as a server's usual messages have them, and as they are sent."""

    pairs: tuple[Pair, ...]
    lines: bytes


class AnswerHeaders:
    """The headers of every answer, as the settings want them."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(settings.cors_origins)
        self.https = (settings.public_url or "").startswith("https://")

    def cors(self, origin: str) -> dict[str, str]:
        """Let the configured origins read the answer. Tokens travel in a header, so no credentials are allowed."""
        if not self._origins:
            return {}
        if EVERY_ORIGIN in self._origins:
            return {"access-control-allow-origin": EVERY_ORIGIN, "access-control-expose-headers": EXPOSED_HEADERS}
        if origin not in self._origins:
            return {"vary": "Origin"}
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": EXPOSED_HEADERS,
            "vary": "Origin",
        }

    def beside(self, own: Mapping[str, str], scope: Mapping[str, Any]) -> Headers:
        """Return what every answer carries and this one does not set itself.

        HSTS only where people come by https (RFC 6797, 7.2).
        """
        https = self.https or scope.get("scheme") == "https"
        return _security(frozenset(own.keys() & SECURITY_NAMES), https=https)


@functools.cache
def _security(without: frozenset[str], *, https: bool) -> Headers:
    pairs = tuple(each for each in SECURITY_HEADERS if each[0].decode() not in without) + (HSTS,) * https
    return Headers(pairs, b"".join(b"%b: %b\r\n" % pair for pair in pairs))


def pairs_of(headers: Mapping[str, str]) -> list[Pair]:
    """Return headers as a server's usual messages have them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def lines_of(headers: Mapping[str, str]) -> bytes:
    """Return headers as they are sent; raises ValueError where one would end its line."""
    if _BROKEN.search("".join(headers.values())) is not None:
        raise ValueError("a header holds a control character")
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("latin-1")


@functools.cache
def status_line(status: int) -> bytes:
    """Return the first line of an answer."""
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
