"""Access patterns of stock levels and of the ledger's movements.

All levels of a variant are one item, so that one conditional write moves any of them. A product's movements are in
one partition, those of all of its variants.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import force_setattr, replace

from stockwright.base.errors import NotFound
from stockwright.stock.location_records import load_active
from stockwright.stock.model import Movement, Stock, by_variant, receive, shifted
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockwright.stock.model import Shift
    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Key, Path, Store


STOCK = "STOCK"
DELETED_STOCK = "STOCK_DELETED"


def stock_key(variant_id: str) -> Key:
    """The item that holds every level of a variant."""
    return (f"PRODUCT#{variant_id}", "STOCK")


async def load_stocks(store: Store, variant_ids: Iterable[str]) -> dict[str, Stock]:
    """Load the stock of many variants and the active locations, in two calls; those without any are left out."""
    active = await load_active(store)
    found = await store.get([stock_key(each) for each in dict.fromkeys(variant_ids)])
    return by_variant([stock_of(item, active) for item in found.values()])


async def get_stock(store: Store, variant_id: str) -> Stock:
    """Get a variant's stock or refuse."""
    stock = (await load_stocks(store, [variant_id])).get(variant_id)
    if stock is None:
        raise NotFound("This product has no stock record")
    return stock


async def page_of_stocks(
    store: Store, *, after: str | None = None, limit: int = 100, deleted: bool = False
) -> tuple[list[Stock], str | None]:
    """Read the stock of all variants (or of all deleted ones) in the order of their ids."""
    active = await load_active(store)
    page = await store.query(DELETED_STOCK if deleted else STOCK, index="list", after=after, limit=limit)
    return [stock_of(item, active) for item in page.items], page.next


def put_stock(batch: Batch, stock: Stock, *, deleted: bool = False) -> None:
    """Write a stock whole (new levels, thresholds), expecting the version that it was loaded with.

    A deleted variant's stock leaves the list of the shop; the audit still finds it.
    """
    batch.put(
        stock_key(stock.variant_id),
        stock,
        stock.version,
        {"list": (DELETED_STOCK if deleted else STOCK, stock.variant_id)},
    )


def shift_stock(batch: Batch, variant_id: str, shifts: Mapping[str, Shift], at: int, expect: int | None = None) -> None:
    """Move available, reserved and total of any number of levels now (`at`), in one conditional write.

    Only a number that falls needs its floor: no level ever has less than nothing.
    """
    moves = [_moves(location, shift) for location, shift in shifts.items()]
    if len(moves) == 1:
        deltas, floors = moves[0]
    else:
        deltas = {path: delta for each, _ in moves for path, delta in each.items()}
        floors = dict.fromkeys((path for _, each in moves for path in each), 0)
    batch.add(stock_key(variant_id), deltas, floors, expect, {"updatedAt": at})


@lru_cache(4096)
def _moves(location: str, shift: Shift) -> tuple[dict[Path, int], dict[Path, int]]:
    """Return by how much the numbers of a level change, and the floors of those that fall; not to be changed."""
    changes = (("available", shift.available), ("reserved", shift.reserved), ("total", shift.total))
    deltas: dict[Path, int] = {("levels", location, name): delta for name, delta in changes if delta}
    return deltas, {path: 0 for path, delta in deltas.items() if delta < 0}


def change_stock(batch: Batch, stock: Stock, changes: Mapping[str, int], at: int, expect: int | None = None) -> None:
    """Book signed changes of what is available now (`at`); a location without a level gets one.

    That is a whole write, held to the version that the stock was loaded with.
    """
    shifts = {location: receive(units) for location, units in changes.items()}
    if stock.levels.keys() >= changes.keys():
        shift_stock(batch, stock.variant_id, shifts, at, expect)
    else:
        put_stock(batch, replace(shifted(stock, shifts), updated_at=at))


def stock_of(item: Item, active: tuple[str, ...]) -> Stock:
    """Read a stock from its item, as it is while these locations are active; read once for as long as they are.

    The levels are in the order in which units are taken, the inactive locations behind them by name: an engine
    keeps no order of its own.
    """
    known = item.parsed
    if isinstance(known, Stock) and known.active == active:
        return known
    stored = item.read(Stock)
    levels = stored.levels
    if len(levels) > 1:
        order = [location for location in active if location in levels]
        order += sorted(levels.keys() - order)
        levels = {location: levels[location] for location in order}
    if stored.active:
        stored = replace(stored, levels=levels, active=active)
        force_setattr(item, "parsed", stored)
        return stored
    # Just read, and nobody else's yet.
    force_setattr(stored, "levels", levels)
    force_setattr(stored, "active", active)
    return stored


# ---- movements -------------------------------------------------------------------------------


def movement_key(movement: Movement) -> Key:
    """The item of an entry of the ledger."""
    return (f"PRODUCT#{movement.product_id}", f"MOVEMENT#{movement.id}")


def put_movement(batch: Batch, movement: Movement) -> None:
    """Write an entry of the ledger; it is never written again. The commit adds the balance, where it knows it."""
    stock = stock_key(movement.variant_id)
    batch.put(
        movement_key(movement),
        movement,
        ABSENT,
        {"list": ("MOVEMENT", movement.id)},
        fills={"balance_after": (stock, ("levels", movement.location, "total")), "stock_version": (stock, ())},
    )


async def page_of_movements(
    store: Store,
    product_id: str | None = None,
    *,
    where: Mapping[str, str] | None = None,
    low: str = "",
    high: str = "",
    after: str | None = None,
    limit: int = 20,
    reverse: bool = True,
) -> tuple[list[Movement], str | None]:
    """Read a product's movements, or everybody's, newest first; `low` and `high` bound their ids."""
    if product_id is None:
        page = await store.query(
            "MOVEMENT", index="list", low=low, high=high, where=where, after=after, limit=limit, reverse=reverse
        )
    else:
        page = await store.query(
            f"PRODUCT#{product_id}",
            begins="MOVEMENT#",
            low=f"MOVEMENT#{low}" if low else "",
            high=f"MOVEMENT#{high}" if high else "",
            where=where,
            after=after,
            limit=limit,
            reverse=reverse,
        )
    return [item.read(Movement) for item in page.items], page.next


async def load_change(store: Store, variant_id: str, movements: Sequence[Movement]) -> tuple[Stock, list[Movement]]:
    """Load a variant's stock as it is now, and entries of its ledger as they were written."""
    active = await load_active(store)
    found = await store.get([stock_key(variant_id), *map(movement_key, movements)])
    if stock_key(variant_id) not in found:
        raise NotFound("This product has no stock record")
    written = [found[key].read(Movement) if (key := movement_key(each)) in found else each for each in movements]
    return stock_of(found[stock_key(variant_id)], active), written
