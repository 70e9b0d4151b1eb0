"""Variants of products on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType

from stockwright.base.errors import Invalid
from stockwright.base.free_fields import LINE_BYTES_MAX, check_free
from stockwright.base.names import check_direction
from stockwright.base.web_address import URL_MAX
from stockwright.catalog.spreading import Share
from stockwright.catalog.stocked import StockedProduct
from stockwright.http.rules import MALFORMED, Check, Wire, rule
from stockwright.http.wire import Version
from stockwright.products.model import (
    ID_MAX,
    PRICE_CENTS_MAX,
    SKU_MAX,
    SKU_MIN,
    Product,
    check_image_url,
    check_sku,
)
from stockwright.products.variant import OPTION_NAME_MAX, OPTION_VALUE_MAX, OPTIONS_MAX, VARIANTS_MAX, Variant
from stockwright.products.variant_rules import NewVariant, OptionChoices
from stockwright.products.wire import Barcode, Cost, TaxRate, WeightGrams
from stockwright.stock.model import Stock
from stockwright.stock.wire import LocationId, Quantity, Units

OptionName = Annotated[str, Meta(min_length=1, max_length=OPTION_NAME_MAX)]
OptionValue = Annotated[str, Meta(min_length=1, max_length=OPTION_VALUE_MAX)]
NewSku = Annotated[str, Meta(min_length=SKU_MIN, max_length=SKU_MAX), Check(check_sku), Check(check_direction)]
Price = Annotated[int, Meta(ge=1, le=PRICE_CENTS_MAX)]
ImageId = Annotated[str, Meta(min_length=1, max_length=ID_MAX)]
ImageUrl = Annotated[str, Meta(max_length=URL_MAX), Check(check_image_url)]


VariantOptions = Annotated[
    dict[OptionName, OptionValue], Check(lambda value, field: check_free(value, field, LINE_BYTES_MAX))
]


class OptionBody(Wire):
    """An option of a product, and its values."""

    name: OptionName
    values: Annotated[list[OptionValue], Meta(min_length=1, max_length=VARIANTS_MAX)]


class VariantBody(Wire):
    """A variant: one value of each of the product's options. What is left out is made, or as the product has it."""

    options: VariantOptions
    sku: NewSku | None = None
    quantity: Quantity = 0
    price: Price | None = None
    image_url: ImageUrl | None = None
    barcode: Barcode | None = None
    cost: Cost | None = None
    weight_grams: WeightGrams | None = None
    tax_rate: TaxRate | None = None
    image_id: ImageId | None = None
    """one of the product's pictures"""
    low_stock_threshold: Quantity | None = None
    reorder_point: Quantity | None = None
    reorder_quantity: Units | None = None


LOCATIONS_MAX: Final = 100
OptionList = Annotated[list[OptionBody], Meta(min_length=1, max_length=OPTIONS_MAX)]
VariantList = Annotated[list[VariantBody], Meta(min_length=1, max_length=VARIANTS_MAX)]


class NewVariantBody(VariantBody):
    """One more variant of a product."""

    location: LocationId | None = None
    expected_version: Version | None = None
    """of the product"""


class ShareAt(Wire):
    """Units of the shared stock at one location."""

    location: LocationId
    quantity: Quantity


class ShareBody(VariantBody):
    """A variant that the shared stock is spread over, and what it gets of it.

    `quantity` is for stock that is at one location; else `locations` says how many at each.
    """

    locations: Annotated[list[ShareAt], Meta(max_length=LOCATIONS_MAX)] | None = None

    @rule("quantity", "locations")
    def _has_each_location_once(self) -> None:
        if self.locations is None:
            return
        if self.quantity:
            raise Invalid.field("locations", "contradicts quantity; send one of them")
        if len({each.location for each in self.locations}) < len(self.locations):
            raise Invalid.field("locations", "must name each location once")


class SpreadBody(Wire):
    """The variants that a product's shared stock is spread over; together they get what is available.

    Without `options`, the options and their values are the product's.
    """

    variants: Annotated[list[ShareBody], Meta(min_length=1, max_length=VARIANTS_MAX)]
    options: OptionList | None = None
    expected_version: Version | None = None
    """of the product"""
    expected_stock_version: Version | None = None
    """of the shared stock"""


class VariantPatch(Wire):
    """A change of a variant: only the given fields change."""

    options: VariantOptions | None = None
    sku: NewSku | None = None
    quantity: Quantity | None = None
    price: Price | UnsetType | None = UNSET
    """null: as the product has it"""
    image_url: ImageUrl | UnsetType | None = UNSET
    """null: as the product has it"""
    barcode: Barcode | UnsetType | None = UNSET
    """null: none of its own"""
    cost: Cost | UnsetType | None = UNSET
    """null: as the product has it"""
    weight_grams: WeightGrams | UnsetType | None = UNSET
    """null: as the product has it"""
    tax_rate: TaxRate | UnsetType | None = UNSET
    """null: as the product has it"""
    image_id: ImageId | UnsetType | None = UNSET
    """one of the product's pictures; null: as the product has it"""
    low_stock_threshold: Quantity | None = None
    reorder_point: Quantity | None = None
    reorder_quantity: Units | None = None
    expected_version: Version | None = None
    """of the product"""
    expected_stock_version: Version | None = None
    """of the variant's stock; compared where `quantity` is set"""


