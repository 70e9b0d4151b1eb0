"""Stock arithmetic: levels, and the ledger of movements.

Each change is a Shift of the three numbers of one level, and keeps `total = available + reserved`
by its own shape; the store keeps all of them from falling below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol, TypedDict, TypeVar

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import replace

from stockwright.base.errors import InsufficientStock, Invalid
from stockwright.base.movements import MovementType
from stockwright.base.names import check_direction, clean
from stockwright.base.record import Record
from stockwright.products.model import check_addressable, check_id
from stockwright.products.variant import OwnVariant, variant_id_of

Naming = TypeVar("Naming", bound="OfVariant")
ChangeType = Literal["RESTOCK", "SALE", "RETURN", "ADJUSTMENT"]
StockStatus = Literal["IN_STOCK", "LOW", "OUT"]
DEFAULT_LOCATION: Final = "default"
LOCATION_ID_MAX: Final = 64
LOCATION_NAME_MAX: Final = 100
PRIORITY_DEFAULT: Final = 100
PRIORITY_MAX: Final = 1_000_000
CHECK_ITEMS_MAX: Final = 100
"""The most lines of one availability check (S4)."""
QUANTITY_MAX: Final = 1_000_000_000
"""The most units of one change, and of one level: sums stay far below 2^53, exact in every client."""


class Location(Record, frozen=True):
    """Where stock is held; units are taken from the lowest `priority` first."""

    KIND = "LOCATION"
    PARTITION = "LOCATIONS"
    id: str
    name: str
    priority: int = PRIORITY_DEFAULT
    active: bool = True
    created_at: int = 0
    shortages_known: bool = False
    """Whether an inactive location's products were looked at for shortages since it was taken out of use.

    Not so where a release took it out of use that still counted its units as available.
    """


class Level(Struct, frozen=True):
    """The units of one SKU at one location. `total` is the sum of both, stored beside them: the audit compares."""

    available: int = 0
    reserved: int = 0
    total: int = 0

    @classmethod
    def of(cls, available: int, reserved: int = 0) -> Level:
        """Make a level of units that can be bought and units that are promised."""
        return cls(available, reserved, available + reserved)


class Stock(Record, frozen=True):
    """All levels of one variant, stored as one item: units of a SKU are taken from anywhere in one write.

    `levels` are in the order in which units are taken, inactive locations last.

    `active` are the ids of the shop's active locations, the first to take units from in front. Units
    at any other location are not available (SPEC section 1): every sum here leaves them out of
    `available`, and `total` is `available`, `reserved` and `inactive` together. Units that are reserved at
    an inactive location stay reserved: they are promised, and leave from there.
    """

    KIND = "STOCK"
    NOT_STORED = ("version", "active")
    product_id: str
    sku: str
    levels: Mapping[str, Level]
    active: Sequence[str] = ()
    low_stock: int = 10
    """Fewer units than these are low (S2)."""
    reorder_point: int = 20
    reorder_quantity: int = 50
    created_at: int = 0
    updated_at: int = 0
    own_variant: OwnVariant = field(name="variantId", default=UNSET)

    @property
    def variant_id(self) -> str:
        """The id under which the units are counted."""
        return variant_id_of(self.product_id, self.own_variant)

    @property
    def sources(self) -> list[str]:
        """The active locations that have a level, the first to take units from in front."""
        return [location for location in self.active if location in self.levels]

    def available_at(self, location: str) -> int:
        """Return how many units can be bought from one location: none from an inactive one."""
        return self.levels[location].available if location in self.levels and location in self.active else 0

    @property
    def available(self) -> int:
        """Units that can be bought now, over all active locations."""
        levels = self.levels
        return sum([levels[each].available for each in self.active if each in levels])

    @property
    def reserved(self) -> int:
        """Units promised and not yet gone, over all locations."""
        return sum([level.reserved for level in self.levels.values()])

    @property
    def inactive(self) -> int:
        """Units at inactive locations that are not reserved."""
        active = self.active
        return sum([level.available for each, level in self.levels.items() if each not in active])

    @property
    def total(self) -> int:
        """All units, over all locations."""
        return self.available + self.reserved + self.inactive

    @property
    def is_low(self) -> bool:
        """Whether fewer are available than the threshold (S2: quantity < 10)."""
        return self.available < self.low_stock

    @property
    def status(self) -> StockStatus:
        """The word for how much there is."""
        return self.status_with(self.available)

    def status_with(self, available: int) -> StockStatus:
        """Return the word for so many available units."""
        if available == 0:
            return "OUT"
        return "LOW" if available < self.low_stock else "IN_STOCK"

    @property
    def suggested_reorder(self) -> int:
        """Whole reorder quantities that bring available back above the reorder point."""
        lacking = max(0, self.reorder_point - self.available + 1)
        lot = max(1, self.reorder_quantity)
        return -(-lacking // lot) * lot

    def level_or_new(self, location: str) -> Level:
        """Return the level at a location, an empty one where there is none yet."""
        return self.levels.get(location, Level())


BLANK: Final = Stock("", "", {})
"""A stock of which nothing is set yet."""


class Shift(Struct, frozen=True):
    """How one level changes."""

    available: int = 0
    reserved: int = 0

    @property
    def total(self) -> int:
        """How the sum changes."""
        return self.available + self.reserved

    def __add__(self, other: Shift) -> Shift:
        return Shift(self.available + other.available, self.reserved + other.reserved)


def receive(quantity: int) -> Shift:
    """Restock, return, initial count or adjustment: `total ±q, available ±q`."""
    return Shift(available=quantity)


def reserve(quantity: int) -> Shift:
    """Promise units: `available −q, reserved +q`."""
    return Shift(available=-quantity, reserved=quantity)


def release(quantity: int) -> Shift:
    """Take a promise back (cancelled or expired): `available +q, reserved −q`."""
    return Shift(available=quantity, reserved=-quantity)


def ship(quantity: int) -> Shift:
    """Keep a promise (confirmed): `reserved −q, total −q`."""
    return Shift(reserved=-quantity)


def sell(quantity: int) -> Shift:
    """Hand goods over at the till: `available −q, total −q`."""
    return Shift(available=-quantity)


Allocation = dict[str, int]
"""Which units of one variant are meant: location → units."""
Allocations = dict[str, Allocation]
"""Which units of several variants are meant: variant id → location → units."""


class OfVariant(Protocol):
    """What names a variant: a stock, a line, an item of a hold."""

    @property
    def product_id(self) -> str:
        """The product that it is a variant of."""
        ...

    @property
    def sku(self) -> str:
        """Its SKU."""
        ...

    @property
    def own_variant(self) -> OwnVariant:
        """Its id, where that is not the product's."""
        ...

    @property
    def variant_id(self) -> str:
        """The id under which its units are counted."""
        ...


