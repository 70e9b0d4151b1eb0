"""Orders larger than one commit: whole or not at all, wherever the process stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.adapters.telemetry import make_log
from stockwright.audit.usecases import audit
from stockwright.base.errors import InsufficientStock, Invalid, NotFound
from stockwright.catalog.explain import explain
from stockwright.catalog.inventory import ChangeStock, Initialize, change_stock, initialize
from stockwright.catalog.usecases import delete_product
from stockwright.context import App
from stockwright.orders.large import finish
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
from stockwright.request import BY_SYSTEM, Idempotency, Request
from stockwright.reservations.usecases import Reserve, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import add_location
from stockwright.stock.model import Wanted
from stockwright.stock.records import get_stock, load_stocks, page_of_movements
from stockwright.sweeper import sweep
from tests.conftest import ADMIN, ALICE, Clock, Product

LINES = 10
WRITES_MAX = 8

Numbers = set[tuple[int, int, int]]
Hook = Callable[[int], Awaitable[None]]


class Crashed(Exception):
    """The process has ended here, as far as the store knows."""


class SmallStore:
    """The real store, taking few writes at once; `before` and `after` are called with the number of each commit."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.writes_max = WRITES_MAX
        self.commits = 0
        self.before: Hook | None = None
        self.after: Hook | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Any) -> None:
        assert len(writes) <= self.writes_max
        self.commits += 1
        number = self.commits
        if self.before is not None:
            await self.before(number)
        await self._store.commit(writes)
        if self.after is not None:
            await self.after(number)


@pytest.fixture
def small(app: App) -> SmallStore:
    made: Any = SmallStore(app.store)
    app.store, app.log = made, make_log("error")
    return made  # type: ignore[no-any-return]


@pytest.fixture
async def cart(app: App, product: Product) -> list[str]:
    """As many products as a large order has lines, 5 units of each."""
    return [(await product(5)).product.id for _ in range(LINES)]


async def order_all(app: App, cart: list[str], units: int = 2) -> Order:
    return await place_order(app, ALICE, PlaceOrder([LineWanted(units, each) for each in cart]))


async def numbers(app: App, cart: list[str]) -> Numbers:
    """Return what the levels of all products say; one entry where all say the same."""
    stocks = await load_stocks(app.store, cart)
    return {(stock.available, stock.reserved, stock.total) for stock in stocks.values()}


async def order_events(app: App) -> list[str]:
    return [event.name for event in await app.store.tail(limit=1000) if event.name.startswith("order.")]


def crash_at(small: SmallStore, number: int, *, committed: bool) -> None:
    """End the process at its commit of that number, which is `committed` or not."""

    async def crash(at: int) -> None:
        if at == number:
            raise Crashed

    small.commits = 0
    small.after, small.before = (crash, None) if committed else (None, crash)


async def restarted(app: App, small: SmallStore, clock: Clock) -> None:
    """Begin again after a crash, and let the sweeper come by when the time of what was begun is over."""
    small.before = small.after = None
    clock.advance(minutes=2)
    await sweep(app)
    report = await audit(app)
    assert report.drifts == []


async def test_a_large_order_is_placed_completely(app: App, small: SmallStore, cart: list[str]) -> None:
    order = await order_all(app, cart)

    assert small.commits > 2
    assert (order.status, len(order.lines)) == ("PENDING", LINES)
    assert await numbers(app, cart) == {(3, 2, 5)}
    assert await get_order(app, ALICE, order.id) == order
    assert (await list_orders(app, ALICE, ListOrders()))[0] == [order]
    assert await order_events(app) == ["order.placed"]


async def test_the_steps_of_a_large_order_move_every_unit_once(app: App, small: SmallStore, cart: list[str]) -> None:
    order = await order_all(app, cart)
    assert (await confirm_order(app, ADMIN, order.id)).status == "CONFIRMED"
    assert await numbers(app, cart) == {(3, 0, 3)}
    await pack_order(app, ADMIN, order.id)
    await deliver_order(app, ADMIN, order.id)
    everything = [ReturnItem(1, each) for each in cart]
    after = await return_order(app, ADMIN, ReturnOrder(order.id, everything, reason="Too many"))

    assert await numbers(app, cart) == {(4, 0, 4)}
    assert after == await get_order(app, ALICE, order.id)
    assert await order_events(app) == [
        f"order.{step}" for step in ("placed", "confirmed", "packed", "delivered", "returned")
    ]
    for each in cart:
        movements, _ = await page_of_movements(app.store, each, limit=10, reverse=False)
        assert [movement.quantity for movement in movements] == [5, -2, 1]


