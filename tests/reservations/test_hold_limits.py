"""Limits on holds: what one customer may hold and use, at once or one after the other; staff and keys have none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.audit.repair import repair
from stockwright.audit.usecases import audit
from stockwright.base.actor import Actor
from stockwright.base.errors import Forbidden, HoldLimit
from stockwright.context import App
from stockwright.request import BY_SYSTEM, Request
from stockwright.reservations.customer_hold_records import customer_holds_key, load_customer_holds, put_customer_holds
from stockwright.reservations.hold_limits import USED_MAX, CustomerHolds
from stockwright.reservations.model import Reservation
from stockwright.reservations.records import put_reservation
from stockwright.reservations.usecases import (
    Reserve,
    cancel_reservation,
    confirm_reservation,
    expire_due,
    extend_reservation,
    reserve_stock,
)
from stockwright.stock.model import Wanted
from stockwright.stock.records import get_stock
from stockwright.store.batch import Batch
from tests.conftest import ADMIN, ALICE, BOB, Clock, Product
from tests.shops import meanwhile

MACHINE = Request(Actor("key_1", "key", scopes=frozenset({"reservations"})))
DAY = 24 * 60


async def hold(app: App, product_id: str, units: int = 1, minutes: int = 15, actor: Request = ALICE) -> Reservation:
    return await reserve_stock(app, actor, Reserve([Wanted(product_id, units)], "cart", minutes))


async def refused(happens: Awaitable[object]) -> Any:
    with pytest.raises(HoldLimit) as over:
        await happens
    return over.value.details


async def fill(app: App, product: Product) -> tuple[str, list[Reservation]]:
    """Hold 100 units of one product with ten holds."""
    chair = (await product(500)).product.id
    return chair, [await hold(app, chair, 10) for _ in range(10)]


async def test_a_customer_holds_at_most_20_reservations(app: App, product: Product) -> None:
    chairs = [(await product(50)).product.id for _ in range(2)]
    held = [await hold(app, chairs[number % 2], 1, 60) for number in range(20)]
    assert await refused(hold(app, chairs[0])) == {"limit": "reservations", "max": 20, "held": 20}
    assert (await get_stock(app.store, chairs[0])).reserved == 10
    assert await hold(app, chairs[1], actor=BOB)
    await cancel_reservation(app, ALICE, held[0].id)
    assert await hold(app, chairs[0])


async def test_a_customer_holds_at_most_100_units_of_a_product(app: App, product: Product) -> None:
    chair, held = await fill(app, product)
    desk = (await product(100)).product.id
    over = {"limit": "units", "max": 100, "held": 100, "requested": 1, "productId": chair}
    assert await refused(hold(app, chair)) == over
    assert await refused(reserve_stock(app, ALICE, Reserve([Wanted(desk, 1), Wanted(chair, 1)]))) == over
    both = Reserve([Wanted(desk, 60), Wanted(desk, 41)])
    assert (await refused(reserve_stock(app, ALICE, both)))["requested"] == 101
    assert (await get_stock(app.store, desk)).reserved == 0
    assert await hold(app, desk, 100)
    assert await hold(app, chair, 100, actor=BOB)
    await cancel_reservation(app, ALICE, held[0].id)
    assert await refused(hold(app, chair, 11))
    assert await hold(app, chair, 10)


async def test_a_hold_confirmed_by_its_customer_counts_for_a_day(app: App, product: Product, clock: Clock) -> None:
    chair, held = await fill(app, product)
    for each in held:
        await confirm_reservation(app, ALICE, each.id)
        await confirm_reservation(app, ALICE, each.id)
    assert (await refused(hold(app, chair)))["held"] == 100
    clock.at += DAY * 60_000 - 1
    assert await refused(hold(app, chair))
    clock.at += 1
    assert await hold(app, chair, 100)


async def test_a_customers_hold_confirmed_by_staff_does_not_count(app: App, product: Product) -> None:
    chair, held = await fill(app, product)
    for each, actor in zip(held[:3], (ADMIN, MACHINE, BY_SYSTEM), strict=True):
        await confirm_reservation(app, actor, each.id)
    assert await refused(hold(app, chair, 31))
    assert await hold(app, chair, 30)


async def test_an_expired_hold_stops_counting_at_its_expiry_swept_or_not(
    app: App, product: Product, clock: Clock
) -> None:
    chair, held = await fill(app, product)
    clock.at = held[0].expires_at - 1
    assert await refused(hold(app, chair))
    clock.at += 1
    await hold(app, chair, 60)
    await expire_due(app)
    assert await refused(hold(app, chair, 41))
    assert await hold(app, chair, 40)


@pytest.mark.parametrize("actor", [ADMIN, MACHINE, BY_SYSTEM])
async def test_staff_and_machines_have_no_limits(app: App, product: Product, clock: Clock, actor: Request) -> None:
    chair = (await product(1000)).product.id
    held = [await hold(app, chair, 30, actor=actor) for _ in range(25)]
    for _ in range(3):
        clock.advance(minutes=14)
        assert await extend_reservation(app, actor, held[0].id, DAY)
    assert await confirm_reservation(app, actor, held[0].id)


async def test_many_holds_at_once_cannot_exceed_the_limit(app: App, product: Product) -> None:
    chair = (await product(1000)).product.id
    outcomes = await asyncio.gather(*[hold(app, chair, 9) for _ in range(40)], return_exceptions=True)
    held = [each for each in outcomes if isinstance(each, Reservation)]
    assert len(held) <= 11
    assert (await get_stock(app.store, chair)).reserved == 9 * len(held)
    for _ in range(11 - len(held)):
        await hold(app, chair, 9)
    assert await refused(hold(app, chair, 9))


@pytest.mark.parametrize("step", [confirm_reservation, extend_reservation, reserve_stock])
async def test_holds_decided_at_the_same_time_are_both_counted(
    app: App, product: Product, step: Callable[..., Awaitable[Reservation]]
) -> None:
    chair = (await product(500)).product.id
    held = await hold(app, chair, 50)

    async def happens() -> None:
        await step(app, ALICE, Reserve([Wanted(chair, 10)]) if step is reserve_stock else held.id)

    room = 40 if step is reserve_stock else 50
    assert await hold(meanwhile(app, happens), chair, room)
    assert await refused(hold(app, chair))


async def test_a_hold_of_a_customer_ends_after_a_day_however_often_it_is_extended(
    app: App, product: Product, clock: Clock
) -> None:
    chair = (await product(500)).product.id
    held = await hold(app, chair, 1, DAY)
    clock.advance(minutes=1)
    assert await refused(extend_reservation(app, ALICE, held.id, DAY)) == {"limit": "hours", "max": 24}
    assert (await extend_reservation(app, ALICE, held.id, DAY - 1)).expires_at == held.created_at + DAY * 60_000


async def test_a_hold_extended_by_staff_does_not_count_for_the_customer(
    app: App, product: Product, clock: Clock
) -> None:
    chair = (await product(500)).product.id
    held = await hold(app, chair, 100, DAY)
    clock.advance(minutes=60)
    await extend_reservation(app, ADMIN, held.id, DAY)
    assert await hold(app, chair, 100)


async def test_settings_set_the_limits_of_a_customer(app: App, product: Product) -> None:
    app.settings = app.settings.changed(hold_reservations_max=1, hold_units_max=2, hold_hours_max=1)
    chair = (await product(500)).product.id
    assert (await refused(hold(app, chair, 3)))["max"] == 2
    assert (await refused(hold(app, chair, 2, 61)))["max"] == 1
    held = await hold(app, chair, 2, 60)
    assert (await refused(hold(app, chair)))["limit"] == "reservations"
    assert await confirm_reservation(app, ALICE, held.id)
    app.settings = app.settings.changed(hold_reservations_max=0)
    assert await refused(hold(app, chair, actor=BOB))


async def test_a_setting_forbids_customers_to_confirm_holds(app: App, product: Product) -> None:
    chair = (await product(500)).product.id
    held = [await hold(app, chair) for _ in range(3)]
    await confirm_reservation(app, ALICE, held[0].id)
    app.settings = app.settings.changed(customer_confirm=False)
    for each in held[:2]:
        with pytest.raises(Forbidden):
            await confirm_reservation(app, ALICE, each.id)
    assert (await confirm_reservation(app, MACHINE, held[1].id)).status == "CONFIRMED"
    assert (await confirm_reservation(app, ADMIN, held[2].id)).status == "CONFIRMED"


def test_the_record_of_a_customers_holds_is_limited() -> None:
    holds = CustomerHolds("usr_alice")
    for number in range(USED_MAX):
        holds = holds.with_use(f"res_{number}", 0, {f"prd_{number}": 1})
    with pytest.raises(HoldLimit):
        holds.with_use("res_last", 0, {"prd_last": 1})


# ---- audit -----------------------------------------------------------------------------------


async def test_a_record_is_removed_when_nothing_of_it_counts(
    app: App, product: Product, clock: Clock, engine: str
) -> None:
    if engine != "sqlite":
        pytest.skip("DynamoDB deletes by its own clock")
    chair = (await product(500)).product.id
    await hold(app, chair)
    await expire_due(app)
    clock.advance(minutes=2 * DAY)
    await expire_due(app)
    await app.store.purge(clock.now() // 1000)
    assert await app.store.get([customer_holds_key(ALICE.actor.id)]) == {}


async def _forgets_a_hold(holds: CustomerHolds) -> CustomerHolds:
    return holds.without(next(iter(holds.active)))


async def _counts_what_is_not(holds: CustomerHolds) -> CustomerHolds:
    return holds.with_hold("res_none", 9_999_999_999_999, {"prd_none": 1})


async def _forgets_a_use(holds: CustomerHolds) -> CustomerHolds:
    return replace(holds, used=())


@pytest.mark.parametrize("spoil", [_forgets_a_hold, _counts_what_is_not, _forgets_a_use])
async def test_the_audit_recounts_what_customers_hold_and_repairs_it(
    app: App, product: Product, spoil: Callable[[CustomerHolds], Awaitable[CustomerHolds]]
) -> None:
    _, held = await fill(app, product)
    await confirm_reservation(app, ALICE, held[0].id)
    await cancel_reservation(app, ALICE, held[1].id)
    await confirm_reservation(app, ADMIN, held[2].id)
    right = await load_customer_holds(app.store, ALICE.actor.id)
    batch = Batch()
    put_customer_holds(batch, await spoil(right))
    await batch.commit(app.store)

    report = await audit(app)
    assert [drift.about for drift in report.drifts] == [ALICE.actor.id]
    await repair(app, ADMIN, report)
    assert (await load_customer_holds(app.store, ALICE.actor.id)).same_as(right)
    assert (await audit(app)).is_clean


async def test_a_hold_of_an_earlier_release_is_not_counted_and_can_be_used(app: App, product: Product) -> None:
    chair, held = await fill(app, product)
    batch = Batch()
    put_reservation(batch, replace(held[0], counted=False))
    put_customer_holds(batch, (await load_customer_holds(app.store, ALICE.actor.id)).without(held[0].id))
    await batch.commit(app.store)
    assert await extend_reservation(app, ALICE, held[0].id, 30)
    assert (await confirm_reservation(app, ALICE, held[0].id)).status == "CONFIRMED"
    assert await hold(app, chair, 10)


class TickingClock(Clock):
    """A clock that goes on with every look, as a real one does between two lines of code."""

    def now(self) -> int:
        self.at += 1
        return self.at


async def test_a_confirmed_hold_counts_from_its_confirmation_time(app: App, product: Product) -> None:
    chair = (await product(20)).product.id
    ticking = replace(app, clock=TickingClock())
    held = await reserve_stock(ticking, ALICE, Reserve([Wanted(chair, 2)]))
    used = await confirm_reservation(ticking, ALICE, held.id)
    holds = await load_customer_holds(app.store, ALICE.actor.id)
    assert [each.at for each in holds.used] == [used.updated_at]
