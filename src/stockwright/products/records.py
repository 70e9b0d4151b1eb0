"""Access patterns of products, SKU claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET, field

from stockwright.base.ids import position_by_time
from stockwright.base.names import clean, search_text, search_words
from stockwright.base.record import Record
from stockwright.products.model import Product
from stockwright.products.variant import OwnVariant, variant_id_of
from stockwright.store.find import load
from stockwright.store.port import ABSENT, IndexName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockwright.store.batch import Batch
    from stockwright.store.paging import Positioned
    from stockwright.store.port import Key, Store


class SkuClaim(Record, frozen=True):
    """That a SKU is this product's own, or one of its variants'."""

    KIND = "SKU"
    product_id: str
    own_variant: OwnVariant = field(name="variantId", default=UNSET)


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
    keys = {sku: dict.fromkeys((sku_key(clean(sku)), sku_key(sku))) for sku in skus}
    found = await store.get(list(dict.fromkeys(key for each in keys.values() for key in each)))
    claims = {sku: next((found[key] for key in each if key in found), None) for sku, each in keys.items()}
    return {sku: claim.read(SkuClaim) for sku, claim in claims.items() if claim is not None}


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
    positions = {"time": position_of(product), "name": _by_name(product), "price": _by_price(product)}
    batch.put(
        product_key(product.id),
        product,
        product.version,
        {index: (partition, positions[by]) for by, (index, partition) in LISTS.items()} if listed else {},
        text=search_text(product.name, product.sku, product.brand, *(each.sku for each in product.variants))
        if listed
        else "",
    )


def position_of(product: Product) -> str:
    """Return a product's position in the list by time."""
    return position_by_time(product.id, "prd", product.created_at)


def _by_name(product: Product) -> str:
    name = product.name.casefold().encode()[:NAME_BYTES_MAX].decode(errors="ignore")
    return f"{name}\x1f{product.id}"


def _by_price(product: Product) -> str:
    return f"{product.price_cents:015d}\x1f{product.id}"


def claim_sku(batch: Batch, sku: str, product_id: str, own_variant: OwnVariant = UNSET) -> None:
    """Make a SKU this product's own, or one of its variants'; Stale where somebody has it."""
    batch.put(sku_key(sku), SkuClaim(product_id, own_variant), ABSENT)


def release_sku(batch: Batch, sku: str) -> None:
    """Let another product or variant have the SKU."""
    batch.delete(sku_key(sku), 1)
