"""New products: made whole with their first stock, or from the few fields that a simpler system sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import field
from msgspec.structs import replace

from stockwright.base.errors import AlreadyExists, Invalid, check_all
from stockwright.base.names import clean
from stockwright.catalog.stocked import StockedProduct, load_stocked
from stockwright.catalog.usecases import UpdateProduct, add_update, check_thresholds
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import ProductCreated
from stockwright.products import category_records
from stockwright.products import records as product_records
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
from stockwright.stock import records as stock_records
from stockwright.stock.booking import book
from stockwright.stock.model import BLANK, DEFAULT_LOCATION, Level, check_quantity
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.context import App
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


async def create_product(app: App, request: Request, command: CreateProduct) -> StockedProduct:
    """Create a product and its stock level in one commit; its SKU and id must be new (409).

    An id that the client brings is used as it is. Where it is that of an UNLISTED product (one that only stock was
    opened for), that product is completed.
    """
    opening = replace(BLANK, levels={command.location: Level.of(command.quantity or 0)})
    check_all(
        lambda: check_quantity(command.quantity or 0, least=0),
        lambda: check_thresholds(replace(opening, **command.thresholds)),
        lambda: check_new_id(command.id) if command.id else None,
    )
    product_id = command.id or app.ids.new("prd")

    async def attempt() -> StockedProduct:
        known = (await load_stocked(app, [product_id])).get(product_id) if command.id else None
        if known is not None and known.product.status == "UNLISTED":
            return await _complete(app, request, known, command)
        now, batch = app.clock.now(), Batch()
        product = _product_of(command, product_id, request.actor.id, now, await _currency(app, command))
        if command.sku is None:
            product = replace(product, sku=await _new_sku(app, product.name))
        product = await _checked(app, batch, product, command.location)
        stock = replace(
            opening,
            product_id=product_id,
            sku=product.sku,
            active=await location_records.load_active(app.store),
            created_at=now,
            updated_at=now,
            **command.thresholds,
        )
        made = StockedProduct(product, stock)
        await add_new_product(app, request, batch, made)
        made = StockedProduct(replace(product, version=1), replace(made.stock, version=1))
        await commit(app, request, batch, made)
        return made

    return await retried(attempt)


async def add_new_product(app: App, request: Request, batch: Batch, made: StockedProduct) -> None:
    """Write a product that is not there yet with its opening stock; refuse a taken id or SKU.

    One that has the version of a deleted product replaces it.
    """
    product, stock = made.product, made.stock
    claimed = await product_records.load_product_ids(app.store, [product.sku])
    if claimed:
        raise AlreadyExists(
            f"A product with SKU {product.sku} already exists",
            {"sku": product.sku, "productId": claimed[product.sku]},
        )
    known = await product_records.load_products(app.store, [product.id], deleted_too=True)
    if product.id in known and known[product.id].version != product.version:
        raise AlreadyExists(f"A product with id {product.id} already exists", {"productId": product.id})
    product_records.claim_sku(batch, product.sku, product.id)
    product_records.put_product(batch, product)
    stock_records.put_stock(batch, stock)
    opening = {location: level.total for location, level in stock.levels.items() if level.total}
    book(app, request, batch, {stock.variant_id: opening}, {stock.variant_id: stock}, "INITIAL")
    batch.append(new_event(app, request, ProductCreated(sku=product.sku, products=[product.id]), product.id))


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
    return replace(product, **given | {"type": clean(command.type), "brand": clean(command.brand)})


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
