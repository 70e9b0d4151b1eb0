"""What an empty shop starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.products import category_records
from stockwright.products.model import CATEGORIES
from stockwright.request import BY_SYSTEM
from stockwright.rollups.records import State, put_state
from stockwright.stock import location_records
from stockwright.stock.model import DEFAULT_LOCATION, Location
from stockwright.store.batch import Batch, Stale
from stockwright.store.progress import Progress, put_progress
from stockwright.store.retention import Accepted, put_accepted

if TYPE_CHECKING:
    from stockwright.context import App


async def ensure_shop(app: App) -> None:
    """Give an empty store its default location and the categories it starts with; else change nothing."""
    if await location_records.find_location(app.store, DEFAULT_LOCATION) is not None:
        return
    now, batch = app.clock.now(), Batch()
    location_records.put_location(batch, Location(DEFAULT_LOCATION, "Default", created_at=now))
    for name in CATEGORIES:
        category_records.put_category(batch, category_records.category_named(name, now))
    # An empty shop has no products of a former release.
    put_progress(batch, "products", Progress(done=True))
    put_state(batch, State(active=1))
    # A shop of a former release has records that somebody may want: there an admin agrees first.
    put_accepted(batch, Accepted(now, BY_SYSTEM.actor.id))
    batch.writes.extend(app.store.marks_of_new_shop())
    try:
        await batch.commit(app.store)
    except Stale:
        return
