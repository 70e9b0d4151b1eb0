"""A shared stock is spread over variants: to the unit, beside buyers, and what was sold before finds its variant."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from stockwright.base.errors import Busy, Conflict, InsufficientStock, Invalid, NotFound, VersionConflict
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.catalog.inventory_views import total_inventory
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.spreading import Share, Spread, spread_stock
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.catalog.variants import remove_variant
from stockwright.context import App
from stockwright.counts.posting import post_count
from stockwright.counts.usecases import OpenCount, Scan, open_count, scan
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    confirm_order,
    deliver_order,
    get_order,
    pack_order,
    place_order,
    return_order,
)
from stockwright.products.variant_rules import NewVariant, OptionChoices
from stockwright.reservations.usecases import Reserve, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import add_location
from stockwright.stock.lookup import Choice
from stockwright.stock.model import Wanted
from tests.conftest import ADMIN, ALICE, BOB, hold_to_a_recount

CORAL, MINT = {"color": "coral"}, {"color": "mint"}


async def shared(app: App, quantity: int = 8, **fields: Any) -> StockedProduct:
    """Make a phone of two colors that share one stock."""
    given: dict[str, Any] = {"options": {"color": ["coral", "mint"]}, "thresholds": {"low_stock": 2}, **fields}
    return await create_product(app, ADMIN, CreateProduct("Phone", "PH-1", None, None, 49900, quantity, **given))


def spread_of(product_id: str, coral: int, mint: int, **more: Any) -> Spread:
    shares = [Share(NewVariant(options=CORAL, quantity=coral)), Share(NewVariant(options=MINT, quantity=mint))]
    return Spread(product_id, shares, **more)


def units(found: StockedProduct) -> dict[str, int]:
    return {stock.sku: stock.available for stock in found.stocks}


async def sold(app: App, options: Mapping[str, str], quantity: int = 1, *, confirmed: bool = True) -> str:
    """Order phones of a color; returns the order's id."""
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(quantity, sku="PH-1", options=options)]))
    if confirmed:
        await confirm_order(app, ADMIN, order.id)
    return order.id


async def test_the_units_of_a_shared_stock_become_those_of_its_variants(app: App) -> None:
    before = await shared(app)
    product_id = before.product.id
    after = await spread_stock(app, ADMIN, spread_of(product_id, 5, 3))
    assert after == await get_product(app, product_id)
    assert units(after) == {"PH-1-CORAL": 5, "PH-1-MINT": 3}
    assert (after.product.stock_per_variant, after.product.options) == (True, {"color": ["coral", "mint"]})
    assert [stock.low_stock for stock in after.stocks] == [2, 2]
    movements = (await list_movements(app, MovementFilter(product_id)))[0]
    booked = sorted((it.movement.sku, it.movement.type, it.movement.quantity, it.balance_after) for it in movements)
    assert booked == [
        ("PH-1", "INITIAL", 8, 8),
        ("PH-1", "TRANSFER", -8, 0),
        ("PH-1-CORAL", "TRANSFER", 5, 5),
        ("PH-1-MINT", "TRANSFER", 3, 3),
    ]
    *_, event = await app.store.tail(limit=100)
    coral, mint = after.product.variant_ids
    assert (event.name, event.data["products"]) == ("product.updated", [product_id])
    assert event.data["variants"] == [product_id, coral, mint]
    await hold_to_a_recount(app)
    assert (await total_inventory(app)).products == 1
    await place_order(app, ALICE, PlaceOrder([LineWanted(5, product_id, options=CORAL)]))
    with pytest.raises(InsufficientStock):
        await place_order(app, ALICE, PlaceOrder([LineWanted(1, product_id, options=CORAL)]))
    with pytest.raises(Conflict, match="already"):
        await spread_stock(app, ADMIN, spread_of(product_id, 0, 3))


@pytest.mark.parametrize(("coral", "mint"), [(5, 2), (9, 0), (5, 4)])
async def test_units_that_do_not_add_up_are_refused(app: App, coral: int, mint: int) -> None:
    before = await shared(app)
    with pytest.raises(Conflict, match="8 are available") as refused:
        await spread_stock(app, ADMIN, spread_of(before.product.id, coral, mint))
    assert refused.value.details["lines"] == [{"location": "default", "given": coral + mint, "available": 8}]
    assert await get_product(app, before.product.id) == before