@pytest.mark.parametrize("confirmed", [False, True])
async def test_cancelling_returns_every_unit(app: App, small: SmallStore, cart: list[str], confirmed: bool) -> None:
    order = await order_all(app, cart)
    if confirmed:
        await confirm_order(app, ADMIN, order.id)
    cancelled = await cancel_order(app, ALICE, order.id)

    assert cancelled == await get_order(app, ALICE, order.id)
    assert await numbers(app, cart) == {(5, 0, 5)}
    assert await order_events(app) == ["order.placed", *(["order.confirmed"] if confirmed else []), "order.cancelled"]


async def test_changes_completed_by_the_sweeper_have_the_id_of_the_original_request(
    app: App, small: SmallStore, cart: list[str], clock: Clock
) -> None:
    order = await order_all(app, cart)
    crash_at(small, 2, committed=True)
    with pytest.raises(Crashed):
        await confirm_order(app, replace(ADMIN, id="req_confirm"), order.id)
    await restarted(app, small, clock)

    for each in cart:
        movements, _ = await page_of_movements(app.store, each, limit=10)
        assert [movement.request_id for movement in movements if movement.type == "SALE"] == ["req_confirm"]
    events = await app.store.tail(limit=1000)
    assert [event.request_id for event in events if event.name == "order.confirmed"] == ["req_confirm"]


async def test_an_order_that_is_being_placed_is_not_visible(app: App, small: SmallStore, cart: list[str]) -> None:
    seen: list[Any] = []

    async def look(number: int) -> None:
        """Look after each commit but the last, as buyer and as admin."""
        if await order_events(app):
            return
        with pytest.raises(NotFound):
            await get_order(app, ALICE, "ord_large")
        seen.append((await list_orders(app, ALICE, ListOrders()))[0])
        seen.append((await list_orders(app, ADMIN, ListOrders(everybody=True)))[0])

    small.after = look
    await place_order(app, ALICE, PlaceOrder([LineWanted(2, each) for each in cart], id="ord_large"))
    assert len(seen) > 4
    assert not any(seen)


async def test_a_shortage_of_one_line_cancels_the_whole_order(app: App, small: SmallStore, cart: list[str]) -> None:
    last = max(cart)

    async def buy(number: int) -> None:
        """Take the last product's units when the first pieces are reserved."""
        if number == 2:
            await change_stock(app, ADMIN, ChangeStock(last, -4, "SALE"))

    small.commits = 0
    small.after = buy
    with pytest.raises(InsufficientStock):
        await order_all(app, cart)
    assert await numbers(app, [each for each in cart if each != last]) == {(5, 0, 5)}
    assert (await get_stock(app.store, last)).available == 1
    assert await order_events(app) == []


@pytest.mark.parametrize("committed", [False, True], ids=["before the commit", "after it"])
async def test_placing_that_is_interrupted_anywhere_is_completed_or_has_no_effect(
    app: App, small: SmallStore, cart: list[str], clock: Clock, committed: bool
) -> None:
    outcomes = []
    for number in range(1, 20):
        crash_at(small, number, committed=committed)
        try:
            await order_all(app, cart, units=1)
        except Crashed:
            await restarted(app, small, clock)
        else:
            break
        placed = (await list_orders(app, ALICE, ListOrders(status="PENDING")))[0]
        assert await numbers(app, cart) == {(4, 1, 5) if placed else (5, 0, 5)}
        outcomes.append(bool(placed))
        for order in placed:
            await cancel_order(app, ALICE, order.id)
    assert len(outcomes) >= 3
    # Only where the last commit was committed is there an order.
    assert outcomes == [False] * (len(outcomes) - 1) + [committed]


