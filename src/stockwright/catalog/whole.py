"""A product with variants changed as a whole, in one commit: its fields, its variants' fields, variants added, removed.

For what changes many things of a product at once and is taken back at once: an import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, VersionConflict
from stockwright.catalog.new_variants import add_variants, opened_stock, put_new_stock
from stockwright.catalog.stocked import StockedProduct, get_product, with_variants
from stockwright.catalog.usecases import change_fields, check_not_needed, check_thresholds, write_off
from stockwright.catalog.variants import move_codes
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import ProductUpdated
from stockwright.products import records as product_records
from stockwright.products.model import ProductFields
from stockwright.products.variant import Variant
from stockwright.products.variant_rules import NewVariant, check_new_variant, check_variants, with_values
from stockwright.reservations.allocation import releasing_expired
from stockwright.stock import location_records
from stockwright.stock import records as stock_records
from stockwright.stock.model import DEFAULT_LOCATION, Stock, by_variant, moved_fields
from stockwright.store.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.request import Request


class VariantChange(Struct, frozen=True):
    """What changes in a variant: fields under Variant's names, thresholds under Stock's."""

    fields: Mapping[str, Any] = {}
    thresholds: Mapping[str, int] = {}


class ChangeWhole(Struct, frozen=True, kw_only=True):
    """What changes in a product of a version; variants by their ids."""

    product_id: str
    expected_version: int
    fields: ProductFields = field(default_factory=ProductFields)
    variants: Mapping[str, VariantChange] = {}
    added: Sequence[NewVariant] = ()
    removed: Sequence[str] = ()
    options: Mapping[str, Any] | None = None
    """Option → values, where values of removed variants are to go too."""
    stock_versions: Mapping[str, int] = {}
    """Of those that are removed: their stock must not have moved since."""


async def change_whole(app: App, request: Request, command: ChangeWhole) -> StockedProduct:
    """Change a product and its variants; raises VersionConflict, and whatever the catalogue's rules refuse."""

    async def attempt() -> StockedProduct:
        before = await get_product(app, command.product_id)
        _insist(before, command)
        batch, now = Batch(), app.clock.now()
        product = await change_fields(app, batch, before.product, command.fields)
        gone = [stock for stock in before.of_variants if stock.variant_id in command.removed]
        await check_not_needed(app, gone)
        product = _changed(product, command)
        for former, variant in _recoded(before.product, product):
            await move_codes(app, batch, product, former, variant)
        product, opened = await _with_added(app, product, before, command, now)
        kept = [_with_thresholds(each, command, now) for each in before.of_variants if each not in gone]
        written = [stock for stock in kept if stock not in before.of_variants]
        if (product, written, gone) == (before.product, [], []):
            return await unchanged(app, request, before)
        product = replace(product, updated_at=now)
        product_records.put_product(batch, product)
        for stock in written:
            stock_records.put_stock(batch, stock)
        for stock in opened:
            put_new_stock(app, request, batch, product, stock)
        for stock in gone:
            write_off(app, request, batch, before.product, stock, "Variant removed")
        if len(batch.writes) >= app.store.writes_max:
            raise Invalid.field("variants", "change too many for one step; change some of them first")
        data = ProductUpdated(
            sku=product.sku, fields=sorted({*command.fields, "variants"}), **moved_fields([*before.stocks, *opened])
        )
        batch.append(new_event(app, request, data, product.id))
        stocks = [replace(each, version=each.version + (each in written)) for each in kept]
        stocks += [replace(each, version=1) for each in opened]
        after = with_variants(replace(product, version=product.version + 1), by_variant(stocks)) or before
        await commit(app, request, batch, after)
        return after

    return await releasing_expired(app, request, list(command.removed), attempt)


def _insist(before: StockedProduct, command: ChangeWhole) -> None:
    """Refuse what is not as the caller knows it."""
    if before.product.version != command.expected_version:
        raise VersionConflict(details={"current": before})
    if not before.product.stock_per_variant:
        raise Conflict("This product has no variants with stock of their own", {"productId": command.product_id})
    for stock in before.of_variants:
        if stock.version != command.stock_versions.get(stock.variant_id, stock.version):
            raise Conflict(f"the stock of {stock.sku} has moved since")


def _changed(product: Product, command: ChangeWhole) -> Product:
    own = list[Variant]()
    for number, each in enumerate(product.variants):
        if each.id in command.removed:
            continue
        change = command.variants.get(each.id, VariantChange())
        variant = replace(each, **change.fields)
        if variant != each:
            checked = NewVariant(
                options=variant.options,
                price_cents=variant.price_cents,
                image_url=variant.image_url if variant.image_url != each.image_url else None,
                barcode=variant.barcode if variant.barcode != each.barcode else None,
                cost_cents=variant.cost_cents,
                weight_grams=variant.weight_grams,
                tax_rate=variant.tax_rate,
            )
            check_new_variant(checked, product.options, f"variants[{number}].")
        own.append(variant)
    options = product.options if command.options is None else command.options
    return replace(product, own_variants=tuple(own), options=options)


def _recoded(before: Product, after: Product) -> list[tuple[Variant, Variant]]:
    """Return each variant that gets another barcode, before and after."""
    now = {each.id: each for each in after.variants}
    return [
        (each, variant)
        for each in before.variants
        if (variant := now.get(each.id)) is not None and each.barcode != variant.barcode
    ]


def _with_thresholds(stock: Stock, command: ChangeWhole, now: int) -> Stock:
    thresholds = command.variants.get(stock.variant_id, VariantChange()).thresholds
    changed = check_thresholds(replace(stock, **thresholds))
    return stock if changed == stock else replace(changed, updated_at=now)


async def _with_added(
    app: App, product: Product, before: StockedProduct, command: ChangeWhole, now: int
) -> tuple[Product, list[Stock]]:
    """Return the product with its new variants, and their opening stock."""
    if not command.added:
        check_variants(product)
        return product, []
    for each in command.added:
        product = with_values(product, each.options)
    count = len(product.variants)
    product = await add_variants(app, product, command.added, "variants")
    active = await location_records.load_active(app.store)
    thresholds = {name: getattr(before.stock, name) for name in ("low_stock", "reorder_point", "reorder_quantity")}
    made = product.variants[count:]
    return product, [
        replace(check_thresholds(opened_stock(product, variant, new, thresholds, DEFAULT_LOCATION, now)), active=active)
        for variant, new in zip(made, command.added, strict=True)
    ]
