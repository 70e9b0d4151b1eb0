"""The filters of exports: those of the list that is exported, and a range of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stockwright.api.schemas.common import Text, Wire
from stockwright.domain.errors import Invalid
from stockwright.usecases.catalog import ListProducts
from stockwright.usecases.exports import Range, Selection
from stockwright.usecases.inventory_views import ListInventory

Day = Annotated[
    str, Meta(max_length=64, description="A day (UTC), or ISO 8601; as `to`, a day is in the range to its end")
]
Bom = Annotated[bool, Meta(description="Begin with a byte-order mark, by which spreadsheets know UTF-8")]
DAY_CHARACTERS = len("2025-01-31")


class ExportQuery(Wire):
    """What every export takes."""

    bom: Bom = False

    def selection(self) -> Selection:
        """Return what is to be exported."""
        return Selection()


class RangeQuery(ExportQuery):
    """The time of what is exported."""

    since: Day | None = msgspec.field(default=None, name="from")
    until: Day | None = msgspec.field(default=None, name="to")

    def range(self) -> Range:
        """Return the range that is asked for."""
        return time_range(self.since, self.until)


class ProductsExport(RangeQuery):
    """Filters of the product list, and when the product was made."""

    category: Text | None = None
    type: Text | None = None
    brand: Text | None = None
    search: Annotated[str, Meta(max_length=200)] = ""
    low_stock: bool | None = None
    status: Literal["ACTIVE", "INACTIVE", "UNLISTED"] | None = None

    def selection(self) -> Selection:
        """Return what is to be exported."""
        wanted = ListProducts(
            category=self.category,
            type=self.type,
            brand=self.brand,
            status=self.status,
            search=self.search,
            low_stock=self.low_stock,
        )
        return Selection(products=wanted, range=self.range())


class InventoryExport(ExportQuery):
    """Filters of the summary of the stock."""

    search: Annotated[str, Meta(max_length=200)] = ""
    status: Literal["IN_STOCK", "LOW", "OUT"] | None = None
    location: Annotated[str, Meta(max_length=64)] | None = None

    def selection(self) -> Selection:
        """Return what is to be exported."""
        return Selection(inventory=ListInventory(self.search, self.status, self.location))


class MovementsExport(RangeQuery):
    """Filters of the ledger, and when it was booked (`since` and `until` as the list has them)."""

    type: Literal["INITIAL", "RESTOCK", "SALE", "RETURN", "ADJUSTMENT", "TRANSFER"] | None = None
    location: Annotated[str, Meta(max_length=64)] | None = None
    since_: Day | None = msgspec.field(default=None, name="since")
    until_: Day | None = msgspec.field(default=None, name="until")

    def selection(self) -> Selection:
        """Return what is to be exported."""
        if (self.since and self.since_) or (self.until and self.until_):
            raise Invalid.field("from", "or `since`, `to` or `until`: give one of them")
        own = Range(
            instant(self.since or self.since_, "from" if self.since else "since"),
            instant(self.until, "to", day_end=True) if self.until else instant(self.until_, "until"),
        )
        return Selection(type=self.type, location=self.location, range=own)


class OrdersExport(RangeQuery):
    """Filters of the orders, and when they were placed."""

    status: Literal["PENDING", "CONFIRMED", "PACKED", "DELIVERED", "CANCELLED"] | None = None

    def selection(self) -> Selection:
        """Return what is to be exported."""
        return Selection(status=self.status, range=self.range())


def time_range(since: str | None, until: str | None) -> Range:
    """Read a range of time; a day at its end is in it."""
    return Range(instant(since, "from"), instant(until, "to", day_end=True))


def instant(text: str | None, name: str, *, day_end: bool = False) -> int | None:
    """Read a time as ms since 1970; a day is its start, or its end."""
    if text is None:
        return None
    try:
        if day_end and len(text) == DAY_CHARACTERS:
            at = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), UTC)
        else:
            at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid.field(name, "must be a day such as 2025-01-31, or a time such as 2025-01-31T12:00:00Z") from None
