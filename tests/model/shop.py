"""What the product promises (SPEC §1), said a second time: single-threaded, in plain Python, sharing no code with it.

Every step takes what a person asks and returns what the answer must be, or raises `No` with the
error's code and details. Orders and reservations bear the names that the product gave them, wares names of their own:
what is counted is a ware, unless several choices share a stock. Where `product` stands below, it is whatever has a
stock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MOST = 1_000_000_000
MINUTE = 60_000
Want = tuple[str, int, str | None]
Shortage = tuple[str, int, int]
"""A product, the units asked for, and those that are there for it."""
"""Product, units, location (None: wherever they are)."""
Allocation = dict[str, dict[str, int]]


class No(Exception):
    """A refusal: the error's code, and its details where the promise names them."""

    def __init__(self, code: str, details: Any = None) -> None:
        super().__init__(code, details)
        self.code, self.details = code, details


@dataclass
class Hold:
    owner: str
    allocated: Allocation
    expires: int
    status: str = "ACTIVE"


@dataclass
class Order:
    owner: str
    lines: list[tuple[str, int]]
    allocated: Allocation
    total: int
    status: str = "PENDING"
    steps: list[str] = field(default_factory=lambda: ["PENDING"])
    returned: list[int] = field(default_factory=list)
    sold_from: list[str] = field(default_factory=list)
    """The stock that each line was sold from."""


