"""Stock arithmetic: levels, what is drawn from where, and the ledger of movements.

Each change is a Shift of the three numbers of one level, and keeps `total = available + reserved`
by its own shape; the store keeps all of them from falling below zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from stockwright.domain.errors import Conflict, InsufficientStock, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MovementType = Literal["INITIAL", "RESTOCK", "SALE", "RETURN", "ADJUSTMENT", "TRANSFER"]
StockStatus = Literal["IN_STOCK", "LOW", "OUT"]

DEFAULT_LOCATION: Final = "default"
QUANTITY_MAX: Final = 1_000_000_000
"""The most units of one change, and of one level: sums stay far below 2^53, exact in every client."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place that holds stock; the lowest `priority` is drawn on first."""

    id: str
    name: str
    priority: int = 100
    active: bool = True
    created_at: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a product counts as low, when to reorder and how many (S4's defaults)."""

    low_stock: int = 10
    reorder_point: int = 20
    reorder_quantity: int = 50


@dataclass(frozen=True, slots=True)
class Level:
    """The units of one SKU at one location."""

    available: int = 0
    reserved: int = 0

    @property
    def total(self) -> int:
        """All units that are there, promised or not."""
        return self.available + self.reserved


@dataclass(frozen=True, slots=True)
class Stock:
    """All levels of one product, kept as one thing: a SKU is drawn from anywhere in one step."""

    product_id: str
    sku: str
    levels: Mapping[str, Level]
    thresholds: Thresholds = field(default_factory=Thresholds)
    version: int = 0
    created_at: int = 0
    stored_totals: Mapping[str, int] = field(default_factory=dict, compare=False)
    """The totals as the store keeps them beside the parts; the audit compares."""

    @property
    def available(self) -> int:
        """Units that can be bought now, over all locations."""
        return sum(level.available for level in self.levels.values())

    @property
    def reserved(self) -> int:
        """Units promised and not yet gone, over all locations."""
        return sum(level.reserved for level in self.levels.values())

    @property
    def total(self) -> int:
        """All units, over all locations."""
        return self.available + self.reserved

    @property
    def is_low(self) -> bool:
        """Whether fewer are available than the threshold (S2: quantity < 10)."""
        return self.available < self.thresholds.low_stock

    @property
    def status(self) -> StockStatus:
        """The word for how much there is."""
        if self.available == 0:
            return "OUT"
        return "LOW" if self.is_low else "IN_STOCK"

    @property
    def suggested_reorder(self) -> int:
        """Whole reorder quantities that bring available back above the reorder point."""
        lacking = max(0, self.thresholds.reorder_point - self.available + 1)
        lot = max(1, self.thresholds.reorder_quantity)
        return -(-lacking // lot) * lot

    def level(self, location: str) -> Level:
        """Return the level at a location, or refuse: nothing of it was ever kept there."""
        try:
            return self.levels[location]
        except KeyError:
            raise NotFound(f"No stock of {self.sku} is kept at location {location!r}") from None


@dataclass(frozen=True, slots=True)
class Shift:
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


Draw = dict[str, int]
"""What was drawn from where: location → units."""

Draws = dict[str, Draw]
"""What was drawn of each product: product id → location → units."""


@dataclass(frozen=True, slots=True)
class Movement:
    """An immutable entry of the ledger. `quantity` is signed: what the level's total changed by."""

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of one product that somebody asks for; `location` None leaves the choice to us."""

    product_id: str
    quantity: int
    location: str | None = None


def check_quantity(quantity: int, field_name: str = "quantity", least: int = 1) -> None:
    """Refuse what no shop can mean: below `least`, or more than a level can hold."""
    if not least <= quantity <= QUANTITY_MAX:
        raise Invalid.field(field_name, f"must be a whole number from {least} to {QUANTITY_MAX}")


def summed(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Sum the lines of one product (and location) before anything is checked."""
    sums: dict[tuple[str, str | None], int] = {}
    for each in wanted:
        key = (each.product_id, each.location)
        sums[key] = sums.get(key, 0) + each.quantity
    return [Wanted(product_id, quantity, location) for (product_id, location), quantity in sums.items()]


def by_priority(locations: Iterable[Location]) -> list[str]:
    """Return the ids of the active locations, those to be drawn on first in front."""
    active = [location for location in locations if location.active]
    return [location.id for location in sorted(active, key=lambda each: (each.priority, each.id))]


def draw(
    wanted: Sequence[Wanted], stocks: Mapping[str, Stock], order_of_locations: Sequence[str]
) -> tuple[Draws, dict[Wanted, int]]:
    """Decide which locations the units come from; returns the draws, and what each line gets that falls short.

    Lines that name a location are served first, so that lines that do not cannot take their units.
    """
    left = {
        (stock.product_id, place): level.available for stock in stocks.values() for place, level in stock.levels.items()
    }
    draws: Draws = {}
    short: dict[Wanted, int] = {}
    for each in sorted(summed(wanted), key=lambda line: line.location is None):
        stock = stocks[each.product_id]
        places = [each.location] if each.location else [place for place in order_of_locations if place in stock.levels]
        missing = each.quantity
        for place in places:
            taken = min(missing, left.get((each.product_id, place), 0))
            if taken > 0:
                left[(each.product_id, place)] -= taken
                drawn = draws.setdefault(each.product_id, {})
                drawn[place] = drawn.get(place, 0) + taken
                missing -= taken
            if not missing:
                break
        if missing:
            short[each] = each.quantity - missing
    return draws, short


def draw_or_refuse(wanted: Sequence[Wanted], stocks: Mapping[str, Stock], order_of_locations: Sequence[str]) -> Draws:
    """Decide where every unit comes from, or refuse with every line that cannot be met."""
    draws, short = draw(wanted, stocks, order_of_locations)
    if short:
        raise InsufficientStock.of([_shortage(each, stocks[each.product_id], units) for each, units in short.items()])
    return draws


def _shortage(wanted: Wanted, stock: Stock, available: int) -> dict[str, object]:
    told: dict[str, object] = {
        "productId": stock.product_id,
        "sku": stock.sku,
        "requested": wanted.quantity,
        "available": available,
    }
    return told | ({"location": wanted.location} if wanted.location else {})


def adjusted(level: Level, quantity: int, stock: Stock, location: str) -> Shift:
    """Decide an adjustment: it never takes available below zero (SPEC §1)."""
    if level.available + quantity < 0:
        raise InsufficientStock.of(
            [
                {
                    "productId": stock.product_id,
                    "sku": stock.sku,
                    "requested": -quantity,
                    "available": level.available,
                    "location": location,
                }
            ]
        )
    if level.total + quantity > QUANTITY_MAX:
        raise Invalid.field("quantity", f"would bring the level above {QUANTITY_MAX}")
    return receive(quantity)


def counted(stock: Stock, count: int, location: str) -> int:
    """Return the difference that a count of one location books; never below what is reserved there."""
    level = stock.level(location)
    if count < level.reserved:
        raise Conflict(
            f"{level.reserved} units are reserved; the count cannot be below that",
            {"counted": count, "reserved": level.reserved, "available": level.available},
        )
    return count - level.total


def shifted(stock: Stock, shifts: Mapping[str, Shift]) -> Stock:
    """Return the stock after the shifts, still under the version that it was loaded with."""
    levels = dict(stock.levels)
    for place, shift in shifts.items():
        level = levels[place]
        levels[place] = Level(level.available + shift.available, level.reserved + shift.reserved)
    return Stock(stock.product_id, stock.sku, levels, stock.thresholds, stock.version, stock.created_at)
