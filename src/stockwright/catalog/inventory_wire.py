"""Stock levels, movements and availability on the wire (S0, S4)."""

from __future__ import annotations

from typing import Annotated, TypedDict

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stockwright.base.instant import iso
from stockwright.catalog.availability import Availability
from stockwright.catalog.inventory import StockChange
from stockwright.catalog.inventory_views import InventoryTotals
from stockwright.catalog.movement_wire import MovementView, movement_view
from stockwright.catalog.stocked import StockedProduct
from stockwright.http.rules import Check, Wire, first_given, rule
from stockwright.http.wire import ListQuery, Search, Text, Version
from stockwright.products.model import check_foreign_sku, check_id
from stockwright.products.wire import Id, Sku
from stockwright.stock.model import (
    CHECK_ITEMS_MAX,
    QUANTITY_MAX,
    ChangeType,
    Stock,
    StockStatus,
    check_two_locations,
    signed,
)
from stockwright.stock.wire import LocationFilter, LocationId, Quantity, Units

ForeignId = Annotated[Id, Check(check_id)]


class InitializeBody(Wire):
    """A new stock level; `productId` may be an id of another system."""

    product_id: ForeignId
    sku: Annotated[Sku, Check(check_foreign_sku)]
    initial_stock: Quantity = 0
    location: LocationId | None = None
    """Left out: `default`, where the product has no stock level anywhere yet."""
    low_stock_threshold: Quantity | None = None
    reorder_point: Quantity | None = None
    reorder_quantity: Units | None = None


class ChangeStockBody(Wire):
    """A change of a stock level by a signed number of units."""

    quantity: Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]
    type: ChangeType
    reference: Text = ""
    reason: Text = ""
    location: LocationId | None = None
    expected_version: Version | None = None

    @rule("quantity", "type")
    def _has_the_sign_of_its_type(self) -> None:
        signed(self.quantity, self.type)


class CountBody(Wire):
    """A counted total, as `quantity` or `stockCount`."""

    aliases = (("quantity", "stock_count"),)
    needs = (("quantity", "stock_count"),)

    product_id: Id
    quantity: Quantity | None = None
    stock_count: Quantity | None = None
    reason: Text = ""
    location: LocationId | None = None
    expected_version: Version | None = None


class TransferBody(Wire):
    """Units that move between two locations."""

    aliases = (("source", "from_location"), ("to", "to_location"))
    needs = (("source", "from_location"), ("to", "to_location"))

    product_id: Id
    quantity: Units
    source: LocationId | None = msgspec.field(default=None, name="from")
    to: LocationId | None = None
    from_location: LocationId | None = None
    to_location: LocationId | None = None
    reason: Text = ""
    reference: Text = ""
    expected_version: Version | None = None

    @rule("source", "from_location", "to", "to_location")
    def _goes_to_another_location(self) -> None:
        check_two_locations(first_given(self.source, self.from_location), first_given(self.to, self.to_location))


class CheckItem(Wire):
    """One line of an availability check."""

    product_id: Id
    quantity: Units
    location: LocationId | None = None


class CheckBody(Wire):
    """The items of a cart whose availability is checked."""

    items: Annotated[list[CheckItem], Meta(min_length=1, max_length=CHECK_ITEMS_MAX)]


class AvailabilityView(Wire):
    """Whether the requested units are available now."""

    product_id: str
    sku: str
    requested: int
    available_stock: int
    available: bool


class CheckView(Wire):
    """The answer for each item, and for all of them together."""

    available: bool
    items: list[AvailabilityView]


class LevelView(Wire):
    """The units at one location; `version` is that of the product's stock as a whole.

    Units at a location that is not `active` cannot be bought: the sums count them as `inactiveStock`.
    """

    location: str
    active: bool
    available_stock: int
    reserved_stock: int
    total_stock: int
    version: int


class StockView(Wire):
    """A product's stock: the sums over its locations, and each of them.

    `totalStock` is `availableStock`, `reservedStock` and `inactiveStock` together.
    """

    product_id: str
    sku: str
    available_stock: int
    reserved_stock: int
    inactive_stock: int
    total_stock: int
    is_low_stock: bool
    status: StockStatus
    low_stock_threshold: int
    reorder_point: int
    reorder_quantity: int
    location: str | None
    """The first of `locations` (S4)"""
    locations: list[LevelView]
    version: int
    created_at: str
    updated_at: str


