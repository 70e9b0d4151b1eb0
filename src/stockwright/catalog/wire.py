"""Products, the storefront's items and categories on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Protocol

from msgspec import UNSET, Meta, Raw, UnsetType
from msgspec.json import encode

from stockwright.base.free_fields import PRODUCT_BYTES_MAX, check_free
from stockwright.base.instant import iso
from stockwright.base.names import check_direction, clean
from stockwright.base.web_address import URL_MAX
from stockwright.catalog.picture_wire import ImageView, image_views
from stockwright.catalog.product_list import ListProducts, SortOrder
from stockwright.catalog.stocked import StockedProduct
from stockwright.catalog.variant_wire import (
    ItemVariantView,
    OptionList,
    VariantList,
    VariantView,
    item_variants,
    variant_views,
)
from stockwright.http.rules import Check, Wire, first_given, rule
from stockwright.http.wire import ListQuery, Search, Text, Version
from stockwright.products.model import (
    DESCRIPTION_MAX,
    ID_MAX,
    KIND_MAX,
    NAME_MAX,
    NAME_MIN,
    PRICE_CENTS_MAX,
    SKU_MAX,
    SKU_MIN,
    KeptStatus,
    OfferedStatus,
    Product,
    ProductStatus,
    check_currency,
    check_description,
    check_image_url,
    check_kind,
    check_new_id,
    check_product_name,
    check_sku,
)
from stockwright.products.pictures import first_url
from stockwright.products.wire import Barcode, Cost, Options, TaxRate, WeightGrams
from stockwright.stock.model import Stock
from stockwright.stock.wire import LocationId, Quantity, Units

ProductName = Annotated[str, Meta(min_length=NAME_MIN, max_length=NAME_MAX), Check(check_product_name)]
Description = Annotated[str, Meta(max_length=DESCRIPTION_MAX)]
ProductSku = Annotated[str, Meta(min_length=SKU_MIN, max_length=SKU_MAX), Check(check_sku)]
Kind = Annotated[str, Meta(max_length=KIND_MAX), Check(check_kind)]
Price = Annotated[int, Meta(ge=1, le=PRICE_CENTS_MAX)]
CurrencyCode = Annotated[str, Meta(min_length=3, max_length=3)]
ImageUrl = Annotated[str, Meta(max_length=URL_MAX)]
NewName = Check(check_direction)
"""A product keeps what a former version took; a new one is held to this as well."""
FreeFields = Annotated[Options, Check(lambda value, field: check_free(value, field, PRODUCT_BYTES_MAX))]


def check_older_form(value: Any, field: str) -> None:
    """Refuse options of the older form that are too large; the list form beside it has limits of its own."""
    if not isinstance(value, list):
        check_free(value, field, PRODUCT_BYTES_MAX)


Choices = Annotated[Options, Check(check_older_form)]
"""The older form of options: choices that share one stock."""


class ProductBody(Wire):
    """A new product: only name and price are required.

    Defaults: the SKU is made from the name, the description is the name, the category is `other`.
    `productName`, `threshold` and `stockQuantity` are other names for `name`, `lowStockThreshold` and `quantity`.
    `productId` sets the product's id. `variants`, or `options` as a list, give each variant stock of its own
    (`stockPerVariant`); without `variants` there is one for each combination.
    """

    aliases = (("name", "product_name"), ("quantity", "stock_quantity"), ("low_stock_threshold", "threshold"))
    needs = (("name", "product_name"), ("price",))

    product_id: Annotated[str, Meta(min_length=1, max_length=ID_MAX), Check(check_new_id)] | None = None
    sku: Annotated[ProductSku, NewName] | None = None
    name: Annotated[ProductName, NewName] | None = None
    product_name: Annotated[ProductName, NewName] | None = None
    description: Description | None = None
    category: Text | None = None
    type: Annotated[Kind, NewName] = ""
    brand: Annotated[Kind, NewName] = ""
    price: Price | None = None
    currency: Annotated[CurrencyCode, Check(check_currency)] | None = None
    quantity: Quantity | None = None
    stock_quantity: Quantity | None = None
    image_url: Annotated[ImageUrl, Check(check_image_url)] | None = None
    options: Choices | OptionList = {}
    variants: VariantList | None = None
    attributes: FreeFields = {}
    barcode: Barcode | None = None
    cost: Cost | None = None
    weight_grams: WeightGrams | None = None
    tax_rate: TaxRate | None = None
    low_stock_threshold: Quantity | None = None
    threshold: Quantity | None = None
    reorder_point: Quantity | None = None
    reorder_quantity: Units | None = None
    location: LocationId | None = None
    status: OfferedStatus = "ACTIVE"

    @rule()
    def _is_described(self) -> None:
        name = first_given(self.name, self.product_name)
        if isinstance(self.description, str) and not (isinstance(name, str) and clean(name) == self.description):
            check_description(self.description)


class ProductPatch(Wire):
    """A change: only the given fields change. An invalid currency or picture from an earlier release may stay."""

    aliases = (("name", "product_name"), ("quantity", "stock_quantity"), ("low_stock_threshold", "threshold"))

    sku: ProductSku | None = None
    name: ProductName | None = None
    product_name: ProductName | None = None
    description: Description | None = None
    category: Text | None = None
    type: Kind | None = None
    brand: Kind | None = None
    price: Price | None = None
    currency: CurrencyCode | None = None
    quantity: Quantity | None = None
    stock_quantity: Quantity | None = None
    image_url: ImageUrl | UnsetType | None = UNSET
    """null takes the picture away"""
    options: Choices | OptionList | None = None
    attributes: FreeFields | None = None
    barcode: Barcode | UnsetType | None = UNSET
    """null takes it away, as with the three that follow"""
    cost: Cost | UnsetType | None = UNSET
    weight_grams: WeightGrams | UnsetType | None = UNSET
    tax_rate: TaxRate | UnsetType | None = UNSET
    low_stock_threshold: Quantity | None = None
    threshold: Quantity | None = None
    reorder_point: Quantity | None = None
    reorder_quantity: Units | None = None
    status: OfferedStatus | None = None
    expected_version: Version | None = None
    """of the product (`version`); beside `quantity` needs `expectedStockVersion`"""
    expected_stock_version: Version | None = None
    """of the stock (`stockVersion`); compared where `quantity` is set"""


class ProductView(Wire):
    """A product with its available quantity.

    `productId`, `productName`, `threshold`, `lastUpdated` and `stockQuantity` repeat `id`, `name`,
    `lowStockThreshold`, `updatedAt` and `quantity` under the names that other systems' clients read.
    `imageUrl` is the first of `images` where the product has no address of its own.
    """

    id: str
    product_id: str
    sku: str
    name: str
    product_name: str
    description: str
    category: str
    type: str
    brand: str
    price: int
    currency: str
    image_url: str | None
    images: list[ImageView]
    options: dict[str, Any]
    attributes: dict[str, Any]
    barcode: str | None
    weight_grams: int | None
    tax_rate: int | None
    """hundredths of a percent"""
    quantity: int
    stock_quantity: int
    reserved_stock: int
    inactive_stock: int
    total_stock: int
    is_low_stock: bool
    low_stock_threshold: int
    threshold: int
    reorder_point: int
    reorder_quantity: int
    status: ProductStatus
    version: int
    stock_version: int
    created_at: str
    updated_at: str
    last_updated: str
    created_by: str
    cost: int | UnsetType | None = UNSET
    """what a unit cost the shop, in minor units; for those who may change products"""
    stock_per_variant: bool | UnsetType = UNSET
    """true where each of `variants` has stock of its own, of which the product shows the sums"""
    variants: list[VariantView] | UnsetType = UNSET


class ProductsQuery(ListQuery):
    """Filters of the product list."""

    category: Text | None = None
    type: Text | None = None
    brand: Text | None = None
    search: Search = ""
    low_stock: bool | None = None
    status: KeptStatus | None = None
    sort: SortOrder = "newest"


class ProductFilters(Protocol):
    """What the product list and its export both filter by: a Struct inherits the fields of one other alone."""

    category: str | None
    type: str | None
    brand: str | None
    search: str
    low_stock: bool | None
    status: KeptStatus | None


def wanted_products(filters: ProductFilters) -> ListProducts:
    """Return the first page of what passes the filters."""
    return ListProducts(
        category=filters.category,
        type=filters.type,
        brand=filters.brand,
        status=filters.status,
        search=filters.search,
        low_stock=filters.low_stock,
    )


class DeletedView(Wire):
    """The answer to a deletion."""

    message: str
    deleted_id: str


class ItemView(Wire):
    """A product as the public storefront shows it: no thresholds, no exact stock.

    `storage` and `colorPreference` list the choices if the product has such an option.
    """

    id: str
    sku: str
    title: str
    company: str
    description: str
    price: int
    currency: str
    category: str
    type: str
    brand: str
    image_url: str | None
    images: list[ImageView]
    colors: list[str]
    options: dict[str, Any]
    in_stock: bool
    storage: list[str] | UnsetType = UNSET
    color_preference: list[str] | UnsetType = UNSET
    variants: list[ItemVariantView] | UnsetType = UNSET
    """where each has stock of its own"""


class ItemsQuery(ListQuery):
    """Filters of the storefront; each needs the one before it."""

    category: Text | None = None
    type: Text | None = None
    brand: Text | None = None
    search: Search = ""


def product_view(found: StockedProduct, *, costs: bool = False) -> ProductView:
    """Show a product with its stock, and what it cost the shop only with `costs`."""
    product, stock = found.product, found.stock
    available, created_at, updated_at = stock.available, iso(product.created_at), iso(product.updated_at)
    return ProductView(
        id=product.id,
        product_id=product.id,
        sku=product.sku,
        name=product.name,
        product_name=product.name,
        description=product.description,
        category=product.category,
        type=product.type,
        brand=product.brand,
        price=product.price_cents,
        currency=product.currency,
        image_url=first_url(product.image_url, product.images),
        images=image_views(product.images),
        options=shown_options(product),
        attributes=dict(product.attributes),
        barcode=product.barcode,
        weight_grams=product.weight_grams,
        tax_rate=product.tax_rate,
        quantity=available,
        stock_quantity=available,
        reserved_stock=stock.reserved,
        inactive_stock=stock.inactive,
        total_stock=stock.total,
        is_low_stock=found.is_low,
        low_stock_threshold=stock.low_stock,
        threshold=stock.low_stock,
        reorder_point=stock.reorder_point,
        reorder_quantity=stock.reorder_quantity,
        status=product.status,
        version=product.version,
        stock_version=stock.version,
        created_at=created_at,
        updated_at=updated_at,
        last_updated=updated_at,
        created_by=product.created_by,
        cost=product.cost_cents if costs else UNSET,
        stock_per_variant=True if product.stock_per_variant else UNSET,
        variants=variant_views(found, costs=costs) if product.stock_per_variant else UNSET,
    )


def shown_options(product: Product) -> dict[str, Any]:
    """Show a product's options, in their order where they have one."""
    return product.ordered(product.options) if product.stock_per_variant else dict(product.options)


