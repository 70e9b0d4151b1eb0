"""The envelope around every answer, and the one table from error codes to HTTP statuses (S2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from stockwright.base.errors import Busy, ErrorCode, RateLimited, StockwrightError
from stockwright.base.instant import iso

STATUS: Final[Mapping[ErrorCode, int]] = {
    "VALIDATION_ERROR": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "ALREADY_EXISTS": 409,
    "INSUFFICIENT_STOCK": 409,
    "RESERVATION_NOT_ACTIVE": 409,
    "INVALID_TRANSITION": 409,
    "PRICE_CHANGED": 409,
    "HOLD_LIMIT": 409,
    "IDEMPOTENCY_IN_PROGRESS": 409,
    "VERSION_CONFLICT": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "RATE_LIMITED": 429,
    "ACCOUNT_LOCKED": 429,
    "INTERNAL_ERROR": 500,
    "BUSY": 503,
}
BUSY_RETRY_SECONDS: Final = 1
_encode = msgspec.json.Encoder().encode


def success(data: Any, request_id: str, now: int, **beside: Any) -> bytes:
    """Encode a success."""
    more = b"".join(b',"%b":%b' % (name.encode(), _encode(value)) for name, value in beside.items())
    return around(_encode(data) + more, request_id, now)


def around(data: bytes, request_id: str, now: int) -> bytes:
    """Write a success around its encoded data: the id and the instant need no escaping."""
    return b'{"success":true,"data":%b,"meta":{"requestId":"%b","timestamp":"%b"}}' % (
        data,
        request_id.encode(),
        iso(now).encode(),
    )


def failure(error: StockwrightError, request_id: str, now: int, details: Any = None) -> bytes:
    """Encode a failure; `details` are the error's own, made fit for the wire."""
    shown: dict[str, Any] = {"code": error.code, "message": error.message}
    if details is not None:
        shown["details"] = details
    meta = {"requestId": request_id, "timestamp": iso(now)}
    return _encode({"success": False, "error": shown, "meta": meta})


def status_of(error: StockwrightError) -> int:
    """Return the HTTP status of an error; one that no client should meet is a fault of ours."""
    return STATUS.get(error.code, 503 if error.transient else 500)


def retry_after(error: StockwrightError) -> dict[str, str]:
    """Return the header that says when to retry, for transient errors."""
    if isinstance(error, RateLimited):
        return {"retry-after": str(error.retry_after_seconds)}
    if isinstance(error, Busy):
        return {"retry-after": str(BUSY_RETRY_SECONDS)}
    return {}
