"""A product with its stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import (
    NotFound,
)
from stockwright.products import records as product_records
from stockwright.products.model import Product
from stockwright.stock import location_records
from stockwright.stock import records as stock_records
from stockwright.stock.lookup import UNKNOWN, Found, choose, find_ids, products_of_variants
from stockwright.stock.model import Level, Stock, StockStatus, by_variant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.products.variant import Variant
    from stockwright.stock.lookup import Named


class StockedProduct(Struct, frozen=True):
    """A product with its stock, as every view of it needs both.

    Where its variants have stock of their own, `stock` is their sum, and `of_variants` has each of them.
    """

    product: Product
    stock: Stock
    of_variants: tuple[Stock, ...] = ()

    @property
    def stocks(self) -> tuple[Stock, ...]:
        """The stock of each variant; of a product without variants, its own."""
        return self.of_variants or (self.stock,)

    @property
    def variants(self) -> list[tuple[Variant, Stock]]:
        """Its variants that have stock of their own, each with it."""
        stocks = by_variant(self.of_variants)
        return [(each, stocks[each.id]) for each in self.product.variants if each.id in stocks]

    @property
    def is_low(self) -> bool:
        """Whether it, or one of its variants, has fewer units than its threshold."""
        return any(stock.is_low for stock in self.stocks)

    @property
    def first_low(self) -> str | None:
        """The first variant that is low, by its id: a list of what is low has a product once."""
        return min((stock.variant_id for stock in self.stocks if stock.is_low), default=None)

    def first_with(self, status: StockStatus | None) -> str | None:
        """The first variant with that status, by its id."""
        return min((stock.variant_id for stock in self.stocks if stock.status == status), default=None)

    @property
    def status(self) -> StockStatus:
        """The word for how much there is: LOW also where one of its variants is low or out."""
        status = self.stock.status
        return "LOW" if status == "IN_STOCK" and self.is_low else status

    @property
    def suggested_reorder(self) -> int:
        """What to order, of all of its variants that are short."""
        return sum(stock.suggested_reorder for stock in self.stocks)


def with_variants(product: Product, stocks: Mapping[str, Stock]) -> StockedProduct | None:
    """Put a product beside its stock, or its variants' stock and their sum; None where there is none."""
    if not product.stock_per_variant:
        stock = stocks.get(product.id)
        return None if stock is None or not stock.levels else StockedProduct(product, stock)
    found = [stocks[each] for each in product.variant_ids if each in stocks and stocks[each].levels]
    return StockedProduct(product, _sum_of(product, found), tuple(found)) if found else None


def as_written(made: StockedProduct) -> StockedProduct:
    """Return a product and its stock with the versions that they get by being written."""
    product = replace(made.product, version=made.product.version + 1)
    written = [replace(stock, version=stock.version + 1) for stock in made.stocks]
    return with_variants(product, by_variant(written)) or made


def _sum_of(product: Product, stocks: Sequence[Stock]) -> Stock:
    """Sum the stock of variants, at each location; thresholds are the highest of any variant."""
    levels: dict[str, Level] = {}
    for stock in stocks:
        for location, level in stock.levels.items():
            known = levels.get(location, Level())
            levels[location] = Level.of(known.available + level.available, known.reserved + level.reserved)
    order = [*(each for each in stocks[0].active if each in levels), *sorted(levels.keys() - set(stocks[0].active))]
    return Stock(
        product.id,
        product.sku,
        {location: levels[location] for location in order},
        active=stocks[0].active,
        low_stock=max(stock.low_stock for stock in stocks),
        reorder_point=max(stock.reorder_point for stock in stocks),
        reorder_quantity=max(stock.reorder_quantity for stock in stocks),
        created_at=min(stock.created_at for stock in stocks),
        updated_at=max(stock.updated_at for stock in stocks),
        version=sum(stock.version for stock in stocks),
    )


async def get_product(app: App, product_id: str) -> StockedProduct:
    """Get a product and its stock, or refuse."""
    found = await load_stocked(app, [product_id])
    if product_id not in found:
        raise NotFound("Product not found")
    return found[product_id]


