"""Files of a shop that moves in: products with variants and pictures, in the columns of Shopify and of WooCommerce."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

COLORS, SIZES = ("Sand", "Night", "Sage"), ("S", "M", "L")

SHOPIFY = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy", "Variant Fulfillment Service",
    "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode",
    "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description", "Variant Image",
    "Variant Weight Unit", "Variant Tax Code", "Cost per item", "Status",
)  # fmt: skip
WOOCOMMERCE = (
    "ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Is featured?", "Visibility in catalog",
    "Short description", "Description", "Date sale price starts", "Date sale price ends", "Tax status", "Tax class",
    "In stock?", "Stock", "Low stock amount", "Backorders allowed?", "Sold individually?", "Weight (kg)", "Length (cm)",
    "Width (cm)", "Height (cm)", "Allow customer reviews?", "Purchase note", "Sale price", "Regular price",
    "Categories", "Tags", "Shipping class", "Images", "Download limit", "Download expiry days", "Parent",
    "Grouped products", "Upsells", "Cross-sells", "External URL", "Button text", "Position", "Brands",
    "Attribute 1 name", "Attribute 1 value(s)", "Attribute 1 visible", "Attribute 1 global",
    "Attribute 2 name", "Attribute 2 value(s)", "Attribute 2 visible", "Attribute 2 global",
)  # fmt: skip


def variants_of(number: int) -> list[tuple[str, str]]:
    """Every third product has none; the others have two colors in one or three sizes."""
    if number % 3 == 0:
        return []
    return [(color, size) for color in COLORS[:2] for size in SIZES[: 1 + 2 * (number % 3 - 1)]]


def shopify(count: int, pictures: str) -> bytes:
    """Write products as Shopify exports them; `pictures` is the address of a server of pictures."""
    rows: list[dict[str, Any]] = []
    for number in range(count):
        handle = f"article-{number:03d}"
        first = {
            "Handle": handle, "Title": f"Article {number}", "Body (HTML)": f"<p>The <b>{number}th</b> article.</p>",
            "Vendor": "Harbour", "Product Category": "Apparel > Clothing", "Type": "Shirts", "Published": "true",
            "Image Src": f"{pictures}/s{number}.jpg", "Image Position": 1, "Image Alt Text": f"Article {number}",
            "Status": "active",
        }  # fmt: skip
        variants = variants_of(number) or [("", "")]
        for n, (color, size) in enumerate(variants):
            options = (
                {"Option1 Name": "Color", "Option1 Value": color, "Option2 Name": "Size", "Option2 Value": size}
                if color
                else {"Option1 Name": "Title", "Option1 Value": "Default Title"}
            )
            if n:
                options = {name: value for name, value in options.items() if name.endswith("Value")}
            rows.append({
                **(first if n == 0 else {"Handle": handle}), **options, "Variant SKU": f"A-{number:03d}-{n}",
                "Variant Grams": 200, "Variant Inventory Qty": number + n, "Variant Price": f"{10 + number % 7}.50",
                "Cost per item": "4.20",
            })  # fmt: skip
    return written(SHOPIFY, rows)


def woocommerce(count: int, pictures: str) -> bytes:
    """Write the same products as WooCommerce exports them: with a byte-order mark, and decimal commas."""
    rows: list[dict[str, Any]] = []
    for number in range(count):
        variants = variants_of(number)
        price = f"{10 + number % 7},50"
        rows.append({
            "ID": number * 10 + 1, "Type": "variable" if variants else "simple", "SKU": f"W-{number:03d}",
            "Name": f"Article {number}", "Published": 1, "Description": f"<p>The <b>{number}th</b> article.</p>",
            "In stock?": 1, "Stock": "" if variants else number, "Regular price": "" if variants else price,
            "Categories": "Clothing > Shirts, Sale", "Images": f"{pictures}/w{number}.jpg", "Weight (kg)": "0,2",
            **({"Attribute 1 name": "Color", "Attribute 1 value(s)": "Sand, Night", "Attribute 2 name": "Size",
                "Attribute 2 value(s)": "S, M, L"} if variants else {}),
        })  # fmt: skip
        rows += [
            {
                "ID": number * 10 + 2 + n, "Type": "variation", "SKU": f"W-{number:03d}-{n}",
                "Name": f"Article {number} - {color}, {size}", "Published": 1, "In stock?": 1, "Stock": number + n,
                "Regular price": price, "Parent": f"W-{number:03d}", "Attribute 1 name": "Color",
                "Attribute 1 value(s)": color, "Attribute 2 name": "Size", "Attribute 2 value(s)": size,
            }
            for n, (color, size) in enumerate(variants)
        ]  # fmt: skip
    return b"\xef\xbb\xbf" + written(WOOCOMMERCE, rows)


def written(headings: Sequence[str], rows: Sequence[dict[str, Any]]) -> bytes:
    """Write rows under headings, as CSV with commas."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, headings, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