STEPS: dict[str, tuple[list[Any], Any, tuple[int, int, int], tuple[int, int, int], str]] = {
    "confirm": ([], confirm_order, (3, 2, 5), (3, 0, 3), "order.confirmed"),
    "cancel a pending one": ([], cancel_order, (3, 2, 5), (5, 0, 5), "order.cancelled"),
    "cancel a confirmed one": ([confirm_order], cancel_order, (3, 0, 3), (5, 0, 5), "order.cancelled"),
}


@pytest.mark.parametrize("committed", [False, True], ids=["before the commit", "after it"])
@pytest.mark.parametrize(("first", "step", "untouched", "done", "event"), STEPS.values(), ids=STEPS)
async def test_a_step_that_is_interrupted_anywhere_is_completed_or_has_no_effect(
    app: App,
    small: SmallStore,
    product: Product,
    clock: Clock,
    committed: bool,
    first: list[Any],
    step: Any,
    untouched: tuple[int, int, int],
    done: tuple[int, int, int],
    event: str,
) -> None:
    for number in range(1, 20):
        cart = [(await product(5, sku=f"N-{number}-{line}")).product.id for line in range(LINES)]
        order = await order_all(app, cart)
        for before in first:
            await before(app, ADMIN, order.id)
        crash_at(small, number, committed=committed)
        events = (await order_events(app)).count(event)
        try:
            await step(app, ADMIN, order.id)
        except Crashed:
            await restarted(app, small, clock)
        else:
            assert number > 3
            return
        begun = committed or number > 1
        assert await numbers(app, cart) == {done if begun else untouched}
        assert (await order_events(app)).count(event) == events + begun
        again = await step(app, ADMIN, order.id)
        assert not again.has_pending_work
        assert await numbers(app, cart) == {done}
        assert (await order_events(app)).count(event) == events + 1
    raise AssertionError("it never came to its end")


async def test_the_next_step_first_completes_the_interrupted_one(
    app: App, small: SmallStore, cart: list[str], clock: Clock
) -> None:
    order = await order_all(app, cart)
    crash_at(small, 2, committed=True)
    with pytest.raises(Crashed):
        await confirm_order(app, ADMIN, order.id)
    small.after = None

    assert (await audit(app)).drifts == []
    half = await explain(app, cart[-1])
    assert sum(hold.quantity for hold in half.holds) == half.stock.reserved
    await cancel_order(app, ALICE, order.id)

    assert await numbers(app, cart) == {(5, 0, 5)}
    assert await order_events(app) == ["order.placed", "order.confirmed", "order.cancelled"]


async def test_many_processes_that_resume_at_once_move_every_unit_once(
    app: App, small: SmallStore, cart: list[str]
) -> None:
    order = await order_all(app, cart)
    crash_at(small, 2, committed=True)
    with pytest.raises(Crashed):
        await confirm_order(app, ADMIN, order.id)
    small.after = None

    await asyncio.gather(*[pack_order(app, ADMIN, order.id) for _ in range(4)])

    assert await numbers(app, cart) == {(3, 0, 3)}
    assert await order_events(app) == ["order.placed", "order.confirmed", "order.packed"]


async def test_a_line_allocated_from_too_many_locations_for_one_commit_is_placed_in_pieces_too(
    app: App, small: SmallStore, product: Product
) -> None:
    made = await product(1)
    chair = made.product.id
    for number in range(20):
        await add_location(app, ADMIN, f"shop-{number}", priority=number + 2)
        await initialize(app, ADMIN, Initialize(chair, made.product.sku, 1, f"shop-{number}"))
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(21, chair)]))
    await confirm_order(app, ADMIN, order.id)
    assert await numbers(app, [chair]) == {(0, 0, 0)}
    await cancel_order(app, ALICE, order.id)
    assert await numbers(app, [chair]) == {(21, 0, 21)}
    assert (await audit(app)).drifts == []


