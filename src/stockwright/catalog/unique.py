"""SKUs and barcodes are unique among all products and variants of the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from stockwright.base.errors import AlreadyExists
from stockwright.products import records as product_records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.context import App
    from stockwright.products.records import Claim

NAMELESS: Final = "another product"


async def refuse_taken(
    app: App, product_id: str, skus: Iterable[str] = (), barcodes: Iterable[str | None] = ()
) -> None:
    """Refuse new SKUs and barcodes of a product or its variants that somebody has (409, naming the holder).

    A scan finds a product by either, so a SKU that is another product's barcode is refused as well, and the reverse.
    """
    skus, given = list(skus), [each for each in barcodes if each is not None]
    holders = await product_records.load_holders(app.store, [*skus, *given])
    for sku in skus:
        if (claim := holders.skus.get(sku)) is not None:
            message = f"A product with SKU {sku} already exists"
            raise AlreadyExists(message, {"sku": sku, **_named(claim)})
        await _refuse_of_other(
            app, product_id, holders.barcodes.get(sku), {"sku": sku}, f"The SKU {sku} is the barcode of"
        )
    for barcode in given:
        if (held := holders.barcodes.get(barcode)) is not None:
            message = f"The barcode {barcode} is already that of {await name_of_holder(app, held)}"
            raise AlreadyExists(message, {"barcode": barcode, **_named(held)})
        of_sku = holders.skus.get(barcode)
        await _refuse_of_other(app, product_id, of_sku, {"barcode": barcode}, f"The barcode {barcode} is the SKU of")


async def _refuse_of_other(app: App, product_id: str, claim: Claim | None, code: dict[str, str], why: str) -> None:
    if claim is not None and claim.product_id != product_id:
        raise AlreadyExists(f"{why} {await name_of_holder(app, claim)}", {**code, **_named(claim)})


def _named(claim: Claim) -> dict[str, object]:
    own = {} if claim.own_variant is UNSET else {"variantId": claim.own_variant}
    return {"productId": claim.product_id, **own}


async def name_of_holder(app: App, claim: Claim) -> str:
    """Write who has a code: `Phone (color: coral), SKU PH-1-C`."""
    product = (await product_records.load_products(app.store, [claim.product_id])).get(claim.product_id)
    if product is None:
        return NAMELESS
    variant = None if claim.own_variant is UNSET else product.find_variant(claim.own_variant)
    return f"{product.name_of(claim.own_variant)}, SKU {product.sku if variant is None else variant.sku}"
