"""WooCommerce's file of products: variable products, and their variations that name them as parent."""

from __future__ import annotations

from typing import Final

from stockwright.imports.fields import OPTIONS_READ
from stockwright.imports.foreign import GRAMS, bare, first_of_paths, grams_of, html, price_of_either_comma, units
from stockwright.imports.profile import Profile

_NUMBERS: Final = range(1, OPTIONS_READ + 1)

PRODUCTS: Final = Profile(
    name="woocommerce",
    title="WooCommerce",
    kind="products",
    wanted=(("Type", "Name", "Published", "Regular price"),),
    fields={
        "id": ("ID",),
        "rowType": ("Type",),
        "sku": ("SKU",),
        "name": ("Name",),
        "published": ("Published",),
        "description": ("Description",),
        "shortDescription": ("Short description",),
        "available": ("Stock",),
        "lowStockThreshold": ("Low stock amount",),
        "priceDecimal": ("Regular price",),
        "category": ("Categories",),
        "barcode": ("GTIN, UPC, EAN, or ISBN",),
        **{f"weight_{unit}": (f"Weight ({unit})",) for unit in GRAMS},
        "brand": ("Brands",),
        "images": ("Images",),
        "parent": ("Parent",),
        **{f"option{n}Name": (f"Attribute {n} name",) for n in _NUMBERS},
        **{f"option{n}Value": (f"Attribute {n} value(s)",) for n in _NUMBERS},
    },
    not_read=(
        "Is featured?", "Visibility in catalog", "Date sale price*", "Tax status", "Tax class", "In stock?",
        "Backorders allowed?", "Sold individually?", "Length*", "Width*", "Height*",
        "Allow customer reviews?", "Purchase note", "Sale price", "Tags", "Shipping class", "Download*",
        "Grouped products", "Upsells", "Cross-sells", "External URL", "Button text", "Position", "Attribute*", "Meta:*",
        "Swatches*",
    ),
    readers={
        "sku": bare,
        "description": html,
        "shortDescription": html,
        "category": first_of_paths,
        "priceDecimal": price_of_either_comma,
        "available": units,
        "brand": first_of_paths,
        **{f"weight_{unit}": grams_of(unit) for unit in GRAMS},
    },
    names=("id", "sku"),
)  # fmt: skip
