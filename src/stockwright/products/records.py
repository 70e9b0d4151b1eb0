"""Access patterns of products, SKU claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET, Struct, field

from stockwright.base.ids import position_by_time
from stockwright.base.names import clean, search_text, search_words
from stockwright.base.record import Record
from stockwright.products.barcode import barcode_key, is_gtin, same_barcode
from stockwright.products.model import Product
from stockwright.products.variant import OwnVariant, variant_id_of
from stockwright.store.find import load
from stockwright.store.port import ABSENT, IndexName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stockwright.store.batch import Batch
    from stockwright.store.paging import Positioned
    from stockwright.store.port import Item, Key, Store


class SkuClaim(Record, frozen=True):
    """That a SKU is this product's own, or one of its variants'."""

    KIND = "SKU"
    product_id: str
    own_variant: OwnVariant = field(name="variantId", default=UNSET)


class BarcodeClaim(Record, frozen=True):
    """That a barcode is this product's own, or one of its variants'."""

    KIND = "BARCODE"
    product_id: str
    own_variant: OwnVariant = field(name="variantId", default=UNSET)


Claim = SkuClaim | BarcodeClaim


class Holders(Struct, frozen=True):
    """Who has codes: code as asked → the claim of it as a SKU, and that of it as a barcode."""

    skus: Mapping[str, SkuClaim]
    barcodes: Mapping[str, BarcodeClaim]

    def find(self, code: str) -> Claim | None:
        """Find what a scanned or typed code means: a barcode before a SKU."""
        return self.barcodes.get(code) or self.skus.get(code)


SortedBy = Literal["time", "name", "price"]
LISTS: Final[dict[SortedBy, tuple[IndexName, str]]] = {
    "time": ("list", "PRODUCT"),
    "name": ("owner", "PRODUCT_NAME"),
    "price": ("due", "PRODUCT_PRICE"),
}
"""The lists that a product is in, each in an index of its own."""
NAME_BYTES_MAX: Final = 600
"""Of a name, so many bytes sort it: DynamoDB's sort keys hold 1,024."""


def product_key(product_id: str) -> Key:
    """The product's own item."""
    return (f"PRODUCT#{product_id}", "PRODUCT")


def sku_key(sku: str) -> Key:
    """The claim that makes a SKU unique, in whatever case it is written."""
    return (f"SKU#{sku.casefold()}", "SKU")


def sku_keys(sku: str) -> list[Key]:
    """Return the claims that may be a SKU's: as it is written today, and as it came: older ones were not cleaned."""
    return list(dict.fromkeys((sku_key(clean(sku)), sku_key(sku))))


def barcode_claim_key(barcode: str) -> Key:
    """The claim that makes a barcode unique: a GTIN in all its lengths, any other code in whatever case."""
    return (f"BARCODE#{barcode_key(barcode)}", "BARCODE")


async def load_products(store: Store, product_ids: Iterable[str], *, deleted_too: bool = False) -> dict[str, Product]:
    """Load many products in one call; those that are not there, or were deleted, are left out."""
    products = await load(store, [product_key(each) for each in dict.fromkeys(product_ids)], Product)
    return {product.id: product for product in products if deleted_too or product.status != "DELETED"}


async def load_product_ids(store: Store, skus: Iterable[str]) -> dict[str, str]:
    """Find the product ids of SKUs in one call: SKU as asked → product id."""
    return {sku: claim.product_id for sku, claim in (await load_claims(store, skus)).items()}


async def load_variant_ids(store: Store, skus: Iterable[str]) -> dict[str, str]:
    """Find whose SKUs they are in one call: SKU as asked → the id under which units of it are counted."""
    claims = await load_claims(store, skus)
    return {sku: variant_id_of(claim.product_id, claim.own_variant) for sku, claim in claims.items()}


async def load_claims(store: Store, skus: Iterable[str]) -> dict[str, SkuClaim]:
    """Find whose SKUs are in one call: SKU as asked → its claim.

    A SKU is looked for as it is written today, and else as it was asked for: older claims were not cleaned.
    """
    keys = {sku: sku_keys(sku) for sku in skus}
    found = await store.get(list(dict.fromkeys(key for each in keys.values() for key in each)))
    return _first_claims(keys, found)


def _first_claims(keys: Mapping[str, Sequence[Key]], found: Mapping[Key, Item]) -> dict[str, SkuClaim]:
    claims = {sku: next((found[key] for key in each if key in found), None) for sku, each in keys.items()}
    return {sku: claim.read(SkuClaim) for sku, claim in claims.items() if claim is not None}


