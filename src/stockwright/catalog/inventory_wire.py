"""Stock levels, movements and availability on the wire (S0, S4)."""

from __future__ import annotations

from typing import Annotated, TypedDict

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stockwright.base.instant import iso
from stockwright.catalog.inventory import StockChange
from stockwright.catalog.inventory_views import InventoryTotals
from stockwright.catalog.movement_wire import MovementView, movement_view
from stockwright.catalog.stocked import StockedProduct
from stockwright.http.rules import Check, Wire, first_given, rule
from stockwright.http.wire import ListQuery, Search, Text, Version
from stockwright.products.model import check_foreign_sku, check_id
from stockwright.products.wire import ChosenColor, ChosenOptions, Id, Sku
from stockwright.stock.model import (
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
    """A change of a stock level by a signed number of units.

    `variantId`, `sku`, `options` or `color` choose one of a product's variants.
    """

    quantity: Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]
    type: ChangeType
    variant_id: Id | None = None
    sku: Sku | None = None
    options: ChosenOptions | None = None
    color: ChosenColor = None
    reference: Text = ""
    reason: Text = ""
    location: LocationId | None = None
    expected_version: Version | None = None

    @rule("quantity", "type")
    def _has_the_sign_of_its_type(self) -> None:
        signed(self.quantity, self.type)


class CountBody(Wire):
    """A counted total of a product or variant, as `quantity` or `stockCount`."""

    aliases = (("quantity", "stock_count"),)
    needs = (("product_id", "variant_id", "sku"), ("quantity", "stock_count"))

    product_id: Id | None = None
    variant_id: Id | None = None
    sku: Sku | None = None
    options: ChosenOptions | None = None
    color: ChosenColor = None
    quantity: Quantity | None = None
    stock_count: Quantity | None = None
    reason: Text = ""
    location: LocationId | None = None
    expected_version: Version | None = None


class TransferBody(Wire):
    """Units that move between two locations."""

    aliases = (("source", "from_location"), ("to", "to_location"))
    needs = (("product_id", "variant_id", "sku"), ("source", "from_location"), ("to", "to_location"))

    quantity: Units
    product_id: Id | None = None
    variant_id: Id | None = None
    sku: Sku | None = None
    options: ChosenOptions | None = None
    color: ChosenColor = None
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


class VariantStockView(Wire):
    """The stock of one of a product's variants."""

    variant_id: str
    sku: str
    options: dict[str, str]
    available_stock: int
    reserved_stock: int
    inactive_stock: int
    total_stock: int
    is_low_stock: bool
    status: StockStatus
    low_stock_threshold: int
    locations: list[LevelView]
    version: int


class StockView(Wire):
    """A product's stock: the sums over its locations, and each of them.

    `totalStock` is `availableStock`, `reservedStock` and `inactiveStock` together. Where `variants` have stock of
    their own, it is their sum.
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
    variant_id: str | UnsetType = UNSET
    """of a variant with stock of its own"""
    variants: list[VariantStockView] | UnsetType = UNSET


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
    variant_id: str | UnsetType = UNSET
    """where the row is of a variant"""
    variants: list[VariantStockView] | UnsetType = UNSET
    """where the row is of a product whose variants have stock of their own"""


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


class StockChangeView(StockView, kw_only=True):
    """The stock after a change, and its entry in the ledger."""

    movements: list[MovementView]


class _LevelFields(TypedDict):
    product_id: str
    sku: str
    variant_id: str | UnsetType
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
        "variant_id": stock.own_variant,
        "available_stock": stock.available,
        "reserved_stock": stock.reserved,
        "inactive_stock": stock.inactive,
        "total_stock": stock.total,
        "is_low_stock": stock.is_low,
        "status": stock.status,
        "locations": _level_views(stock),
        "version": stock.version,
    }


def _level_views(stock: Stock) -> list[LevelView]:
    return [
        LevelView(
            location=location,
            active=location in stock.active,
            available_stock=level.available,
            reserved_stock=level.reserved,
            total_stock=level.total,
            version=stock.version,
        )
        for location, level in stock.levels.items()
    ]


def variant_view(stock: Stock) -> StockView:
    """Show the stock of one variant."""
    return StockView(**stock_fields(stock))


def stock_view(found: StockedProduct) -> StockView:
    """Show a product's stock, and that of its variants."""
    view = StockView(**stock_fields(found.stock))
    if found.of_variants:
        view.is_low_stock, view.status, view.variants = found.is_low, found.status, variant_stocks(found)
    return view


def variant_stocks(found: StockedProduct) -> list[VariantStockView]:
    """Show the stock of each of a product's variants."""
    return [
        VariantStockView(
            variant_id=variant.id,
            sku=variant.sku,
            options=found.product.ordered(variant.options),
            available_stock=stock.available,
            reserved_stock=stock.reserved,
            inactive_stock=stock.inactive,
            total_stock=stock.total,
            is_low_stock=stock.is_low,
            status=stock.status,
            low_stock_threshold=stock.low_stock,
            locations=_level_views(stock),
            version=stock.version,
        )
        for variant, stock in found.variants
    ]


def inventory_row(found: StockedProduct, *, for_admin: bool = True) -> InventoryRow:
    """Show a product's stock with its name."""
    stock, name = found.stock, found.product.name_of(found.stock.own_variant)
    row = InventoryRow(
        **_level_fields(stock),
        name=name,
        product_name=name,
        category=found.product.category,
        stock_count=stock.total,
        last_updated=iso(max(stock.updated_at, found.product.updated_at)),
    )
    if found.of_variants:
        row.is_low_stock, row.status, row.variants = found.is_low, found.status, variant_stocks(found)
    if for_admin:
        row.low_stock_threshold = row.threshold = stock.low_stock
        row.reorder_point = stock.reorder_point
        row.reorder_quantity = stock.reorder_quantity
        row.suggested_reorder_quantity = found.suggested_reorder
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
