"""Square's library of items: a row per variation, and columns of quantities per location."""

from __future__ import annotations

from typing import Final

from stockwright.imports.foreign import bare, first_of_paths, grams_of, html, price_with_sign, units
from stockwright.imports.profile import Profile

PRODUCTS: Final = Profile(
    name="square",
    title="Square",
    kind="products",
    wanted=(("Item Name", "Variation Name", "Price"),),
    fields={
        "group": ("Reference Handle",),
        "name": ("Item Name",),
        "option1Value": ("Variation Name",),
        "sku": ("SKU",),
        "description": ("Description",),
        "category": ("Category", "Categories"),
        "priceDecimal": ("Price",),
        "barcode": ("GTIN",),
        "costDecimal": ("Default Unit Cost",),
        **{f"weight_{unit}": (f"Weight ({unit})",) for unit in ("kg", "oz")},
        "weight_lbs": ("Weight (lb)", "Weight (lbs)"),
        "available": ("Current Quantity*",),
    },
    not_read=(
        "Token", "Customer-facing Name", "Unit and Precision", "SEO*", "Permalink", "Square Online*",
        "Shipping Enabled", "Self-serve*", "Delivery Enabled", "Pickup Enabled", "Item Type",
        "Social Media*", "Reporting Category", "Fulfillment*", "Default Vendor*", "Sellable",
        "Stockable", "Contains Alcohol", "Archived", "Skip Detail*", "Price *", "Online Sale Price", "Enabled *",
        "New Quantity*", "Stock Alert*", "Tax -*", "Tax *", "Modifier Set*", "Option *",
    ),
    readers={
        "sku": bare,
        "description": html,
        "category": first_of_paths,
        "priceDecimal": price_with_sign,
        "costDecimal": price_with_sign,
        **{f"weight_{unit}": grams_of(unit) for unit in ("kg", "oz", "lbs")},
        "available": units,
    },
    names=("group", "name"),
    rows_are_variants=True,
    option="Variation",
    only_values=frozenset({"regular", ""}),
)  # fmt: skip
