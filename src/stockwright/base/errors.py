"""Every error that a person, a client or an operator can meet.

    StockwrightError
    ├── Refused                   the request cannot be done as asked; nothing was changed
    │   ├── Invalid               VALIDATION_ERROR         a field is missing, mistyped or out of range
    │   ├── Unauthorized          UNAUTHORIZED             the caller is unknown, or cannot be trusted
    │   ├── Forbidden             FORBIDDEN                known, but not allowed
    │   ├── NotFound              NOT_FOUND
    │   ├── Conflict              CONFLICT                 the state of things does not allow it
    │   │   ├── AlreadyExists     ALREADY_EXISTS
    │   │   ├── InsufficientStock INSUFFICIENT_STOCK
    │   │   ├── ReservationNotActive  RESERVATION_NOT_ACTIVE
    │   │   ├── InvalidTransition INVALID_TRANSITION
    │   │   ├── PriceChanged      PRICE_CHANGED            the total is another than the caller expects
    │   │   └── HoldLimit         HOLD_LIMIT               a customer holds as much as they may
    │   ├── VersionConflict       VERSION_CONFLICT         somebody changed it since it was read
    │   ├── PayloadTooLarge       PAYLOAD_TOO_LARGE
    │   ├── IdempotencyKeyReused  IDEMPOTENCY_KEY_REUSED   the same key came with another body
    │   ├── IdempotencyInProgress IDEMPOTENCY_IN_PROGRESS  the same key is being worked on now
    │   ├── RateLimited           RATE_LIMITED
    │   └── AccountLocked         ACCOUNT_LOCKED
    ├── Permanent                 PERMANENT                an event handler can never succeed with this event
    ├── TryLater                  TRY_LATER                an event's handler cannot be tried now; this was no try
    ├── Busy                      BUSY                     nothing was changed; a retry may succeed
    │   └── Unknown               BUSY                     it may have been changed; look before a retry
    └── Misconfigured             CONFIGURATION            a setting is wrong; raised at the start only

`transient` is true where the same request may succeed later without a change.
The HTTP status of each code is the edge's business (`http/envelope.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


AnsweredCode = Literal[
    "VALIDATION_ERROR",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "CONFLICT",
    "ALREADY_EXISTS",
    "INSUFFICIENT_STOCK",
    "RESERVATION_NOT_ACTIVE",
    "INVALID_TRANSITION",
    "PRICE_CHANGED",
    "HOLD_LIMIT",
    "IDEMPOTENCY_IN_PROGRESS",
    "VERSION_CONFLICT",
    "PAYLOAD_TOO_LARGE",
    "IDEMPOTENCY_KEY_REUSED",
    "RATE_LIMITED",
    "ACCOUNT_LOCKED",
    "INTERNAL_ERROR",
    "BUSY",
]
"""The codes that clients meet; the edge's table gives each its HTTP status."""
InnerCode = Literal["PERMANENT", "TRY_LATER", "CONFIGURATION", "STALE", "ALREADY_DONE"]
"""The codes of what is caught before it reaches a client, or ends the start."""
ErrorCode = Literal[AnsweredCode, InnerCode]


class StockwrightError(Exception):
    """The root: a stable `code`, a message for people, `details` for machines."""

    code: ClassVar[ErrorCode] = "INTERNAL_ERROR"
    transient: ClassVar[bool] = False
    default_message: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str | None = None, details: Any = None) -> None:
        self.message = message or self.default_message
        self.details = details
        super().__init__(self.message)


class Refused(StockwrightError):
    """The request cannot be done as asked, and nothing was changed."""


class Invalid(Refused):
    """One entry per wrong field in `details`: `{"field", "message"}`."""

    code = "VALIDATION_ERROR"
    default_message = "Validation failed"

    @classmethod
    def field(cls, field: str, message: str) -> Invalid:
        """Build the error for one wrong field."""
        return cls(details=[{"field": field, "message": message}])


def check_all(*checks: Callable[[], object]) -> None:
    """Run every check, and raise one Invalid with the entries of all that refuse."""
    details: list[Any] = []
    for check in checks:
        try:
            check()
        except Invalid as wrong:
            details += wrong.details
    if details:
        raise Invalid(details=details)


class Unauthorized(Refused):
    """The caller is unknown, or cannot be trusted (message: S2)."""

    code = "UNAUTHORIZED"
    default_message = "Invalid or missing authentication token"


