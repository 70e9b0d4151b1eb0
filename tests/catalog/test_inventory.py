"""Stock levels: every change is in the ledger, and none takes what is not there."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from stockwright.base.errors import AlreadyExists, Busy, Conflict, InsufficientStock, Invalid, NotFound, VersionConflict
from stockwright.catalog.availability import check_availability
from stockwright.catalog.inventory import (
    ChangeStock,
    CountStock,
    Initialize,
    StockChange,
    Transfer,
    change_stock,
    count_stock,
    initialize,
    transfer,
)
from stockwright.catalog.inventory_views import (
    ListInventory,
    get_by_sku,
    list_inventory,
    list_low_stock,
    total_inventory,
)
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.catalog.stocked import get_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.context import App
from stockwright.orders.usecases import PlaceOrder, pack_order, place_order
from stockwright.request import Idempotency, Request
from stockwright.reservations.usecases import Reserve, cancel_reservation, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, get_sale, list_sales, record_sale
from stockwright.stock.locations import ChangeLocation, add_location, change_location
from stockwright.stock.model import Movement, Stock, Wanted
from stockwright.stock.records import get_stock, page_of_movements
from stockwright.store.idempotency import UsedKey, complete_idempotency, find_idempotency
from stockwright.store.paging import every
from tests.conftest import ADMIN, ALICE, Clock, Product
from tests.shops import meanwhile

FOREIGN = "692cc529439b2ea96b10e98b"


async def available(app: App, product_id: str) -> dict[str, int]:
    stock = await get_stock(app.store, product_id)
    return {location: level.available for location, level in stock.levels.items()}


async def test_a_foreign_product_can_be_stocked_and_reserved(app: App) -> None:
    made = await initialize(app, ADMIN, Initialize(FOREIGN, "MBP-16-M3MAX-001", 50, "Warehouse A"))
    assert made.product.status == "UNLISTED"
    assert (made.stock.low_stock, made.stock.reorder_point) == (10, 20)
    assert (await get_by_sku(app, "mbp-16-m3max-001")).product.id == FOREIGN

    await reserve_stock(app, ALICE, Reserve([Wanted(FOREIGN, 1)], "test-order-123"))
    assert await available(app, FOREIGN) == {"Warehouse A": 49}
    with pytest.raises(Conflict, match="not for sale"):
        await place_order(app, ALICE, PlaceOrder([LineWanted(1, FOREIGN)]))


async def test_a_foreign_product_goes_on_sale_once_it_is_described(app: App) -> None:
    await initialize(app, ADMIN, Initialize(FOREIGN, "MBP-16", 5))
    after = await update_product(
        app,
        ADMIN,
        UpdateProduct(FOREIGN, {"name": "Laptop", "description": "A fast laptop.", "price_cents": 100}),
    )
    assert after.product.status == "ACTIVE"
    assert (await place_order(app, ALICE, PlaceOrder([LineWanted(1, FOREIGN)]))).total_cents == 100


async def test_a_foreign_product_that_was_deleted_can_be_created_again(app: App, product: Product) -> None:
    chair = (await product(1)).product
    await initialize(app, ADMIN, Initialize(FOREIGN, "MBP-16", 5, thresholds={"low_stock": 1}))
    await delete_product(app, ADMIN, FOREIGN)
    with pytest.raises(AlreadyExists, match="SKU"):
        await initialize(app, ADMIN, Initialize(FOREIGN, chair.sku, 7))
    outcomes = await asyncio.gather(
        *[initialize(app, ADMIN, Initialize(FOREIGN, "MBP-17", 7, "cellar")) for _ in range(5)], return_exceptions=True
    )
    [again] = [each for each in outcomes if not isinstance(each, BaseException)]
    assert again == await get_product(app, FOREIGN) == await get_by_sku(app, "MBP-17")
    assert (again.product.status, again.stock.low_stock) == ("UNLISTED", 10)
    assert await available(app, FOREIGN) == {"cellar": 7}
    page, _ = await list_movements(app, MovementFilter(product_id=FOREIGN))
    assert [(each.movement.quantity, each.balance_after) for each in page] == [(7, 7), (-5, 0), (5, 5)]
    assert [row.product.id for row in (await list_inventory(app, ListInventory()))[0]] == [FOREIGN, chair.id]


async def test_a_level_is_opened_once(app: App, product: Product) -> None:
    chair = await product(5)
    with pytest.raises(AlreadyExists):
        await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 1))
    with pytest.raises(Conflict, match="has SKU"):
        await initialize(app, ADMIN, Initialize(chair.product.id, "OTHER", 1, "cellar"))
    with pytest.raises(AlreadyExists, match="SKU"):
        await initialize(app, ADMIN, Initialize("another", chair.product.sku.lower(), 1))
    outcomes = await asyncio.gather(
        *[initialize(app, ADMIN, Initialize("new", "NEW-1", 3)) for _ in range(10)], return_exceptions=True
    )
    assert sum(not isinstance(each, Exception) for each in outcomes) == 1
    assert await available(app, "new") == {"default": 3}


def thresholds(stock: Stock) -> tuple[int, int, int]:
    return stock.low_stock, stock.reorder_point, stock.reorder_quantity


async def test_opening_a_level_changes_only_the_given_thresholds(app: App, product: Product) -> None:
    chair = await product(5, thresholds={"low_stock": 5, "reorder_point": 100, "reorder_quantity": 200})
    opened = await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 1, "cellar"))
    assert thresholds(opened.stock) == (5, 100, 200)
    given = {"low_stock": 7}
    opened = await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 1, "attic", given))
    assert thresholds(opened.stock) == thresholds(await get_stock(app.store, chair.product.id))
    assert thresholds(opened.stock) == (7, 100, 200)
    made = await initialize(app, ADMIN, Initialize("foreign", "F-1", 1, thresholds={"reorder_point": 3}))
    assert thresholds(made.stock) == (10, 3, 50)
    for product_id, sku in (("other", "O-1"), (chair.product.id, chair.product.sku)):
        with pytest.raises(Invalid) as refused:
            await initialize(app, ADMIN, Initialize(product_id, sku, 1, "roof", {"reorder_quantity": 0}))
        assert refused.value.details[0]["field"] == "reorderQuantity"


async def test_a_location_that_a_level_opens_is_one_like_any_other(
    app: App, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockwright.stock.locations.LOCATIONS_MAX", 3)
    chair = await product(5)
    for location in ("cellar", " cellar2 "):
        await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 1, location))
    assert [event.subject for event in await app.store.tail() if event.name == "location.created"] == [
        "cellar",
        "cellar2",
    ]
    assert await available(app, chair.product.id) == {"default": 5, "cellar": 1, "cellar2": 1}
    with pytest.raises(Conflict, match="the maximum"):
        await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 1, "attic"))
    with pytest.raises(Conflict, match="the maximum"):
        await add_location(app, ADMIN, "attic")
    assert "attic" not in await available(app, chair.product.id)


async def test_units_at_the_last_of_many_locations_can_be_sold(
    app: App, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reader in ("store.paging", "stock.location_records"):
        monkeypatch.setattr(f"stockwright.{reader}.STEP_ROWS", 2)
    chair = await product(0)
    for location in ("a", "b", "c", "z"):
        await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 1, location))
    await reserve_stock(app, ALICE, Reserve([Wanted(chair.product.id, 4)]))
    assert sum((await available(app, chair.product.id)).values()) == 0


@pytest.mark.parametrize(
    ("kind", "units", "left"),
    [
        ("RESTOCK", 5, 15),
        ("RETURN", 2, 12),
        ("SALE", 3, 7),
        ("SALE", -3, 7),
        ("ADJUSTMENT", -4, 6),
        ("ADJUSTMENT", 4, 14),
    ],
)
async def test_a_change_of_stock_changes_available_and_total(
    app: App, product: Product, kind: str, units: int, left: int
) -> None:
    chair = await product(10)
    change = await change_stock(app, ADMIN, ChangeStock(chair.product.id, units, kind, "PO-1", "because"))  # type: ignore[arg-type]
    assert (change.stock.available, change.stock.total) == (left, left)
    assert [(each.type, each.quantity, each.reference) for each in change.movements] == [(kind, left - 10, "PO-1")]


async def test_a_product_that_is_deleted_meanwhile_cannot_be_restocked(app: App, product: Product) -> None:
    for kind in ("RESTOCK", "RETURN", "ADJUSTMENT"):
        chair = await product(5)
        too_late = meanwhile(app, partial(delete_product, app, ADMIN, chair.product.id))
        with pytest.raises(NotFound):
            await change_stock(too_late, ADMIN, ChangeStock(chair.product.id, 5, kind))  # type: ignore[arg-type]
        assert (await get_stock(app.store, chair.product.id)).total == 0
        page, _ = await list_movements(app, MovementFilter(product_id=chair.product.id))
        assert [each.movement.quantity for each in page] == [-5, 5]


async def test_a_change_never_takes_more_than_is_available(app: App, product: Product) -> None:
    chair = await product(5)
    await reserve_stock(app, ALICE, Reserve([Wanted(chair.product.id, 3)]))
    for kind in ("ADJUSTMENT", "SALE"):
        with pytest.raises(InsufficientStock) as refused:
            await change_stock(app, ADMIN, ChangeStock(chair.product.id, -3, kind))  # type: ignore[arg-type]
        assert refused.value.details["available"] == 2
    with pytest.raises(Invalid):
        await change_stock(app, ADMIN, ChangeStock(chair.product.id, -3, "RESTOCK"))
    with pytest.raises(Invalid):
        await change_stock(app, ADMIN, ChangeStock(chair.product.id, 0, "ADJUSTMENT"))
    with pytest.raises(NotFound, match="location"):
        await change_stock(app, ADMIN, ChangeStock(chair.product.id, 1, "RESTOCK", location="moon"))


async def test_a_restock_is_not_starved_by_a_rush_of_buyers(app: App, product: Product) -> None:
    chair = await product(1000)

    async def buy() -> None:
        await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair.product.id)]))

    await asyncio.gather(
        *[buy() for _ in range(300)],
        *[change_stock(app, ADMIN, ChangeStock(chair.product.id, 10, "RESTOCK")) for _ in range(20)],
    )
    stock = await get_stock(app.store, chair.product.id)
    assert (stock.available, stock.reserved) == (900, 300)


async def test_a_change_can_require_the_version_that_was_read(app: App, product: Product) -> None:
    chair = await product(5)
    await change_stock(app, ADMIN, ChangeStock(chair.product.id, 1, "RESTOCK", expected_version=1))
    with pytest.raises(VersionConflict) as refused:
        await change_stock(app, ADMIN, ChangeStock(chair.product.id, 1, "RESTOCK", expected_version=1))
    assert refused.value.details["current"].available == 6


async def test_a_count_books_the_difference_and_never_goes_below_the_reserved_units(app: App, product: Product) -> None:
    chair = await product(10)
    await reserve_stock(app, ALICE, Reserve([Wanted(chair.product.id, 4)]))
    change = await count_stock(app, ADMIN, CountStock(chair.product.id, 7))
    assert (change.stock.available, change.stock.reserved, change.stock.total) == (3, 4, 7)
    assert [(each.type, each.quantity) for each in change.movements] == [("ADJUSTMENT", -3)]
    assert (await count_stock(app, ADMIN, CountStock(chair.product.id, 7))).movements == ()
    with pytest.raises(Conflict, match="reserved"):
        await count_stock(app, ADMIN, CountStock(chair.product.id, 3))


async def test_setting_the_quantity_of_a_product_leaves_what_is_reserved(app: App, product: Product) -> None:
    chair = await product(10)
    await reserve_stock(app, ALICE, Reserve([Wanted(chair.product.id, 4)]))
    same = await update_product(app, ADMIN, UpdateProduct(chair.product.id, {}, quantity=6))
    assert (same.stock.available, same.stock.total) == (6, 10)
    after = await update_product(app, ADMIN, UpdateProduct(chair.product.id, {"price_cents": 5}, quantity=1))
    assert (after.stock.available, after.stock.reserved, after.product.price_cents) == (1, 4, 5)
    assert (await get_product(app, chair.product.id)) == after


async def test_a_transfer_moves_available_units_with_two_movements(app: App, product: Product) -> None:
    chair = await product(5)
    await add_location(app, ADMIN, "cellar")
    change = await transfer(app, ADMIN, Transfer(chair.product.id, 2, "default", "cellar"))
    assert sorted((each.location, each.quantity) for each in change.movements) == [("cellar", 2), ("default", -2)]
    await transfer(app, ADMIN, Transfer(chair.product.id, 1, "cellar", "default"))
    assert await available(app, chair.product.id) == {"default": 4, "cellar": 1}
    with pytest.raises(InsufficientStock):
        await transfer(app, ADMIN, Transfer(chair.product.id, 2, "cellar", "default"))
    with pytest.raises(NotFound):
        await transfer(app, ADMIN, Transfer(chair.product.id, 1, "default", "moon"))
    with pytest.raises(Invalid):
        await transfer(app, ADMIN, Transfer(chair.product.id, 1, "default", "default"))


async def test_availability_sums_duplicates_and_refuses_unknown_products(app: App, product: Product) -> None:
    chair = await product(5)
    found = await check_availability(
        app, [Wanted(chair.product.id, 3), Wanted("nothing", 1), Wanted(chair.product.id, 3)]
    )
    assert [(each.requested, each.available_stock, each.available) for each in found] == [(6, 5, False), (1, 0, False)]
    with pytest.raises(Invalid):
        await check_availability(app, [])
    with pytest.raises(Invalid):
        await check_availability(app, [Wanted(str(number), 1) for number in range(101)])


async def test_availability_is_what_a_hold_could_reserve(app: App, product: Product) -> None:
    chair = (await product(5)).product.id
    await add_location(app, ADMIN, "cellar")
    await transfer(app, ADMIN, Transfer(chair, 1, "default", "cellar"))
    carts: dict[tuple[tuple[int, str | None], ...], list[tuple[int, bool]]] = {
        ((4, "default"), (2, None)): [(4, True), (1, False)],
        ((2, None), (4, "default")): [(1, False), (4, True)],
        ((3, "default"), (2, None)): [(3, True), (2, True)],
        ((1, "default"), (2, None)): [(3, True), (4, True)],
        ((2, "cellar"), (4, None)): [(1, False), (4, True)],
    }
    for lines, expected in carts.items():
        cart = [Wanted(chair, units, location) for units, location in lines]
        found = await check_availability(app, cart)
        assert [(each.available_stock, each.available) for each in found] == expected
        if all(each.available for each in found):
            held = await reserve_stock(app, ALICE, Reserve(cart))
            await cancel_reservation(app, ALICE, held.id)
        else:
            with pytest.raises(InsufficientStock) as refused:
                await reserve_stock(app, ALICE, Reserve(cart))
            assert refused.value.details["available"] == next(
                each.available_stock for each in found if not each.available
            )


async def test_an_expired_hold_does_not_reduce_availability(app: App, product: Product, clock: Clock) -> None:
    chair, table = (await product(5)).product.id, (await product(5)).product.id
    await reserve_stock(app, ALICE, Reserve([Wanted(chair, 4), Wanted(table, 1)], minutes=5))
    await reserve_stock(app, ALICE, Reserve([Wanted(chair, 1)], minutes=50))
    assert [each.available for each in await check_availability(app, [Wanted(chair, 4)])] == [False]
    clock.advance(minutes=5)
    events = len(await app.store.tail())
    found = await check_availability(app, [Wanted(chair, 4), Wanted(table, 6)])
    assert [(each.available_stock, each.available) for each in found] == [(4, True), (5, False)]
    assert len(await app.store.tail()) == events
    await place_order(app, ALICE, PlaceOrder([LineWanted(4, chair)]))


async def test_totals_and_low_stock_are_exact_at_once(app: App, product: Product) -> None:
    await product(20)
    low = await product(9)
    out = await product(0)
    await product(3, thresholds={"low_stock": 2})
    totals = await total_inventory(app)
    assert (totals.products, totals.available, totals.low, totals.out) == (4, 32, 1, 1)
    rows, _ = await list_low_stock(app, 10)
    assert {row.product.id for row in rows} == {low.product.id, out.product.id}
    assert low.stock.suggested_reorder == 50
    page, after = await list_low_stock(app, 1)
    rest, end = await list_low_stock(app, 1, after)
    assert {*[row.product.id for row in page], *[row.product.id for row in rest]} == {low.product.id, out.product.id}
    assert end is None
    everything, _ = await list_inventory(app, ListInventory(limit=10))
    assert len(everything) == 4


async def test_the_inventory_is_filtered_by_name_sku_status_and_location(app: App, product: Product) -> None:
    await add_location(app, ADMIN, "outlet", "Outlet", 200)
    plenty, low, out = await product(20), await product(3), await product(0)
    await transfer(app, ADMIN, Transfer(low.product.id, 2, "default", "outlet"))

    async def found(command: ListInventory) -> list[str]:
        rows, after = await list_inventory(app, command)
        assert after is None
        return [row.product.id for row in rows]

    assert await found(ListInventory(search=low.product.sku.lower())) == [low.product.id]
    assert await found(ListInventory(search="no such thing")) == []
    assert await found(ListInventory(status="IN_STOCK")) == [plenty.product.id]
    assert await found(ListInventory(status="LOW")) == [low.product.id]
    assert await found(ListInventory(status="OUT")) == [out.product.id]
    assert await found(ListInventory(location="outlet")) == [low.product.id]


async def test_a_filtered_inventory_has_pages_without_gaps(app: App, product: Product) -> None:
    wanted = []
    for number in range(7):
        made = await product(3 if number % 2 else 50)
        if number % 2:
            wanted.append(made.product.id)

    first, after = await list_inventory(app, ListInventory(status="LOW", limit=2))
    rest, end = await list_inventory(app, ListInventory(status="LOW", limit=2, after=after))

    assert [row.product.id for row in [*first, *rest]] == wanted
    assert end is None


async def test_movements_show_the_balance_after_each_across_pages(app: App, product: Product, clock: Clock) -> None:
    chair = await product(10)
    for units in (5, -3, 8, -1):
        clock.advance(seconds=1)
        await change_stock(app, ADMIN, ChangeStock(chair.product.id, units, "ADJUSTMENT"))

    first, after = await list_movements(app, MovementFilter(chair.product.id, limit=2))
    await change_stock(app, ADMIN, ChangeStock(chair.product.id, 100, "RESTOCK"))
    rest, end = await list_movements(app, MovementFilter(chair.product.id, limit=10, after=after))

    assert [(each.movement.quantity, each.balance_after) for each in [*first, *rest]] == [
        (-1, 19),
        (8, 20),
        (-3, 12),
        (5, 15),
        (10, 10),
    ]
    assert end is None


async def test_movements_can_be_filtered(app: App, product: Product, clock: Clock) -> None:
    chair, desk = await product(10), await product(10)
    clock.advance(seconds=10)
    await change_stock(app, ADMIN, ChangeStock(chair.product.id, 5, "RESTOCK"))
    since = clock.now()
    clock.advance(seconds=10)
    await change_stock(app, ADMIN, ChangeStock(desk.product.id, -5, "ADJUSTMENT"))

    async def listed(**fields: object) -> list[tuple[str, int]]:
        found, _ = await list_movements(app, MovementFilter(**fields))  # type: ignore[arg-type]
        return [(each.movement.type, each.movement.quantity) for each in found]

    assert await listed(type="RESTOCK") == [("RESTOCK", 5)]
    assert await listed(since=since) == [("ADJUSTMENT", -5), ("RESTOCK", 5)]
    assert await listed(until=since) == [("INITIAL", 10), ("INITIAL", 10)]
    assert await listed(product_id=chair.product.id, type="INITIAL") == [("INITIAL", 10)]
    assert await listed(location="moon") == []


async def test_a_sale_at_the_till_takes_the_goods_at_once(app: App, product: Product) -> None:
    chair = await product(5)
    sale = await record_sale(app, ADMIN, Sell([LineWanted(2, chair.product.id), LineWanted(1, sku=chair.product.sku)]))
    assert sale.total_cents == 3000
    stock = await get_stock(app.store, chair.product.id)
    assert (stock.available, stock.reserved, stock.total) == (2, 0, 2)
    assert (await get_sale(app, sale.id)) == sale
    assert [each.id for each in (await list_sales(app, 10))[0]] == [sale.id]
    with pytest.raises(InsufficientStock):
        await record_sale(app, ADMIN, Sell([LineWanted(3, chair.product.id)]))
    with pytest.raises(Invalid):
        await record_sale(app, ADMIN, Sell([]))


async def test_the_till_can_take_from_one_location_only(app: App, product: Product) -> None:
    chair = await product(5)
    await initialize(app, ADMIN, Initialize(chair.product.id, chair.product.sku, 1, "shop"))
    with pytest.raises(InsufficientStock):
        await record_sale(app, ADMIN, Sell([LineWanted(2, chair.product.id)], location="shop"))
    await record_sale(app, ADMIN, Sell([LineWanted(1, chair.product.id)], location="shop"))
    assert await available(app, chair.product.id) == {"default": 5, "shop": 0}


async def test_all_kinds_of_changes_at_once_leave_consistent_numbers(app: App, product: Product) -> None:
    """The auditor checks afterwards; here only that nothing but a shortage is refused."""
    chair = await product(40)

    async def order_and_pack() -> None:
        order = await place_order(app, ALICE, PlaceOrder([LineWanted(2, chair.product.id)]))
        await pack_order(app, ADMIN, order.id)

    async def hold() -> None:
        await reserve_stock(app, ALICE, Reserve([Wanted(chair.product.id, 1)]))

    async def count() -> None:
        stock = await get_stock(app.store, chair.product.id)
        await count_stock(app, ADMIN, CountStock(chair.product.id, stock.total))

    work = [maker() for _ in range(15) for maker in (order_and_pack, hold, count)]
    work += [record_sale(app, ADMIN, Sell([LineWanted(1, chair.product.id)])) for _ in range(10)]  # type: ignore[misc]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    assert {type(each) for each in outcomes if isinstance(each, Exception)} <= {InsufficientStock, Conflict}


async def test_a_repeated_change_whose_answer_was_lost_returns_the_result_of_the_first(
    app: App, product: Product
) -> None:
    """The process ended between the commit and keeping the real answer."""
    chair = await product(10)
    answers: list[int] = []

    def render(change: StockChange) -> dict[str, int]:
        answers.append(change.stock.available)
        return {"available": change.stock.available}

    request = Request(ADMIN.actor, idempotency=Idempotency("key", "hash", render))
    await change_stock(app, request, ChangeStock(chair.product.id, 5, "RESTOCK"))

    assert answers == [15]
    assert await find_idempotency(app.store, "key") == UsedKey("hash", {"available": 15}, version=1)
    await complete_idempotency(app.store, "key", {"available": 99}, app.clock.now())
    await complete_idempotency(app.store, "key", {"available": 1}, app.clock.now())
    assert await find_idempotency(app.store, "key") == UsedKey("hash", {"available": 99}, version=2)


async def test_a_count_succeeds_during_a_rush_of_buyers_and_books_the_exact_difference(
    app: App, product: Product
) -> None:
    chair = await product(100_000)
    name, done, begun = chair.product.id, asyncio.Event(), asyncio.Semaphore(0)
    sold = 0

    async def buy() -> None:
        nonlocal sold
        while not done.is_set():
            try:
                await record_sale(app, ADMIN, Sell([LineWanted(1, name)]))
            except Busy:
                continue
            sold += 1
            begun.release()

    buyers = [asyncio.create_task(buy()) for _ in range(12)]
    for _ in buyers:
        await begun.acquire()
    booked = []
    for units in (90_000, 80_000, 95_000):
        counted = await count_stock(app, ADMIN, CountStock(name, units))
        assert counted.stock.total == units
        booked += counted.movements
    changed = await update_product(app, ADMIN, UpdateProduct(name, quantity=70_000))
    assert changed.stock.available == 70_000
    changed = await update_product(app, ADMIN, UpdateProduct(name, thresholds={"low_stock": 3}))
    await add_location(app, ADMIN, "cellar", priority=200)
    await transfer(app, ADMIN, Transfer(name, 5, "default", "cellar"))
    done.set()
    await asyncio.gather(*buyers)
    ledger = await movements(app, name)
    adjusted = [each.quantity for each in ledger if each.type == "ADJUSTMENT"]
    assert len(adjusted) == 4
    assert {each.id for each in booked} < {each.id for each in ledger}
    stock = await get_stock(app.store, name)
    assert stock.total == 100_000 - sold + sum(adjusted)
    assert stock.total == sum(each.quantity for each in ledger)
    assert stock.levels["cellar"].total == 5


async def movements(app: App, product_id: str) -> list[Movement]:
    found = every(partial(page_of_movements, app.store, product_id, limit=500))
    return [each async for each in found]


async def test_levels_are_listed_in_the_order_of_allocation(app: App, product: Product) -> None:
    """On both engines, whatever the order in which they were opened: DynamoDB's maps keep none."""
    chair = await product(1)
    for name, priority in (("zulu", 1), ("mike", 5), ("closed-b", 2), ("alpha", 9), ("closed-a", 3)):
        await add_location(app, ADMIN, name, name, priority)
        await change_stock(app, ADMIN, ChangeStock(chair.product.id, 1, "RESTOCK", location=name))
    for name in ("closed-a", "closed-b"):
        await change_location(app, ADMIN, ChangeLocation(name, active=False))

    stock = await get_stock(app.store, chair.product.id)

    assert [location for location in stock.levels if location in stock.active] == stock.sources
    assert list(stock.levels)[-2:] == ["closed-a", "closed-b"]
