"""What goods cost the shop is with the order and its sums, and leaves the shop by no mail, call or event."""

from __future__ import annotations

import json
from collections import defaultdict

from stockwright.catalog.usecases import UpdateProduct, update_product
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    deliver_order,
    pack_order,
    place_order,
    return_order,
)
from stockwright.request import BY_SYSTEM
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.store.port import body_of
from tests.around import World, parts_of
from tests.conftest import ADMIN

COST = 73_731_731
"""A number that stands nowhere else."""
HOLDING = {"PRODUCT", "ORDER", "SALE", "COUNTED", "STOCK"}
"""The items that may hold it: the product, what was sold of it, and the sums of the stock."""


async def kinds_that_hold(world: World, text: str) -> dict[str, set[str]]:
    """Read every item of the store, and return the keys of those with this text in them, by the kind of their key."""
    found: dict[str, set[str]] = defaultdict(set)
    after = None
    while True:
        items, after = await world.app.store.scan(after)
        for item in items:
            if text in json.dumps(body_of(item.body), default=str):
                found[item.key[1].partition("#")[0]].add(item.key[0])
        if after is None:
            return found


async def test_a_cost_leaves_the_shop_by_no_mail_call_or_event(world: World) -> None:
    product = (await world.product(20, cost_cents=COST, thresholds={"low_stock": 18})).product
    line = LineWanted(1, product.id)
    kept = await place_order(world.app, world.alice, PlaceOrder([line]))
    gone = await place_order(world.app, world.alice, PlaceOrder([line]))
    sold = await record_sale(world.app, ADMIN, Sell([LineWanted(3, product.id)]))
    await world.wait_until_handled()
    await cancel_order(world.app, world.alice, gone.id)
    await pack_order(world.app, BY_SYSTEM, kept.id)
    await world.wait_until_handled()
    await deliver_order(world.app, BY_SYSTEM, kept.id)
    await return_order(world.app, BY_SYSTEM, ReturnOrder(kept.id, [ReturnItem(1, product.id)]))
    await update_product(world.app, ADMIN, UpdateProduct(product.id, {"cost_cents": 5}))
    await world.wait_until_handled()

    text = str(COST)
    assert [each.lines[0].cost_cents for each in (kept, gone, sold)] == [COST, COST, COST]
    assert len(world.mailbox.mails) > 4
    assert not [mail for mail in world.mailbox.mails if any(text in part for part in parts_of(mail))]
    calls = [*world.warehouse.calls, *world.delivery.calls]
    assert len(calls) == 3
    assert text not in json.dumps(calls)
    assert text not in str(await world.app.store.tail(limit=1000))
    held = await kinds_that_hold(world, text)
    assert {"ORDER", "SALE"} <= held.keys() <= HOLDING
