"""Access patterns of locations: one small partition, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.long_work import STEP_ROWS
from stockwright.stock.model import Location, by_priority
from stockwright.store.find import find
from stockwright.store.paging import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Store


async def list_locations(store: Store) -> list[Location]:
    """Read every location, in the order of their ids."""
    return [item.read(Location) for item in await whole(store, Location.PARTITION)]


async def load_active(store: Store) -> tuple[str, ...]:
    """Read the ids of the active locations, the first to take units from in front."""
    page = await store.query(Location.PARTITION, limit=STEP_ROWS)
    return page.read_once(_active) if page.next is None else by_priority(await list_locations(store))


def _active(items: Sequence[Item]) -> tuple[str, ...]:
    return by_priority(item.read(Location) for item in items)


async def find_location(store: Store, location_id: str) -> Location | None:
    """Find one location."""
    return await find(store, (Location.PARTITION, location_id), Location)


def put_location(batch: Batch, location: Location) -> None:
    """Write a location, expecting the version that it was loaded with."""
    batch.put((Location.PARTITION, location.id), location, location.version)
