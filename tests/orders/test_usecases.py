"""Orders: all or nothing, never more than there is, every step once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stockwright.base.errors import Conflict, Forbidden, InsufficientStock, Invalid, InvalidTransition, NotFound
from stockwright.catalog.explain import explain
from stockwright.catalog.inventory import ChangeStock, Initialize, change_stock, initialize
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.context import App
from stockwright.orders.model import Order
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    ListOrders,
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    confirm_order,
    deliver_order,
    get_order,
    list_orders,
    pack_order,
    place_order,
    return_order,
)
from stockwright.reports.usecases import Range, report_sales
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import ChangeLocation, add_location, change_location
from stockwright.stock.model import Stock
from stockwright.stock.records import get_stock, page_of_movements
from tests.conftest import ADMIN, ALICE, BOB, Clock, Product
from tests.rollups.recount import count_all
from tests.shops import meanwhile


async def order_of(app: App, *lines: tuple[str, int], actor: Any = ALICE) -> Order:
    return await place_order(app, actor, PlaceOrder([LineWanted(units, product_id) for product_id, units in lines]))


async def levels(app: App, product_id: str) -> tuple[int, int, int]:
    stock = await get_stock(app.store, product_id)
    return stock.available, stock.reserved, stock.total


async def ledger(app: App, product_id: str) -> list[tuple[str, int]]:
    movements, _ = await page_of_movements(app.store, product_id, limit=100, reverse=False)
    return [(movement.type, movement.quantity) for movement in movements]


async def names(app: App) -> list[str]:
    return [event.name for event in await app.store.tail(limit=1000)]


async def test_placing_reserves_units_and_confirming_takes_them_out_of_stock(app: App, product: Product) -> None:
    chair = await product(10)
    order = await order_of(app, (chair.product.id, 3))
    assert (order.status, order.total_cents) == ("PENDING", 3000)
    assert await levels(app, chair.product.id) == (7, 3, 10)

    await confirm_order(app, ADMIN, order.id)

    assert await levels(app, chair.product.id) == (7, 0, 7)
    assert await ledger(app, chair.product.id) == [("INITIAL", 10), ("SALE", -3)]
    assert await names(app) == ["product.created", "order.placed", "order.confirmed"]


async def test_an_order_with_a_shortage_changes_nothing_and_lists_every_shortage(app: App, product: Product) -> None:
    chair, desk, lamp = await product(10), await product(2), await product(0)
    before = len(await app.store.tail(limit=1000))

    with pytest.raises(InsufficientStock) as refused:
        await order_of(app, (chair.product.id, 1), (desk.product.id, 3), (lamp.product.id, 1))

    assert refused.value.details["requested"] == 3
    assert refused.value.details["available"] == 2
    assert [line["sku"] for line in refused.value.details["lines"]] == [desk.product.sku, lamp.product.sku]
    assert await levels(app, chair.product.id) == (10, 0, 10)
    assert len(await app.store.tail(limit=1000)) == before


async def test_lines_of_one_sku_are_summed_before_they_are_checked(app: App, product: Product) -> None:
    chair = await product(5)
    with pytest.raises(InsufficientStock) as refused:
        await order_of(app, (chair.product.id, 3), (chair.product.id, 3))
    assert refused.value.details["requested"] == 6

    order = await order_of(app, (chair.product.id, 3), (chair.product.id, 2))
    assert len(order.lines) == 2
    assert await levels(app, chair.product.id) == (0, 5, 5)


async def test_two_hundred_buyers_of_fifty_units_get_fifty(app: App, product: Product) -> None:
    chair = await product(50)

    async def buy() -> bool:
        try:
            await order_of(app, (chair.product.id, 1))
        except InsufficientStock:
            return False
        return True

    bought = await asyncio.gather(*[buy() for _ in range(200)])

    assert sum(bought) == 50
    assert await levels(app, chair.product.id) == (0, 50, 50)


async def test_buyers_of_mixed_quantities_are_never_refused_while_enough_units_are_left(
    app: App, product: Product
) -> None:
    chair = await product(100)
    outcomes = await asyncio.gather(
        *[order_of(app, (chair.product.id, 1 + number % 4)) for number in range(120)], return_exceptions=True
    )
    available, reserved, _ = await levels(app, chair.product.id)
    assert available + reserved == 100
    assert sum(each.lines[0].quantity for each in outcomes if isinstance(each, Order)) == reserved
    refused = [each for each in outcomes if isinstance(each, InsufficientStock)]
    assert all(each.details["requested"] > each.details["available"] for each in refused)
    assert available == 0


async def test_an_order_keeps_the_price_and_name_of_its_moment(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    await update_product(app, ADMIN, UpdateProduct(chair.product.id, {"price_cents": 9999, "name": "Throne of gold"}))

    again = await get_order(app, ALICE, order.id)

    assert again.total_cents == 2000
    assert again.lines[0].name == chair.product.name


async def test_packing_a_pending_order_confirms_it_in_the_same_commit(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    packed = await pack_order(app, ADMIN, order.id)
    assert [step.status for step in packed.timeline] == ["PENDING", "CONFIRMED", "PACKED"]
    assert await levels(app, chair.product.id) == (3, 0, 3)
    assert (await names(app))[-2:] == ["order.confirmed", "order.packed"]


async def test_a_step_that_was_done_already_changes_nothing(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    await pack_order(app, ADMIN, order.id)
    events = await names(app)

    again = await pack_order(app, ADMIN, order.id)

    assert again.status == "PACKED"
    assert await names(app) == events
    assert await levels(app, chair.product.id) == (3, 0, 3)


@pytest.mark.parametrize("step", [confirm_order, pack_order, deliver_order])
async def test_fifty_identical_steps_at_once_have_one_effect(app: App, product: Product, step: Any) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    if step is deliver_order:
        await pack_order(app, ADMIN, order.id)
    await asyncio.gather(*[step(app, ADMIN, order.id) for _ in range(50)])
    assert await levels(app, chair.product.id) == (3, 0, 3)
    assert len(await ledger(app, chair.product.id)) == 2


async def test_an_order_cannot_skip_or_go_back(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 1))
    with pytest.raises(InvalidTransition) as refused:
        await deliver_order(app, ADMIN, order.id)
    assert refused.value.details == {"from": "PENDING", "to": "DELIVERED"}

    await pack_order(app, ADMIN, order.id)
    await deliver_order(app, ADMIN, order.id)
    with pytest.raises(InvalidTransition):
        await pack_order(app, ADMIN, order.id)
    with pytest.raises(InvalidTransition):
        await cancel_order(app, ADMIN, order.id)


async def test_cancelling_before_it_is_confirmed_releases_the_units(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    await cancel_order(app, ALICE, order.id, "changed my mind")
    assert await levels(app, chair.product.id) == (5, 0, 5)
    assert await ledger(app, chair.product.id) == [("INITIAL", 5)]


async def test_cancelling_after_it_is_confirmed_books_a_return(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    await confirm_order(app, ADMIN, order.id)
    await cancel_order(app, ALICE, order.id)
    await cancel_order(app, ALICE, order.id)
    assert await levels(app, chair.product.id) == (5, 0, 5)
    assert await ledger(app, chair.product.id) == [("INITIAL", 5), ("SALE", -2), ("RETURN", 2)]


async def test_the_owner_may_cancel_until_it_is_packed_an_admin_until_it_is_delivered(
    app: App, product: Product
) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    await pack_order(app, ADMIN, order.id)
    with pytest.raises(InvalidTransition):
        await cancel_order(app, ALICE, order.id)
    assert (await cancel_order(app, ADMIN, order.id)).status == "CANCELLED"
    assert await levels(app, chair.product.id) == (5, 0, 5)


async def test_the_order_of_another_person_cannot_be_read_or_cancelled(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    for act in (get_order, cancel_order):
        with pytest.raises(Forbidden, match="permission to access this order"):
            await act(app, BOB, order.id)
    with pytest.raises(NotFound):
        await get_order(app, BOB, "ord_nothing")


async def test_confirming_and_cancelling_at_once_ends_in_one_of_both(app: App, product: Product) -> None:
    chair = await product(60)
    orders = [await order_of(app, (chair.product.id, 1)) for _ in range(30)]
    await asyncio.gather(
        *[confirm_order(app, ADMIN, order.id) for order in orders],
        *[cancel_order(app, ADMIN, order.id) for order in orders],
    )
    # Every confirmed one was cancelled afterwards, or cancelled at once: the units are all back.
    assert await levels(app, chair.product.id) == (60, 0, 60)


async def test_one_line_is_allocated_from_several_locations_and_returned_there(app: App, product: Product) -> None:
    chair = await product(3)
    await add_location(app, ADMIN, "cellar", priority=200)
    await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 4, "cellar"))

    order = await order_of(app, (chair.product.id, 5))
    assert order.allocations == {chair.product.id: {"default": 3, "cellar": 2}}

    await confirm_order(app, ADMIN, order.id)
    await cancel_order(app, ALICE, order.id)
    stock: Stock = await get_stock(app.store, chair.product.id)
    assert {location: level.available for location, level in stock.levels.items()} == {"default": 3, "cellar": 4}


async def test_units_are_allocated_from_active_locations_by_priority(app: App, product: Product) -> None:
    chair = await product(3)
    await add_location(app, ADMIN, "front", priority=1)
    await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 2, "front"))
    order = await order_of(app, (chair.product.id, 3))
    assert order.allocations[chair.product.id] == {"front": 2, "default": 1}

    await change_location(app, ADMIN, ChangeLocation("front", active=False))
    await cancel_order(app, ALICE, order.id)
    with pytest.raises(InsufficientStock) as refused:
        await order_of(app, (chair.product.id, 4))
    assert refused.value.details["available"] == 3


async def test_returned_units_are_restocked_or_not(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 3))
    with pytest.raises(InvalidTransition):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, chair.product.sku)]))
    await pack_order(app, ADMIN, order.id)
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, chair.product.sku)], reason="scratched"))
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, chair.product.id)], restock=False))

    assert await levels(app, chair.product.id) == (3, 0, 3)
    assert await ledger(app, chair.product.id) == [("INITIAL", 5), ("SALE", -3), ("RETURN", 1)]
    with pytest.raises(Invalid):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(2, chair.product.sku)]))


async def test_a_return_marks_its_line_and_reduces_revenue(app: App, product: Product) -> None:
    chair = await product(10, options={"color": ["red", "blue"]})
    dear = LineWanted(2, chair.product.id, options={"color": "red"}, unit_price_cents=400)
    cheap = LineWanted(2, chair.product.id, options={"color": "blue"}, unit_price_cents=100)
    order = await place_order(app, ALICE, PlaceOrder([dear, cheap]))
    await pack_order(app, ADMIN, order.id)
    for name in (chair.product.sku, chair.product.id):
        with pytest.raises(Invalid) as refused:
            await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(2, name)]))
        assert all(line in str(refused.value.details) for line in ("line_1", "line_2", "red", "blue"))

    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, line_id="line_2")]))
    by_options = ReturnItem(1, chair.product.sku, options={"color": "Blue"})
    after = await return_order(app, ADMIN, ReturnOrder(order.id, [by_options]))

    assert [line.returned for line in after.lines] == [0, 2]
    assert after.timeline[-1].note == f"1 × {chair.product.sku} (color: blue)"
    await count_all(app)
    assert (await report_sales(app, Range())).total.cents == {"USD": 800}
    assert await levels(app, chair.product.id) == (8, 0, 8)


async def test_after_a_change_of_the_sku_a_return_works_with_both(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 3))
    await pack_order(app, ADMIN, order.id)
    await update_product(app, ADMIN, UpdateProduct(chair.product.id, {"sku": "CHAIR-NEW"}))
    for name in ("CHAIR-NEW", "chair-new ", chair.product.sku):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, name)]))
    assert await levels(app, chair.product.id) == (5, 0, 5)


async def test_a_sku_that_another_product_got_since_is_ambiguous_only_where_both_were_bought(
    app: App, product: Product
) -> None:
    chair, desk = await product(5, sku="OLD-1"), await product(5, sku="DESK-1")
    order = await order_of(app, (chair.product.id, 1), (desk.product.id, 1))
    only = await order_of(app, (chair.product.id, 1))
    for each in (order, only):
        await pack_order(app, ADMIN, each.id)
    await update_product(app, ADMIN, UpdateProduct(chair.product.id, {"sku": "NEW-1"}))
    await update_product(app, ADMIN, UpdateProduct(desk.product.id, {"sku": "OLD-1"}))
    await return_order(app, ADMIN, ReturnOrder(only.id, [ReturnItem(1, "OLD-1")]))
    with pytest.raises(Invalid, match="Validation failed"):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, "OLD-1")]))


async def test_options_that_a_product_does_not_have_are_refused_and_change_nothing(app: App, product: Product) -> None:
    phone = await product(5, options={"color": ["midnight", "ivory"]})
    plain = await product(5)
    lines = [
        LineWanted(1, phone.product.id, options={"color": "purple"}),
        LineWanted(1, phone.product.id, color="3"),
        LineWanted(1, plain.product.id, options={"size": "M"}),
    ]
    for line in lines:
        with pytest.raises(Invalid):
            await place_order(app, ALICE, PlaceOrder([line]))
        with pytest.raises(Invalid):
            await record_sale(app, ADMIN, Sell([line]))
    assert await levels(app, phone.product.id) == (5, 0, 5)
    assert [name for name in await names(app) if name != "product.created"] == []

    order = await place_order(
        app, ALICE, PlaceOrder([LineWanted(1, phone.product.id, color=2), LineWanted(1, plain.product.id, color=1)])
    )
    assert [line.options for line in order.lines] == [{"color": "ivory"}, {"color": 1}]


async def test_a_return_does_not_restock_a_product_that_was_deleted_meanwhile(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 3))
    await pack_order(app, ADMIN, order.id)
    await deliver_order(app, ADMIN, order.id)
    too_late = meanwhile(app, lambda: delete_product(app, ADMIN, chair.product.id))
    with pytest.raises(Conflict, match="deleted"):
        await return_order(too_late, ADMIN, ReturnOrder(order.id, [ReturnItem(1, chair.product.sku)]))
    assert [quantity for _, quantity in await ledger(app, chair.product.id)] == [5, -3, -2]


async def test_a_returned_sku_may_be_written_in_any_case(app: App, product: Product) -> None:
    cup = await product(5, sku="Caf\u00e9-1")
    order = await order_of(app, (cup.product.id, 3))
    await pack_order(app, ADMIN, order.id)
    for spelling in ("CAF\u00c9-1", " cafe\u0301-1 "):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, spelling)]))
    assert await levels(app, cup.product.id) == (4, 0, 4)
    with pytest.raises(Invalid):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, cup.product.id.upper())]))


async def test_cancelling_after_a_return_does_not_restock_returned_units_again(app: App, product: Product) -> None:
    chair, desk = await product(5), await product(5)
    order = await order_of(app, (chair.product.id, 3), (desk.product.id, 2))
    await pack_order(app, ADMIN, order.id)
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(2, chair.product.sku)]))
    await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(2, desk.product.sku)], restock=False))

    await cancel_order(app, ADMIN, order.id)

    assert await levels(app, chair.product.id) == (5, 0, 5)
    assert await levels(app, desk.product.id) == (3, 0, 3)


async def test_returns_at_once_cannot_exceed_the_bought_units(app: App, product: Product) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2), (chair.product.id, 2))
    await pack_order(app, ADMIN, order.id)
    outcomes = await asyncio.gather(
        *[return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, chair.product.sku)])) for _ in range(10)],
        return_exceptions=True,
    )
    assert sum(isinstance(each, Order) for each in outcomes) == 4
    assert await levels(app, chair.product.id) == (5, 0, 5)


async def test_a_product_with_an_open_order_cannot_be_deleted_and_afterwards_its_orders_can_be_read(
    app: App, product: Product
) -> None:
    chair = await product(5)
    order = await order_of(app, (chair.product.id, 2))
    with pytest.raises(Conflict, match="reserved"):
        await delete_product(app, ADMIN, chair.product.id)
    await pack_order(app, ADMIN, order.id)
    with pytest.raises(Conflict, match="open order"):
        await delete_product(app, ADMIN, chair.product.id)
    await deliver_order(app, ADMIN, order.id)
    await delete_product(app, ADMIN, chair.product.id)

    assert (await get_order(app, ALICE, order.id)).lines[0].name == chair.product.name
    assert (await ledger(app, chair.product.id))[-1] == ("ADJUSTMENT", -3)
    with pytest.raises(NotFound):
        await order_of(app, (chair.product.id, 1))
    with pytest.raises(Conflict, match="deleted"):
        await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, chair.product.sku)]))


async def test_ordering_and_deleting_at_once_ends_in_one_of_both(app: App, product: Product) -> None:
    for _ in range(20):
        chair = await product(5)
        placed, deleted = await asyncio.gather(
            order_of(app, (chair.product.id, 1)),
            delete_product(app, ADMIN, chair.product.id),
            return_exceptions=True,
        )
        assert isinstance(placed, Order) != isinstance(deleted, str)


async def test_lists_are_newest_first_by_buyer_and_status(app: App, product: Product, clock: Clock) -> None:
    chair = await product(50)
    mine = []
    for _ in range(5):
        mine.append((await order_of(app, (chair.product.id, 1))).id)
        clock.advance(seconds=1)
    other = await order_of(app, (chair.product.id, 1), actor=BOB)
    await pack_order(app, ADMIN, mine[1])

    first, after = await list_orders(app, ALICE, ListOrders(limit=3))
    rest, end = await list_orders(app, ALICE, ListOrders(limit=3, after=after))
    assert [order.id for order in [*first, *rest]] == mine[::-1]
    assert end is None
    packed, _ = await list_orders(app, ALICE, ListOrders(status="PACKED"))
    assert [order.id for order in packed] == [mine[1]]

    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await list_orders(app, ADMIN, ListOrders(everybody=True, limit=2, after=cursor))
        seen += [order.id for order in page]
        if cursor is None:
            break
    assert seen == [other.id, *mine[::-1]]


class CountingStore:
    """The real store, counting what a use case asks of it."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in {"get", "query", "commit", "tail"}:
            self.calls.append(name)
        return found


