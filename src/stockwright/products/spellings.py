"""One spelling for each brand and type: "Nike " and "nike" are the brand that the shop writes "Nike".

The product that brings a brand decides how it is written, and may change that; the others follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from stockwright.base.names import clean, name_key
from stockwright.products import spelling_records as records
from stockwright.products.spelling_records import Spelling

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.products.spelling_records import SpelledField
    from stockwright.store.batch import Batch


FIELDS: tuple[SpelledField, ...] = ("brand", "type")


async def spell(app: App, batch: Batch, product: Product, written: dict[str, Spelling] | None = None) -> Product:
    """Return the product with its brand and type as the shop writes them; what is new to the shop is recorded.

    `written` holds what the batch has recorded already, where it holds several products.
    """
    names: dict[SpelledField, str] = {field: clean(getattr(product, field)) for field in FIELDS}
    known = await records.load_spellings(app.store, names)
    written = {} if written is None else written
    for field, name in names.items():
        spelled = f"{field} {name_key(name)}"
        spelling = written.get(spelled) or known.get(field) or Spelling("", product.id)
        if not name or name == spelling.name:
            continue
        if spelling.product_id != product.id:
            names[field] = spelling.name
        else:
            written[spelled] = replace(spelling, name=name)
            records.put_spelling(batch, field, written[spelled])
    return replace(product, brand=names["brand"], type=names["type"])


async def as_spelled(app: App, wanted: dict[str, str]) -> dict[str, str]:
    """Return filters with brand and type as the shop writes them."""
    names: dict[SpelledField, str] = {field: wanted[field] for field in FIELDS if field in wanted}
    known = await records.load_spellings(app.store, names)
    return wanted | {field: spelling.name for field, spelling in known.items()}
