"""Variants with stock of their own: made, named, sold, changed and removed; every scenario is audited."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stockwright.base.errors import AlreadyExists, Busy, Conflict, InsufficientStock, Invalid, NotFound
from stockwright.catalog.availability import check_availability
from stockwright.catalog.explain import explain
from stockwright.catalog.inventory import (
    ChangeStock,
    CountStock,
    Initialize,
    Transfer,
    change_stock,
    count_stock,
    initialize,
    transfer,
)
from stockwright.catalog.inventory_views import (
    ListInventory,
    get_by_product,
    get_by_sku,
    list_inventory,
    list_low_stock,
    total_inventory,
)
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.catalog.variants import (
    AddVariant,
    ChangeVariant,
    VariantFields,
    add_variant,
    change_variant,
    remove_variant,
)
from stockwright.context import App
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    confirm_order,
    deliver_order,
    pack_order,
    place_order,
    return_order,
)
from stockwright.products.variant_rules import NewVariant, OptionChoices
from stockwright.reservations.usecases import Reserve, confirm_reservation, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import add_location
from stockwright.stock.lookup import Choice
from stockwright.stock.model import Wanted
from tests.conftest import ADMIN, ALICE, BOB, Product, hold_to_a_recount

CORAL, MINT = {"color": "coral"}, {"color": "mint"}
Phone = Callable[..., Awaitable[StockedProduct]]


def phones(coral: int = 5, mint: int = 3) -> list[NewVariant]:
    return [
        NewVariant(options=CORAL, sku="PH-1-C", quantity=coral),
        NewVariant(options=MINT, sku="PH-1-M", quantity=mint, price_cents=51900),
    ]


@pytest.fixture
def phone(app: App) -> Phone:
    """Make a phone of two colors."""

    async def make(coral: int = 5, mint: int = 3, **fields: Any) -> StockedProduct:
        given: dict[str, Any] = {"variants": phones(coral, mint), "thresholds": {"low_stock": 2}, **fields}
        return await create_product(app, ADMIN, CreateProduct("Phone", "PH-1", None, None, 49900, **given))

    return make


def units(found: StockedProduct) -> dict[str, int]:
    return {stock.sku: stock.available for stock in found.stocks}


async def test_a_product_has_the_sum_of_its_variants(app: App, phone: Phone) -> None:
    made = await phone()
    assert units(made) == {"PH-1-C": 5, "PH-1-M": 3}
    found = await get_product(app, made.product.id)
    assert found == made
    assert (found.stock.available, found.is_low, found.status) == (8, False, "IN_STOCK")
    assert found.product.options == {"color": ["coral", "mint"]}
    coral, mint = found.product.variants
    assert [coral.id, mint.id] == found.product.variant_ids
    assert [found.product.price_of(each.id) for each in (coral, mint)] == [49900, 51900]
    movements, _ = await list_movements(app, MovementFilter(made.product.id))
    assert {(each.movement.sku, each.movement.quantity, each.balance_after, each.name) for each in movements} == {
        ("PH-1-C", 5, 5, "Phone (color: coral)"),
        ("PH-1-M", 3, 3, "Phone (color: mint)"),
    }
    only, _ = await list_movements(app, MovementFilter(mint.id))
    assert [each.movement.sku for each in only] == ["PH-1-M"]
    assert units(await get_by_product(app, coral.id)) == units(await get_by_sku(app, "ph-1-c")) == {"PH-1-C": 5}
    assert units(await get_by_sku(app, "PH-1")) == {"PH-1-C": 5, "PH-1-M": 3}


async def test_options_alone_make_every_combination(app: App, phone: Phone) -> None:
    choices = [OptionChoices("Color", ("coral", " mint")), OptionChoices("Size", ("S", "M", "L"))]
    made = await phone(variants=(), choices=choices)
    assert [dict(each.options) for each in made.product.variants][:2] == [
        {"Color": "coral", "Size": "S"},
        {"Color": "coral", "Size": "M"},
    ]
    assert [each.sku for each in made.product.variants] == [
        f"PH-1-{color}-{size}" for color in ("CORAL", "MINT") for size in "SML"
    ]
    assert made.product.names_of_options == ("Color", "Size")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"variants": [*phones(), NewVariant(options={"color": "Coral "}, sku="PH-9")]}, "variants[2].options"),
        ({"variants": [*phones(), NewVariant(options={"color": "sage"}, sku="PH-1-c")]}, "variants[2].sku"),
        ({"variants": [*phones(), NewVariant(options={"color": "sage"}, sku="PH-1")]}, "variants[2].sku"),
        ({"variants": [*phones(), NewVariant(options={"size": "M"}, sku="PH-9")]}, "variants[0].options"),
        ({"variants": phones(), "choices": [OptionChoices("color", ("coral",))]}, "variants[1].options.color"),
        ({"variants": phones(), "quantity": 4}, "quantity"),
        ({"choices": [OptionChoices(name, ("a",)) for name in "abcd"]}, "options"),
        ({"choices": [OptionChoices("a", ("x", "X "))]}, "options[0].values"),
        ({"choices": [OptionChoices(name, tuple("abcdefghi")) for name in "abc"]}, "options"),
    ],
)
async def test_variants_that_are_none_are_refused(app: App, phone: Phone, fields: dict[str, Any], wrong: str) -> None:
    given = {"variants": (), **fields}
    with pytest.raises(Invalid) as refused:
        await phone(**given)
    assert wrong in [each["field"] for each in refused.value.details]
    assert (await list_products(app, ADMIN, ListProducts()))[0] == []


async def test_skus_and_ids_are_unique_over_products_and_variants(app: App, phone: Phone, product: Product) -> None:
    made = await phone()
    coral = made.product.variants[0]
    with pytest.raises(AlreadyExists, match="SKU PH-1-C"):
        await product(sku="PH-1-C")
    with pytest.raises(AlreadyExists, match="variant with id"):
        await product(id=coral.id)
    other = await product(sku="PH-2")
    with pytest.raises(AlreadyExists):
        await phone(variants=[NewVariant(options=CORAL, sku="ph-2")])
    with pytest.raises(AlreadyExists):
        await change_variant(app, ADMIN, ChangeVariant(made.product.id, coral.id, VariantFields(sku="PH-2")))
    with pytest.raises(AlreadyExists):
        await update_product(app, ADMIN, UpdateProduct(other.product.id, {"sku": "PH-1-M"}))


@pytest.mark.parametrize("how", ["variantId", "id", "sku", "options", "color", "position"])
async def test_an_order_names_the_variant(app: App, phone: Phone, how: str) -> None:
    made = await phone()
    product_id, mint = made.product.id, made.product.variants[1]
    line = {
        "variantId": LineWanted(2, variant_id=mint.id),
        "id": LineWanted(2, mint.id),
        "sku": LineWanted(2, sku="ph-1-m"),
        "options": LineWanted(2, product_id, options={"Color": "MINT"}),
        "color": LineWanted(2, product_id, color="mint"),
        "position": LineWanted(2, product_id, color="2"),
    }[how]
    order = await place_order(app, ALICE, PlaceOrder([line]))
    (frozen,) = order.lines
    assert (frozen.product_id, frozen.variant_id, frozen.sku) == (product_id, mint.id, "PH-1-M")
    assert (frozen.options, frozen.unit_price_cents) == (MINT, 51900)
    assert order.allocations == {mint.id: {"default": 2}}
    assert units(await get_product(app, product_id)) == {"PH-1-C": 5, "PH-1-M": 1}
    (event,) = [each for each in await app.store.tail(limit=100) if each.name == "order.placed"]
    assert (event.data["products"], event.data["variants"]) == ([product_id], [mint.id])


@pytest.mark.parametrize(
    ("named", "field", "said"),
    [
        ({}, "items[0].productId", r"PH-1-C \(color: coral\), PH-1-M \(color: mint\)"),
        ({"options": {"color": "gold"}}, "items[0].options.color", "must be one of coral, mint"),
        ({"options": {"size": "M"}}, "items[0].options.size", "choose from color"),
        ({"sku": "PH-1-X"}, "items[0].sku", "PH-1-C"),
        ({"variant_id": "var_x"}, "items[0].variantId", "PH-1-C"),
        ({"sku": "PH-1-C", "options": MINT}, "items[0].options", "PH-1-C"),
    ],
)
async def test_a_variant_that_is_not_named_is_refused_with_the_choices(
    app: App, phone: Phone, named: dict[str, Any], field: str, said: str
) -> None:
    made = await phone()
    with pytest.raises(Invalid) as refused:
        await place_order(app, ALICE, PlaceOrder([LineWanted(1, made.product.id, **named)]))
    (entry,) = refused.value.details
    assert entry["field"] == field
    assert re.search(said, entry["message"])


async def test_lines_of_one_variant_are_summed(app: App, phone: Phone) -> None:
    made = await phone()
    coral, mint = made.product.variants
    lines = [LineWanted(3, variant_id=coral.id), LineWanted(3, sku="PH-1-C"), LineWanted(1, variant_id=mint.id)]
    with pytest.raises(InsufficientStock) as refused:
        await place_order(app, ALICE, PlaceOrder(lines))
    (short,) = refused.value.details.get("lines", [refused.value.details])
    assert (short["productId"], short["variantId"], short["requested"]) == (made.product.id, coral.id, 6)
    lines[1] = LineWanted(2, sku="PH-1-C")
    order = await place_order(app, ALICE, PlaceOrder(lines))
    assert order.allocations == {coral.id: {"default": 5}, mint.id: {"default": 1}}


async def test_an_order_of_variants_goes_its_whole_way(app: App, phone: Phone, product: Product) -> None:
    made, chair = await phone(), await product(4)
    product_id, (coral, mint) = made.product.id, made.product.variants
    items = [LineWanted(2, variant_id=coral.id), LineWanted(1, sku=mint.sku), LineWanted(1, chair.product.id)]
    first = await place_order(app, ALICE, PlaceOrder(items))
    await cancel_order(app, ALICE, first.id)
    assert units(await get_product(app, product_id)) == {"PH-1-C": 5, "PH-1-M": 3}
    order = await place_order(app, ALICE, PlaceOrder(items))
    await confirm_order(app, ADMIN, order.id)
    await pack_order(app, ADMIN, order.id)
    await deliver_order(app, ADMIN, order.id)
    back = [ReturnItem(1, "PH-1-C"), ReturnItem(1, mint.id)]
    order = await return_order(app, ADMIN, ReturnOrder(order.id, back))
    assert [line.returned for line in order.lines] == [1, 1, 0]
    assert units(await get_product(app, product_id)) == {"PH-1-C": 4, "PH-1-M": 3}
    types = [each.movement.type for each in (await list_movements(app, MovementFilter(mint.id)))[0]]
    assert types == ["RETURN", "SALE", "INITIAL"]
    await cancel_order(app, ADMIN, (await place_order(app, ALICE, PlaceOrder(items[:1]))).id)


async def test_holds_and_sales_are_of_variants(app: App, phone: Phone) -> None:
    made = await phone()
    product_id, (coral, mint) = made.product.id, made.product.variants
    held = await reserve_stock(app, ALICE, Reserve([Wanted(coral.id, 2)], minutes=5))
    (item,) = held.items
    assert (item.product_id, item.variant_id, item.sku) == (product_id, coral.id, "PH-1-C")
    named = [Choice(options=MINT).of(product_id)]
    other = await reserve_stock(app, BOB, Reserve([Wanted(product_id, 3)], given=named))
    assert other.allocations == {mint.id: {"default": 3}}
    with pytest.raises(InsufficientStock):
        await record_sale(app, ADMIN, Sell([LineWanted(1, product_id, options=MINT)]))
    with pytest.raises(Invalid, match="Validation"):
        await reserve_stock(app, BOB, Reserve([Wanted(product_id, 1)]))
    explained = await explain(app, product_id)
    assert {(hold.own_variant, hold.quantity) for hold in explained.holds} == {(coral.id, 2), (mint.id, 3)}
    assert [hold.quantity for hold in (await explain(app, mint.id)).holds] == [3]
    await confirm_reservation(app, ALICE, held.id)
    sale = await record_sale(app, ADMIN, Sell([LineWanted(3, sku="PH-1-C")]))
    assert sale.allocations == {coral.id: {"default": 3}}
    assert units(await get_product(app, product_id)) == {"PH-1-C": 0, "PH-1-M": 0}


async def test_an_expired_hold_of_a_variant_is_released(app: App, phone: Phone, clock: Any) -> None:
    made = await phone()
    coral, mint = made.product.variants
    await reserve_stock(app, ALICE, Reserve([Wanted(coral.id, 5)], minutes=1))
    clock.advance(minutes=2)
    asked = [Wanted(coral.id, 5), Wanted(mint.id, 4), Wanted("nothing", 1)]
    found = await check_availability(app, asked)
    assert [(each.available, each.available_stock, each.own_variant) for each in found[:2]] == [
        (True, 5, coral.id),
        (False, 3, mint.id),
    ]
    assert not found[2].available
    await change_stock(app, ADMIN, ChangeStock(made.product.id, -5, "SALE", variant=Choice(options=CORAL)))
    assert units(await get_product(app, made.product.id)) == {"PH-1-C": 0, "PH-1-M": 3}


async def test_stock_is_changed_counted_moved_and_opened_of_one_variant(app: App, phone: Phone) -> None:
    made = await phone()
    product_id, (coral, mint) = made.product.id, made.product.variants
    await add_location(app, ADMIN, "north", "North")
    with pytest.raises(Invalid) as refused:
        await change_stock(app, ADMIN, ChangeStock(product_id, 5, "RESTOCK"))
    assert "PH-1-C (color: coral)" in refused.value.details[0]["message"]
    changed = await change_stock(app, ADMIN, ChangeStock(product_id, 5, "RESTOCK", variant=Choice(sku="PH-1-C")))
    assert (changed.stock.variant_id, changed.stock.available) == (coral.id, 10)
    counted = await count_stock(app, ADMIN, CountStock(None, 4, variant=Choice(variant_id=mint.id)))
    assert [(each.variant_id, each.quantity) for each in counted.movements] == [(mint.id, 1)]
    await transfer(app, ADMIN, Transfer(None, 2, "default", "north", variant=Choice(sku="PH-1-M")))
    opened = await initialize(app, ADMIN, Initialize(product_id, "PH-1-C", 7, "north"))
    assert opened.stock.available == 10 + 4 + 7
    found = await get_product(app, product_id)
    assert {location: level.total for location, level in found.stock.levels.items()} == {"default": 12, "north": 9}
    with pytest.raises(AlreadyExists):
        await initialize(app, ADMIN, Initialize(mint.id, "PH-1-M", 7, "north"))
    with pytest.raises(Invalid):
        await initialize(app, ADMIN, Initialize(product_id, "PH-1", 7, "north"))


async def test_low_stock_speaks_of_variants(app: App, phone: Phone, product: Product) -> None:
    made = await phone(coral=9, mint=2)
    await product(50)
    low = ListProducts(low_stock=True)
    assert (await list_products(app, ADMIN, low))[0] == []
    await record_sale(app, ADMIN, Sell([LineWanted(1, sku="PH-1-M")]))
    await hold_to_a_recount(app)
    (event,) = [each for each in await app.store.tail(limit=1000) if each.name == "stock.low"]
    mint = made.product.variants[1].id
    assert (event.subject, event.data["variantId"]) == (made.product.id, mint)
    assert (event.data["sku"], event.data["name"]) == ("PH-1-M", "Phone (color: mint)")
    (found,) = (await list_products(app, ADMIN, low))[0]
    assert (found.product.id, found.is_low, found.status) == (made.product.id, True, "LOW")
    (row,) = (await list_low_stock(app, 20))[0]
    assert (row.stock.variant_id, row.stock.available) == (mint, 1)
    await record_sale(app, ADMIN, Sell([LineWanted(1, sku="PH-1-M"), LineWanted(9, sku="PH-1-C")]))
    await hold_to_a_recount(app)
    assert [row.stock.sku for row in (await list_low_stock(app, 20))[0]] == sorted(
        ["PH-1-C", "PH-1-M"], key=lambda sku: [v.id for v in made.product.variants if v.sku == sku]
    )
    for status in ("OUT", None):
        rows, _ = await list_inventory(app, ListInventory(status=status))  # type: ignore[arg-type]
        assert [row.product.sku for row in rows if row.product.sku == "PH-1"] == ["PH-1"]
    assert len((await list_products(app, ADMIN, low))[0]) == 1
    totals = await total_inventory(app)
    assert (totals.products, totals.out, totals.available) == (2, 2, 50)


async def test_a_variant_is_added_changed_and_removed(app: App, phone: Phone) -> None:
    made = await phone()
    product_id, (coral, mint) = made.product.id, made.product.variants
    more = await add_variant(app, ADMIN, AddVariant(product_id, NewVariant(options={"Color": "sage"}, quantity=4)))
    assert units(more) == {"PH-1-C": 5, "PH-1-M": 3, "PH-1-SAGE": 4}
    assert more.product.options == {"color": ["coral", "mint", "sage"]}
    assert (more.stock.low_stock, more.product.version) == (2, 2)
    with pytest.raises(Invalid):
        await add_variant(app, ADMIN, AddVariant(product_id, NewVariant(options=CORAL)))
    change = ChangeVariant(product_id, mint.id, VariantFields(sku="PH-1-MT", price_cents=None), 1, {"low_stock": 5})
    after = await change_variant(app, ADMIN, change)
    assert after == await get_product(app, product_id)
    assert units(after) == {"PH-1-C": 5, "PH-1-MT": 1, "PH-1-SAGE": 4}
    assert after.product.price_of(mint.id) == 49900
    assert await change_variant(app, ADMIN, ChangeVariant(product_id, mint.id, quantity=1)) == after
    assert units(await get_by_sku(app, "PH-1-MT")) == {"PH-1-MT": 1}
    with pytest.raises(NotFound):
        await get_by_sku(app, "PH-1-M")
    held = await reserve_stock(app, ALICE, Reserve([Wanted(mint.id, 1)]))
    with pytest.raises(Conflict, match="1 units are reserved"):
        await remove_variant(app, ADMIN, product_id, mint.id)
    await confirm_reservation(app, ALICE, held.id)
    left = await remove_variant(app, ADMIN, product_id, mint.id)
    assert units(left) == units(await get_product(app, product_id)) == {"PH-1-C": 5, "PH-1-SAGE": 4}
    with pytest.raises(NotFound):
        await place_order(app, ALICE, PlaceOrder([LineWanted(1, variant_id=mint.id)]))
    assert len((await list_movements(app, MovementFilter(mint.id)))[0]) == 3
    await remove_variant(app, ADMIN, product_id, coral.id)
    await hold_to_a_recount(app)
    with pytest.raises(Conflict, match="only variant"):
        await remove_variant(app, ADMIN, product_id, left.product.variants[1].id)
    assert (await total_inventory(app)).products == 1


async def test_a_product_with_several_variants_has_no_quantity_to_set(app: App, phone: Phone) -> None:
    made = await phone()
    product_id = made.product.id
    with pytest.raises(Invalid):
        await update_product(app, ADMIN, UpdateProduct(product_id, quantity=4))
    after = await update_product(app, ADMIN, UpdateProduct(product_id, {"sku": "PHONE"}, None, {"low_stock": 4}))
    assert [stock.low_stock for stock in after.stocks] == [4, 4]
    assert after == await get_product(app, product_id)
    for options in ({"size": ["S"]}, {"color": ["coral"]}):
        with pytest.raises(Invalid):
            await update_product(app, ADMIN, UpdateProduct(product_id, {"options": options}))
    await remove_variant(app, ADMIN, product_id, made.product.variants[0].id)
    one = await update_product(app, ADMIN, UpdateProduct(product_id, {"price_cents": 5}, 8))
    assert (units(one), one.product.price_cents) == ({"PH-1-M": 8}, 5)
    assert one == await get_product(app, product_id)


async def test_a_product_is_deleted_with_its_variants(app: App, phone: Phone) -> None:
    made = await phone()
    product_id, (coral, _) = made.product.id, made.product.variants
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, variant_id=coral.id)]))
    with pytest.raises(Conflict):
        await delete_product(app, ADMIN, product_id)
    await confirm_order(app, ADMIN, order.id)
    with pytest.raises(Conflict, match="open order"):
        await delete_product(app, ADMIN, product_id)
    await pack_order(app, ADMIN, order.id)
    await deliver_order(app, ADMIN, order.id)
    await delete_product(app, ADMIN, product_id)
    assert (await list_products(app, ADMIN, ListProducts()))[0] == []
    with pytest.raises(Conflict, match="was deleted"):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, "PH-1-C")]))
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, "PH-1-C")], restock=False))
    again = await phone()
    assert units(again) == {"PH-1-C": 5, "PH-1-M": 3}


async def test_many_variants_are_made_and_deleted(app: App, phone: Phone) -> None:
    """On DynamoDB one commit does not take them."""
    choices = [OptionChoices("color", tuple(f"c{n}" for n in range(25))), OptionChoices("size", tuple("abcdefghij"))]
    wanted = [
        NewVariant(options={"color": color, "size": size}, quantity=1)
        for color in choices[0].values
        for size in choices[1].values
    ]
    made = await phone(choices=choices, variants=wanted)
    assert (len(made.product.variants), made.stock.available) == (250, 250)
    assert made == await get_product(app, made.product.id)
    lines = [LineWanted(1, variant_id=each.id) for each in made.product.variants]
    order = await place_order(app, ALICE, PlaceOrder(lines))
    with pytest.raises(Invalid):
        await add_variant(app, ADMIN, AddVariant(made.product.id, NewVariant(options={"color": "new", "size": "a"})))
    with pytest.raises(Conflict):
        await delete_product(app, ADMIN, made.product.id)
    await cancel_order(app, ALICE, order.id)
    assert (await get_product(app, made.product.id)).stock.available == 250
    await delete_product(app, ADMIN, made.product.id, made.product.version)
    assert (await list_products(app, ADMIN, ListProducts()))[0] == []
    assert (await phone(choices=choices, variants=())).stock.available == 0


async def test_buyers_of_two_colors_get_what_there_is_of_each(app: App, phone: Phone) -> None:
    made = await phone(coral=50, mint=50)
    at_once = asyncio.Semaphore(20)

    async def buy(options: dict[str, str]) -> str:
        order = PlaceOrder([LineWanted(1, made.product.id, options=options)])
        async with at_once:
            while True:
                try:
                    return (await place_order(app, ALICE, order)).lines[0].sku
                except Busy:
                    continue
                except InsufficientStock:
                    return "none left"

    sold = await asyncio.gather(*[buy(options) for _ in range(200) for options in (CORAL, MINT)])
    assert Counter(sold) == {"PH-1-C": 50, "PH-1-M": 50, "none left": 300}
    assert units(await get_product(app, made.product.id)) == {"PH-1-C": 0, "PH-1-M": 0}
