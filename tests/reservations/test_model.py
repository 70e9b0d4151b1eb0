"""Reservations: expired means expired at the instant, and what is used or given up stays so."""

from __future__ import annotations

import pytest

from stockwright.base.errors import Invalid, ReservationNotActive
from stockwright.reservations.model import (
    Reservation,
    ReservationItem,
    ReservationStatus,
    cancel,
    confirm,
    expire,
    expiry,
    extend,
)

NOW = 1_700_000_000_000
MINUTE = 60_000
ITEMS = (
    ReservationItem("chair", "CHAIR", 3, {"default": 1, "cellar": 2}),
    ReservationItem("desk", "DESK", 1, {"a": 1}),
)


def hold(status: ReservationStatus = "ACTIVE") -> Reservation:
    return Reservation("res_1", "usr_alice", "cart", ITEMS, status, NOW, NOW + MINUTE, NOW, version=4)


def test_a_hold_lists_its_units() -> None:
    assert hold().allocations == {"chair": {"default": 1, "cellar": 2}, "desk": {"a": 1}}
    assert Reservation("res_1", "usr_alice", "cart", ITEMS, "ACTIVE", NOW, NOW, NOW).version == 0


@pytest.mark.parametrize("minutes", [1, 15, 1440])
def test_a_hold_lasts_the_requested_minutes(minutes: int) -> None:
    assert expiry(NOW, minutes) == NOW + minutes * MINUTE


@pytest.mark.parametrize("minutes", [-1, 0, 1441])
def test_a_hold_lasts_a_minute_to_a_day(minutes: int) -> None:
    with pytest.raises(Invalid) as refused:
        expiry(NOW, minutes)
    found = [{"field": "expirationMinutes", "message": "must be a whole number from 1 to 1440"}]
    assert refused.value.details == found


@pytest.mark.parametrize(("after", "status"), [(MINUTE - 1, "ACTIVE"), (MINUTE, "EXPIRED"), (MINUTE + 1, "EXPIRED")])
def test_a_hold_expires_at_its_exact_time(after: int, status: str) -> None:
    assert hold().status_at(NOW + after) == status
    for ended in ("CONFIRMED", "CANCELLED", "EXPIRED"):
        assert hold(ended).status_at(NOW + after) == ended  # type: ignore[arg-type]


def test_a_repeated_confirmation_changes_nothing() -> None:
    used = confirm(hold(), NOW + 5)
    assert used is not None
    assert (used.status, used.updated_at, used.expires_at, used.version) == ("CONFIRMED", NOW + 5, NOW + MINUTE, 4)
    assert confirm(used, NOW + 2 * MINUTE) is None


def test_a_repeated_cancellation_changes_nothing() -> None:
    given_up = cancel(hold(), NOW + 5)
    assert given_up is not None
    assert (given_up.status, given_up.updated_at) == ("CANCELLED", NOW + 5)
    assert cancel(given_up, NOW + 6) is None
    assert cancel(hold("EXPIRED"), NOW + 6) is None


def test_an_expired_hold_that_is_cancelled_before_the_sweep_ends_as_expired() -> None:
    ended = cancel(hold(), NOW + MINUTE)
    assert ended is not None
    assert (ended.status, ended.updated_at) == ("EXPIRED", NOW + MINUTE)


def test_a_sweep_ends_due_holds_only() -> None:
    assert expire(hold(), NOW + MINUTE - 1) is None
    ended = expire(hold(), NOW + MINUTE)
    assert ended is not None
    assert (ended.status, ended.updated_at) == ("EXPIRED", NOW + MINUTE)
    for status in ("CONFIRMED", "CANCELLED", "EXPIRED"):
        assert expire(hold(status), NOW + 2 * MINUTE) is None  # type: ignore[arg-type]


def test_a_hold_can_be_extended_but_not_shortened() -> None:
    longer = extend(hold(), NOW + 30_000, 5)
    assert (longer.expires_at, longer.updated_at, longer.status) == (NOW + 30_000 + 5 * MINUTE, NOW + 30_000, "ACTIVE")
    assert extend(longer, NOW + 40_000, 1).expires_at == longer.expires_at


@pytest.mark.parametrize("status", ["CANCELLED", "EXPIRED"])
def test_an_ended_hold_cannot_be_confirmed(status: ReservationStatus) -> None:
    found = f"The reservation is {status.lower()} and cannot be confirmed"
    with pytest.raises(ReservationNotActive, match=found) as refused:
        confirm(hold(status), NOW)
    assert refused.value.details == {"status": status}
    with pytest.raises(ReservationNotActive, match="cannot be extended"):
        extend(hold(status), NOW, 5)


def test_a_confirmed_hold_cannot_be_cancelled_or_extended() -> None:
    with pytest.raises(ReservationNotActive, match="The reservation is confirmed and cannot be cancelled"):
        cancel(hold("CONFIRMED"), NOW)
    with pytest.raises(ReservationNotActive, match="The reservation is confirmed and cannot be extended"):
        extend(hold("CONFIRMED"), NOW, 5)
    with pytest.raises(ReservationNotActive):
        extend(hold(), NOW + MINUTE, 5)
    with pytest.raises(ReservationNotActive) as refused:
        confirm(hold(), NOW + MINUTE)
    assert refused.value.details == {"status": "EXPIRED"}