async def test_each_location_is_spread_by_itself(app: App) -> None:
    before = await shared(app)
    product_id = before.product.id
    for name in ("north", "south"):
        await add_location(app, ADMIN, name)
    await change_stock(app, ADMIN, ChangeStock(product_id, 4, "RESTOCK", location="north"))
    with pytest.raises(Invalid) as refused:
        await spread_stock(app, ADMIN, spread_of(product_id, 6, 6))
    assert [each["field"] for each in refused.value.details] == ["variants[0].locations"]

    def shares(**north: int) -> list[Share]:
        return [
            Share(NewVariant(options=CORAL), {"default": 8, **north}),
            Share(NewVariant(options=MINT, sku="MINTY"), {"north": 4}),
        ]

    with pytest.raises(NotFound, match="nowhere"):
        await spread_stock(app, ADMIN, Spread(product_id, shares(nowhere=1)))
    with pytest.raises(Conflict, match="1 units at south, where 0"):
        await spread_stock(app, ADMIN, Spread(product_id, shares(south=1)))
    after = await spread_stock(app, ADMIN, Spread(product_id, shares()))
    assert [{at: level.total for at, level in stock.levels.items()} for stock in after.stocks] == [
        {"default": 8, "north": 0},
        {"default": 0, "north": 4},
    ]
    assert after == await get_product(app, product_id)


async def test_variants_are_checked_like_those_of_a_new_product(app: App) -> None:
    other = await create_product(app, ADMIN, CreateProduct("Other", "OT-1", None, None, 100, 1))
    product_id = (await shared(app)).product.id
    coral = Share(NewVariant(options=CORAL, quantity=8))
    for wrong, field in (
        ([coral, Share(NewVariant(options={"color": "Coral"}, sku="PH-9"))], "variants[1].options"),
        ([coral, Share(NewVariant(options={"color": "sage"}))], "variants[1].options.color"),
        ([coral, Share(NewVariant(options={"size": "M"}))], "variants[1].options.size"),
        ([Share(NewVariant(options=CORAL, quantity=-1))], "variants[0].quantity"),
        ([Share(NewVariant(options=CORAL, quantity=8, picture="img_x"))], "variants[0].imageId"),
    ):
        with pytest.raises(Invalid) as refused:
            await spread_stock(app, ADMIN, Spread(product_id, wrong))
        assert field in [each["field"] for each in refused.value.details]
    with pytest.raises(Conflict, match="ot-1"):
        await spread_stock(app, ADMIN, Spread(product_id, [Share(NewVariant(options=CORAL, sku="ot-1", quantity=8))]))
    with pytest.raises(Invalid):
        await spread_stock(app, ADMIN, Spread(other.product.id, [coral]))
    for stale in ({"expected_version": 9}, {"expected_stock_version": 9}):
        with pytest.raises(VersionConflict):
            await spread_stock(app, ADMIN, spread_of(product_id, 5, 3, **stale))
    sizes = [OptionChoices("Size", ("S", "M"))]
    small = Share(NewVariant(options={"size": "S"}, quantity=8))
    after = await spread_stock(app, ADMIN, Spread(product_id, [small], sizes))
    assert (units(after), after.product.options) == ({"PH-1-S": 8}, {"Size": ["S", "M"]})


async def test_free_text_is_no_choice_to_spread_over(app: App) -> None:
    product_id = (await shared(app, options={"color": ["coral", "mint"], "engraving": "text"})).product.id
    with pytest.raises(Invalid) as refused:
        await spread_stock(app, ADMIN, spread_of(product_id, 5, 3))
    assert "engraving is no list of choices" in refused.value.details[0]["message"]


async def test_promised_units_stand_in_the_way_by_name(app: App, clock: Any) -> None:
    product_id = (await shared(app)).product.id
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, product_id, options=CORAL)]))
    held = await reserve_stock(app, BOB, Reserve([Wanted(product_id, 2)]))
    with pytest.raises(Conflict, match="3 units are reserved") as refused:
        await spread_stock(app, ADMIN, spread_of(product_id, 3, 2))
    assert refused.value.details == {"reserved": 3, "orders": [order.id], "reservations": [held.id]}
    await confirm_order(app, ADMIN, order.id)
    clock.advance(minutes=16)
    # The hold has expired: it is released, and its units are available.
    after = await spread_stock(app, ADMIN, spread_of(product_id, 4, 3))
    assert units(after) == {"PH-1-CORAL": 4, "PH-1-MINT": 3}


