"""The locations that hold stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import AlreadyExists, Conflict, NotFound, VersionConflict
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import LocationChanged, LocationCreated
from stockwright.stock import location_records
from stockwright.stock.model import (
    DEFAULT_LOCATION,
    PRIORITY_DEFAULT,
    Location,
    check_location_name,
    check_new_location_id,
    check_priority,
)
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.request import Request


LOCATIONS_MAX = 500


class ChangeLocation(Struct, frozen=True):
    """Only what is given changes. What is at an inactive location cannot be bought."""

    id: str
    name: str | None = None
    priority: int | None = None
    active: bool | None = None
    expected_version: int | None = None


async def list_locations(app: App) -> list[Location]:
    """Read every location, those that units are taken from first in front."""
    return sorted(await location_records.list_locations(app.store), key=lambda each: (each.priority, each.id))


async def add_location(
    app: App, request: Request, location_id: str, name: str | None = None, priority: int = PRIORITY_DEFAULT
) -> Location:
    """Add a location; its id is new, 1 to 64 characters, and its name where it has none."""
    location_id = check_new_location_id(location_id)
    name = location_id if name is None else check_location_name(name)
    check_priority(priority)

    async def attempt() -> Location:
        if await location_records.find_location(app.store, location_id) is not None:
            raise AlreadyExists(f"The location {location_id!r} already exists")
        location = Location(location_id, name, priority, created_at=app.clock.now())
        batch = Batch()
        await open_location(app, request, batch, location)
        after = replace(location, version=1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def open_location(app: App, request: Request, batch: Batch, location: Location) -> None:
    """Write a location that is not there yet; refuse one more than LOCATIONS_MAX."""
    if len(await location_records.list_locations(app.store)) >= LOCATIONS_MAX:
        raise Conflict(f"There are already {LOCATIONS_MAX} locations, the maximum")
    location_records.put_location(batch, location)
    batch.append(new_event(app, request, LocationCreated(), location.id))


async def must_exist(app: App, location_id: str) -> None:
    """Refuse a location that does not exist."""
    if await location_records.find_location(app.store, location_id) is None:
        raise NotFound(f"There is no location {location_id!r}; create it first")


async def change_location(app: App, request: Request, command: ChangeLocation) -> Location:
    """Rename a location, change its priority, or take it out of use; the default stays in use."""
    if command.priority is not None:
        check_priority(command.priority)
    if command.active is False and command.id == DEFAULT_LOCATION:
        raise Conflict("The default location cannot be deactivated")

    async def attempt() -> Location:
        before = await location_records.find_location(app.store, command.id)
        if before is None:
            raise NotFound("Location not found")
        if command.expected_version not in (None, before.version):
            raise VersionConflict(details={"current": before})
        after = replace(
            before,
            name=before.name if command.name is None else check_location_name(command.name),
            priority=before.priority if command.priority is None else command.priority,
            active=before.active if command.active is None else command.active,
        )
        if after == before:
            return await unchanged(app, request, before)
        if before.active and not after.active:
            after = replace(after, shortages_known=True)
        batch = Batch()
        location_records.put_location(batch, after)
        switched = after.active if after.active != before.active else None
        batch.append(new_event(app, request, LocationChanged(active=switched), command.id))
        after = replace(after, version=before.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)