async def test_a_process_that_was_paused_does_not_change_a_later_step(
    app: App, small: SmallStore, cart: list[str]
) -> None:
    """A sweeper has read the work of a return and sleeps; when it writes, there is new work of the next one."""
    order = await order_all(app, cart, units=3)
    await pack_order(app, ADMIN, order.id)

    async def bring_back_and_crash(units: int) -> None:
        crash_at(small, 1, committed=True)
        with pytest.raises(Crashed):
            await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(units, each) for each in cart]))
        small.after = None

    async def sleep(_: int) -> None:
        small.before = None
        await finish(app, BY_SYSTEM, order.id)
        await bring_back_and_crash(2)

    await bring_back_and_crash(1)
    small.before = sleep
    await finish(app, BY_SYSTEM, order.id)

    assert await numbers(app, cart) == {(5, 0, 5)}
    assert (await order_events(app))[-2:] == ["order.returned"] * 2
    assert (await audit(app)).drifts == []


async def test_a_repeated_return_of_many_lines_is_booked_once(
    app: App, small: SmallStore, cart: list[str], clock: Clock
) -> None:
    order = await order_all(app, cart)
    await pack_order(app, ADMIN, order.id)
    command = ReturnOrder(order.id, [ReturnItem(1, each) for each in cart])

    async def ask() -> None:
        await return_order(app, Request(ADMIN.actor, "", Idempotency("alice#1", "hash", lambda _: {})), command)

    crash_at(small, 2, committed=True)
    with pytest.raises(Crashed):
        await ask()
    small.after = None
    from stockwright.store.idempotency import AlreadyDone

    with pytest.raises(AlreadyDone):
        await ask()
    await restarted(app, small, clock)
    assert await numbers(app, cart) == {(4, 0, 4)}


async def test_an_earlier_try_at_the_same_order_is_removed(
    app: App, small: SmallStore, cart: list[str], clock: Clock
) -> None:
    command = PlaceOrder([LineWanted(2, each) for each in cart], id="ord_of_an_import")
    crash_at(small, 2, committed=True)
    with pytest.raises(Crashed):
        await place_order(app, ALICE, command)
    small.after = None
    clock.advance(minutes=2)
    assert (await place_order(app, ALICE, command)).status == "PENDING"
    assert await numbers(app, cart) == {(3, 2, 5)}


async def test_one_of_two_large_orders_for_the_same_last_units_is_placed(
    app: App, small: SmallStore, cart: list[str]
) -> None:
    outcomes = await asyncio.gather(*[order_all(app, cart, units=3) for _ in range(2)], return_exceptions=True)
    placed = [each for each in outcomes if isinstance(each, Order)]
    assert len(placed) <= 1
    assert await numbers(app, cart) == {(2, 3, 5) if placed else (5, 0, 5)}


async def test_the_number_of_products_of_a_hold_or_sale_is_limited_to_one_commit(
    app: App, small: SmallStore, cart: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await reserve_stock(app, ALICE, Reserve([Wanted(each, 1) for each in cart]))
    assert "at most 2 products" in refused.value.details[0]["message"]
    with pytest.raises(Invalid):
        await record_sale(app, ADMIN, Sell([LineWanted(1, each) for each in cart]))
    assert await numbers(app, cart) == {(5, 0, 5)}
    await reserve_stock(app, ALICE, Reserve([Wanted(each, 1) for each in cart[:2]]))
    await record_sale(app, ADMIN, Sell([LineWanted(1, each) for each in cart[:2]]))


async def test_products_deleted_during_a_large_return_are_skipped(app: App, small: SmallStore, cart: list[str]) -> None:
    order = await order_all(app, cart)
    await pack_order(app, ADMIN, order.id)
    await deliver_order(app, ADMIN, order.id)
    gone = cart[-1]

    async def delete(at: int) -> None:
        if at == 1:
            await delete_product(app, ADMIN, gone)

    small.commits, small.after = 0, delete
    back = [ReturnItem(1, each) for each in cart]
    assert (await return_order(app, ADMIN, ReturnOrder(order.id, back))).id == order.id
    assert await numbers(app, cart[:-1]) == {(4, 0, 4)}
    assert (await get_stock(app.store, gone)).total == 0
    assert not (await get_order(app, ADMIN, order.id)).has_pending_work
