"""Which units come from which location: for what is wanted, for a signed change, and for a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.errors import Conflict, InsufficientStock
from stockwright.stock.model import Wanted, named_details

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockwright.stock.model import Allocation, Allocations, Stock


def summed(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Sum the lines of one variant (and location) before anything is checked."""
    sums: dict[tuple[str, str | None], Wanted] = {}
    for each in wanted:
        key = (each.variant_id, each.location)
        known = sums.get(key)
        sums[key] = each if known is None else Wanted(each.variant_id, known.quantity + each.quantity, each.location)
    return list(sums.values())


def allocate(wanted: Sequence[Wanted], stocks: Mapping[str, Stock]) -> tuple[Allocations, dict[Wanted, int]]:
    """Decide which locations the units come from; returns the allocations, and what each line gets that falls short."""
    allocations, short, _ = allocate_all(wanted, stocks)
    return allocations, short


def allocate_all(
    wanted: Sequence[Wanted], stocks: Mapping[str, Stock]
) -> tuple[Allocations, dict[Wanted, int], Allocations]:
    """Return the same, with what can be bought of these variants beside it: by location, in the order of taking.

    Lines that name a location are served first, so that lines that do not cannot take their units. An
    inactive location has nothing to give, named or not.
    """
    rest: Allocations = {}
    allocations: Allocations = {}
    short: dict[Wanted, int] = {}
    lines = summed(wanted)
    if any(line.location for line in lines):
        lines.sort(key=lambda line: line.location is None)
    for each in lines:
        variant_id, missing = each.variant_id, each.quantity
        left = rest.get(variant_id)
        if left is None:
            stock = stocks[variant_id]
            levels = stock.levels
            left = rest[variant_id] = {
                location: levels[location].available for location in stock.active if location in levels
            }
        for location in (each.location,) if each.location else left:
            taken = min(missing, left.get(location, 0))
            if taken > 0:
                left[location] -= taken
                allocated = allocations.setdefault(variant_id, {})
                allocated[location] = allocated.get(location, 0) + taken
                missing -= taken
            if not missing:
                break
        if missing:
            short[each] = each.quantity - missing
    return allocations, short, rest


def allocate_or_refuse(wanted: Sequence[Wanted], stocks: Mapping[str, Stock]) -> Allocations:
    """Decide where every unit comes from, or refuse with every line that cannot be met."""
    allocations, short = allocate(wanted, stocks)
    if short:
        raise InsufficientStock.of([_shortage(each, stocks[each.variant_id], units) for each, units in short.items()])
    return allocations


def spread(stock: Stock, quantity: int) -> Allocation:
    """Spread a signed change over a variant's active locations.

    What comes goes to the first that has a level, else to the first of all; what goes is allocated, or refused.
    """
    if quantity < 0:
        allocations = allocate_or_refuse([Wanted(stock.variant_id, -quantity)], {stock.variant_id: stock})
        return {location: -units for location, units in allocations[stock.variant_id].items()}
    location = next(iter(stock.sources or stock.active), None)
    if location is None:
        raise Conflict("No location is active; name the location, or activate one first")
    return {location: quantity}


def _shortage(wanted: Wanted, stock: Stock, available: int) -> dict[str, object]:
    details = {**named_details(stock), "requested": wanted.quantity, "available": available}
    return details | ({"location": wanted.location} if wanted.location else {})


def counted(stock: Stock, count: int, location: str | None = None) -> Allocation:
    """Return the differences that a count books, of one location or of all; never below what is reserved there.

    What is missing from all of them is taken from the active ones first, by their priority.
    """
    reserved = stock.reserved if location is None else stock.level_or_new(location).reserved
    if count < reserved:
        available = stock.available if location is None else stock.available_at(location)
        raise Conflict(
            f"{reserved} units are reserved; the count cannot be lower",
            {"counted": count, "reserved": reserved, "available": available},
        )
    if location is not None:
        difference = count - stock.level_or_new(location).total
        return {location: difference} if difference else {}
    difference = count - stock.total
    if difference >= 0:
        return spread(stock, difference) if difference else {}
    changes: Allocation = {}
    for source in [*stock.sources, *(each for each in stock.levels if each not in stock.active)]:
        taken = min(-difference, stock.levels[source].available)
        if taken:
            changes[source] = -taken
            difference += taken
    return changes
