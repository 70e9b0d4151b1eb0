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


def test_it_knows_what_it_holds() -> None:
    assert hold().draws == {"chair": {"default": 1, "cellar": 2}, "desk": {"a": 1}}
    assert Reservation("res_1", "usr_alice", "cart", ITEMS, "ACTIVE", NOW, NOW, NOW).version == 0


@pytest.mark.parametrize("minutes", [1, 15, 1440])
def test_a_hold_lasts_so_many_minutes(minutes: int) -> None:
    assert expiry(NOW, minutes) == NOW + minutes * MINUTE


@pytest.mark.parametrize("minutes", [-1, 0, 1441])
def test_a_hold_lasts_a_minute_to_a_day(minutes: int) -> None:
    with pytest.raises(Invalid) as refused:
        expiry(NOW, minutes)
    found = [{"field": "expirationMinutes", "message": "must be a whole number from 1 to 1440"}]
    assert refused.value.details == found


@pytest.mark.parametrize(("after", "status"), [(MINUTE - 1, "ACTIVE"), (MINUTE, "EXPIRED"), (MINUTE + 1, "EXPIRED")])
def test_it_expires_at_the_instant(after: int, status: str) -> None:
    assert hold().status_at(NOW + after) == status
    for ended in ("CONFIRMED", "CANCELLED", "EXPIRED"):
        assert hold(ended).status_at(NOW + after) == ended  # type: ignore[arg-type]


def test_it_is_used_once_and_again_changes_nothing() -> None:
    used = confirm(hold(), NOW + 5)
    assert used is not None
    assert (used.status, used.updated_at, used.expires_at, used.version) == ("CONFIRMED", NOW + 5, NOW + MINUTE, 4)
    assert confirm(used, NOW + 2 * MINUTE) is None


def test_it_is_given_up_once_and_again_changes_nothing() -> None:
    given_up = cancel(hold(), NOW + 5)
    assert given_up is not None
    assert (given_up.status, given_up.updated_at) == ("CANCELLED", NOW + 5)
    assert cancel(given_up, NOW + 6) is None
    assert cancel(hold("EXPIRED"), NOW + 6) is None


def test_what_expired_and_was_not_swept_ends_as_expired_when_it_is_given_up() -> None:
    ended = cancel(hold(), NOW + MINUTE)
    assert ended is not None
    assert (ended.status, ended.updated_at) == ("EXPIRED", NOW + MINUTE)


def test_a_sweep_ends_what_is_due_and_nothing_else() -> None:
    assert expire(hold(), NOW + MINUTE - 1) is None
    ended = expire(hold(), NOW + MINUTE)
    assert ended is not None
    assert (ended.status, ended.updated_at) == ("EXPIRED", NOW + MINUTE)
    for status in ("CONFIRMED", "CANCELLED", "EXPIRED"):
        assert expire(hold(status), NOW + 2 * MINUTE) is None  # type: ignore[arg-type]


def test_it_is_held_longer_and_never_shorter() -> None:
    longer = extend(hold(), NOW + 30_000, 5)
    assert (longer.expires_at, longer.updated_at, longer.status) == (NOW + 30_000 + 5 * MINUTE, NOW + 30_000, "ACTIVE")
    assert extend(longer, NOW + 40_000, 1).expires_at == longer.expires_at


@pytest.mark.parametrize("status", ["CANCELLED", "EXPIRED"])
def test_what_has_ended_is_not_used(status: ReservationStatus) -> None:
    found = f"The reservation is {status.lower()} and cannot be confirmed"
    with pytest.raises(ReservationNotActive, match=found) as refused:
        confirm(hold(status), NOW)
    assert refused.value.details == {"status": status}
    with pytest.raises(ReservationNotActive, match="cannot be extended"):
        extend(hold(status), NOW, 5)


def test_what_was_used_is_not_given_up_nor_held_longer() -> None:
    with pytest.raises(ReservationNotActive, match="The reservation is confirmed and cannot be cancelled"):
        cancel(hold("CONFIRMED"), NOW)
    with pytest.raises(ReservationNotActive, match="The reservation is confirmed and cannot be extended"):
        extend(hold("CONFIRMED"), NOW, 5)
    with pytest.raises(ReservationNotActive):
        extend(hold(), NOW + MINUTE, 5)
    with pytest.raises(ReservationNotActive) as refused:
        confirm(hold(), NOW + MINUTE)
    assert refused.value.details == {"status": "EXPIRED"}