class Forbidden(Refused):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"
    default_message = "You do not have permission to do this"


class NotFound(Refused):
    """There is no such thing, or not for this caller."""

    code = "NOT_FOUND"
    default_message = "Not found"


class Conflict(Refused):
    """The present state of things does not allow the request."""

    code: ClassVar[ErrorCode] = "CONFLICT"
    default_message = "The request conflicts with the current state"


class AlreadyExists(Conflict):
    """A thing of that id, SKU or name is there already."""

    code = "ALREADY_EXISTS"
    default_message = "It already exists"


class InsufficientStock(Conflict):
    """Fewer units are available than asked for; `details` says how many, per line."""

    code = "INSUFFICIENT_STOCK"
    default_message = "Insufficient stock available"

    @classmethod
    def of(cls, shortages: Sequence[Mapping[str, Any]]) -> InsufficientStock:
        """Put the first shortage at the top level (S2) and every one into `lines`."""
        first = shortages[0]
        return cls(
            details={
                "requested": first["requested"],
                "available": first["available"],
                "lines": [dict(each) for each in shortages],
            }
        )


class ReservationNotActive(Conflict):
    """The hold was used, cancelled or has expired; `details.status` says which."""

    code = "RESERVATION_NOT_ACTIVE"
    default_message = "The reservation is not active"


class InvalidTransition(Conflict):
    """An order cannot go from `details.from` to `details.to`."""

    code = "INVALID_TRANSITION"
    default_message = "The order's status does not allow this step"


class PriceChanged(Conflict):
    """An order's total is another than `expectedTotal`; `details.totalAmount` is the total now."""

    code = "PRICE_CHANGED"
    default_message = "The prices have changed"


class HoldLimit(Conflict):
    """A customer holds as much, or for as long, as the settings allow; `details` names the limit."""

    code = "HOLD_LIMIT"
    default_message = "This exceeds a customer's limit on reservations"


class VersionConflict(Refused):
    """It was changed since the caller read it; `details.current` is the state now."""

    code = "VERSION_CONFLICT"
    default_message = "It was changed by someone else since you read it"


class PayloadTooLarge(Refused):
    """The request body is over the limit."""

    code = "PAYLOAD_TOO_LARGE"
    default_message = "The request body is too large"


class IdempotencyKeyReused(Refused):
    """The Idempotency-Key was used before for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    default_message = "This Idempotency-Key was used before with another request"


class IdempotencyInProgress(Refused):
    """A request with this Idempotency-Key is being worked on; ask again shortly."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    transient = True
    default_message = "A request with this Idempotency-Key is still in progress"


class RateLimited(Refused):
    """Too many requests; `retry_after_seconds` says when to retry."""

    code: ClassVar[ErrorCode] = "RATE_LIMITED"
    transient = True
    default_message = "Too many requests; please slow down"

    def __init__(self, message: str | None = None, details: Any = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message, details)
        self.retry_after_seconds = retry_after_seconds


class AccountLocked(RateLimited):
    """Too many wrong passwords in a row (Cognito's law: 1 s, doubling, up to 15 min)."""

    code = "ACCOUNT_LOCKED"
    default_message = "Too many failed attempts; try again later"


class Permanent(StockwrightError):
    """No retry can help: the event is malformed, what it is about is gone, the receiver refuses it."""

    code = "PERMANENT"


class TryLater(StockwrightError):
    """It is too early for a try: a provider says "slow down", or our own connections are all in use.

    An event whose handler raises it waits for `after_seconds` and goes on, without having been tried, for
    `patience_seconds` in all (None: without end).
    """

    code = "TRY_LATER"
    transient = True

    def __init__(
        self,
        message: str | None = None,
        details: Any = None,
        *,
        after_seconds: float = 60,
        patience_seconds: float | None = 86_400,
    ) -> None:
        super().__init__(message, details)
        self.after_seconds = after_seconds
        self.patience_seconds = patience_seconds


class Busy(StockwrightError):
    """The store could not take the request now; nothing was changed."""

    code = "BUSY"
    transient = True
    default_message = "The service is busy; try again shortly"


class Unknown(Busy):
    """The store was asked and never answered: it may have been changed, or may not."""

    default_message = (
        "It is not known whether this took effect: check before you repeat "
        "it, or repeat it with the same Idempotency-Key"
    )


class Misconfigured(StockwrightError):
    """A setting is wrong; the message is the one line that says which and how to correct it."""

    code = "CONFIGURATION"