@pytest.mark.parametrize("lines", [1, 40, 593])
async def test_the_number_of_store_calls_does_not_grow_with_the_lines(app: App, product: Product, lines: int) -> None:
    if lines > app.store.writes_max:
        pytest.skip("such an order goes in pieces here: test_large_orders")
    made: Sequence[str] = [(await product(5, sku=f"SKU-{number}")).product.id for number in range(lines)]
    store, app.store = app.store, CountingStore(app.store)  # type: ignore[assignment]
    order = await order_of(app, *[(product_id, 2) for product_id in made])
    placing = list(app.store.calls)  # type: ignore[attr-defined]
    await pack_order(app, ADMIN, order.id)
    packing = app.store.calls[len(placing) :]  # type: ignore[attr-defined]
    app.store = store

    assert placing == ["get", "query", "get", "commit"]
    assert packing == ["get", "commit"]
    assert len(order.lines) == lines


@pytest.mark.parametrize("units", [0, -1, 10**12])
async def test_absurd_quantities_are_refused(app: App, product: Product, units: int) -> None:
    chair = await product(5)
    with pytest.raises(Invalid) as refused:
        await order_of(app, (chair.product.id, 1), (chair.product.id, units))
    assert refused.value.details[0]["field"] == "items[1].quantity"


async def test_an_order_has_one_to_a_thousand_lines(app: App, product: Product) -> None:
    chair = await product(5000)
    for count in (0, 1001):
        with pytest.raises(Invalid):
            await order_of(app, *[(chair.product.id, 1)] * count)
    assert len((await order_of(app, *[(chair.product.id, 1)] * 1000)).lines) == 1000


async def test_an_order_has_one_currency(app: App, product: Product) -> None:
    chair, desk = await product(5), await product(5, currency="EUR")
    with pytest.raises(Invalid, match="Validation"):
        await order_of(app, (chair.product.id, 1), (desk.product.id, 1))


async def test_explaining_names_everything_that_holds_units(app: App, product: Product) -> None:
    chair = await product(9)
    order = await order_of(app, (chair.product.id, 2))
    shipped = await order_of(app, (chair.product.id, 1))
    await pack_order(app, ADMIN, shipped.id)

    found = await explain(app, chair.product.id)

    assert [(hold.kind, hold.id, hold.quantity) for hold in found.holds] == [("order", order.id, 2)]
    assert found.stock.total - found.held == found.stock.available == 6


async def test_restocked_units_can_be_bought(app: App, product: Product) -> None:
    chair = await product(0)
    with pytest.raises(InsufficientStock):
        await order_of(app, (chair.product.id, 1))
    await change_stock(app, ADMIN, ChangeStock(chair.product.id, 5, "RESTOCK", reference="PO-1"))
    assert (await order_of(app, (chair.product.id, 5))).status == "PENDING"
