"""Spreading the shared stock of a product over variants that then have stock of their own (SPEC section 10).

One commit makes the variants, moves every unit and closes the shared stock: buyers beside it see the product before or
after it. It is refused while units are promised, since a hold does not say which variant it means. Units that have
left go back to the variant that their line's options name, whenever they come back (`orders/assigning.py`); an open
order whose line names none has to be delivered or cancelled first.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, VersionConflict, check_all
from stockwright.base.long_work import STEP_ROWS
from stockwright.catalog.explain import holds_of
from stockwright.catalog.new_variants import BESIDE, extend, opened_stock, put_new_stock, with_new_variants
from stockwright.catalog.stocked import get_product, with_variants
from stockwright.catalog.usecases import check_thresholds
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import ProductUpdated
from stockwright.orders import records as order_records
from stockwright.orders import work_records
from stockwright.orders.assigning import names_one_variant
from stockwright.orders.status import UNFINISHED
from stockwright.products import records as product_records
from stockwright.products.variant_rules import NewVariant, OptionChoices, options_from
from stockwright.reservations.allocation import releasing_expired
from stockwright.stock import records as stock_records
from stockwright.stock.booking import book
from stockwright.stock.locations import must_exist
from stockwright.stock.model import Level, by_variant, check_quantity, moved_fields
from stockwright.store.batch import Batch
from stockwright.store.paging import every

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.catalog.stocked import StockedProduct
    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.request import Request
    from stockwright.stock.model import Allocation, Stock


REASON: Final = "Spread over variants"
NAMED_MAX: Final = 20


class Share(Struct, frozen=True):
    """A variant to be made, and its units of the shared stock: by location, or all at the only one that has a level."""

    variant: NewVariant
    units: Mapping[str, int] | None = None


class Spread(Struct, frozen=True):
    """The variants that the shared stock is spread over, and what each gets of it.

    Without `choices`, the options and their values are the product's.
    """

    product_id: str
    shares: Sequence[Share]
    choices: Sequence[OptionChoices] | None = None
    expected_version: int | None = None
    expected_stock_version: int | None = None


async def spread_stock(app: App, request: Request, command: Spread) -> StockedProduct:
    """Give a product's variants stock of their own: of each location, exactly what is available there.

    Raises Invalid for what is no variant, Conflict where the stock is per variant already, where units do not add up to
    what is available, while units are reserved, and while an open order's line names none of the variants.
    """
    check_all(
        *(
            partial(check_quantity, units, f"{path}{field}", least=0)
            for path, share in _paths(command)
            for field, units in _given(share)
        )
    )

    async def attempt() -> StockedProduct:
        before = await get_product(app, command.product_id)
        _insist(before, command)
        if before.product.stock_per_variant:
            raise Conflict("This product's variants have stock of their own already", {"productId": before.product.id})
        product, stocks = await _planned(app, before, command)
        await _check_nothing_promised(app, before)
        await _check_orders(app, product)
        return await _write(app, request, before, product, stocks)

    return await releasing_expired(app, request, [command.product_id], attempt)


def _paths(command: Spread) -> list[tuple[str, Share]]:
    return [(f"variants[{number}].", share) for number, share in enumerate(command.shares)]


def _given(share: Share) -> list[tuple[str, int]]:
    """Return the units that a share gives, each with the field that says so."""
    if share.units is None:
        return [("quantity", share.variant.quantity)]
    return [(f"locations[{number}].quantity", units) for number, units in enumerate(share.units.values())]


def _insist(before: StockedProduct, command: Spread) -> None:
    expected = command.expected_version, command.expected_stock_version
    if expected[0] not in (None, before.product.version) or expected[1] not in (None, before.stock.version):
        raise VersionConflict(details={"current": before})


async def _planned(app: App, before: StockedProduct, command: Spread) -> tuple[Product, list[Stock]]:
    """Return the product with its variants, and the stock of each."""
    wanted = [replace(share.variant, quantity=0) for share in command.shares]
    choices = _own_choices(before.product, wanted) if command.choices is None else command.choices
    product, _ = await with_new_variants(app, before.product, choices, wanted)
    shares = [_units_of(before.stock, share, path) for path, share in _paths(command)]
    for location in dict.fromkeys(location for share in shares for location in share):
        if location not in before.stock.levels:
            await must_exist(app, location)
    _check_sums(before.stock, shares)
    now = app.clock.now()
    thresholds = {name: getattr(before.stock, name) for name in ("low_stock", "reorder_point", "reorder_quantity")}
    # A level at each of its locations, also without units: there is where sold units come back to.
    none = dict.fromkeys(before.stock.levels, 0)
    stocks = []
    for variant, new, units in zip(product.variants, wanted, shares, strict=True):
        stock = opened_stock(product, variant, new, thresholds, "", now)
        levels = {location: Level.of(count) for location, count in {**none, **units}.items()}
        stocks.append(replace(stock, levels=levels, active=before.stock.active))
    check_all(*(partial(check_thresholds, stock) for stock in stocks))
    return product, stocks


def _own_choices(product: Product, wanted: Sequence[NewVariant]) -> list[OptionChoices]:
    """Return the product's options in the order in which the variants name them; Invalid where one is free text."""
    free = [name for name, values in product.options.items() if not isinstance(values, list)]
    if free:
        raise Invalid.field("options", f"{', '.join(free)} is no list of choices; change the product's options first")
    order = [each.name.casefold() for each in options_from(wanted)]
    own = sorted(product.options, key=lambda name: (name.casefold() not in order, _place(order, name)))
    return [OptionChoices(name, tuple(map(str, product.options[name]))) for name in own]


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name.casefold()) if name.casefold() in order else 0


