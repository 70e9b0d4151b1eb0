"""How far each handler is: over stops, crashes, and for handlers that are new."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import structlog
from msgspec.structs import replace

from stockwright.app import running
from stockwright.events import dispatcher as dispatching
from stockwright.events.dispatcher import GATHERING_FROM, Dispatcher
from stockwright.events.records import load_all_cursors, load_cursors, put_cursor
from stockwright.operations.health import check_readiness
from stockwright.store.batch import Batch
from stockwright.store.faults import EngineFailed
from tests.around import World
from tests.events.test_delivery import Handler, append_events, following, until
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.base.event import Event
    from stockwright.context import App


async def test_a_stopped_dispatcher_continues_at_its_cursors(world: World) -> None:
    first = await world.order()
    await world.wait_until_handled()
    await world.dispatcher.stop()
    second = await world.order()
    await world.restarted()
    await world.wait_until_handled()
    assert {await world.status(first), await world.status(second)} == {"CONFIRMED"}
    assert len(world.mailbox.to("alice@example.com")) == 2
    assert len(world.warehouse.calls) == 2


async def test_events_appended_while_no_dispatcher_ran_are_handled(world: World) -> None:
    handler = Handler()
    dispatcher = await following(world, handler)
    await dispatcher.stop()
    await append_events(world.app, count=450)
    again = Handler()
    await following(world, again)
    await world.dispatcher.drain()
    assert len(again.seen) == 450
    assert handler.seen == []


async def test_only_events_that_come_in_numbers_gather(world: World) -> None:
    handler, batches = Handler(), list[int]()

    async def run_many(_: App, events: Sequence[Event]) -> None:
        batches.append(len(events))

    handler.reaction = replace(handler.reaction, run_many=run_many, every_seconds=1)
    await following(world, handler)
    for number in range(3):
        await append_events(world.app)
        await until(lambda had=number: len(batches) == had + 1)
    await append_events(world.app, count=GATHERING_FROM)
    await until(lambda: len(batches) == 4)
    for _ in range(5):
        await append_events(world.app, count=100)
        await asyncio.sleep(0.01)
    await world.dispatcher.drain()
    assert batches[:4] == [1, 1, 1, GATHERING_FROM]
    assert sum(batches[4:]) == 500
    assert max(batches[4:]) > 100


async def test_events_handled_again_after_a_crash_have_one_effect(world: World) -> None:
    orders = [await world.order() for _ in range(3)]
    await world.dispatcher.drain()
    await world.restarted(crashed=True)
    await world.wait_until_handled()
    assert {await world.status(order) for order in orders} == {"CONFIRMED"}
    assert len(world.mailbox.to("alice@example.com")) == 3
    assert len(await world.events("order.confirmed")) == 3
    # The pick lists may have come twice; their key shows it to the warehouse.
    assert len({headers["idempotency-key"] for headers, _ in world.warehouse.calls}) == 3


async def test_a_crash_before_a_handler_has_handled_anything_loses_nothing(world: World) -> None:
    """The first cursors are there before the first event: a handler that hung is not taken for a new one."""
    hanging, brisk = Handler("hanging"), Handler("brisk")
    hanging.all_blocked = asyncio.Event()
    await following(world, hanging, brisk)
    await append_events(world.app, count=250)
    await until(lambda: len(brisk.seen) == 250)
    cursors = await load_cursors(world.app.store)
    assert {"hanging", "brisk"} <= set(cursors)
    await world.restarted(crashed=True)

    again = Handler("hanging")
    await following(world, again)
    await world.dispatcher.drain()
    assert len(again.seen) == 250


async def test_a_new_handler_of_an_existing_shop_gets_new_events_only(world: World) -> None:
    await append_events(world.app, count=3)
    new = Handler("new")
    dispatcher = await following(world, new)
    await dispatcher.drain()
    assert new.seen == []
    await append_events(world.app)
    await dispatcher.drain()
    assert new.seen == ["thing_0"]


async def test_the_handlers_of_a_new_shop_get_its_first_event(world: World) -> None:
    await world.dispatcher.stop()
    cursors = await load_cursors(world.app.store)
    batch = Batch()
    for name, (_, version) in cursors.items():
        batch.delete(("CURSORS", name), version)
    await batch.commit(world.app.store)
    handler = Handler("first", "product.created")
    world.dispatcher = Dispatcher(world.app, [handler.reaction])
    await world.dispatcher.start()
    await world.dispatcher.drain()
    assert handler.seen == [world.product_id]


async def test_cursors_are_stored_once_a_second(world: World) -> None:
    handler = Handler()
    await following(world, handler)
    await append_events(world.app, count=3)
    await world.dispatcher.drain()
    position = world.dispatcher._followers[0].position
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await load_cursors(world.app.store))["tester"][0] != position:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_cursors_that_another_process_has_moved_are_moved_on(world: World) -> None:
    handler = Handler()
    dispatcher = await following(world, handler)
    await dispatcher._write_cursors()
    cursor = (await load_all_cursors(world.app.store))["tester"]
    batch = Batch()
    put_cursor(batch, "tester", "", cursor.version)
    await batch.commit(world.app.store)
    await append_events(world.app)
    await dispatcher.drain()

    await dispatcher._write_cursors()
    assert (await load_cursors(world.app.store))["tester"][0] == dispatcher._followers[0].position


async def test_cursors_are_stored_later_when_the_store_is_busy(world: World) -> None:
    from tests.events.test_delivery import Failing

    handler = Handler()
    dispatcher = await following(world, handler)
    await append_events(world.app)
    await dispatcher.drain()
    store = world.app.store

    class Refusing(Failing):
        async def commit(self, writes: object) -> None:
            self._fail_sometimes()
            await store.commit(writes)  # type: ignore[arg-type]

        async def get(self, keys: object) -> object:
            return await store.get(keys)  # type: ignore[arg-type]

        async def tail(self, *arguments: object, **named: object) -> object:
            return await store.tail(*arguments, **named)  # type: ignore[arg-type]

    refusing = Refusing(store, 1)
    world.app.store = refusing  # type: ignore[assignment]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await load_cursors(store))["tester"][0] != dispatcher._followers[0].position:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert refusing.times == 0
    world.app.store = store


async def test_a_stop_waits_for_running_handlers(world: World) -> None:
    handler = Handler()
    handler.all_blocked = asyncio.Event()
    dispatcher = await following(world, handler)
    await append_events(world.app)
    await until(lambda: dispatcher._work)
    stopping = asyncio.create_task(dispatcher.stop())
    await asyncio.sleep(0.05)
    handler.all_blocked.set()
    await stopping
    again = Handler()
    await following(world, again)
    await world.dispatcher.drain()
    assert (handler.seen, again.seen) == (["thing_0"], [])


async def test_a_handler_that_does_not_end_is_cancelled_and_retried(world: World) -> None:
    handler = Handler()
    handler.all_blocked = asyncio.Event()
    dispatcher = await following(world, handler)
    await append_events(world.app)
    await until(lambda: dispatcher._work)
    await dispatcher.stop()
    again = Handler()
    await following(world, again)
    await world.dispatcher.drain()
    assert (handler.seen, again.seen) == ([], ["thing_0"])


async def test_the_shop_reports_how_many_events_wait(world: World) -> None:
    await world.dispatcher.stop()
    async with running(world.app) as dispatcher:
        world.dispatcher = dispatcher
        await world.order()
        await world.wait_until_handled()
        ready = await check_readiness(world.app)
        assert (ready.writable, ready.outbox_lag) == (True, 0)
    await append_events(world.app, count=3)
    assert (await check_readiness(world.app)).outbox_lag == 3


async def test_without_handlers_everything_waits(world: World) -> None:
    assert await Dispatcher(world.app, []).lag() == len(await world.events())


@pytest.mark.parametrize(
    ("fault", "lines"), [(EngineFailed("the store could not write"), 0), (OSError("broken"), 1)], ids=["disk", "other"]
)
async def test_a_disk_error_is_logged_once_by_the_store(
    world: World, fault: Exception, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full for an hour does not fill the log with what is tried again each second."""
    tried = asyncio.Event()

    async def refuses(*_: object) -> None:
        tried.set()
        raise fault

    monkeypatch.setattr(dispatching, "handle", refuses)
    monkeypatch.setattr(dispatching, "LOOK_SECONDS", 3600)
    with structlog.testing.capture_logs() as logged:
        world.app.log = structlog.get_logger()
        follower = await following(world, Handler())
        await append_events(world.app)
        await tried.wait()
        await follower.stop()
    assert [entry["event"] for entry in logged if entry["event"] == "dispatcher failed"] == [
        "dispatcher failed"
    ] * lines
