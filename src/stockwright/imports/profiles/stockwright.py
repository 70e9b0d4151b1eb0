"""Our own files of products: those of `export products`, a row per product and one per variant behind it."""

from __future__ import annotations

from typing import Final

from stockwright.imports.profile import Profile

PRODUCTS: Final = Profile(
    name="stockwright",
    title="Stockwright",
    kind="products",
    wanted=(("sku",),),
    fields={
        "id": ("id", "productId"),
        "sku": ("sku",),
        "parent": ("parent",),
        "name": ("name", "productName"),
        "description": ("description",),
        "category": ("category",),
        "type": ("type",),
        "brand": ("brand",),
        "price": ("price",),
        "priceDecimal": ("priceDecimal",),
        "currency": ("currency",),
        "barcode": ("barcode",),
        "cost": ("cost",),
        "costDecimal": ("costDecimal",),
        "weightGrams": ("weightGrams",),
        "taxRate": ("taxRate",),
        "imageUrl": ("imageUrl",),
        "images": ("images",),
        "options": ("options",),
        "attributes": ("attributes",),
        "status": ("status",),
        "available": ("available", "quantity"),
        "lowStockThreshold": ("lowStockThreshold", "threshold"),
        "reorderPoint": ("reorderPoint",),
        "reorderQuantity": ("reorderQuantity",),
    },
    not_read=("createdAt",),
    cleared=frozenset({
        "type", "brand", "imageUrl", "options", "attributes", "barcode", "weightGrams", "taxRate", "cost",
        "costDecimal",
    }),
    cleared_of_variants=frozenset({
        "imageUrl", "price", "priceDecimal", "barcode", "weightGrams", "taxRate", "cost", "costDecimal",
    }),
    is_foreign=False,
)  # fmt: skip
