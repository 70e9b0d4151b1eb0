"""New products: made whole with their first stock, or from the few fields that a simpler system sends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import field
from msgspec.structs import replace

from stockwright.base.errors import AlreadyExists, Invalid, Refused, check_all
from stockwright.base.names import clean
from stockwright.catalog.new_variants import extend, opened_stock, pieces_of, put_new_stock, with_new_variants
from stockwright.catalog.stocked import StockedProduct, as_written, load_stocked, with_variants
from stockwright.catalog.unique import refuse_taken
from stockwright.catalog.usecases import UpdateProduct, add_update, check_thresholds, delete_product
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import ProductCreated
from stockwright.products import category_records
from stockwright.products import records as product_records
from stockwright.products.barcode import clean_barcode
from stockwright.products.model import (
    OptionalFields,
    Product,
    check_category,
    check_new_id,
    check_product,
    fields_of,
    sku_from_name,
)
from stockwright.products.spellings import spell
from stockwright.settings.records import load_settings
from stockwright.stock import location_records
from stockwright.stock.lookup import products_of_variants
from stockwright.stock.model import BLANK, DEFAULT_LOCATION, Level, by_variant, check_quantity, moved_fields
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.products.variant_rules import NewVariant, OptionChoices
    from stockwright.request import Request
    from stockwright.stock.model import Location


CATEGORY_DEFAULT: Final = "other"
NUMBERED_SKUS_MAX: Final = 20


class CreateProduct(OptionalFields, frozen=True):
    """A new product; `quantity` is its opening stock at `location` (units).

    What is None was not given: the SKU is then made from the name, the description is the name (S0 and S1
    send neither), the category is `other`, the currency the shop's. Only the given `thresholds` differ from the
    defaults, under the names of Stock's fields.
    """

    name: str
    sku: str | None
    description: str | None
    category: str | None
    price_cents: int
    quantity: int | None = None
    currency: str | None = None
    thresholds: Mapping[str, int] = field(default_factory=dict)
    location: str = DEFAULT_LOCATION
    id: str | None = None
    choices: Sequence[OptionChoices] | None = None
    """The product's options, where its variants have stock of their own."""
    variants: Sequence[NewVariant] = ()

    @property
    def stock_per_variant(self) -> bool:
        """Whether it is made with variants that have stock of their own."""
        return self.choices is not None or bool(self.variants)


async def create_product(app: App, request: Request, command: CreateProduct) -> StockedProduct:
    """Create a product and its stock level in one commit; its SKU and id must be new (409).

    An id that the client brings is used as it is. Where it is that of an UNLISTED product (one that only stock was
    opened for), that product is completed. Variants get stock of their own; those that one commit does not take are
    added by further ones.
    """
    opening = replace(BLANK, levels={command.location: Level.of(command.quantity or 0)})
    check_all(
        lambda: _check_no_sum(command),
        lambda: check_quantity(command.quantity or 0, least=0),
        lambda: check_thresholds(replace(opening, **command.thresholds)),
        lambda: check_new_id(command.id) if command.id else None,
    )
    product_id = command.id or app.ids.new("prd")

    async def attempt() -> StockedProduct:
        known = await _known(app, command.id) if command.id else None
        if known is not None and known.product.status == "UNLISTED" and not command.stock_per_variant:
            return await _complete(app, request, known, command)
        now, batch = app.clock.now(), Batch()
        product = _product_of(command, product_id, request.actor.id, now, await _currency(app, command))
        if command.sku is None:
            product = replace(product, sku=await _new_sku(app, product.name))
        product = await _checked(app, batch, product, command.location)
        if command.stock_per_variant:
            return await _create_with_variants(app, request, batch, product, command)
        stock = replace(
            opening,
            product_id=product_id,
            sku=product.sku,
            active=await location_records.load_active(app.store),
            created_at=now,
            updated_at=now,
            **command.thresholds,
        )
        await add_new_product(app, request, batch, StockedProduct(product, stock))
        made = as_written(StockedProduct(product, stock))
        await commit(app, request, batch, made)
        return made

    return await retried(attempt)


async def add_new_product(app: App, request: Request, batch: Batch, made: StockedProduct) -> None:
    """Write a product that is not there yet with its opening stock; refuse a taken id, SKU or barcode.

    One that has the version of a deleted product replaces it.
    """
    product = made.product
    await refuse_taken(app, product.id, [product.sku], [product.barcode])
    known = await product_records.load_products(app.store, [product.id], deleted_too=True)
    if product.id in known and known[product.id].version != product.version:
        raise AlreadyExists(f"A product with id {product.id} already exists", {"productId": product.id})
    product_records.put_product(batch, product)
    if made.of_variants:
        product_records.claim_sku(batch, product.sku, product.id)
        product_records.claim_barcode(batch, product.barcode, product.id)
    for stock in made.stocks:
        put_new_stock(app, request, batch, product, stock)
    data = ProductCreated(sku=product.sku, **moved_fields(made.stocks))
    batch.append(new_event(app, request, data, product.id))