@dataclass
class Shop:
    """Every number and every thing of a shop, as they must be."""

    now: int
    locations: dict[str, tuple[int, bool]] = field(default_factory=lambda: {"default": (100, True)})
    prices: dict[str, int] = field(default_factory=dict)
    levels: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    ledger: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    events: list[str] = field(default_factory=list)
    shares: dict[str, str] = field(default_factory=dict)
    """Choices that share a stock with others: ware → stock."""

    def at(self, ware: str) -> str:
        """The stock that a ware is taken from."""
        return self.shares.get(ware, ware)

    # ---- stock ---------------------------------------------------------------------------------

    def open(self, wares: dict[str, int], units: int, shared: str | None = None) -> None:
        """Open a product of these wares, by their prices: so many units of each, or so many that they all share."""
        self.prices |= wares
        for product in wares if shared is None else [shared]:
            self.levels[product] = {"default": [units, 0]}
            if units:
                self._book(product, "default", "INITIAL", units)
        if shared is not None:
            self.shares |= dict.fromkeys(wares, shared)
        self.events.append("product.created")

    def spread(self, shared: str, shares: dict[str, dict[str, int]]) -> dict[str, dict[str, list[int]]]:
        """Each ware gets its part of what is there, to the unit; not while anything is promised."""

        def adds_up() -> bool:
            levels = self.levels[shared]
            given = {at: sum(units.get(at, 0) for units in shares.values()) for at in levels}
            return bool(levels) and all(level == [given[at], 0] for at, level in levels.items())

        if not adds_up():
            self._free({shared})
        if not adds_up():
            raise No("CONFLICT")
        for location, (units, _) in self.levels[shared].items():
            if units:
                self._book(shared, location, "TRANSFER", -units)
        for ware, units in shares.items():
            self.levels[ware] = {location: [0, 0] for location in self.levels[shared]}
            for location, count in units.items():
                if count:
                    self._receive(ware, location, "TRANSFER", count)
            del self.shares[ware]
        self.levels[shared] = {}
        self.events.append("product.updated")
        return {ware: self.levels[ware] for ware in shares}

    def set_location(self, name: str, priority: int, active: bool) -> None:
        known = self.locations.get(name)
        if known is None:
            self.locations[name] = (priority, True)
            self.events.append("location.created")
        elif known != (priority, active):
            if name == "default" and not active:
                raise No("CONFLICT")
            self.locations[name] = (priority, active)
            self.events.append("location.changed")

    def adjust(self, product: str, units: int, kind: str, location: str | None) -> dict[str, list[int]]:
        if not 1 <= abs(units) <= MOST or (kind in {"RESTOCK", "RETURN"} and units < 0):
            raise No("VALIDATION_ERROR")
        if kind == "SALE":
            units = -abs(units)
        levels = self._levels(product)
        if location is not None:
            changes, level = {location: units}, self._level(product, location)
            sold_out = kind == "SALE" and location not in self._order()
            if level[0] + units < 0 or sold_out:
                self._free({product})
            if level[0] + units < 0 or sold_out:
                raise self._short([(product, -units, 0 if sold_out else level[0])])
        elif units > 0:
            changes = {self._first(levels): units}
        else:
            changes = {each: -taken for each, taken in self._take([(product, -units, None)])[product].items()}
        for each, moved in changes.items():
            if sum(levels.get(each, [0, 0])) + moved > MOST:
                raise No("VALIDATION_ERROR")
        for each, moved in changes.items():
            self._receive(product, each, kind, moved)
        self.events.append("stock.changed")
        return levels

    def count(self, product: str, counted: int, location: str | None) -> dict[str, list[int]]:
        if not 0 <= counted <= MOST:
            raise No("VALIDATION_ERROR")
        levels = self._levels(product)
        counting = [self._level(product, location)] if location is not None else list(levels.values())
        if counted < sum(level[1] for level in counting):
            self._free({product})
        if counted < sum(level[1] for level in counting):
            raise No("CONFLICT")
        difference = counted - sum(map(sum, counting))
        if not difference:
            return levels
        if location is not None:
            changes = {location: difference}
        elif difference > 0:
            changes = {self._first(levels): difference}
        else:
            changes = {}
            for each in sorted(levels, key=lambda name: (name not in self._order(), *self._rank(name, levels))):
                taken = min(-difference, levels[each][0])
                difference += taken
                if taken:
                    changes[each] = -taken
        for each, moved in changes.items():
            self._receive(product, each, "ADJUSTMENT", moved)
        self.events.append("stock.changed")
        return levels

    def transfer(self, product: str, units: int, source: str, target: str) -> dict[str, list[int]]:
        if not 1 <= units <= MOST or source == target:
            raise No("VALIDATION_ERROR")
        levels, level = self._levels(product), self._level(product, source)
        self._level(product, target)
        if level[0] < units:
            self._free({product})
        if level[0] < units:
            raise self._short([(product, units, level[0])])
        if sum(levels.get(target, [0, 0])) + units > MOST:
            raise No("VALIDATION_ERROR")
        self._receive(product, source, "TRANSFER", -units)
        self._receive(product, target, "TRANSFER", units)
        self.events.append("stock.changed")
        return levels

    def sell(self, wants: list[Want]) -> tuple[Allocation, int]:
        allocated = self._take(self._of_stocks(wants))
        for product, locations in allocated.items():
            for location, units in locations.items():
                self._receive(product, location, "SALE", -units)
        self.events.append("sale.recorded")
        return allocated, self._total(wants)

    # ---- reservations --------------------------------------------------------------------------

    def reserve(self, owner: str, wants: list[Want], minutes: int) -> Hold:
        if not 1 <= minutes <= 1440:
            raise No("VALIDATION_ERROR")
        held = Hold(owner, self._take(self._of_stocks(wants)), self.now + minutes * MINUTE)
        self._reserve(held.allocated)
        self.events.append("reservation.created")
        return held

    def confirm(self, caller: str, name: str) -> Hold:
        held = self._reached(caller, name)
        status = self._status(held)
        if status == "CONFIRMED":
            return held
        if status != "ACTIVE":
            raise No("RESERVATION_NOT_ACTIVE", {"status": status})
        held.status = "CONFIRMED"
        self._ship(held.allocated)
        self.events.append("reservation.confirmed")
        return held

    def give_up(self, caller: str, name: str) -> Hold:
        held = self._reached(caller, name)
        if held.status in {"CANCELLED", "EXPIRED"}:
            return held
        if held.status == "CONFIRMED":
            raise No("RESERVATION_NOT_ACTIVE", {"status": "CONFIRMED"})
        held.status = "EXPIRED" if self._status(held) == "EXPIRED" else "CANCELLED"
        self._release(held.allocated)
        self.events.append(f"reservation.{held.status.lower()}")
        return held

    def extend(self, caller: str, name: str, minutes: int) -> Hold:
        if not 1 <= minutes <= 1440:
            raise No("VALIDATION_ERROR")
        held = self._reached(caller, name)
        if self._status(held) != "ACTIVE":
            raise No("RESERVATION_NOT_ACTIVE", {"status": self._status(held)})
        held.expires = max(held.expires, self.now + minutes * MINUTE)
        self.events.append("reservation.extended")
        return held

    def sweep(self) -> int:
        return self._free(set(self.levels))

    # ---- orders --------------------------------------------------------------------------------

    def order(self, owner: str, lines: list[tuple[str, int]]) -> Order:
        wants: list[Want] = [(ware, units, None) for ware, units in lines]
        allocated = self._take(self._of_stocks(wants))
        self._reserve(allocated)
        self.events.append("order.placed")
        sold_from = [self.at(ware) for ware, _ in lines]
        return Order(owner, lines, allocated, self._total(wants), returned=[0] * len(lines), sold_from=sold_from)

    def step(self, name: str, to: str) -> Order:
        order = self.orders[name]
        if order.status == to or (to == "CONFIRMED" and order.status != "PENDING"):
            return order
        if (
            order.status
            not in {"CONFIRMED": {"PENDING"}, "PACKED": {"PENDING", "CONFIRMED"}, "DELIVERED": {"PACKED"}}[to]
        ):
            raise No("INVALID_TRANSITION", {"from": order.status, "to": to})
        steps = ["CONFIRMED", "PACKED"] if (order.status, to) == ("PENDING", "PACKED") else [to]
        if order.status == "PENDING":
            self._ship(order.allocated)
        order.status = to
        order.steps += steps
        self.events += [f"order.{each.lower()}" for each in steps]
        return order

    def cancel(self, caller: str, name: str) -> Order:
        order = self.orders[name]
        if caller not in {order.owner, "admin"}:
            raise No("FORBIDDEN")
        if order.status == "CANCELLED":
            return order
        if order.status not in ({"PENDING", "CONFIRMED", "PACKED"} if caller == "admin" else {"PENDING", "CONFIRMED"}):
            raise No("INVALID_TRANSITION", {"from": order.status, "to": "CANCELLED"})
        if order.status == "PENDING":
            self._release(order.allocated)
        else:
            # What was given back before does not come back a second time.
            left = zip(order.lines, order.returned, strict=True)
            self._give_back(order, [units - back for (_, units), back in left])
        order.status = "CANCELLED"
        order.steps.append("CANCELLED")
        self.events.append("order.cancelled")
        return order

    def take_back(self, name: str, ware: str, units: int, restock: bool) -> Order:
        order = self.orders[name]
        lines = [number for number, line in enumerate(order.lines) if line[0] == ware]
        if sum(order.lines[each][1] - order.returned[each] for each in lines) < units:
            raise No("VALIDATION_ERROR")
        if order.status not in {"PACKED", "DELIVERED"}:
            raise No("INVALID_TRANSITION", {"from": order.status, "to": "RETURNED"})
        back = [0] * len(order.lines)
        for number in lines:
            back[number] = min(units, order.lines[number][1] - order.returned[number])
            units -= back[number]
        if restock:
            self._give_back(order, back)
        order.returned = [before + more for before, more in zip(order.returned, back, strict=True)]
        order.steps.append("RETURNED")
        self.events.append("order.returned")
        return order

    def _give_back(self, order: Order, back: list[int]) -> None:
        """Of each line so many units go where they came from, in the order they were allocated, behind those before.

        Where their stock was spread since, they are of the line's ware.
        """
        sums: Counter[tuple[str, str]] = Counter()
        for stock, allocated in order.allocated.items():
            of_stock = [number for number, each in enumerate(order.sold_from) if each == stock]
            before = sum(order.returned[number] for number in of_stock)
            one_by_one = [location for location, units in allocated.items() for _ in range(units)][before:]
            for number in of_stock:
                ware = self.at(order.lines[number][0]) if not self.levels[stock] else stock
                coming, one_by_one = one_by_one[: back[number]], one_by_one[back[number] :]
                sums.update((ware, location) for location in coming)
        for (ware, location), units in sums.items():
            self._receive(ware, location, "RETURN", units)

    def _of_stocks(self, wants: list[Want]) -> list[Want]:
        return [(self.at(ware), units, location) for ware, units, location in wants]

    # ---- what they share -----------------------------------------------------------------------

    def _levels(self, product: str) -> dict[str, list[int]]:
        if product not in self.levels:
            raise No("NOT_FOUND")
        return self.levels[product]

    def _level(self, product: str, location: str) -> list[int]:
        """The level at a location; where there is none yet, an empty one that is opened by what comes to it."""
        levels = self._levels(product)
        if location not in levels and location not in self.locations:
            raise No("NOT_FOUND")
        return levels.get(location, [0, 0])

    def _first(self, levels: dict[str, list[int]]) -> str:
        return next((each for each in self._order() if each in levels), self._order()[0])

    def _rank(self, name: str, levels: dict[str, list[int]]) -> tuple[int, str]:
        """Active locations by their priority, the others as they stand in the item."""
        return (self.locations[name][0], name) if name in self._order() else (list(levels).index(name), "")

    def _order(self) -> list[str]:
        return sorted(
            (name for name, (_, active) in self.locations.items() if active), key=lambda n: (self.locations[n][0], n)
        )

    def _take(self, wants: list[Want]) -> Allocation:
        """Decide where the units come from; a shortage first frees what has expired."""
        for product, units, _ in wants:
            if not 1 <= units <= MOST:
                raise No("VALIDATION_ERROR")
            self._levels(product)
        allocated, short = self._try(wants)
        if short and self._free({product for product, _, _ in short}):
            allocated, short = self._try(wants)
        if short:
            raise self._short(short)
        return allocated

    def _try(self, wants: list[Want]) -> tuple[Allocation, list[Shortage]]:
        sums: dict[tuple[str, str | None], int] = {}
        for product, units, location in wants:
            sums[product, location] = sums.get((product, location), 0) + units
        left = {
            (product, location): level[0]
            for product, levels in self.levels.items()
            for location, level in levels.items()
        }
        allocated: Allocation = {}
        short: list[Shortage] = []
        named_first = sorted(sums.items(), key=lambda each: each[0][1] is None)
        for (product, location), units in named_first:
            missing = units
            for each in self._order() if location is None else {location} & set(self._order()):
                taken = min(missing, left.get((product, each), 0))
                if taken > 0:
                    left[product, each] -= taken
                    missing -= taken
                    here = allocated.setdefault(product, {})
                    here[each] = here.get(each, 0) + taken
            if missing:
                short.append((product, units, units - missing))
        return allocated, short

    def _short(self, short: list[Shortage]) -> No:
        return No("INSUFFICIENT_STOCK", short)

    def _status(self, held: Hold) -> str:
        return "EXPIRED" if held.status == "ACTIVE" and self.now >= held.expires else held.status

    def _free(self, products: set[str]) -> int:
        """End every expired hold on these products."""
        freed = 0
        for held in self.holds.values():
            if held.status == "ACTIVE" and self._status(held) == "EXPIRED" and products & set(held.allocated):
                held.status = "EXPIRED"
                self._release(held.allocated)
                self.events.append("reservation.expired")
                freed += 1
        return freed

    def _reached(self, caller: str, name: str) -> Hold:
        held = self.holds[name]
        if caller not in {held.owner, "admin"}:
            raise No("FORBIDDEN")
        return held

    def _total(self, wants: list[Want]) -> int:
        return sum(self.prices[product] * units for product, units, _ in wants)

    def _book(self, product: str, location: str, kind: str, units: int) -> None:
        self.ledger[product, location, kind, units] += 1

    def _receive(self, product: str, location: str, kind: str, units: int) -> None:
        self.levels[product].setdefault(location, [0, 0])[0] += units
        self._book(product, location, kind, units)

    def _reserve(self, allocated: Allocation) -> None:
        for product, locations in allocated.items():
            for location, units in locations.items():
                self.levels[product][location][0] -= units
                self.levels[product][location][1] += units

    def _release(self, allocated: Allocation) -> None:
        for product, locations in allocated.items():
            for location, units in locations.items():
                self.levels[product][location][0] += units
                self.levels[product][location][1] -= units

    def _ship(self, allocated: Allocation) -> None:
        for product, locations in allocated.items():
            for location, units in locations.items():
                self.levels[product][location][1] -= units
                self._book(product, location, "SALE", -units)