def by_variant(naming: Iterable[Naming]) -> dict[str, Naming]:
    """Return what names variants, by their ids."""
    return {each.variant_id: each for each in naming}


class MovedFields(TypedDict):
    """The fields of an event that say whose stock has changed."""

    products: list[str]
    variants: list[str] | UnsetType


def moved_fields(naming: Iterable[OfVariant]) -> MovedFields:
    """Name the products, and all variants where one of them has an id of its own."""
    named = list(naming)
    own = any(each.own_variant is not UNSET for each in named)
    return {
        "products": list(dict.fromkeys([each.product_id for each in named])),
        "variants": [each.variant_id for each in named] if own else UNSET,
    }


class Movement(Record, frozen=True):
    """An immutable entry of the ledger. `quantity` is signed: what the level's total changed by."""

    KIND = "MOVEMENT"
    id: str
    product_id: str
    sku: str
    location: str
    type: MovementType
    quantity: int
    at: int
    actor: str
    reason: str = ""
    reference: str = ""
    request_id: str = ""
    balance_after: int | None = None
    """The level's total after it, where the commit knew it."""
    stock_version: int | None = None
    """The version that the stock got with it: the order of the commits."""
    own_variant: OwnVariant = field(name="variantId", default=UNSET)

    @property
    def variant_id(self) -> str:
        """The variant whose units they are."""
        return variant_id_of(self.product_id, self.own_variant)