async def load_holders(store: Store, codes: Iterable[str]) -> Holders:
    """Find whose SKUs and whose barcodes codes are, in one call."""
    codes = list(dict.fromkeys(codes))
    skus = {code: sku_keys(code) for code in codes}
    barcodes = {code: barcode_claim_key(code) for code in codes}
    keys = dict.fromkeys([*(key for each in skus.values() for key in each), *barcodes.values()])
    found = await store.get(list(keys)) if keys else {}
    of_barcodes = {code: found[key].read(BarcodeClaim) for code, key in barcodes.items() if key in found}
    return Holders(_first_claims(skus, found), of_barcodes)


async def page_of_products(
    store: Store,
    *,
    where: Mapping[str, str] | None = None,
    search: str = "",
    after: str | None = None,
    limit: int = 20,
    reverse: bool = True,
) -> tuple[list[Product], str | None]:
    """Read products that were not deleted, newest first by default."""
    found, following = await positions_of_products(
        store, where=where, search=search, after=after, limit=limit, reverse=reverse
    )
    return [product for _, product in found], following


async def positions_of_products(
    store: Store,
    *,
    where: Mapping[str, str] | None = None,
    search: str = "",
    after: str | None = None,
    limit: int = 20,
    reverse: bool = True,
    by: SortedBy = "time",
) -> Positioned[Product]:
    """Read the same with each product's position in the list, also in the order of the names or prices."""
    index, partition = LISTS[by]
    if is_gtin(search.strip()):
        only = await _find_by_barcode(store, search.strip(), where or {})
        if only is not None:
            return [] if after else [(_POSITIONS[by](only), only)], None
    page = await store.query(
        partition,
        index=index,
        where=where,
        contains=search_words(search),
        after=after,
        limit=limit,
        reverse=reverse,
    )
    return [(position, item.read(Product)) for position, item in zip(page.sorts, page.items, strict=True)], page.next


def put_product(batch: Batch, product: Product) -> None:
    """Write a product, expecting the version that it was loaded with."""
    listed = product.status != "DELETED"
    batch.put(
        product_key(product.id),
        product,
        product.version,
        {index: (partition, _POSITIONS[by](product)) for by, (index, partition) in LISTS.items()} if listed else {},
        text=search_text(*_searched(product)) if listed else "",
    )


def _searched(product: Product) -> list[str]:
    """Return the texts by which a product is found."""
    own = [each.sku for each in product.variants]
    barcodes = [product.barcode, *(each.barcode for each in product.variants)]
    return [product.name, product.sku, product.brand, *own, *(each for each in barcodes if each is not None)]


def position_of(product: Product) -> str:
    """Return a product's position in the list by time."""
    return position_by_time(product.id, "prd", product.created_at)


def _by_name(product: Product) -> str:
    name = product.name.casefold().encode()[:NAME_BYTES_MAX].decode(errors="ignore")
    return f"{name}\x1f{product.id}"


def _by_price(product: Product) -> str:
    return f"{product.price_cents:015d}\x1f{product.id}"


_POSITIONS: Final[dict[SortedBy, Callable[[Product], str]]] = {
    "time": position_of,
    "name": _by_name,
    "price": _by_price,
}
"""Where a product is in each list."""


async def _find_by_barcode(store: Store, gtin: str, where: Mapping[str, str]) -> Product | None:
    """Find the product that bears a GTIN, whatever its length there; None where there is none that passes."""
    claim = (await load_holders(store, [gtin])).barcodes.get(gtin)
    products = {} if claim is None else await load_products(store, [claim.product_id])
    found = None if claim is None else products.get(claim.product_id)
    fits = found is not None and all(getattr(found, name) == value for name, value in where.items())
    return found if fits else None


def claim_sku(batch: Batch, sku: str, product_id: str, own_variant: OwnVariant = UNSET) -> None:
    """Make a SKU this product's own, or one of its variants'; Stale where somebody has it."""
    batch.put(sku_key(sku), SkuClaim(product_id, own_variant), ABSENT)


def release_sku(batch: Batch, sku: str) -> None:
    """Let another product or variant have the SKU."""
    batch.delete(sku_key(sku), 1)


def claim_barcode(batch: Batch, barcode: str | None, product_id: str, own_variant: OwnVariant = UNSET) -> None:
    """Make a barcode, if there is one, this product's own or one of its variants'; Stale where somebody has it."""
    if barcode is not None:
        batch.put(barcode_claim_key(barcode), BarcodeClaim(product_id, own_variant), ABSENT)


def release_barcode(batch: Batch, barcode: str | None) -> None:
    """Let another product or variant have the barcode, if there is one."""
    if barcode is not None:
        batch.delete(barcode_claim_key(barcode), 1)


def move_barcode(
    batch: Batch, before: str | None, after: str | None, product_id: str, own_variant: OwnVariant = UNSET
) -> None:
    """Release one barcode of a product or variant and claim another; nothing where both are one."""
    if not same_barcode(before, after):
        release_barcode(batch, before)
        claim_barcode(batch, after, product_id, own_variant)
