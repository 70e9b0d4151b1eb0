"""The variants of a product that is there: add, change, remove them (SPEC section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, NotFound, VersionConflict
from stockwright.base.names import clean
from stockwright.catalog.new_variants import add_variants, opened_stock, write_more
from stockwright.catalog.stocked import StockedProduct, get_product, with_stock, with_variants
from stockwright.catalog.unique import refuse_taken
from stockwright.catalog.usecases import check_not_needed, check_thresholds, recounted, write_off
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import ProductUpdated
from stockwright.products import records as product_records
from stockwright.products.barcode import clean_barcode, same_barcode
from stockwright.products.variant_rules import NewVariant, check_new_variant, check_variants, with_values
from stockwright.reservations.allocation import releasing_expired
from stockwright.stock import location_records
from stockwright.stock import records as stock_records
from stockwright.stock.booking import book, decide_on_stock
from stockwright.stock.locations import must_exist
from stockwright.stock.model import DEFAULT_LOCATION, by_variant, check_quantity, moved_fields
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.products.variant import Variant
    from stockwright.request import Request
    from stockwright.stock.model import Stock


class VariantFields(TypedDict, total=False):
    """The fields that somebody gives to a variant, under Variant's own names; None: as the product has it."""

    sku: str
    options: Mapping[str, str]
    price_cents: int | None
    image_url: str | None
    barcode: str | None
    cost_cents: int | None
    weight_grams: int | None
    tax_rate: int | None
    picture: str
    """The id of one of the product's pictures; "": as the product has it."""


class ChangeVariant(Struct, frozen=True):
    """Only the given fields change; `quantity` sets what is available, booked as an ADJUSTMENT.

    `expected_version` is the product's; `expected_stock_version` the variant's stock's, compared with a `quantity`.
    """

    product_id: str
    variant_id: str
    fields: VariantFields = field(default_factory=VariantFields)
    quantity: int | None = None
    thresholds: Mapping[str, int] = field(default_factory=dict)
    expected_version: int | None = None
    expected_stock_version: int | None = None


class AddVariant(Struct, frozen=True):
    """One more variant of a product, with its opening stock at `location`."""

    product_id: str
    variant: NewVariant
    location: str = DEFAULT_LOCATION
    expected_version: int | None = None


async def add_variant(app: App, request: Request, command: AddVariant) -> StockedProduct:
    """Add a variant to a product whose variants have stock of their own (409 otherwise).

    A value that an option does not have yet is added to it.
    """

    async def attempt() -> StockedProduct:
        before = await _get(app, command.product_id, command.expected_version)
        await must_exist(app, command.location)
        offering = with_values(before.product, command.variant.options)
        product = await add_variants(app, offering, [command.variant], "")
        thresholds = {name: getattr(before.stock, name) for name in ("low_stock", "reorder_point", "reorder_quantity")}
        variant = product.variants[-1]
        stock = opened_stock(product, variant, command.variant, thresholds, command.location, app.clock.now())
        stock = replace(check_thresholds(stock), active=await location_records.load_active(app.store))
        return await write_more(app, request, before, product, [stock])

    return await retried(attempt)


async def change_variant(app: App, request: Request, command: ChangeVariant) -> StockedProduct:
    """Change the given fields of a variant; 412 with the state now where an expected version is not the version."""
    if command.quantity is not None:
        check_quantity(command.quantity, least=0)

    async def attempt() -> StockedProduct:
        before = await _get(app, command.product_id, command.expected_version)
        former, stock = _find(before, command.variant_id)
        variant = _changed(before.product, former, command.fields)
        fields = Batch()
        await move_codes(app, fields, before.product, former, variant)

        def decision(stock: Stock) -> tuple[Batch, StockedProduct]:
            batch = Batch()
            batch.writes += fields.writes
            return batch, _write(app, request, batch, with_stock(before, stock), (variant, stock), command)

        if command.quantity is not None or command.thresholds or variant.sku != former.sku:
            return await decide_on_stock(app, request, stock.variant_id, stock.active, decision)
        batch, after = decision(stock)
        if not batch.writes:
            return await unchanged(app, request, before)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def remove_variant(
    app: App, request: Request, product_id: str, variant_id: str, expected_version: int | None = None
) -> StockedProduct:
    """Take a variant out of the shop, by the rules of deleting a product; the last one stays (409)."""

    async def attempt() -> StockedProduct:
        before = await _get(app, product_id, expected_version)
        variant, stock = _find(before, variant_id)
        if len(before.product.variants) == 1:
            raise Conflict("This is the product's only variant; delete the product instead", {"productId": product_id})
        await check_not_needed(app, [stock])
        left = tuple(each for each in before.product.variants if each.id != variant.id)
        product = replace(before.product, own_variants=left, updated_at=app.clock.now())
        batch = Batch()
        product_records.put_product(batch, product)
        write_off(app, request, batch, before.product, stock, "Variant removed")
        # The first of its variants may be another now: all are counted again.
        data = ProductUpdated(sku=product.sku, fields=["variants"], **moved_fields(before.stocks))
        batch.append(new_event(app, request, data, product_id))
        rest = by_variant(each for each in before.stocks if each.variant_id != variant.id)
        after = with_variants(replace(product, version=product.version + 1), rest) or before
        await commit(app, request, batch, after)
        return after

    return await releasing_expired(app, request, [variant_id], attempt)


