"""Shopify's files of products, with the headings of both ages: a row per variant or further picture of a handle."""

from __future__ import annotations

from typing import Final

from stockwright.imports.foreign import bare, grams_of, html, last_of_path, units
from stockwright.imports.profile import Profile, Reading
from stockwright.imports.values import WrongCell
from stockwright.products.model import OfferedStatus

_STATUSES: Final[dict[str, OfferedStatus]] = {
    "active": "ACTIVE",
    "draft": "INACTIVE",
    "archived": "INACTIVE",
    "unlisted": "INACTIVE",
}


def _status(text: str, _: Reading) -> OfferedStatus:
    try:
        return _STATUSES[text.lower()]
    except KeyError:
        raise WrongCell(f"must be one of {', '.join(_STATUSES)}") from None


def _one_address(text: str, _: Reading) -> list[tuple[str, str]]:
    return [(text, "")]


SHARED_READERS: Final = {"sku": bare, "description": html, "category": last_of_path, "available": units}
"""How most other systems' cells can be read as well."""
PRODUCTS: Final = Profile(
    name="shopify",
    title="Shopify",
    kind="products",
    wanted=(("Handle", "Title", "Variant Price"), ("URL handle", "Title", "Price")),
    fields={
        "group": ("Handle", "URL handle"),
        "name": ("Title",),
        "description": ("Body (HTML)", "Body HTML", "Description"),
        "brand": ("Vendor",),
        "category": ("Product Category", "Standardized Product Type"),
        "type": ("Type", "Custom Product Type"),
        "published": ("Published", "Published on online store"),
        "status": ("Status",),
        "option1Name": ("Option1 Name",),
        "option1Value": ("Option1 Value",),
        "option2Name": ("Option2 Name",),
        "option2Value": ("Option2 Value",),
        "option3Name": ("Option3 Name",),
        "option3Value": ("Option3 Value",),
        "sku": ("Variant SKU", "SKU"),
        "available": ("Variant Inventory Qty", "Inventory quantity"),
        "priceDecimal": ("Variant Price", "Price"),
        "barcode": ("Variant Barcode", "Barcode"),
        "costDecimal": ("Cost per item",),
        "weightGrams": ("Variant Grams", "Weight value (grams)"),
        "images": ("Image Src", "Product image URL"),
        "imageAlt": ("Image Alt Text",),
        "variantImage": ("Variant Image", "Variant image URL"),
    },
    not_read=(
        "Tags", "Variant Weight Unit", "Weight unit for display",
        "Variant Inventory Tracker", "Inventory tracker", "Variant Inventory Policy",
        "Continue selling when out of stock", "Variant Fulfillment Service", "Fulfillment service",
        "Variant Compare At Price", "Compare-at price*", "Price /*", "Compare At Price /*", "Included /*",
        "Variant Requires Shipping", "Requires shipping", "Variant Taxable", "Charge tax", "Variant Tax Code",
        "Tax code", "Unit price*", "Image Position", "Gift Card", "SEO*", "Google Shopping*",
        "Option1 Linked To", "Option2 Linked To", "Option3 Linked To",
    ),
    readers={
        **SHARED_READERS,
        "status": _status,
        "weightGrams": grams_of("g"),
        "images": _one_address,
        "variantImage": _one_address,
    },
    names=("group",),
    rows_are_variants=True,
    only_values=frozenset({"defaulttitle"}),
)  # fmt: skip