class Wanted(Struct, frozen=True):
    """Units of one variant that somebody asks for; `location` None leaves the choice to us."""

    variant_id: str
    quantity: int
    location: str | None = None


def check_quantity(quantity: int, field_name: str = "quantity", least: int = 1) -> None:
    """Refuse what no shop can mean: below `least`, or more than a level can hold."""
    if not least <= quantity <= QUANTITY_MAX:
        raise Invalid.field(field_name, f"must be a whole number from {least} to {QUANTITY_MAX}")


def check_location_id(value: str, field_name: str = "location") -> str:
    """Return a location's id without the blanks around it: 1 to LOCATION_ID_MAX characters."""
    return check_id(value.strip(), field_name, LOCATION_ID_MAX)


def check_new_location_id(value: str, field_name: str = "id") -> str:
    """Return the id of a new location, which is also part of addresses."""
    return check_direction(check_addressable(check_location_id(value, field_name), field_name), field_name)


def check_location_name(value: str, field_name: str = "name") -> str:
    """Return a location's name, tidied: 1 to LOCATION_NAME_MAX characters."""
    return check_direction(check_id(clean(value), field_name, LOCATION_NAME_MAX), field_name)


def check_two_locations(source: str | None, target: str | None) -> None:
    """Refuse a transfer between a location and itself."""
    if source is not None and source == target:
        raise Invalid.field("to", "must differ from the location that the units come from")


def check_priority(priority: int) -> None:
    """Refuse a location's priority out of range."""
    if not 0 <= priority <= PRIORITY_MAX:
        raise Invalid.field("priority", f"must be a whole number from 0 to {PRIORITY_MAX}")


def signed(quantity: int, type_: ChangeType) -> int:
    """Return what a change of that type does to the total; RESTOCK and RETURN bring units, SALE takes them."""
    if not quantity or abs(quantity) > QUANTITY_MAX:
        raise Invalid.field("quantity", f"must be a whole number from -{QUANTITY_MAX} to {QUANTITY_MAX}, but not 0")
    if type_ in {"RESTOCK", "RETURN"} and quantity < 0:
        raise Invalid.field("quantity", f"must be positive for a {type_}; use ADJUSTMENT to take units out")
    return -abs(quantity) if type_ == "SALE" else quantity


def by_priority(locations: Iterable[Location]) -> tuple[str, ...]:
    """Return the ids of the active locations, those that units are taken from first in front."""
    active = [location for location in locations if location.active]
    return tuple(location.id for location in sorted(active, key=lambda each: (each.priority, each.id)))


def check_change(stock: Stock, location: str, quantity: int, *, selling: bool = False) -> None:
    """Refuse a signed change of one level that takes available below zero (SPEC section 1), or above the most.

    What is at an inactive location can be moved and written off, but not sold.
    """
    level = stock.level_or_new(location)
    available = stock.available_at(location) if selling else level.available
    if available + quantity < 0:
        raise InsufficientStock.of(
            [{**named_details(stock), "requested": -quantity, "available": available, "location": location}]
        )
    if level.total + quantity > QUANTITY_MAX:
        raise Invalid.field("quantity", f"would raise the stock level above {QUANTITY_MAX}")


def named_details(named: OfVariant) -> dict[str, object]:
    """Return how an error's details name a variant."""
    own = {} if named.own_variant is UNSET else {"variantId": named.own_variant}
    return {"productId": named.product_id, **own, "sku": named.sku}


def of_variant(named: OfVariant) -> dict[str, str] | None:
    """Return the filter for a variant's own movements among its product's; None where it has no others."""
    return None if named.own_variant is UNSET else {"variantId": named.own_variant}


def shifted(stock: Stock, shifts: Mapping[str, Shift]) -> Stock:
    """Return the stock after the shifts, still under the version that it was loaded with."""
    levels = dict(stock.levels)
    for location, shift in shifts.items():
        level = levels.get(location, Level())
        levels[location] = Level.of(level.available + shift.available, level.reserved + shift.reserved)
    return replace(stock, levels=levels)
