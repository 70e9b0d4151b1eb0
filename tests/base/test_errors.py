"""Errors: what people, clients and operators see."""

from __future__ import annotations

import pytest

from stockwright.base import errors
from stockwright.base.errors import AccountLocked, InsufficientStock, Invalid, RateLimited, StockwrightError

UNKNOWN = (
    "It is not known whether this took effect: check before you repeat it, or repeat it with the same Idempotency-Key"
)
HANDLED_BEFORE = {
    "StockwrightError": ("INTERNAL_ERROR", "Something went wrong", False),
    "Refused": ("INTERNAL_ERROR", "Something went wrong", False),
    "Invalid": ("VALIDATION_ERROR", "Validation failed", False),
    "Unauthorized": ("UNAUTHORIZED", "Invalid or missing authentication token", False),
    "Forbidden": ("FORBIDDEN", "You do not have permission to do this", False),
    "NotFound": ("NOT_FOUND", "Not found", False),
    "Conflict": ("CONFLICT", "The request conflicts with the current state", False),
    "AlreadyExists": ("ALREADY_EXISTS", "It already exists", False),
    "InsufficientStock": ("INSUFFICIENT_STOCK", "Insufficient stock available", False),
    "ReservationNotActive": ("RESERVATION_NOT_ACTIVE", "The reservation is not active", False),
    "InvalidTransition": ("INVALID_TRANSITION", "The order's status does not allow this step", False),
    "HoldLimit": ("HOLD_LIMIT", "This exceeds a customer's limit on reservations", False),
    "PriceChanged": ("PRICE_CHANGED", "The prices have changed", False),
    "VersionConflict": ("VERSION_CONFLICT", "It was changed by someone else since you read it", False),
    "PayloadTooLarge": ("PAYLOAD_TOO_LARGE", "The request body is too large", False),
    "IdempotencyKeyReused": (
        "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used before with another request", False),
    "IdempotencyInProgress": (
        "IDEMPOTENCY_IN_PROGRESS", "A request with this Idempotency-Key is still in progress", True),
    "RateLimited": ("RATE_LIMITED", "Too many requests; please slow down", True),
    "AccountLocked": ("ACCOUNT_LOCKED", "Too many failed attempts; try again later", True),
    "Permanent": ("PERMANENT", "Something went wrong", False),
    "TryLater": ("TRY_LATER", "Something went wrong", True),
    "Busy": ("BUSY", "The service is busy; try again shortly", True),
    "Unknown": ("BUSY", UNKNOWN, True),
    "Misconfigured": ("CONFIGURATION", "Something went wrong", False),
}  # fmt: skip


def test_each_error_has_its_code_message_and_details() -> None:
    found = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, StockwrightError)
    }
    assert {name: (kind.code, kind.default_message, kind.transient) for name, kind in found.items()} == HANDLED_BEFORE


@pytest.mark.parametrize("name", HANDLED_BEFORE)
def test_the_message_of_each_error_can_be_replaced(name: str) -> None:
    kind = getattr(errors, name)
    plain, other = kind(), kind("In other words", {"a": 1})
    assert (plain.message, str(plain), plain.details) == (HANDLED_BEFORE[name][1], HANDLED_BEFORE[name][1], None)
    assert (other.message, str(other), other.details) == ("In other words", "In other words", {"a": 1})


def test_a_field_error_is_reported_under_its_name() -> None:
    assert Invalid.field("price", "must be more").details == [{"field": "price", "message": "must be more"}]


def test_the_time_to_try_again_is_in_the_error() -> None:
    assert RateLimited().retry_after_seconds == 1
    assert RateLimited(retry_after_seconds=30).retry_after_seconds == 30
    assert AccountLocked("Wait", {"b": 2}, retry_after_seconds=2).details == {"b": 2}


def test_shortages_are_listed_and_the_first_is_in_the_message() -> None:
    lines = [{"productId": "a", "requested": 3, "available": 1}, {"productId": "b", "requested": 2, "available": 0}]
    assert InsufficientStock.of(lines).details == {"requested": 3, "available": 1, "lines": lines}
