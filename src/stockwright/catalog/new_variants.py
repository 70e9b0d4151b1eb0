"""Variants of a product that is made, or of one that is there: SKUs, stock, claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.errors import Invalid
from stockwright.base.names import clean
from stockwright.catalog.stocked import get_product, with_variants
from stockwright.catalog.unique import refuse_taken
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import ProductUpdated
from stockwright.products import records as product_records
from stockwright.products.barcode import clean_barcode
from stockwright.products.model import sku_from_name
from stockwright.products.variant import Variant
from stockwright.products.variant_rules import (
    NewVariant,
    check_new_variant,
    check_options,
    check_variants,
    combinations,
    options_from,
)
from stockwright.stock import records as stock_records
from stockwright.stock.booking import book
from stockwright.stock.model import BLANK, Level, Stock, by_variant, check_quantity, moved_fields
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.base.movements import MovementType
    from stockwright.catalog.stocked import StockedProduct
    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.products.variant_rules import OptionChoices
    from stockwright.request import Request


async def with_new_variants(
    app: App, product: Product, options: Sequence[OptionChoices] | None, wanted: Sequence[NewVariant]
) -> tuple[Product, list[NewVariant]]:
    """Return a new product with its variants, and what was wanted of each.

    Without variants, there is one for each combination of the options; without options, they are what the variants
    have. SKUs that were not given are made from the product's and the values.
    """
    choices = check_options(options_from(wanted) if options is None else options)
    wanted = list(wanted) or combinations(choices)
    product = replace(
        product,
        options={each.name: list(each.values) for each in choices},
        option_names=tuple(each.name for each in choices),
    )
    product = await add_variants(app, replace(product, own_variants=()), wanted, "variants")
    return product, wanted


async def add_variants(app: App, product: Product, wanted: Sequence[NewVariant], field: str) -> Product:
    """Return the product with more variants, each checked; `field` names their list in the request."""
    made, wrong = list[Variant](), list[dict[str, str]]()
    for number, each in enumerate(wanted):
        path = f"{field}[{number}]." if field else ""
        try:
            options = check_new_variant(each, product.options, path, product.images)
            check_quantity(each.quantity, f"{path}quantity", least=0)
        except Invalid as refused:
            wrong += refused.details
            continue
        sku = clean(each.sku) if each.sku else _sku_of(product, options)
        made.append(
            Variant(
                id=app.ids.new("var"),
                sku=sku,
                options=product.ordered(options),
                price_cents=each.price_cents,
                image_url=each.image_url,
                barcode=None if each.barcode is None else clean_barcode(each.barcode),
                cost_cents=each.cost_cents,
                weight_grams=each.weight_grams,
                tax_rate=each.tax_rate,
                picture=each.picture,
            )
        )
    if wrong:
        raise Invalid(details=wrong)
    after = replace(product, own_variants=(*product.variants, *made))
    check_variants(after)
    await _refuse_taken(app, product.id, made)
    return after


def _sku_of(product: Product, options: Mapping[str, str]) -> str:
    """Make a variant's SKU from the product's and its values: PH-1-CORAL."""
    values = " ".join(product.ordered(options).values())
    return f"{product.sku}-{sku_from_name(values).removeprefix('ITEM-')}"


async def _refuse_taken(app: App, product_id: str, made: Sequence[Variant]) -> None:
    await refuse_taken(app, product_id, [each.sku for each in made], [each.barcode for each in made])


def opened_stock(
    product: Product, variant: Variant, wanted: NewVariant, thresholds: Mapping[str, int], location: str, now: int
) -> Stock:
    """Return a new variant's opening stock; its own thresholds come before the product's."""
    return replace(
        BLANK,
        product_id=product.id,
        sku=variant.sku,
        levels={location: Level.of(wanted.quantity)},
        own_variant=variant.id,
        created_at=now,
        updated_at=now,
        **{**thresholds, **wanted.thresholds},
    )


def put_new_stock(
    app: App,
    request: Request,
    batch: Batch,
    product: Product,
    stock: Stock,
    *,
    kind: MovementType = "INITIAL",
    reason: str = "",
) -> None:
    """Write the stock of a variant that is not there yet, with the claims of its codes and its first movement."""
    product_records.claim_sku(batch, stock.sku, stock.product_id, stock.own_variant)
    barcode = product.own_barcode(stock.own_variant)
    product_records.claim_barcode(batch, barcode, stock.product_id, stock.own_variant)
    stock_records.put_stock(batch, stock)
    opening = {location: level.total for location, level in stock.levels.items() if level.total}
    book(app, request, batch, {stock.variant_id: opening}, {stock.variant_id: stock}, kind, reason=reason)


BESIDE: Final = 12
"""Writes of a commit that are not of its variants: product, its claims, event, category, spellings, Idempotency-Key."""


def pieces_of(app: App, product: Product, stocks: Sequence[Stock]) -> list[list[Stock]]:
    """Split new stocks into what one commit takes each: a stock, its claims and its first movements."""
    pieces: list[list[Stock]] = [[]]
    left = app.store.writes_max - BESIDE
    for stock in stocks:
        writes = 2 + (product.own_barcode(stock.own_variant) is not None) + len(stock.levels)
        if writes > left:
            pieces.append([])
            left = app.store.writes_max - BESIDE
        pieces[-1].append(stock)
        left -= writes
    return pieces


async def extend(
    app: App, request: Request, product_id: str, variants: Sequence[Variant], stocks: Sequence[Stock]
) -> StockedProduct:
    """Add variants that were checked to a product, with their stock, in one commit."""
    own = {stock.variant_id for stock in stocks}
    new = [each for each in variants if each.id in own]

    async def attempt() -> StockedProduct:
        before = await get_product(app, product_id)
        await _refuse_taken(app, product_id, new)
        product = replace(before.product, own_variants=(*before.product.variants, *new))
        check_variants(product)
        return await write_more(app, request, before, product, stocks)

    return await retried(attempt)


async def write_more(
    app: App, request: Request, before: StockedProduct, product: Product, stocks: Sequence[Stock]
) -> StockedProduct:
    """Write a product that has more variants than before, and the stock of those that are new."""
    batch, product = Batch(), replace(product, updated_at=app.clock.now())
    product_records.put_product(batch, product)
    for stock in stocks:
        put_new_stock(app, request, batch, product, stock)
    data = ProductUpdated(sku=product.sku, fields=["variants"], **moved_fields(stocks))
    batch.append(new_event(app, request, data, product.id))
    made = [replace(stock, version=1) for stock in stocks]
    after = with_variants(replace(product, version=product.version + 1), by_variant([*before.of_variants, *made]))
    await commit(app, request, batch, after)
    return after or before
