"""Reservations: holds with an expiry. Expired means expired at the instant, swept or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, assert_never, get_args

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Invalid, ReservationNotActive
from stockwright.base.record import Record
from stockwright.events.catalogue import (
    ReservationCancelled,
    ReservationChange,
    ReservationConfirmed,
    ReservationExpired,
    ReservationExtended,
)
from stockwright.products.variant import OwnVariant, variant_id_of
from stockwright.stock.model import Allocation

ReservationStatus = Literal["ACTIVE", "CONFIRMED", "CANCELLED", "EXPIRED"]
ITEMS_MAX: Final = 1000
MINUTES_MIN: Final = 1
MINUTES_MAX: Final = 1440
MINUTES_DEFAULT: Final = 15
MINUTE_MS: Final = 60_000


class ReservationRow(Struct, frozen=True, kw_only=True):
    """What is so of every reservation in a status."""

    changed_by: type[ReservationChange]
    """The event of a change after which it is in this status."""
    holds: bool = False
    """Whether it holds units; otherwise the change into this status has moved them."""
    counts_as: Literal["hold", "use", "nothing"] = "nothing"
    """As what it counts towards a customer's limits."""


def _row(status: ReservationStatus) -> ReservationRow:
    match status:
        case "ACTIVE":
            return ReservationRow(changed_by=ReservationExtended, holds=True, counts_as="hold")
        case "CONFIRMED":
            return ReservationRow(changed_by=ReservationConfirmed, counts_as="use")
        case "CANCELLED":
            return ReservationRow(changed_by=ReservationCancelled)
        case "EXPIRED":
            return ReservationRow(changed_by=ReservationExpired)
    assert_never(status)


STATUSES: Final[tuple[ReservationStatus, ...]] = get_args(ReservationStatus)
ROWS: Final[Mapping[ReservationStatus, ReservationRow]] = {status: _row(status) for status in STATUSES}
"""A row per status, which everything that depends on a status reads."""
HOLDING: Final[tuple[ReservationStatus, ...]] = tuple(status for status in STATUSES if ROWS[status].holds)


class ReservationItem(Struct, frozen=True, rename="camel"):
    """Units of one variant in a hold, and the locations they come from."""

    product_id: str
    sku: str
    quantity: int
    allocation: Allocation
    own_variant: OwnVariant = field(name="variantId", default=UNSET)

    @property
    def variant_id(self) -> str:
        """The variant whose units it holds."""
        return variant_id_of(self.product_id, self.own_variant)


class Reservation(Record, frozen=True):
    """A hold on stock for somebody, until `expires_at` (ms)."""

    KIND = "RESERVATION"
    id: str
    owner_id: str
    order_id: str
    items: tuple[ReservationItem, ...]
    status: ReservationStatus
    created_at: int
    expires_at: int
    updated_at: int
    counted: bool = False
    """Whether it counts towards its owner's limits: a customer made it, and no one else has used it."""

    @property
    def row(self) -> ReservationRow:
        """What is so of every reservation in its stored status."""
        return ROWS[self.status]

    def status_at(self, now: int) -> ReservationStatus:
        """The status as of now: an ACTIVE one is EXPIRED from the instant of `expires_at` on."""
        return "EXPIRED" if self.status == "ACTIVE" and now >= self.expires_at else self.status

    @property
    def units(self) -> Mapping[str, int]:
        """How much it holds: variant id → units."""
        return {item.variant_id: item.quantity for item in self.items}

    @property
    def allocations(self) -> Mapping[str, Allocation]:
        """What it holds: variant id → location → units."""
        return {item.variant_id: item.allocation for item in self.items}


def expiry(now: int, minutes: int) -> int:
    """Return the instant when a hold of that many minutes ends (S4: 1..1440, default 15)."""
    if not MINUTES_MIN <= minutes <= MINUTES_MAX:
        raise Invalid.field("expirationMinutes", f"must be a whole number from {MINUTES_MIN} to {MINUTES_MAX}")
    return now + minutes * MINUTE_MS


def confirm(held: Reservation, now: int) -> Reservation | None:
    """Use the hold; None where it was used before (a repeat changes nothing)."""
    status = held.status_at(now)
    if status == "CONFIRMED":
        return None
    _must_be_active(status, "confirmed")
    return replace(held, status="CONFIRMED", updated_at=now)


def cancel(held: Reservation, now: int) -> Reservation | None:
    """Give the hold up; None where it no longer holds anything, used ones excepted."""
    status = held.status_at(now)
    if status == "CANCELLED" or (status == "EXPIRED" and held.status == "EXPIRED"):
        return None
    if status == "CONFIRMED":
        _must_be_active(status, "cancelled")
    # An expired hold that the sweeper has not ended yet ends as what it is: expired. Its units go back all the same.
    return replace(held, status="EXPIRED" if status == "EXPIRED" else "CANCELLED", updated_at=now)


def expire(held: Reservation, now: int) -> Reservation | None:
    """End a hold that is due; None where it is not."""
    if held.status != "ACTIVE" or now < held.expires_at:
        return None
    return replace(held, status="EXPIRED", updated_at=now)


def extend(held: Reservation, now: int, minutes: int) -> Reservation:
    """Let a hold run until `minutes` from now; never ends it sooner than it would."""
    _must_be_active(held.status_at(now), "extended")
    return replace(held, expires_at=max(held.expires_at, expiry(now, minutes)), updated_at=now)


def _must_be_active(status: ReservationStatus, step: str) -> None:
    if status != "ACTIVE":
        raise ReservationNotActive(f"The reservation is {status.lower()} and cannot be {step}", {"status": status})