class VariantView(Wire):
    """A variant with its available quantity; `barcode` is its own, what else it has none of is the product's."""

    id: str
    sku: str
    options: dict[str, str]
    price: int
    image_url: str | None
    barcode: str | None
    weight_grams: int | None
    tax_rate: int | None
    image_id: str | None
    """of the product's pictures, where one is the variant's own"""
    quantity: int
    reserved_stock: int
    inactive_stock: int
    total_stock: int
    is_low_stock: bool
    low_stock_threshold: int
    reorder_point: int
    reorder_quantity: int
    stock_version: int
    cost: int | UnsetType | None = UNSET
    """what a unit cost the shop; for those who may change products"""


class ItemVariantView(Wire):
    """A variant as the public storefront shows it."""

    id: str
    sku: str
    options: dict[str, str]
    price: int
    image_url: str | None
    in_stock: bool


def new_variant(body: VariantBody) -> NewVariant:
    """Read a variant that is to be made."""
    return NewVariant(
        options=body.options,
        sku=body.sku,
        quantity=body.quantity,
        price_cents=body.price,
        image_url=body.image_url,
        barcode=body.barcode,
        cost_cents=body.cost,
        weight_grams=body.weight_grams,
        tax_rate=body.tax_rate,
        picture=body.image_id or "",
        thresholds=given_thresholds(body.low_stock_threshold, body.reorder_point, body.reorder_quantity),
    )


def shares_of(body: SpreadBody) -> list[Share]:
    """Read what each variant gets of a shared stock."""
    return [
        Share(
            new_variant(each),
            None if each.locations is None else {at.location: at.quantity for at in each.locations},
        )
        for each in body.variants
    ]


def option_choices(options: Any) -> list[OptionChoices] | None:
    """Read the options of a product in the list form, or of the older form, where each has a list of choices."""
    if isinstance(options, list):
        return [OptionChoices(each.name, tuple(each.values)) for each in options]
    if not options:
        return None
    return [
        OptionChoices(name, tuple(map(str, values if isinstance(values, list) else [values])))
        for name, values in options.items()
    ]


def as_choices(options: Any) -> Any:
    """Return options in the older form: name → values; MALFORMED where one of the list form is."""
    if not isinstance(options, list):
        return options
    if not all(map(_is_well_formed, options)):
        return MALFORMED
    return {each.name: list(each.values) for each in options}


def _is_well_formed(option: Any) -> bool:
    """Return whether nothing of an option is malformed, down to its values."""
    if option is MALFORMED or MALFORMED in (option.name, option.values):
        return False
    return all(value is not MALFORMED for value in option.values)


def given_thresholds(low: int | None, reorder_point: int | None, reorder_quantity: int | None) -> dict[str, int]:
    """Return those thresholds that a body gives, under the names of Stock's fields."""
    given = {"low_stock": low, "reorder_point": reorder_point, "reorder_quantity": reorder_quantity}
    return {name: value for name, value in given.items() if value is not None}


def variant_views(found: StockedProduct, *, costs: bool) -> list[VariantView]:
    """Show a product's variants with their stock, and what they cost the shop only with `costs`."""
    return [_variant_view(found.product, variant, stock, costs=costs) for variant, stock in found.variants]


def _variant_view(product: Product, variant: Variant, stock: Stock, *, costs: bool) -> VariantView:
    return VariantView(
        id=variant.id,
        sku=variant.sku,
        options=product.ordered(variant.options),
        price=product.price_of(variant.id),
        image_url=product.image_of(variant),
        barcode=variant.barcode,
        weight_grams=product.weight_of(variant.id),
        tax_rate=product.tax_rate_of(variant.id),
        image_id=variant.picture or None,
        quantity=stock.available,
        reserved_stock=stock.reserved,
        inactive_stock=stock.inactive,
        total_stock=stock.total,
        is_low_stock=stock.is_low,
        low_stock_threshold=stock.low_stock,
        reorder_point=stock.reorder_point,
        reorder_quantity=stock.reorder_quantity,
        stock_version=stock.version,
        cost=product.cost_of(variant.id) if costs else UNSET,
    )


def item_variants(found: StockedProduct) -> list[ItemVariantView]:
    """Show a product's variants to the public."""
    product = found.product
    return [
        ItemVariantView(
            id=variant.id,
            sku=variant.sku,
            options=product.ordered(variant.options),
            price=product.price_of(variant.id),
            image_url=product.image_of(variant),
            in_stock=stock.available > 0,
        )
        for variant, stock in found.variants
    ]