async def _known(app: App, product_id: str) -> StockedProduct | None:
    """Return the product that has the id that a client brings; refuse the id of a variant."""
    if await products_of_variants(app, [product_id]):
        raise AlreadyExists(f"A variant with id {product_id} already exists", {"variantId": product_id})
    return (await load_stocked(app, [product_id])).get(product_id)


def _check_no_sum(command: CreateProduct) -> None:
    if command.stock_per_variant and command.quantity:
        raise Invalid.field("quantity", "is the sum of the variants' quantities; give each variant its own")


async def _create_with_variants(
    app: App, request: Request, batch: Batch, product: Product, command: CreateProduct
) -> StockedProduct:
    """Create a product whose variants have stock of their own: in one commit, as far as that takes them."""
    product, wanted = await with_new_variants(app, product, command.choices, command.variants)
    active, now = await location_records.load_active(app.store), app.clock.now()
    stocks = [
        replace(opened_stock(product, variant, new, command.thresholds, command.location, now), active=active)
        for variant, new in zip(product.variants, wanted, strict=True)
    ]
    check_all(*(partial(check_thresholds, stock) for stock in stocks))
    pieces = pieces_of(app, product, stocks)
    first = with_variants(replace(product, own_variants=product.variants[: len(pieces[0])]), by_variant(pieces[0]))
    if first is None:
        raise Invalid.field("variants", "must not be empty")
    await add_new_product(app, request, batch, first)
    made = as_written(first)
    await commit(app, request, batch, made)
    try:
        for piece in pieces[1:]:
            made = await extend(app, request, made.product.id, product.variants, piece)
    except Refused:
        await delete_product(app, request, made.product.id)
        raise
    return made


async def _currency(app: App, command: CreateProduct) -> str:
    return command.currency or (await load_settings(app.store)).currency


def _product_of(command: CreateProduct, product_id: str, created_by: str, now: int, currency: str) -> Product:
    name = clean(command.name)
    product = Product(
        id=product_id,
        sku="" if command.sku is None else clean(command.sku),
        name=name,
        description=name if command.description is None else command.description,
        category=CATEGORY_DEFAULT if command.category is None else command.category,
        price_cents=command.price_cents,
        currency=currency,
        created_at=now,
        updated_at=now,
        created_by=created_by,
    )
    given = {each: getattr(command, each) for each in OptionalFields.__struct_fields__}
    barcode = None if command.barcode is None else clean_barcode(command.barcode)
    return replace(product, **given | {"type": clean(command.type), "brand": clean(command.brand), "barcode": barcode})


async def check_references(app: App, category: str | None, location_id: str | None) -> None:
    """Refuse a category that is not in the managed list, and a location that does not exist (None: not named)."""
    categories = await category_records.list_categories(app.store)
    found = category_records.find_category(categories, category or "")
    location = await location_records.find_location(app.store, location_id or DEFAULT_LOCATION)
    names = frozenset(each.name for each in categories)
    check_all(
        lambda: None if category is None or found is not None else check_category(category, names),
        lambda: _check_exists(location, location_id),
    )


def _check_exists(location: Location | None, location_id: str | None) -> None:
    if location is None:
        raise Invalid.field("location", f"there is no location {location_id!r}")


async def _checked(app: App, batch: Batch, product: Product, location_id: str) -> Product:
    """Check a new product against the shop; its category is written as the managed list has it."""
    categories = await category_records.list_categories(app.store)
    location = await location_records.find_location(app.store, location_id)
    category = category_records.find_category(categories, product.category)
    if category is not None:
        product = replace(product, category=category.name)
        category_records.use_category(batch, category)
    product = await spell(app, batch, product)
    check_all(
        lambda: check_product(product, frozenset(each.name for each in categories)),
        lambda: _check_exists(location, location_id),
    )
    return product


async def _new_sku(app: App, name: str) -> str:
    """Make a SKU from a name: as it is, else with the first number behind it that makes it new."""
    base = sku_from_name(name)
    candidates = [base, *(f"{base}-{number}" for number in range(2, NUMBERED_SKUS_MAX))]
    taken = await product_records.load_product_ids(app.store, candidates)
    free = next((each for each in candidates if each not in taken), None)
    return free or f"{base}-{app.ids.secret(40).hex().upper()}"


async def _complete(app: App, request: Request, known: StockedProduct, command: CreateProduct) -> StockedProduct:
    """Give an UNLISTED product what it lacks; what was opened for it (SKU, thresholds, stock) stays unless given."""
    currency = await _currency(app, command)
    new = _product_of(command, known.product.id, request.actor.id, app.clock.now(), currency)
    fields = fields_of(new)
    if command.sku is None:
        del fields["sku"]
    update = UpdateProduct(known.product.id, fields, command.quantity, command.thresholds)
    batch = Batch()
    after = await add_update(app, request, batch, known, update)
    await commit(app, request, batch, after)
    return after