_SHOWN: dict[tuple[str, bool], tuple[Product, Stock, Raw]] = {}
_SHOWN_MAX: Final = 5000
SHOWN_BYTES_MAX: Final = 2048
"""With all 5,000, ten megabytes; what is larger is written each time."""


def shown_product(found: StockedProduct, *, costs: bool) -> Raw:
    """Show a product with its stock, written once for as long as both are what they were."""
    product, stock = found.product, found.stock
    if found.of_variants:
        return Raw(encode(product_view(found, costs=costs)))
    name = (product.id, costs)
    former = _SHOWN.get(name)
    if former is not None and former[0] is product and former[1] is stock:
        return former[2]
    if len(_SHOWN) >= _SHOWN_MAX:
        _SHOWN.clear()
    encoded = encode(product_view(found, costs=costs))
    shown = Raw(encoded)
    if len(encoded) <= SHOWN_BYTES_MAX:
        _SHOWN[name] = (product, stock, shown)
    else:
        _SHOWN.pop(name, None)
    return shown


_COLOR_OPTIONS: Final = ("color", "colors", "colour", "colours")


def item_view(found: StockedProduct) -> ItemView:
    """Show a product to the public."""
    product = found.product
    colors = _choices(product, _COLOR_OPTIONS)
    return ItemView(
        id=product.id,
        sku=product.sku,
        title=product.name,
        company=product.brand,
        description=product.description,
        price=product.price_cents,
        currency=product.currency,
        category=product.category,
        type=product.type,
        brand=product.brand,
        image_url=first_url(product.image_url, product.images),
        images=image_views(product.images),
        colors=colors,
        options=shown_options(product),
        storage=_choices(product, ("storage",)) or UNSET,
        color_preference=_choices(product, ("colorpreference", *_COLOR_OPTIONS)) or UNSET,
        in_stock=found.stock.available > 0,
        variants=item_variants(found) if product.stock_per_variant else UNSET,
    )


def _choices(product: Product, names: Sequence[str]) -> list[str]:
    """Return the choices of the first of these options that the product has, in whatever case it writes them."""
    own = {name.strip().casefold(): choices for name, choices in product.options.items()}
    found: Any = next((own[name] for name in names if name in own), [])
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]
