"""Reservations: expired means expired at the instant, and every unit goes back where it came from."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stockwright.base.actor import Actor
from stockwright.base.errors import Conflict, Forbidden, InsufficientStock, Invalid, NotFound, ReservationNotActive
from stockwright.catalog.availability import check_availability
from stockwright.catalog.inventory import ChangeStock, CountStock, Transfer, change_stock, count_stock, transfer
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.context import App
from stockwright.orders.usecases import PlaceOrder, place_order
from stockwright.request import Idempotency, Request
from stockwright.reservations.model import Reservation
from stockwright.reservations.usecases import (
    ListReservations,
    Reserve,
    cancel_reservation,
    confirm_reservation,
    expire_due,
    extend_reservation,
    get_reservation,
    list_reservations,
    reserve_stock,
)
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.locations import add_location
from stockwright.stock.model import Wanted
from stockwright.stock.records import get_stock, page_of_movements
from stockwright.store.idempotency import UsedKey, find_idempotency
from tests.conftest import ADMIN, ALICE, BOB, Clock, Product, without_hold_limits

MACHINE = Request(Actor("key_1", "key", scopes=frozenset({"reservations"})))


async def hold(app: App, product_id: str, units: int, minutes: int = 15, actor: Request = ALICE) -> Reservation:
    return await reserve_stock(app, actor, Reserve([Wanted(product_id, units)], "cart-1", minutes))


async def levels(app: App, product_id: str) -> tuple[int, int, int]:
    stock = await get_stock(app.store, product_id)
    return stock.available, stock.reserved, stock.total


async def test_a_hold_takes_units_and_confirming_it_books_the_sale(app: App, product: Product) -> None:
    chair = await product(10)
    held = await hold(app, chair.product.id, 4)
    assert held.expires_at - held.created_at == 15 * 60_000
    assert await levels(app, chair.product.id) == (6, 4, 10)

    confirmed = await confirm_reservation(app, ALICE, held.id)

    assert confirmed.status == "CONFIRMED"
    assert await levels(app, chair.product.id) == (6, 0, 6)
    movements, _ = await page_of_movements(app.store, chair.product.id)
    assert (movements[0].type, movements[0].quantity, movements[0].reference) == ("SALE", -4, "cart-1")


async def test_cancelling_releases_the_units(app: App, product: Product) -> None:
    chair = await product(10)
    held = await hold(app, chair.product.id, 4)
    await cancel_reservation(app, ALICE, held.id)
    assert await levels(app, chair.product.id) == (10, 0, 10)


async def test_repeating_a_step_succeeds_and_changes_nothing(app: App, product: Product) -> None:
    chair = await product(10)
    used, given_up = await hold(app, chair.product.id, 1), await hold(app, chair.product.id, 1)
    for _ in range(3):
        assert (await confirm_reservation(app, ALICE, used.id)).status == "CONFIRMED"
        assert (await cancel_reservation(app, ALICE, given_up.id)).status == "CANCELLED"
    assert await levels(app, chair.product.id) == (9, 0, 9)


async def test_confirmed_holds_cannot_be_cancelled_nor_cancelled_ones_confirmed(app: App, product: Product) -> None:
    chair = await product(10)
    used, given_up = await hold(app, chair.product.id, 1), await hold(app, chair.product.id, 1)
    await confirm_reservation(app, ALICE, used.id)
    await cancel_reservation(app, ALICE, given_up.id)
    with pytest.raises(ReservationNotActive) as refused:
        await cancel_reservation(app, ALICE, used.id)
    assert refused.value.details == {"status": "CONFIRMED"}
    with pytest.raises(ReservationNotActive) as refused:
        await confirm_reservation(app, ALICE, given_up.id)
    assert refused.value.details == {"status": "CANCELLED"}


async def test_a_hold_ends_at_its_expiry_without_a_sweep(app: App, product: Product, clock: Clock) -> None:
    chair = await product(5)
    held = await hold(app, chair.product.id, 5, minutes=1)
    clock.at = held.expires_at - 1
    with pytest.raises(InsufficientStock):
        await hold(app, chair.product.id, 1)

    clock.at = held.expires_at
    with pytest.raises(ReservationNotActive) as refused:
        await confirm_reservation(app, ALICE, held.id)
    assert refused.value.details == {"status": "EXPIRED"}
    with pytest.raises(ReservationNotActive):
        await extend_reservation(app, ALICE, held.id)
    assert (await get_reservation(app, ALICE, held.id)).status_at(clock.now()) == "EXPIRED"


async def test_an_expired_hold_can_be_bought_before_it_is_swept(app: App, product: Product, clock: Clock) -> None:
    chair, other = await product(5), await product(5)
    await hold(app, chair.product.id, 5, minutes=1)
    active = await hold(app, other.product.id, 5, minutes=1)
    clock.advance(minutes=2)

    await place_order(app, BOB, PlaceOrder([LineWanted(5, chair.product.id)]))

    assert await levels(app, chair.product.id) == (0, 5, 5)
    # Only what stood in the way was freed.
    assert (await get_reservation(app, ALICE, active.id)).status == "ACTIVE"


async def test_cancelling_an_expired_hold_ends_it_as_expired(app: App, product: Product, clock: Clock) -> None:
    chair = await product(5)
    held = await hold(app, chair.product.id, 5, minutes=1)
    clock.advance(minutes=2)
    assert (await cancel_reservation(app, ALICE, held.id)).status == "EXPIRED"
    assert (await cancel_reservation(app, ALICE, held.id)).status == "EXPIRED"
    assert await levels(app, chair.product.id) == (5, 0, 5)


async def test_units_of_expired_holds_can_be_bought_however_many_other_holds_are_due(
    app: App, product: Product, clock: Clock
) -> None:
    without_hold_limits(app)
    chair, desk = await product(130), await product(1)
    for _ in range(130):
        await hold(app, chair.product.id, 1, minutes=1)
    await hold(app, desk.product.id, 1, minutes=2)
    clock.advance(minutes=3)
    assert (await hold(app, desk.product.id, 1)).status == "ACTIVE"
    assert (await hold(app, chair.product.id, 130)).status == "ACTIVE"


async def test_units_released_by_another_request_are_found(app: App, product: Product, clock: Clock) -> None:
    """Ten who come at once all find the hold expired; one of them ends it, and its units are there for all."""
    chair = await product(10)
    await hold(app, chair.product.id, 10, minutes=1)
    clock.advance(minutes=1)

    bought = PlaceOrder([LineWanted(1, chair.product.id)])
    taken = ChangeStock(chair.product.id, -1, "ADJUSTMENT", location="default")
    await asyncio.gather(
        *[place_order(app, BOB, bought) for _ in range(5)], *[change_stock(app, ADMIN, taken) for _ in range(5)]
    )

    assert await levels(app, chair.product.id) == (0, 5, 5)


async def test_units_of_expired_holds_can_be_counted_moved_and_adjusted(
    app: App, product: Product, clock: Clock
) -> None:
    await add_location(app, ADMIN, "cellar")
    chairs = [await product(5) for _ in range(3)]
    for chair in chairs:
        await hold(app, chair.product.id, 5, minutes=1)
    clock.advance(minutes=2)
    counted, moved, adjusted = (chair.product.id for chair in chairs)

    await count_stock(app, ADMIN, CountStock(counted, 0))
    await transfer(app, ADMIN, Transfer(moved, 5, "default", "cellar"))
    await change_stock(app, ADMIN, ChangeStock(adjusted, -5, "SALE"))

    assert [await levels(app, each) for each in (counted, moved, adjusted)] == [(0, 0, 0), (5, 0, 5), (0, 0, 0)]


async def test_the_sweep_ends_every_due_hold_once(app: App, product: Product, clock: Clock) -> None:
    without_hold_limits(app)
    chair = await product(300)
    for _ in range(150):
        await hold(app, chair.product.id, 1, minutes=1)
    await hold(app, chair.product.id, 1, minutes=60)
    clock.advance(minutes=2)

    assert sum(await asyncio.gather(expire_due(app), expire_due(app))) == 150
    assert await expire_due(app) == 0
    assert await levels(app, chair.product.id) == (299, 1, 300)


async def test_holds_released_by_a_purchase_name_its_request_and_do_not_use_its_key(
    app: App, product: Product, clock: Clock
) -> None:
    chair = await product(5)
    due = await hold(app, chair.product.id, 5, minutes=1)
    clock.advance(minutes=2)
    idempotency = Idempotency("bob#key", "hash", lambda held: {"id": held.id})
    request = Request(BOB.actor, "req-of-bob", idempotency)
    held = await reserve_stock(app, request, Reserve([Wanted(chair.product.id, 4)]))

    assert idempotency.record is not None
    assert idempotency.record.answer == {"id": held.id}
    assert await find_idempotency(app.store, "bob#key") == UsedKey("hash", {"id": held.id}, version=1)
    events = [each for each in await app.store.tail("", 100) if each.subject in {due.id, held.id}]
    assert [(each.name, each.actor, each.request_id) for each in events] == [
        ("reservation.created", ALICE.actor.id, ""),
        ("reservation.expired", "system", "req-of-bob"),
        ("reservation.created", BOB.actor.id, "req-of-bob"),
    ]


async def test_confirming_cancelling_and_expiring_at_once_has_one_outcome(
    app: App, product: Product, clock: Clock
) -> None:
    without_hold_limits(app)
    chair = await product(40)
    held = [await hold(app, chair.product.id, 1, minutes=1) for _ in range(40)]

    async def late() -> None:
        clock.advance(minutes=2)
        await expire_due(app)

    await asyncio.gather(
        *[confirm_reservation(app, ALICE, each.id) for each in held[:20]],
        *[cancel_reservation(app, ALICE, each.id) for each in held[10:30]],
        late(),
        return_exceptions=True,
    )
    await expire_due(app)
    ended = [(await get_reservation(app, ADMIN, each.id)).status for each in held]
    available, reserved, total = await levels(app, chair.product.id)
    assert reserved == 0
    assert available == total == 40 - ended.count("CONFIRMED")


async def test_extending_a_hold_never_shortens_it(app: App, product: Product, clock: Clock) -> None:
    chair = await product(5)
    held = await hold(app, chair.product.id, 5, minutes=10)
    clock.advance(minutes=9)
    longer = await extend_reservation(app, ALICE, held.id, 10)
    assert longer.expires_at == clock.now() + 600_000
    assert (await extend_reservation(app, ALICE, held.id, 1)).expires_at == longer.expires_at
    clock.advance(minutes=9)
    assert await expire_due(app) == 0


async def test_several_items_are_held_all_or_nothing(app: App, product: Product) -> None:
    chair, desk = await product(5), await product(1)
    with pytest.raises(InsufficientStock):
        await reserve_stock(app, ALICE, Reserve([Wanted(chair.product.id, 1), Wanted(desk.product.id, 2)]))
    held = await reserve_stock(
        app, ALICE, Reserve([Wanted(chair.product.id, 1), Wanted(desk.product.id, 1), Wanted(chair.product.id, 2)])
    )
    assert {item.sku: item.quantity for item in held.items} == {chair.product.sku: 3, desk.product.sku: 1}


@pytest.mark.parametrize("minutes", [0, -1, 1441])
async def test_the_duration_of_a_hold_is_a_minute_to_a_day(app: App, product: Product, minutes: int) -> None:
    chair = await product(5)
    with pytest.raises(Invalid) as refused:
        await hold(app, chair.product.id, 1, minutes)
    assert refused.value.details[0]["field"] == "expirationMinutes"


@pytest.mark.parametrize("act", [get_reservation, confirm_reservation, cancel_reservation, extend_reservation])
async def test_a_hold_is_accessible_to_its_owner_admins_and_machines(app: App, product: Product, act: Any) -> None:
    chair = await product(5)
    held = await hold(app, chair.product.id, 1)
    with pytest.raises(Forbidden):
        await act(app, BOB, held.id)
    with pytest.raises(NotFound):
        await act(app, ALICE, "res_nothing")
    await act(app, MACHINE, held.id)


async def test_lists_show_customers_their_own_holds_and_admins_all(app: App, product: Product) -> None:
    chair = await product(50)
    mine = [(await hold(app, chair.product.id, 1)).id for _ in range(5)]
    other = (await hold(app, chair.product.id, 1, actor=BOB)).id
    await cancel_reservation(app, ALICE, mine[0])

    page, after = await list_reservations(app, ALICE, ListReservations(limit=3))
    rest, end = await list_reservations(app, ALICE, ListReservations(limit=3, after=after))
    assert [each.id for each in [*page, *rest]] == mine[::-1]
    assert end is None
    active, _ = await list_reservations(app, ALICE, ListReservations(status="ACTIVE"))
    assert len(active) == 4
    everything, _ = await list_reservations(app, ADMIN, ListReservations(everybody=True))
    assert [each.id for each in everything] == [other, *mine[::-1]]
    cancelled, _ = await list_reservations(app, ADMIN, ListReservations(status="CANCELLED", everybody=True))
    assert [each.id for each in cancelled] == [mine[0]]


async def test_a_product_that_is_not_for_sale_cannot_be_held(app: App, product: Product) -> None:
    hidden, gone = (await product(5, status="INACTIVE")).product.id, (await product(5)).product.id
    await delete_product(app, ADMIN, gone)
    for actor in (ALICE, ADMIN):
        with pytest.raises(Conflict, match="not for sale"):
            await reserve_stock(app, actor, Reserve([Wanted(hidden, 1)]))
        for product_id in (gone, "nothing"):
            with pytest.raises(NotFound):
                await reserve_stock(app, actor, Reserve([Wanted(product_id, 1)]))
    found = await check_availability(app, [Wanted(hidden, 1), Wanted(gone, 1)])
    assert [(each.sku, each.available_stock, each.available) for each in found] == [("", 0, False)] * 2


async def test_a_hold_can_be_confirmed_after_its_product_was_taken_off_sale(app: App, product: Product) -> None:
    chair = (await product(5)).product.id
    held = await reserve_stock(app, ALICE, Reserve([Wanted(chair, 2)]))
    await update_product(app, ADMIN, UpdateProduct(chair, {"status": "INACTIVE"}))
    assert (await confirm_reservation(app, ALICE, held.id)).status == "CONFIRMED"
