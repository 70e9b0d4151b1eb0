"""A thousand units and ten thousand buyers; and every two things that change one product's stock, at once.

A shop with several workers is here one with as many stores on its file, each with a cache and commits of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from stockwright.audit.usecases import audit
from stockwright.base.actor import Actor
from stockwright.base.errors import InsufficientStock, Refused
from stockwright.catalog.inventory import ChangeStock, CountStock, Transfer, change_stock, count_stock, transfer
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.context import App
from stockwright.http.idempotency import KeysAtWork
from stockwright.orders.records import page_of_orders
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import PlaceOrder, ReturnOrder, cancel_order, pack_order, place_order, return_order
from stockwright.request import Idempotency, Request
from stockwright.reservations.records import page_of_reservations
from stockwright.reservations.usecases import (
    Reserve,
    cancel_reservation,
    clean_up,
    confirm_reservation,
    extend_reservation,
    reserve_stock,
)
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import add_location
from stockwright.stock.model import Wanted
from stockwright.stock.records import get_stock
from tests.conftest import ADMIN, ALICE, Clock, bare_app, without_hold_limits
from tests.proving import SECONDS, SEED, WORKERS

UNITS = 1000
BUYERS = 10_000 if SECONDS else 4000
AT_ONCE = 200


@pytest.fixture(params=WORKERS)
async def shops(request: pytest.FixtureRequest, memory: Path, clock: Clock) -> AsyncIterator[list[App]]:
    """The same shop, as each of its workers has it."""
    apps = [await bare_app(memory, clock) for _ in range(int(request.param))]
    for app in apps:
        without_hold_limits(app)
    await add_location(apps[0], ADMIN, "cellar")
    command = CreateProduct("Chair", "CHAIR-1", "A chair to sit on.", "other", 1000, UNITS, id="chair")
    await create_product(apps[0], ADMIN, command)
    yield apps
    report = await audit(apps[-1])
    for app in apps:
        await app.store.close()
    assert (report.drifts, report.unsettled) == ([], [])


async def in_hand(app: App) -> int:
    """Units that are sold or held, counted from the orders and reservations themselves."""
    units = 0
    for status in ("PENDING", "CONFIRMED", "PACKED", "DELIVERED"):
        after: str | None = None
        while True:
            orders, after = await page_of_orders(app.store, status=status, after=after, limit=500)
            units += sum(line.quantity for order in orders for line in order.lines)
            if after is None:
                break
    for status in ("ACTIVE", "CONFIRMED"):
        after = None
        while True:
            holds, after = await page_of_reservations(app.store, status=status, after=after, limit=500)
            units += sum(item.quantity for hold in holds for item in hold.items)
            if after is None:
                break
    return units


@pytest.mark.slow
async def test_ten_thousand_buyers_of_a_thousand_units_get_exactly_a_thousand(shops: list[App], clock: Clock) -> None:
    """Mixed quantities, orders and holds, some given up, some left to expire, each request sent twice."""
    dice = random.Random(SEED)
    keys = [KeysAtWork() for _ in shops]
    found: dict[str, list[Any]] = {}

    async def ask(key: str, person: Request, work: Callable[[App, Request], Awaitable[Any]], worker: int) -> Any:
        idempotency = Idempotency(key, key, lambda made: {"id": made.id})
        request, shop = Request(person.actor, key, idempotency), shops[worker % len(shops)]
        stored, _ = await keys[worker % len(shops)].run(shop, idempotency, lambda: work(shop, request))
        found.setdefault(key, []).append(stored["id"])
        return stored["id"]

    async def buyer(number: int) -> None:
        person = Request(Actor(f"usr_{number}", "account", "customer", f"{number}@example.com"))
        units, kind = dice.choice((1, 1, 1, 2, 3, 7)), dice.randrange(10)
        order = PlaceOrder([LineWanted(units, "chair")])
        hold = Reserve([Wanted("chair", units)], minutes=dice.choice((1, 30)))

        def work(shop: App, request: Request) -> Awaitable[Any]:
            return place_order(shop, request, order) if kind < 6 else reserve_stock(shop, request, hold)

        # Of two workers each gets one of the twins; of what comes after them, any.
        workers = (number, number + 1)
        twins = [asyncio.create_task(ask(f"buyer-{number}", person, work, each)) for each in workers]
        answers = await asyncio.gather(*twins, return_exceptions=True)
        made = [answer for answer in answers if isinstance(answer, str)]
        shop = shops[number // 7 % len(shops)]
        assert all(isinstance(answer, str | Refused) for answer in answers), answers
        if made and kind == 0:
            await cancel_order(shop, person, made[0])
        elif made and kind == 1:
            await pack_order(shop, ADMIN, made[0])
        elif made and kind == 7:
            await cancel_reservation(shop, person, made[0])
        elif made and kind == 8:
            await confirm_reservation(shop, person, made[0])
        if number % 500 == 499:
            clock.advance(seconds=61)

    for start in range(0, BUYERS, AT_ONCE):
        await asyncio.gather(*[buyer(number) for number in range(start, start + AT_ONCE)])
    assert all(len(set(answers)) == 1 for answers in found.values()), "twin requests got different answers"

    # What is left goes to the next callers: to the last unit, and not one more.
    clock.advance(seconds=61)
    last, shop = 0, shops[-1]
    while True:
        try:
            await place_order(shop, ALICE, PlaceOrder([LineWanted(1, "chair")]))
            last += 1
        except InsufficientStock:
            break
    await clean_up(shop, ADMIN)
    stock = await get_stock(shop.store, "chair")
    sold = await in_hand(shop)
    print(
        f"flash sale: {len(shops)} workers, {BUYERS} buyers, {sold} sold, {stock.available} available, "
        f"the last {last} at the end"
    )
    assert (sold, stock.available) == (UNITS, 0)


Act = Callable[[App, dict[str, str]], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "order": lambda app, _: place_order(app, ALICE, PlaceOrder([LineWanted(3, "chair")])),
    "reserve": lambda app, _: reserve_stock(app, ALICE, Reserve([Wanted("chair", 3)])),
    "sell": lambda app, _: record_sale(app, ADMIN, Sell([LineWanted(3, "chair")])),
    "restock": lambda app, _: change_stock(app, ADMIN, ChangeStock("chair", 3, "RESTOCK")),
    "adjust": lambda app, _: change_stock(app, ADMIN, ChangeStock("chair", -3, "ADJUSTMENT")),
    "count": lambda app, _: count_stock(app, ADMIN, CountStock("chair", 12)),
    "transfer": lambda app, _: transfer(app, ADMIN, Transfer("chair", 3, "default", "cellar")),
    "confirm": lambda app, made: confirm_reservation(app, ALICE, made["hold"]),
    "give up": lambda app, made: cancel_reservation(app, ALICE, made["hold"]),
    "extend": lambda app, made: extend_reservation(app, ALICE, made["hold"]),
    "sweep": lambda app, _: clean_up(app, ADMIN),
    "pack": lambda app, made: pack_order(app, ADMIN, made["order"]),
    "cancel": lambda app, made: cancel_order(app, ADMIN, made["order"]),
    "return": lambda app, made: return_order(app, ADMIN, ReturnOrder(made["packed"], [ReturnItem(1, "chair")])),
}
PAIRS = list(itertools.combinations_with_replacement(ACTS, 2))


async def test_any_two_operations_at_once_leave_consistent_numbers(shops: list[App], clock: Clock) -> None:
    """Each pair of what changes stock, four of each at once, at a product with few units left."""
    for number, (first, second) in enumerate(PAIRS):
        shop = shops[number % len(shops)]
        stock = await get_stock(shop.store, "chair")
        await count_stock(shop, ADMIN, CountStock("chair", stock.reserved))
        await change_stock(shop, ADMIN, ChangeStock("chair", 9, "RESTOCK", location="default"))
        hold = await reserve_stock(shop, ALICE, Reserve([Wanted("chair", 1)], minutes=1))
        order = await place_order(shop, ALICE, PlaceOrder([LineWanted(1, "chair")]))
        packed = await place_order(shop, ALICE, PlaceOrder([LineWanted(1, "chair")]))
        await pack_order(shop, ADMIN, packed.id)
        made = {"hold": hold.id, "order": order.id, "packed": packed.id}

        acts = [ACTS[name](shops[at % len(shops)], made) for name in (first, second) for at in range(4)]
        answers = await asyncio.gather(*acts, return_exceptions=True)

        odd = [answer for answer in answers if isinstance(answer, BaseException) and not isinstance(answer, Refused)]
        assert not odd, f"{first} against {second}: {odd}"
        after = await get_stock(shop.store, "chair")
        assert min(level.available for level in after.levels.values()) >= 0, f"{first} against {second}"
        report = await audit(shop)
        assert report.is_clean, f"{first} against {second}: {report.drifts}"
        clock.advance(seconds=61)
