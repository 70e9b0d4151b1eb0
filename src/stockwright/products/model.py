"""Products: what the shop sells, and the rules of the catalogue (S2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal, TypedDict, cast

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import replace

from stockwright.base.currency import is_currency
from stockwright.base.errors import Invalid, check_all
from stockwright.base.free_fields import PRODUCT_BYTES_MAX, check_free
from stockwright.base.names import check_direction, clean, name_key
from stockwright.base.record import Record
from stockwright.base.web_address import check_https
from stockwright.products.barcode import check_barcode
from stockwright.products.pictures import Pictures, first_url
from stockwright.products.variant import OwnVariant, Variant, described

OfferedStatus = Literal["ACTIVE", "INACTIVE"]
"""The statuses that an admin chooses from."""
KeptStatus = Literal[OfferedStatus, "UNLISTED"]
"""The statuses of the products that lists show."""
ProductStatus = Literal[KeptStatus, "DELETED"]
CATEGORIES: Final = ("electronics", "clothing", "food", "other", "phone", "computer", "accessories")
"""The managed list as it starts: S2's four and S3's three."""
NAME_MIN: Final = 3
NAME_MAX: Final = 200
DESCRIPTION_MIN: Final = 10
DESCRIPTION_MAX: Final = 2000
SKU_MIN: Final = 3
SKU_MAX: Final = 50
FOREIGN_SKU_MAX: Final = 100
"""The longest SKU of a product that came with a foreign id."""
KIND_MAX: Final = 100
"""The longest type or brand."""
PRICE_CENTS_MAX: Final = 1_000_000_000_000
WEIGHT_GRAMS_MAX: Final = 100_000_000
TAX_RATE_MAX: Final = 10_000
"""100 %."""
ID_MAX: Final = 128
CATEGORY_MIN: Final = 2
CATEGORY_MAX: Final = 50


class Product(Record, frozen=True):
    """A sellable thing.

    UNLISTED ones came with a foreign id and stock alone (S4): they can be reserved, and are sold
    and shown once somebody gives them a name, a price and a description.
    """

    KIND = "PRODUCT"
    id: str
    sku: str
    name: str
    description: str = ""
    category: str = "other"
    type: str = ""
    brand: str = ""
    price_cents: int = field(name="price", default=0)
    currency: str = "USD"
    image_url: str | None = None
    images: Pictures = ()
    barcode: str | None = None
    """A GTIN or any other code; of a product with variants, what all of them bear."""
    cost_cents: int | None = field(name="cost", default=None)
    """What a unit cost the shop, in minor units; only those who work for the shop see it."""
    weight_grams: int | None = None
    tax_rate: int | None = None
    """Hundredths of a percent: 1900 is 19 %."""
    options: Mapping[str, Any] = {}
    attributes: Mapping[str, Any] = {}
    status: ProductStatus = "ACTIVE"
    created_at: int = 0
    updated_at: int = 0
    created_by: str = ""
    option_names: tuple[str, ...] | UnsetType = UNSET
    """The names of its options in their order, where its variants have stock of their own."""
    own_variants: tuple[Variant, ...] | UnsetType = field(name="variants", default=UNSET)
    """Its variants, where each has stock of its own."""

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Its variants that have stock of their own; none where all of it shares one stock."""
        return () if self.own_variants is UNSET else self.own_variants

    @property
    def stock_per_variant(self) -> bool:
        """Whether its variants have stock of their own."""
        return self.own_variants is not UNSET

    @property
    def names_of_options(self) -> tuple[str, ...]:
        """The names of its options in their order, where its variants have stock of their own."""
        return () if self.option_names is UNSET else self.option_names

    def name_of(self, own: OwnVariant) -> str:
        """Return its name, of a variant with the options behind it: `Phone (color: coral)`."""
        variant = None if own is UNSET else self.find_variant(own)
        return self.name if variant is None else f"{self.name} ({described(variant, self.names_of_options)})"

    def ordered(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return a variant's options in the product's order."""
        return {name: options[name] for name in self.names_of_options if name in options}

    def find_variant(self, variant_id: str) -> Variant | None:
        """Find one of its variants that have stock of their own."""
        return next((each for each in self.variants if each.id == variant_id), None)

    def price_of(self, own: OwnVariant) -> int:
        """Return what a unit costs: of a variant with a price of its own, that."""
        variant = None if own is UNSET else self.find_variant(own)
        return self.price_cents if variant is None or variant.price_cents is None else variant.price_cents

    def cost_of(self, own: OwnVariant) -> int | None:
        """Return what a unit cost the shop, if that is known: of a variant with a cost of its own, that."""
        variant = None if own is UNSET else self.find_variant(own)
        return self.cost_cents if variant is None or variant.cost_cents is None else variant.cost_cents

    def weight_of(self, own: OwnVariant) -> int | None:
        """Return what a unit weighs (g), if that is known: of a variant with a weight of its own, that."""
        variant = None if own is UNSET else self.find_variant(own)
        return self.weight_grams if variant is None or variant.weight_grams is None else variant.weight_grams

    def tax_rate_of(self, own: OwnVariant) -> int | None:
        """Return its tax rate (hundredths of a percent), if it has one: of a variant with one of its own, that."""
        variant = None if own is UNSET else self.find_variant(own)
        return self.tax_rate if variant is None or variant.tax_rate is None else variant.tax_rate

    def own_barcode(self, own: OwnVariant) -> str | None:
        """Return the barcode that finds exactly this: a variant's own, or that of a product without variants."""
        if own is UNSET:
            return self.barcode
        variant = self.find_variant(own)
        return None if variant is None else variant.barcode

    def image_of(self, variant: Variant) -> str | None:
        """Return the address of the picture that shows a variant: its own, else the product's."""
        own = next((each.url for each in self.images if each.id == variant.picture), None)
        return variant.image_url or own or first_url(self.image_url, self.images)

    @property
    def variant_ids(self) -> list[str]:
        """The ids under which its units are counted."""
        return [self.id] if self.own_variants is UNSET else [each.id for each in self.own_variants]

    @property
    def is_sellable(self) -> bool:
        """Whether a customer may order it."""
        return self.status == "ACTIVE"

    @property
    def can_be_held(self) -> bool:
        """Whether units of it may be promised, or sold at the till: also of one that is not listed yet."""
        return self.status in {"ACTIVE", "UNLISTED"}


class ProductFields(TypedDict, total=False):
    """The fields that somebody gives to a product, under Product's own names."""

    sku: str
    name: str
    description: str
    category: str
    type: str
    brand: str
    price_cents: int
    currency: str
    image_url: str | None
    options: Mapping[str, Any]
    attributes: Mapping[str, Any]
    status: ProductStatus
    barcode: str | None
    cost_cents: int | None
    weight_grams: int | None
    tax_rate: int | None


FIELD_NAMES: Final = tuple(ProductFields.__annotations__)


class OptionalFields(Struct, frozen=True, kw_only=True):
    """The fields that a new product needs not be given, with their defaults."""

    type: str = ""
    brand: str = ""
    image_url: str | None = None
    options: Mapping[str, Any] = {}
    attributes: Mapping[str, Any] = {}
    status: ProductStatus = "ACTIVE"
    barcode: str | None = None
    cost_cents: int | None = None
    weight_grams: int | None = None
    tax_rate: int | None = None


def with_fields(product: Product, fields: ProductFields) -> Product:
    """Return the product with the given fields."""
    return replace(product, **fields)


def fields_of(product: Product) -> ProductFields:
    """Return all fields of a product that somebody gives."""
    return cast("ProductFields", {name: getattr(product, name) for name in FIELD_NAMES})


def differing_fields(fields: ProductFields, product: Product) -> ProductFields:
    """Return the fields that are different in the product."""
    differing = {name: value for name, value in fields.items() if getattr(product, name) != value}
    return cast("ProductFields", differing)


RESERVED_IDS: Final = frozenset({"export", "import", "bulk", "labels.pdf", "images", "variants"})
"""Words that are, or will be, routes below `/products`."""
SKU_FROM_NAME_MAX: Final = 40
_NEW_ID = re.compile(rf"[A-Za-z0-9._~:-]{{1,{ID_MAX}}}")
_SKU_WORD = re.compile(r"[A-Z0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TEXT_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_id(value: str, field_name: str, longest: int = ID_MAX) -> str:
    """Accept any foreign id of 1..`longest` characters without control characters (SPEC §3)."""
    if not 1 <= len(value) <= longest or _CONTROL.search(value):
        raise Invalid.field(field_name, f"must be 1 to {longest} characters, without control characters")
    return value


def check_addressable(value: str, field_name: str) -> str:
    """Refuse `.` and `..` as a name that is part of addresses: clients read them as a step between folders."""
    if value in {".", ".."}:
        raise Invalid.field(field_name, f"must not be {value!r}: it cannot be part of a URL")
    return value


def check_new_id(value: str, field_name: str = "productId") -> str:
    """Hold the id that a client brings for a new product to what can be part of every address.

    The words that are routes below `/products` cannot be ids: `GET /products/export` is the export.
    """
    if not _NEW_ID.fullmatch(value):
        raise Invalid.field(field_name, f"must be 1 to {ID_MAX} of the characters A-Z a-z 0-9 . _ ~ : -")
    if value.casefold() in RESERVED_IDS or not value.strip("."):
        raise Invalid.field(field_name, f"must not be {value!r}: it is the path of another resource")
    return value


def sku_from_name(name: str) -> str:
    """Make a SKU from a name: its letters and digits in upper case, with a hyphen between words.

    A name of too few Latin letters and digits gives `ITEM` in front of what it has.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    sku = "-".join(_SKU_WORD.findall(plain.upper()))[:SKU_FROM_NAME_MAX].strip("-")
    return sku if len(sku) >= SKU_MIN else f"ITEM-{sku}".strip("-")


def check_foreign_sku(value: str, field_name: str = "sku") -> str:
    """Return the SKU that comes with a foreign id, tidied: 1 to FOREIGN_SKU_MAX characters."""
    return check_direction(check_id(clean(value), field_name, FOREIGN_SKU_MAX), field_name)


def check_category_name(value: str, field_name: str = "name") -> str:
    """Return the name of a new category, tidied: CATEGORY_MIN to CATEGORY_MAX characters for addresses."""
    name = check_id(clean(value), field_name, CATEGORY_MAX)
    if len(name_key(name)) < CATEGORY_MIN:
        raise Invalid.field(field_name, f"must be {CATEGORY_MIN} to {CATEGORY_MAX} characters")
    return check_direction(check_addressable(name, field_name), field_name)


def check_reference(value: str, field_name: str = "reference") -> None:
    """Refuse what a client cannot have as its own name for something: none at all is fine."""
    if value:
        check_id(value, field_name)


def check_text(value: str, field_name: str, least: int, most: int) -> None:
    """Refuse a text that is too short without the blanks around it, too long, or holds control characters."""
    if not (least <= len(value.strip()) and len(value) <= most) or _TEXT_CONTROL.search(value):
        bounds = f"{least} to {most}" if least else f"at most {most}"
        raise Invalid.field(field_name, f"must be {bounds} characters")


def check_product_name(value: str, field_name: str = "name") -> None:
    """Refuse a name that is not of NAME_MIN to NAME_MAX characters."""
    check_text(value, field_name, NAME_MIN, NAME_MAX)


def check_description(value: str, field_name: str = "description") -> None:
    """Refuse a description that is not of DESCRIPTION_MIN to DESCRIPTION_MAX characters."""
    check_text(value, field_name, DESCRIPTION_MIN, DESCRIPTION_MAX)


def check_kind(value: str, field_name: str) -> None:
    """Refuse a type or brand of more than KIND_MAX characters."""
    check_text(value, field_name, 0, KIND_MAX)


def check_sku(value: str, field_name: str = "sku") -> None:
    """Refuse a SKU that is not of SKU_MIN to SKU_MAX characters on one line."""
    if _CONTROL.search(value):
        raise Invalid.field(field_name, f"must be {SKU_MIN} to {SKU_MAX} characters")
    check_text(clean(value), field_name, SKU_MIN, SKU_MAX)


def check_price(value: int, field_name: str = "price") -> None:
    """Refuse what is no price."""
    if not 0 < value <= PRICE_CENTS_MAX:
        raise Invalid.field(field_name, f"must be a whole number of minor units from 1 to {PRICE_CENTS_MAX}")


def check_cost(value: int | None, field_name: str = "cost") -> None:
    """Refuse what no unit can have cost; nothing at all is a cost."""
    if value is not None and not 0 <= value <= PRICE_CENTS_MAX:
        raise Invalid.field(field_name, f"must be a whole number of minor units from 0 to {PRICE_CENTS_MAX}")


def check_weight(value: int | None, field_name: str = "weightGrams") -> None:
    """Refuse what is no weight of a unit."""
    if value is not None and not 0 <= value <= WEIGHT_GRAMS_MAX:
        raise Invalid.field(field_name, f"must be a whole number of grams from 0 to {WEIGHT_GRAMS_MAX}")


def check_tax_rate(value: int | None, field_name: str = "taxRate") -> None:
    """Refuse what is no tax rate."""
    if value is not None and not 0 <= value <= TAX_RATE_MAX:
        message = f"must be a whole number of hundredths of a percent from 0 to {TAX_RATE_MAX} (1900 is 19 %)"
        raise Invalid.field(field_name, message)


def check_category(value: str, categories: frozenset[str], field_name: str = "category") -> None:
    """Refuse a category that is not in the managed list."""
    if value not in categories:
        raise Invalid.field(field_name, f"must be one of {', '.join(sorted(categories))}")


def check_currency(value: str, field_name: str = "currency") -> None:
    """Refuse what is no currency in use (ISO 4217)."""
    if not is_currency(value):
        raise Invalid.field(field_name, "must be the ISO 4217 code of a currency in use, such as USD")


def check_image_url(value: str | None, field_name: str = "imageUrl") -> None:
    """Refuse a picture's address that the web app could not show."""
    if value is not None:
        check_https(value, field_name)


def check_product(product: Product, categories: frozenset[str], before: Product | None = None) -> Product:
    """Hold a product to S2's rules; raises Invalid with one entry per wrong field.

    `before` is the product that it changes: a name, currency or picture that stays what it was may be one
    that a former version took.
    """
    names = ((name, getattr(product, name)) for name in ("name", "type", "brand", "sku"))
    check_all(
        lambda: check_product_name(product.name),
        # A product that came without a description has its name for one, however short that is.
        lambda: None if product.description == product.name != "" else check_description(product.description),
        lambda: check_category(product.category, categories),
        lambda: check_kind(product.type, "type"),
        lambda: check_kind(product.brand, "brand"),
        lambda: check_price(product.price_cents),
        lambda: None if before and before.currency == product.currency else check_currency(product.currency),
        lambda: check_sku(product.sku),
        lambda: None if before and before.image_url == product.image_url else check_image_url(product.image_url),
        lambda: None if product.barcode is None else check_barcode(product.barcode),
        lambda: check_cost(product.cost_cents),
        lambda: check_weight(product.weight_grams),
        lambda: check_tax_rate(product.tax_rate),
        lambda: check_free(product.options, "options", PRODUCT_BYTES_MAX),
        lambda: check_free(product.attributes, "attributes", PRODUCT_BYTES_MAX),
        *(
            partial(check_direction, value, name)
            for name, value in names
            if before is None or getattr(before, name) != value
        ),
    )
    return product
