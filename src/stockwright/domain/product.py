"""Products: what the shop sells, and the rules of the catalogue (S2)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from stockwright.domain.errors import Invalid
from stockwright.domain.free import PRODUCT_BYTES_MAX, check_free

if TYPE_CHECKING:
    from collections.abc import Mapping

ProductStatus = Literal["ACTIVE", "INACTIVE", "UNLISTED", "DELETED"]

CATEGORIES: Final = ("electronics", "clothing", "food", "other", "phone", "computer", "accessories")
"""The managed list as it starts: S2's four and S3's three."""

PRICE_CENTS_MAX: Final = 1_000_000_000_000
ID_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class Product:
    """A sellable thing.

    UNLISTED ones came with a foreign id and stock alone (S4): they can be reserved, and are sold
    and shown once somebody gives them a name, a price and a description.
    """

    id: str
    sku: str
    name: str
    description: str = ""
    category: str = "other"
    type: str = ""
    brand: str = ""
    price_cents: int = 0
    currency: str = "USD"
    image_url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    status: ProductStatus = "ACTIVE"
    created_at: int = 0
    updated_at: int = 0
    created_by: str = ""
    version: int = 0

    @property
    def is_sellable(self) -> bool:
        """Whether a customer may order it."""
        return self.status == "ACTIVE"

    @property
    def can_be_held(self) -> bool:
        """Whether units of it may be promised, or sold at the till: also of one that is not listed yet."""
        return self.status in {"ACTIVE", "UNLISTED"}


RESERVED_IDS: Final = frozenset({"export", "import", "bulk", "labels.pdf", "images", "variants"})
"""Words that are, or will be, routes below `/products`."""
SKU_MIN: Final = 3
SKU_FROM_NAME_MAX: Final = 40

_NEW_ID = re.compile(rf"[A-Za-z0-9._~:-]{{1,{ID_MAX}}}")
_SKU_WORD = re.compile(r"[A-Z0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TEXT_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CURRENCY = re.compile(r"[A-Z]{3}")


def check_id(value: str, field_name: str, longest: int = ID_MAX) -> str:
    """Accept any foreign id of 1..`longest` characters without control characters (SPEC §3)."""
    if not 1 <= len(value) <= longest or _CONTROL.search(value):
        raise Invalid.field(field_name, f"must be 1 to {longest} characters, without control characters")
    return value


def check_new_id(value: str, field_name: str = "productId") -> str:
    """Hold the id that a client brings for a new product to what can stand in every address.

    The words that are routes below `/products` cannot be ids: `GET /products/export` is the export.
    """
    if not _NEW_ID.fullmatch(value):
        raise Invalid.field(field_name, f"must be 1 to {ID_MAX} of the characters A-Z a-z 0-9 . _ ~ : -")
    if value.casefold() in RESERVED_IDS or not value.strip("."):
        raise Invalid.field(field_name, f"must not be {value!r}: that is an address of its own")
    return value


def sku_from_name(name: str) -> str:
    """Make a SKU from a name: its letters and digits in upper case, with a hyphen between words.

    A name of too few Latin letters and digits gives `ITEM` in front of what it has.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    sku = "-".join(_SKU_WORD.findall(plain.upper()))[:SKU_FROM_NAME_MAX].strip("-")
    return sku if len(sku) >= SKU_MIN else f"ITEM-{sku}".strip("-")


def check_product(product: Product, categories: frozenset[str]) -> Product:
    """Hold a product to S2's rules; raises Invalid with one entry per wrong field."""
    wrong = [
        {"field": name, "message": message}
        for name, message, bad in (
            ("name", "must be 3 to 200 characters", not _fits(product.name, 3, 200)),
            (
                "description",
                "must be 10 to 2000 characters",
                # A product that came without a description has its name for one, however short that is.
                (product.description != product.name or not product.name) and not _fits(product.description, 10, 2000),
            ),
            ("category", f"must be one of {', '.join(sorted(categories))}", product.category not in categories),
            ("type", "must be at most 100 characters", not _fits(product.type, 0, 100)),
            ("brand", "must be at most 100 characters", not _fits(product.brand, 0, 100)),
            ("price", "must be a positive whole number of cents", not 0 < product.price_cents <= PRICE_CENTS_MAX),
            ("currency", "must be a three-letter code such as USD", not _CURRENCY.fullmatch(product.currency)),
            ("sku", "must be 3 to 50 characters", not _fits(product.sku, 3, 50) or bool(_CONTROL.search(product.sku))),
            ("imageUrl", "must be an http or https URL", not _is_url(product.image_url)),
        )
        if bad
    ]
    if wrong:
        raise Invalid(details=wrong)
    check_free(product.options, "options", PRODUCT_BYTES_MAX)
    check_free(product.attributes, "attributes", PRODUCT_BYTES_MAX)
    return product


def _fits(text: str, least: int, most: int) -> bool:
    return least <= len(text.strip()) and len(text) <= most and not _TEXT_CONTROL.search(text)


def _is_url(url: str | None) -> bool:
    if url is None:
        return True
    if len(url) > 2000 or _CONTROL.search(url):  # noqa: PLR2004
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
