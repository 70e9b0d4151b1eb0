"""Limits on what a customer holds and uses without an order; staff, keys and the system have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import HoldLimit
from stockwright.base.record import Record

HOUR_MS: Final = 3_600_000
USED_COUNTS_MS: Final = 24 * HOUR_MS
"""How long units count that a customer took by confirming a hold, without an order."""
USED_MAX: Final = 1000
"""How many uses a customer's record holds: so many in a day are no customer's."""


class HoldLimits(Struct, frozen=True):
    """How many reservations a customer may hold, how many units of one variant, and for how long at most."""

    reservations: int
    units: int
    hours: int

    def allows_lasting(self, created_at: int, expires_at: int) -> bool:
        """Whether a hold may last from when it was made until then."""
        return expires_at <= created_at + self.hours * HOUR_MS

    def check_lasting(self, created_at: int, expires_at: int) -> None:
        """Refuse a hold that would last too long after it was made."""
        if not self.allows_lasting(created_at, expires_at):
            raise HoldLimit(
                f"A reservation can last at most {self.hours} hours from when it was made",
                {"limit": "hours", "max": self.hours},
            )


class CountedHold(Struct, frozen=True, rename="camel"):
    """What one reservation holds until `expires_at` (ms): variant id → units."""

    expires_at: int
    units: Mapping[str, int]


class UsedUnits(Struct, frozen=True, array_like=True):
    """Units of a variant that a confirmation took at that instant (ms)."""

    variant_id: str
    at: int
    units: int


class CustomerHolds(Record, frozen=True):
    """What counts towards one customer's limits: reservation id → its hold, and what was used without an order."""

    KIND = "HOLDS"
    owner_id: str
    active: Mapping[str, CountedHold] = {}
    used: tuple[UsedUnits, ...] = ()

    def at(self, now: int) -> CustomerHolds:
        """Return what still counts at this instant: an expired hold does not, whether or not it was swept."""
        return replace(
            self,
            active={name: hold for name, hold in self.active.items() if now < hold.expires_at},
            used=tuple(each for each in self.used if now < each.at + USED_COUNTS_MS),
        )

    def check(self, wanted: Mapping[str, int], limits: HoldLimits) -> None:
        """Refuse one more hold of these units where that is over a limit."""
        if len(self.active) >= limits.reservations:
            raise HoldLimit(
                f"You already have {len(self.active)} active reservations; the limit is {limits.reservations}",
                {"limit": "reservations", "max": limits.reservations, "held": len(self.active)},
            )
        for variant_id, units in wanted.items():
            held = self._units_of(variant_id)
            if held + units > limits.units:
                raise HoldLimit(
                    f"You can reserve at most {limits.units} units of one product; "
                    f"{held} are reserved now or were confirmed in the last 24 hours",
                    _over(variant_id, limits.units, held, units),
                )

    def with_hold(self, reservation_id: str, expires_at: int, units: Mapping[str, int]) -> CustomerHolds:
        """Count a hold, or one whose end has changed."""
        return replace(self, active={**self.active, reservation_id: CountedHold(expires_at, units)})

    def without(self, reservation_id: str) -> CustomerHolds:
        """Count a hold no longer."""
        return replace(self, active={name: hold for name, hold in self.active.items() if name != reservation_id})

    def with_use(self, reservation_id: str, at: int, units: Mapping[str, int]) -> CustomerHolds:
        """Count a hold that the customer confirmed."""
        used = (*self.used, *(UsedUnits(variant_id, at, count) for variant_id, count in units.items()))
        if len(used) > USED_MAX:
            raise HoldLimit(
                "Too many reservations were confirmed in the last 24 hours; place an order instead",
                {"limit": "uses", "max": USED_MAX},
            )
        return replace(self.without(reservation_id), used=used)

    def counts_until(self) -> int:
        """Return when nothing of it counts any more (ms)."""
        ends = [hold.expires_at for hold in self.active.values()]
        return max([*ends, *(each.at for each in self.used)], default=0) + USED_COUNTS_MS

    def same_as(self, other: CustomerHolds) -> bool:
        """Whether both count the same, in whatever order they were written."""
        return dict(self.active) == dict(other.active) and sorted(map(_use, self.used)) == sorted(map(_use, other.used))

    def _units_of(self, variant_id: str) -> int:
        held = sum(hold.units.get(variant_id, 0) for hold in self.active.values())
        return held + sum(each.units for each in self.used if each.variant_id == variant_id)


def _use(each: UsedUnits) -> tuple[str, int, int]:
    return each.variant_id, each.at, each.units


def _over(variant_id: str, most: int, held: int, requested: int) -> dict[str, Any]:
    return {"limit": "units", "max": most, "held": held, "requested": requested, "productId": variant_id}
