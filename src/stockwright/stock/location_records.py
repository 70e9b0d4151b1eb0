"""Access patterns of locations: one small partition, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.stock.model import Location, by_priority
from stockwright.store.paging import whole
from stockwright.store.parsing import once

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Store


LOCATIONS = "LOCATIONS"


async def list_locations(store: Store) -> list[Location]:
    """Read every location, in the order of their ids."""
    return [location_of(item) for item in await whole(store, LOCATIONS)]


async def load_active(store: Store) -> tuple[str, ...]:
    """Read the ids of the active locations, the first to take units from in front."""
    return by_priority(await list_locations(store))


async def find_location(store: Store, location_id: str) -> Location | None:
    """Find one location."""
    key = (LOCATIONS, location_id)
    item = (await store.get([key])).get(key)
    return location_of(item) if item else None


def put_location(batch: Batch, location: Location) -> None:
    """Write a location, expecting the version that it was loaded with."""
    batch.put(
        (LOCATIONS, location.id),
        {
            "name": location.name,
            "priority": location.priority,
            "active": location.active,
            "createdAt": location.created_at,
            "shortagesKnown": location.shortages_known,
        },
        location.version,
    )


@once("LOCATION")
def location_of(item: Item) -> Location:
    """Read a location from its item."""
    body = item.body
    return Location(
        item.key[1],
        body["name"],
        body["priority"],
        body["active"],
        body["createdAt"],
        item.version,
        shortages_known=body["shortagesKnown"],
    )