def _units_of(stock: Stock, share: Share, path: str) -> Allocation:
    """Return a share by location; Invalid where its location is left open and there are several."""
    if share.units is not None:
        return dict(share.units)
    if len(stock.levels) > 1:
        raise Invalid.field(f"{path}locations", f"must say how many at each of {', '.join(stock.levels)}")
    return dict.fromkeys(stock.levels, share.variant.quantity)


def _check_sums(stock: Stock, shares: Sequence[Allocation]) -> None:
    """Refuse shares that do not add up to what is available at each location (Conflict)."""
    wrong = []
    for location in dict.fromkeys([*stock.levels, *(each for share in shares for each in share)]):
        given, available = sum(share.get(location, 0) for share in shares), stock.level_or_new(location).available
        if given != available:
            wrong.append({"location": location, "given": given, "available": available})
    if wrong:
        first = wrong[0]
        raise Conflict(
            f"The variants get {first['given']} units at {first['location']}, where {first['available']} are available",
            {**first, "lines": wrong},
        )


async def _check_nothing_promised(app: App, before: StockedProduct) -> None:
    """Refuse while units of the shared stock are reserved, naming who has them (Conflict)."""
    stock = before.stock
    if not stock.reserved:
        return
    holds = await holds_of(app, by_variant([stock]))
    named: dict[str, list[str]] = {"orders": [], "reservations": []}
    for hold in holds:
        named[f"{hold.kind}s"].append(hold.id)
    raise Conflict(
        f"{stock.reserved} units are reserved, and a hold does not say of which variant; confirm or cancel "
        "those orders and reservations first",
        {"reserved": stock.reserved, **{kind: ids[:NAMED_MAX] for kind, ids in named.items()}},
    )


async def _check_orders(app: App, product: Product) -> None:
    """Refuse while an open order's line names no variant, or an order's units are just moving (Conflict).

    The stock's version guards against orders that are placed or confirmed meanwhile.
    """
    works = every(partial(work_records.page_of_works, app.store))
    unclear = [work.order_id async for work in works if product.id in work.left]
    for status in UNFINISHED:
        orders = every(partial(order_records.page_of_orders, app.store, status=status, limit=STEP_ROWS))
        unclear += [
            order.id
            async for order in orders
            if product.id in order.allocations and not names_one_variant(order, product)
        ]
    if unclear:
        raise Conflict(
            "An open order has a line that does not say which variant it is of; deliver or cancel it first",
            {"orders": unclear[:NAMED_MAX]},
        )


async def _write(
    app: App, request: Request, before: StockedProduct, product: Product, stocks: Sequence[Stock]
) -> StockedProduct:
    """Make the variants, move the units and close the shared stock in one commit.

    Variants without units that the commit does not take follow in further ones; too many with units are refused.
    """
    shared, now = before.stock, app.clock.now()
    first, later = _first_commit(app, product, shared, stocks)
    own = {stock.variant_id for stock in first}
    made = replace(product, own_variants=tuple(each for each in product.variants if each.id in own), updated_at=now)
    batch = Batch()
    product_records.put_product(batch, made)
    gone = {location: -level.total for location, level in shared.levels.items() if level.total}
    book(app, request, batch, {shared.variant_id: gone}, {shared.variant_id: shared}, "TRANSFER", reason=REASON)
    stock_records.put_stock(batch, replace(shared, levels={}, updated_at=now), deleted=True)
    for stock in first:
        put_new_stock(app, request, batch, made, stock, kind="TRANSFER", reason=REASON)
    data = ProductUpdated(sku=product.sku, fields=["options", "variants"], **moved_fields([shared, *first]))
    batch.append(new_event(app, request, data, product.id))
    written = by_variant(replace(stock, version=1) for stock in first)
    after = with_variants(replace(made, version=made.version + 1), written) or before
    await commit(app, request, batch, after)
    for piece in later:
        after = await extend(app, request, product.id, product.variants, piece)
    return after


def _first_commit(
    app: App, product: Product, shared: Stock, stocks: Sequence[Stock]
) -> tuple[list[Stock], list[list[Stock]]]:
    """Split new stocks into those of the first commit, with all that get units, and pieces of the others."""
    room = app.store.writes_max - BESIDE - 1 - len(shared.levels)
    first: list[Stock] = []
    for stock in sorted(stocks, key=lambda each: not each.total):
        room -= (
            2
            + (product.own_barcode(stock.own_variant) is not None)
            + sum(1 for level in stock.levels.values() if level.total)
        )
        if room < 0:
            break
        first.append(stock)
    taken = {stock.variant_id for stock in first}
    left = [stock for stock in stocks if stock.variant_id not in taken]
    if any(stock.total for stock in left):
        raise Invalid.field(
            "variants", f"get units of too many variants for one step; give units to at most {len(first)}"
        )
    size = max(1, (app.store.writes_max - BESIDE) // 4)
    return [each for each in stocks if each.variant_id in taken], [
        left[start : start + size] for start in range(0, len(left), size)
    ]