async def test_what_was_sold_before_comes_back_to_the_variant_that_its_line_names(app: App) -> None:
    product_id = (await shared(app)).product.id
    await add_location(app, ADMIN, "north")
    await change_stock(app, ADMIN, ChangeStock(product_id, 4, "RESTOCK", location="north"))
    lines = [LineWanted(5, product_id, options=CORAL), LineWanted(5, product_id, options=MINT)]
    both = (await place_order(app, ALICE, PlaceOrder(lines))).id
    await pack_order(app, ADMIN, both)
    await return_order(app, ADMIN, ReturnOrder(both, [ReturnItem(1, line_id="line_2")]))
    cancelled = await sold(app, MINT)
    shares = [
        Share(NewVariant(options=CORAL), {"default": 0}),
        Share(NewVariant(options=MINT), {"north": 2}),
    ]
    after = await spread_stock(app, ADMIN, Spread(product_id, shares))
    coral, mint = after.product.variant_ids
    await cancel_order(app, ALICE, cancelled)
    assert units(await get_product(app, product_id)) == {"PH-1-CORAL": 0, "PH-1-MINT": 3}
    await deliver_order(app, ADMIN, both)
    await return_order(app, ADMIN, ReturnOrder(both, [ReturnItem(2, line_id="line_1"), ReturnItem(3, options=MINT)]))
    assert units(await get_product(app, product_id)) == {"PH-1-CORAL": 2, "PH-1-MINT": 6}
    returned = await return_order(
        app, ADMIN, ReturnOrder(both, [ReturnItem(3, options=CORAL), ReturnItem(1, "PH-1", options=MINT)])
    )
    assert units(await get_product(app, product_id)) == {"PH-1-CORAL": 5, "PH-1-MINT": 7}
    assert returned.lines == (await get_order(app, ADMIN, both)).lines
    back = [each.movement for each in (await list_movements(app, MovementFilter(mint, type="RETURN")))[0]]
    assert sum(each.quantity for each in back) == 5
    stock = (await get_product(app, product_id)).stock
    assert {at: level.total for at, level in stock.levels.items()} == {"default": 8, "north": 4}
    assert coral != mint
    await hold_to_a_recount(app)


async def test_a_cancelled_order_brings_each_line_to_its_variant(app: App) -> None:
    product_id = (await shared(app)).product.id
    lines = [LineWanted(2, product_id, options=CORAL), LineWanted(3, product_id, options=MINT)]
    order = await place_order(app, ALICE, PlaceOrder(lines))
    await confirm_order(app, ADMIN, order.id)
    after = await spread_stock(app, ADMIN, spread_of(product_id, 3, 0))
    # Open orders from before the spread keep their variants in the shop.
    with pytest.raises(Conflict, match="open order"):
        await remove_variant(app, ADMIN, product_id, after.product.variant_ids[1])
    with pytest.raises(Conflict, match="open order"):
        await delete_product(app, ADMIN, product_id)
    await cancel_order(app, ADMIN, order.id)
    assert units(await get_product(app, product_id)) == {"PH-1-CORAL": 5, "PH-1-MINT": 3}
    await hold_to_a_recount(app)
    await delete_product(app, ADMIN, product_id)


async def test_an_open_order_that_names_no_variant_stands_in_the_way(app: App) -> None:
    product_id = (await shared(app)).product.id
    order_id = await sold(app, {})
    with pytest.raises(Conflict, match="does not say which variant") as refused:
        await spread_stock(app, ADMIN, spread_of(product_id, 4, 3))
    assert refused.value.details == {"orders": [order_id]}
    await pack_order(app, ADMIN, order_id)
    await deliver_order(app, ADMIN, order_id)
    await spread_stock(app, ADMIN, spread_of(product_id, 4, 3))
    with pytest.raises(Conflict, match="without restocking"):
        await return_order(app, ADMIN, ReturnOrder(order_id, [ReturnItem(1, "PH-1")]))
    await return_order(app, ADMIN, ReturnOrder(order_id, [ReturnItem(1, "PH-1")], restock=False))
    assert (await get_product(app, product_id)).stock.available == 7


