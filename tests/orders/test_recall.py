"""An order is found again as it was after each of its steps, whatever happened to it since."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from stockwright.base.errors import Conflict, InvalidTransition
from stockwright.context import App
from stockwright.orders.model import Order
from stockwright.orders.recall import find_as_it_was, refer
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
from stockwright.orders.wire import order_view
from stockwright.sales.load_lines import LineWanted
from stockwright.store.idempotency import Reference
from tests.conftest import ADMIN, ALICE, Clock, Product


async def _return_one(app: App, order: Order) -> Order:
    return await return_order(app, ADMIN, ReturnOrder(order.id, [ReturnItem(1, order.lines[0].product_id)]))


STEPS: list[Callable[[App, Order], Awaitable[Order]]] = [
    lambda app, order: confirm_order(app, ADMIN, order.id),
    lambda app, order: pack_order(app, ADMIN, order.id),
    lambda app, order: deliver_order(app, ADMIN, order.id),
    lambda app, order: cancel_order(app, ADMIN, order.id, "No longer wanted"),
    _return_one,
]


@pytest.mark.parametrize("seed", range(12))
async def test_each_state_of_an_order_is_found_again(app: App, product: Product, clock: Clock, seed: int) -> None:
    chance, chair = random.Random(seed), await product()
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(3, chair.product.id)]))
    known: list[tuple[Reference, Order]] = []
    for _ in range(8):
        reference = refer(order)
        if any(line.returned for line in order.lines):
            assert reference is None
        else:
            assert reference is not None
            known.append((reference, order))
        clock.advance(seconds=chance.randrange(2))
        try:
            order = await chance.choice(STEPS)(app, order)
        except (InvalidTransition, Conflict):
            continue
    for reference, then in known:
        found = await find_as_it_was(app.store, reference)
        assert found is not None
        assert order_view(found) == order_view(then)


async def test_an_order_that_was_changed_otherwise_has_no_reference(app: App, product: Product) -> None:
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, (await product()).product.id)]))
    assert refer(order) == (order.id, 1, 1)
    assert refer(replace(order, updated_at=order.updated_at + 1)) is None
    assert await find_as_it_was(app.store, ("ord_gone", 1, 1)) is None
