"""Access patterns of what is counted in advance: each variant's part, the shop's totals, and who is short.

A variant's part and the totals change in one commit, so that the totals are the sum of the parts at
any instant. Both follow the stock by the moment that its event takes to be handled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType, field

from stockwright.base.record import Record
from stockwright.products.variant import OwnVariant, variant_id_of
from stockwright.store.find import find, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.stock.model import StockStatus
    from stockwright.store.batch import Batch
    from stockwright.store.paging import Positioned
    from stockwright.store.port import IndexName, Key, Store


TOTALS: Final[Key] = ("TOTALS", "STOCK")
LOW: Final = "STOCK_LOW"


class Counted(Record, frozen=True):
    """What a variant adds to the totals, as of these versions of its stock and of itself."""

    KIND = "COUNTED"
    product_id: str
    stock_version: int
    product_version: int
    available: int
    reserved: int
    inactive: int
    status: str
    is_low: bool
    price: int
    currency: str
    category: str
    levels: dict[str, int]
    """The total at each location."""
    own_variant: OwnVariant = field(name="variantId", default=UNSET)
    is_first: bool | UnsetType = UNSET
    """Whether the product is counted with it: of the variants of a product, with the first."""
    cost: int | UnsetType = UNSET
    """What a unit cost the shop, where that is known."""

    @property
    def variant_id(self) -> str:
        """The variant that it is of."""
        return variant_id_of(self.product_id, self.own_variant)

    @property
    def products(self) -> int:
        """How many products are counted with it."""
        return int(self.is_first is not False)


class Totals(Record, frozen=True):
    """The sums of all parts, by name."""

    KIND = "TOTALS"
    PARTITION = TOTALS[0]
    sums: dict[str, int]


def counted_key(variant_id: str) -> Key:
    """The item beside the stock."""
    return (f"PRODUCT#{variant_id}", "COUNTED")


async def load_counted(store: Store, variant_ids: Iterable[str]) -> dict[str, Counted]:
    """Load the parts of many variants in one call; those without one are left out."""
    keys = [counted_key(each) for each in dict.fromkeys(variant_ids)]
    return {part.variant_id: part for part in (await load(store, keys, Counted) if keys else ())}


def put_counted(batch: Batch, part: Counted, position: str) -> None:
    """Write a variant's part, expecting its version; `position` is the product's in the list of products."""
    if part.own_variant is not UNSET:
        # Sort keys are unique within a list.
        position = f"{position}\x1f{part.own_variant}"
    indexes: dict[IndexName, tuple[str, str]] = {}
    if part.is_low:
        indexes["list"] = (LOW, position)
    if part.status != "IN_STOCK":
        indexes["owner"] = (_status(part.status), position)
    batch.put(counted_key(part.variant_id), part, part.version, indexes)


def delete_counted(batch: Batch, part: Counted) -> None:
    """Remove the part of a variant that was deleted."""
    batch.delete(counted_key(part.variant_id), part.version)


async def positions_of_low(
    store: Store, *, after: str | None = None, limit: int = 20, reverse: bool = False
) -> Positioned[Counted]:
    """Read the variants that were below their threshold when they were counted."""
    page = await store.query(LOW, index="list", after=after, limit=limit, reverse=reverse)
    return [(position, item.read(Counted)) for position, item in zip(page.sorts, page.items, strict=True)], page.next


async def positions_of_status(
    store: Store, status: StockStatus, *, after: str | None = None, limit: int = 20
) -> Positioned[Counted]:
    """Read the variants that were LOW, or OUT, when they were counted."""
    page = await store.query(_status(status), index="owner", after=after, limit=limit)
    return [(position, item.read(Counted)) for position, item in zip(page.sorts, page.items, strict=True)], page.next


async def load_totals(store: Store) -> Totals:
    """Load the sums of all parts."""
    return await find(store, TOTALS, Totals) or Totals({})


def put_totals(batch: Batch, totals: Totals) -> None:
    """Write the sums, expecting the version that they were loaded with."""
    batch.put(TOTALS, totals, totals.version)


def _status(status: str) -> str:
    return f"STOCK_STATUS#{status}"
