"""Headers that every answer carries: who may read it from a page elsewhere (CORS), and what browsers must not do."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

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
_BY_HTTPS: Final = (*SECURITY_HEADERS, HSTS)


class AnswerHeaders:
    """The headers of every answer, as the settings want them."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(settings.cors_origins)
        self.https = (settings.public_url or "").startswith("https://")

    def cors(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Let the configured origins read the answer. Tokens travel in a header, so no credentials are allowed."""
        if not self._origins:
            return {}
        if EVERY_ORIGIN in self._origins:
            return {"access-control-allow-origin": EVERY_ORIGIN, "access-control-expose-headers": EXPOSED_HEADERS}
        origin = headers.get("origin")
        if origin not in self._origins:
            return {"vary": "Origin"}
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": EXPOSED_HEADERS,
            "vary": "Origin",
        }

    def security(self, scope: MutableMapping[str, Any]) -> tuple[tuple[bytes, bytes], ...]:
        """Return what every answer carries; HSTS only where people come by https (RFC 6797, 7.2)."""
        return _BY_HTTPS if self.https or scope.get("scheme") == "https" else SECURITY_HEADERS
