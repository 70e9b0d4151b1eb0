"""Access patterns of locations: one small partition, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.stock.model import Location, by_priority
from stockwright.store.paging import whole

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Store


LOCATIONS = "LOCATIONS"


async def list_locations(store: Store) -> list[Location]:
    """Read every location, in the order of their ids."""
    return [item.read(Location) for item in await whole(store, LOCATIONS)]


async def load_active(store: Store) -> tuple[str, ...]:
    """Read the ids of the active locations, the first to take units from in front."""
    return by_priority(await list_locations(store))


async def find_location(store: Store, location_id: str) -> Location | None:
    """Find one location."""
    key = (LOCATIONS, location_id)
    item = (await store.get([key])).get(key)
    return item.read(Location) if item else None


def put_location(batch: Batch, location: Location) -> None:
    """Write a location, expecting the version that it was loaded with."""
    batch.put((LOCATIONS, location.id), location, location.version)