async def test_nothing_comes_to_a_stock_that_was_spread(app: App) -> None:
    product_id = (await shared(app)).product.id
    count = await open_count(app, ADMIN, OpenCount("default"))
    await scan(app, ADMIN, Scan(count.count.id, "PH-1", 10))
    await spread_stock(app, ADMIN, spread_of(product_id, 5, 3))
    with pytest.raises(Invalid):
        await scan(app, ADMIN, Scan(count.count.id, "PH-1", 1))
    posted = await post_count(app, ADMIN, count.count.id)
    assert (posted.sums.refused, posted.count.status) == (1, "POSTED")
    for choice, refused in ((Choice(), Invalid), (Choice(options=CORAL), None)):
        change = ChangeStock(product_id, 1, "RESTOCK", variant=choice)
        if refused is not None:
            with pytest.raises(refused):
                await change_stock(app, ADMIN, change)
        else:
            await change_stock(app, ADMIN, change)
    assert units(await get_product(app, product_id)) == {"PH-1-CORAL": 6, "PH-1-MINT": 3}
    renamed = await update_product(app, ADMIN, UpdateProduct(product_id, {"sku": "PHONE"}))
    assert (renamed.product.sku, renamed.stock.available) == ("PHONE", 9)


async def test_more_variants_than_one_commit_takes(app: App) -> None:
    names = [f"c{number}" for number in range(60)]
    product_id = (await shared(app, 20, options={"color": names})).product.id
    shares = [
        Share(NewVariant(options={"color": name}, quantity=2 if number % 6 == 0 else 0))
        for number, name in enumerate(names)
    ]
    after = await spread_stock(app, ADMIN, Spread(product_id, shares))
    found = await get_product(app, product_id)
    assert (len(after.product.variants), found.stock.available) == (60, 20)
    assert after == found
    assert units(found)["PH-1-C6"] == 2


async def test_buyers_beside_the_spread_get_what_there_is(app: App) -> None:
    """Anyone who buys before, meanwhile or after it: nothing is lost, and nothing sold twice."""
    product_id = (await shared(app, 120)).product.id
    bought: Counter[str] = Counter()
    spread_at: list[int] = []
    begun = asyncio.Event()

    async def buy(number: int) -> None:
        line = LineWanted(1, product_id, options=CORAL if number % 2 else MINT)
        while True:
            try:
                if number % 3:
                    order = await place_order(app, ALICE, PlaceOrder([line]))
                    await confirm_order(app, ADMIN, order.id)
                else:
                    await record_sale(app, ADMIN, Sell([line]))
            except Busy:
                continue
            except InsufficientStock:
                bought["none left"] += 1
            except Conflict:
                # Not for sale for a moment.
                await asyncio.sleep(0.01)
                continue
            else:
                bought["after" if spread_at else "before"] += 1
            if bought.total() == 20:
                begun.set()
            return

    async def buyer(numbers: range) -> None:
        for number in numbers:
            await buy(number)
            # Somebody who buys has to look at something first.
            await asyncio.sleep(number % 7 / 1000)

    async def spread() -> None:
        """Try beside the buyers; then take the product off sale for the moment that it takes, as is documented."""
        await begun.wait()
        for tries in range(1000):
            if tries == 5:
                await update_product(app, ADMIN, UpdateProduct(product_id, {"status": "INACTIVE"}))
            left = (await get_product(app, product_id)).stock
            try:
                after = await spread_stock(app, ADMIN, spread_of(product_id, 20, left.available - 20))
            except (Conflict, Busy):
                await asyncio.sleep(0)
            else:
                spread_at.append(after.stock.available)
                await update_product(app, ADMIN, UpdateProduct(product_id, {"status": "ACTIVE"}))
                return

    await asyncio.gather(spread(), *(buyer(range(start, 160, 4)) for start in range(4)))
    found = await get_product(app, product_id)
    assert bought.total() == 160
    assert bought["before"] + bought["after"] + found.stock.total == 120
    assert bought["after"]
    assert (found.stock.reserved, units(found)["PH-1-CORAL"]) == (0, 0)
    await hold_to_a_recount(app)
