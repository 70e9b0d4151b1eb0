"""The filters of exports: those of the list that is exported, and a range of time."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stockwright.base.instant import end_of, instant_of
from stockwright.base.movements import MovementType
from stockwright.catalog.inventory_views import ListInventory
from stockwright.catalog.wire import wanted_products
from stockwright.exports.usecases import Range, Selection
from stockwright.http.rules import Check, Wire, contradiction, rule
from stockwright.http.wire import Instant, Search, Text
from stockwright.orders.status import PlacedStatus
from stockwright.products.model import KeptStatus
from stockwright.stock.model import StockStatus
from stockwright.stock.wire import LocationFilter

End = Annotated[
    str,
    Meta(max_length=64, description="ISO 8601; UTC without an offset; a date includes the whole day"),
    Check(end_of),
]
Bom = Annotated[bool, Meta(description="Begin the file with a byte-order mark, so that spreadsheets read it as UTF-8")]


class ExportQuery(Wire):
    """What every export takes."""

    bom: Bom = False

    def selection(self) -> Selection:
        """Return what is to be exported."""
        return Selection()


class RangeQuery(ExportQuery):
    """The time of what is exported."""

    first: Instant | None = msgspec.field(default=None, name="from")
    last: End | None = msgspec.field(default=None, name="to")

    def range(self) -> Range:
        """Return the range that is asked for."""
        return time_range(self.first, self.last)


class ProductsExport(RangeQuery):
    """Filters of the product list, and a range of creation times."""

    category: Text | None = None
    type: Text | None = None
    brand: Text | None = None
    search: Search = ""
    low_stock: bool | None = None
    status: KeptStatus | None = None

    def selection(self) -> Selection:
        """Return what is to be exported."""
        return Selection(products=wanted_products(self), range=self.range())


class InventoryExport(ExportQuery):
    """Filters of the summary of the stock."""

    search: Search = ""
    status: StockStatus | None = None
    location: LocationFilter | None = None

    def selection(self) -> Selection:
        """Return what is to be exported."""
        return Selection(inventory=ListInventory(self.search, self.status, self.location))


class MovementsExport(RangeQuery):
    """Filters of the ledger, and a range of times (`since` and `until` as in the list)."""

    type: MovementType | None = None
    location: LocationFilter | None = None
    since: Instant | None = None
    until: Instant | None = None

    @rule()
    def _one_range(self) -> None:
        for one, other, names in (
            (self.first, self.since, ("from", "since")),
            (self.last, self.until, ("to", "until")),
        ):
            if one is not None and other is not None:
                raise contradiction(*names)

    def selection(self) -> Selection:
        """Return what is to be exported."""
        given = self.range()
        since = given.since if self.since is None else instant_of(self.since, "since")
        until = given.until if self.until is None else instant_of(self.until, "until")
        return Selection(type=self.type, location=self.location, range=Range(since, until))


class OrdersExport(RangeQuery):
    """Filters of the orders, and a range of order times."""

    status: PlacedStatus | None = None

    def selection(self) -> Selection:
        """Return what is to be exported."""
        return Selection(status=self.status, range=self.range())


def time_range(first: str | None, last: str | None) -> Range:
    """Read a range of time; a day at its end is in it."""
    return Range(None if first is None else instant_of(first, "from"), None if last is None else end_of(last, "to"))