async def _get(app: App, product_id: str, expected_version: int | None) -> StockedProduct:
    found = await get_product(app, product_id)
    if expected_version not in (None, found.product.version):
        raise VersionConflict(details={"current": found})
    if not found.product.stock_per_variant:
        raise Conflict("This product has no variants with stock of their own", {"productId": product_id})
    return found


def _find(found: StockedProduct, variant_id: str) -> tuple[Variant, Stock]:
    for variant, stock in found.variants:
        if variant.id == variant_id:
            return variant, stock
    raise NotFound("Variant not found")


def _changed(product: Product, former: Variant, fields: VariantFields) -> Variant:
    """Return the variant with the given fields, checked; its options must not be those of another."""
    given = fields.copy()
    if "sku" in given:
        given["sku"] = clean(given["sku"])
    if (barcode := given.get("barcode")) is not None:
        given["barcode"] = clean_barcode(barcode)
    # A variant has one picture: the other way to name it gives way.
    if given.get("picture"):
        given.setdefault("image_url", None)
    elif given.get("image_url") is not None:
        given.setdefault("picture", "")
    variant = replace(former, **given)
    checked = NewVariant(
        options=variant.options,
        sku=variant.sku if variant.sku != former.sku else None,
        price_cents=variant.price_cents,
        image_url=variant.image_url if variant.image_url != former.image_url else None,
        barcode=variant.barcode if variant.barcode != former.barcode else None,
        cost_cents=variant.cost_cents,
        weight_grams=variant.weight_grams,
        tax_rate=variant.tax_rate,
        picture=variant.picture if variant.picture != former.picture else "",
    )
    variant = replace(variant, options=product.ordered(check_new_variant(checked, product.options, "", product.images)))
    if variant != former:
        check_variants(_with(product, variant))
    return variant


def _with(product: Product, variant: Variant) -> Product:
    own = tuple(variant if each.id == variant.id else each for each in product.variants)
    return replace(product, own_variants=own)


async def move_codes(app: App, batch: Batch, product: Product, former: Variant, variant: Variant) -> None:
    """Claim a variant's new SKU and barcode instead of the former ones."""
    skus = [variant.sku] if variant.sku.casefold() != former.sku.casefold() else []
    barcodes = [] if same_barcode(former.barcode, variant.barcode) else [variant.barcode]
    if skus or barcodes:
        await refuse_taken(app, product.id, skus, barcodes)
    if skus:
        product_records.release_sku(batch, former.sku)
        product_records.claim_sku(batch, variant.sku, product.id, variant.id)
    product_records.move_barcode(batch, former.barcode, variant.barcode, product.id, variant.id)


def _write(
    app: App,
    request: Request,
    batch: Batch,
    before: StockedProduct,
    wanted: tuple[Variant, Stock],
    command: ChangeVariant,
) -> StockedProduct:
    """Add the writes of a change to a batch (none where nothing changes); returns the product as it will be."""
    variant, former = wanted
    if command.quantity is not None and command.expected_stock_version not in (None, former.version):
        raise VersionConflict(details={"current": before})
    now = app.clock.now()
    stock, changes = recounted(former, command.quantity, command.thresholds)
    stock = replace(stock, sku=variant.sku)
    product = _with(before.product, variant)
    if (product, stock) == (before.product, former):
        return before
    product = replace(product, updated_at=now)
    product_records.put_product(batch, product)
    if stock != former:
        stock = replace(stock, updated_at=now)
        stock_records.put_stock(batch, stock)
        book(app, request, batch, {variant.id: changes}, {variant.id: stock}, "ADJUSTMENT", reason="Product edited")
        stock = replace(stock, version=stock.version + 1)
    data = ProductUpdated(sku=product.sku, fields=["variants"], **moved_fields([stock]))
    batch.append(new_event(app, request, data, product.id))
    return with_stock(replace(before, product=replace(product, version=product.version + 1)), stock)