async def load_stocked(app: App, product_ids: Sequence[str]) -> dict[str, StockedProduct]:
    """Load many products with their stock and the active locations, in two store calls.

    One more where variants have stock of their own. What is not there is left out.
    """
    active = await location_records.load_active(app.store)
    keys = [(each, product_records.product_key(each), stock_records.stock_key(each)) for each in product_ids]
    found = await app.store.get([key for _, *both in keys for key in both])
    loaded, with_own = {}, dict[str, Product]()
    for product_id, product_key, stock_key in keys:
        item, stock = found.get(product_key), found.get(stock_key)
        product = None if item is None else item.read(Product)
        if product is None or product.status == "DELETED":
            continue
        if product.stock_per_variant:
            with_own[product_id] = product
        # A read of many items is not of one moment: the product that is just being made may come without its stock.
        # Nor may it be so of the product that is just being deleted: its stock has no levels any more.
        elif stock is not None and (own := stock_records.stock_of(stock, active)).levels:
            loaded[product_id] = StockedProduct(product, own)
    if with_own:
        loaded |= await put_beside(app, with_own.values())
    return loaded


async def put_beside(app: App, products: Iterable[Product]) -> dict[str, StockedProduct]:
    """Put products beside their stock, and that of their variants; what has none is left out."""
    products = list(products)
    stocks = await stock_records.load_stocks(app.store, (each for of in products for each in of.variant_ids))
    beside = {product.id: with_variants(product, stocks) for product in products}
    return {product_id: each for product_id, each in beside.items() if each is not None}


async def find_stocked(app: App, named: Sequence[Named]) -> list[tuple[StockedProduct, Found] | None]:
    """Find what each names, with its stock, in two store calls; None where it does not exist.

    Two more where an id is not a product's: it may be a variant's.
    """
    ids = await find_ids(app, named)
    loaded = await load_stocked(app, list(dict.fromkeys(each for each, _ in ids if each)))
    of_variants = await products_of_variants(app, [each for each, _ in ids if each and each not in loaded])
    if of_variants:
        loaded |= await load_stocked(app, list(dict.fromkeys(of_variants.values())))
    found: list[tuple[StockedProduct, Found] | None] = []
    for named_id, own in ids:
        product_id = named_id if named_id in loaded else of_variants.get(named_id, "")
        stocked = loaded.get(product_id)
        which = None if stocked is None else Found(stocked.product, own if named_id == product_id else named_id)
        found.append(None if stocked is None or which is None or not which.exists else (stocked, which))
    return found


async def get_stocked(app: App, named: Named) -> tuple[StockedProduct, Stock]:
    """Get the product that is named, and the stock of the variant that is meant, or refuse (404, 400)."""
    (found,) = await find_stocked(app, [named])
    if found is None:
        raise NotFound("Product not found", named.refusal(UNKNOWN) if named.id is None else None)
    stocked, which = found
    return stocked, chosen_stock(stocked, which, named)


def chosen_stock(stocked: StockedProduct, which: Found, named: Named) -> Stock:
    """Return the stock of the variant that is meant; Invalid, with the choices, where none or several are."""
    chosen = choose(which, named)
    if chosen.variant is None:
        return stocked.stock
    stock = by_variant(stocked.of_variants).get(chosen.variant_id)
    if stock is None:
        raise NotFound("Product not found")
    return stock


def one_variant(stocked: StockedProduct, variant_id: str) -> StockedProduct:
    """Return the product with the stock of one of its variants alone."""
    return StockedProduct(stocked.product, by_variant(stocked.stocks).get(variant_id, stocked.stock))


def with_stock(stocked: StockedProduct, stock: Stock) -> StockedProduct:
    """Return the product after the stock of one of its variants has changed."""
    if not stocked.of_variants:
        return replace(stocked, stock=stock)
    stocks = by_variant(stocked.of_variants) | {stock.variant_id: stock}
    return with_variants(stocked.product, stocks) or stocked