class InventoryRow(Wire):
    """A product's stock with its name and SKU; thresholds and reorder quantities only for admins.

    `productName`, `stockCount`, `threshold` and `lastUpdated` are names that other systems' clients read.
    """

    product_id: str
    sku: str
    name: str
    product_name: str
    category: str
    available_stock: int
    reserved_stock: int
    inactive_stock: int
    total_stock: int
    stock_count: int
    is_low_stock: bool
    status: StockStatus
    locations: list[LevelView]
    version: int
    last_updated: str
    low_stock_threshold: int | UnsetType = UNSET
    threshold: int | UnsetType = UNSET
    reorder_point: int | UnsetType = UNSET
    reorder_quantity: int | UnsetType = UNSET
    suggested_reorder_quantity: int | UnsetType = UNSET


class TotalsView(Wire):
    """Sums over the whole shop."""

    products: int
    available_stock: int
    reserved_stock: int
    inactive_stock: int
    total_stock: int
    low_stock: int
    out_of_stock: int


class InventoryQuery(ListQuery):
    """Filters: words in the name or SKU, the stock status, a location."""

    search: Search = ""
    status: StockStatus | None = None
    location: LocationFilter | None = None


class InventoryView(Wire):
    """The summary: a page of products, and the totals of all."""

    items: list[InventoryRow]
    count: int
    next_token: str | None
    totals: TotalsView


class StockChangeView(StockView):
    """The stock after a change, and its entry in the ledger."""

    movements: list[MovementView]


def given_thresholds(low: int | None, reorder_point: int | None, reorder_quantity: int | None) -> dict[str, int]:
    """Return those thresholds that a body gives, under the names of Stock's fields."""
    given = {"low_stock": low, "reorder_point": reorder_point, "reorder_quantity": reorder_quantity}
    return {name: value for name, value in given.items() if value is not None}


class _LevelFields(TypedDict):
    product_id: str
    sku: str
    available_stock: int
    reserved_stock: int
    inactive_stock: int
    total_stock: int
    is_low_stock: bool
    status: StockStatus
    locations: list[LevelView]
    version: int


class _StockFields(_LevelFields):
    low_stock_threshold: int
    reorder_point: int
    reorder_quantity: int
    location: str | None
    created_at: str
    updated_at: str


def stock_fields(stock: Stock) -> _StockFields:
    """Return the fields that every view of a whole stock has."""
    return {
        **_level_fields(stock),
        "low_stock_threshold": stock.low_stock,
        "reorder_point": stock.reorder_point,
        "reorder_quantity": stock.reorder_quantity,
        "location": next(iter(stock.levels), None),
        "created_at": iso(stock.created_at),
        "updated_at": iso(max(stock.updated_at, stock.created_at)),
    }


def _level_fields(stock: Stock) -> _LevelFields:
    return {
        "product_id": stock.product_id,
        "sku": stock.sku,
        "available_stock": stock.available,
        "reserved_stock": stock.reserved,
        "inactive_stock": stock.inactive,
        "total_stock": stock.total,
        "is_low_stock": stock.is_low,
        "status": stock.status,
        "locations": [
            LevelView(
                location=location,
                active=location in stock.active,
                available_stock=level.available,
                reserved_stock=level.reserved,
                total_stock=level.total,
                version=stock.version,
            )
            for location, level in stock.levels.items()
        ],
        "version": stock.version,
    }


def stock_view(stock: Stock) -> StockView:
    """Show a product's stock."""
    return StockView(**stock_fields(stock))


def inventory_row(found: StockedProduct, *, for_admin: bool = True) -> InventoryRow:
    """Show a product's stock with its name."""
    stock = found.stock
    row = InventoryRow(
        **_level_fields(stock),
        name=found.product.name,
        product_name=found.product.name,
        category=found.product.category,
        stock_count=stock.total,
        last_updated=iso(max(stock.updated_at, found.product.updated_at)),
    )
    if for_admin:
        row.low_stock_threshold = row.threshold = stock.low_stock
        row.reorder_point = stock.reorder_point
        row.reorder_quantity = stock.reorder_quantity
        row.suggested_reorder_quantity = stock.suggested_reorder
    return row


def totals_view(totals: InventoryTotals) -> TotalsView:
    """Show the shop's sums."""
    return TotalsView(
        products=totals.products,
        available_stock=totals.available,
        reserved_stock=totals.reserved,
        inactive_stock=totals.inactive,
        total_stock=totals.total,
        low_stock=totals.low,
        out_of_stock=totals.out,
    )


def change_view(change: StockChange) -> StockChangeView:
    """Show the stock after a change."""
    return StockChangeView(
        **stock_fields(change.stock), movements=[movement_view(each, each.balance_after) for each in change.movements]
    )


def availability_view(availability: Availability) -> AvailabilityView:
    """Show one answered line."""
    return AvailabilityView(
        product_id=availability.product_id,
        sku=availability.sku,
        requested=availability.requested,
        available_stock=availability.available_stock,
        available=availability.available,
    )
