"""The handlers' functions, fed as SQS feeds them; what they give up, and how it is sent on its way again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import TryLater
from stockwright.base.event import Event
from stockwright.cloud.delivery import Delivery, deliver, wake_due
from stockwright.cloud.routing import redrive_of
from stockwright.context import App
from stockwright.events.catalogue import NotificationResendRequested
from stockwright.events.records import find_retry
from stockwright.handlers import REACTIONS
from stockwright.operations.resending import resend
from stockwright.operations.usecases import list_dead_letters, list_notifications, redrive
from stockwright.orders.usecases import PlaceOrder, get_order, place_order
from stockwright.request import BY_SYSTEM
from stockwright.sales.load_lines import LineWanted
from stockwright.store.port import ABSENT, Put
from tests.around import Partner
from tests.aws.conftest import Cloud
from tests.aws.shapes import batch, message, on_the_bus
from tests.rollups.recount import assert_exact

CONFIRM, WAREHOUSE, ROLLUPS = "order-confirmation", "warehouse", "rollups"
NOTHING_FAILED: dict[str, Any] = {"batchItemFailures": []}


async def placed(cloud: Cloud, units: int = 1) -> Event:
    await place_order(cloud.app, cloud.alice, PlaceOrder([LineWanted(units, cloud.product_id)]))
    return await cloud.event("order.placed")


async def mails(cloud: Cloud) -> int:
    return len((await list_notifications(cloud.app, 100))[0])


async def status(cloud: Cloud, event: Event) -> str:
    return (await get_order(cloud.app, BY_SYSTEM, event.subject)).status


def confirming(cloud: Cloud, *messages: Any) -> Any:
    """Have the confirmations' function handle a batch."""
    return cloud.invoke("queue", batch(*messages), STOCKWRIGHT_HANDLER=CONFIRM)


def at_the_warehouse(
    cloud: Cloud, event: Event, times: int, url: str, detail_type: str | None = None, seconds: float = 30
) -> Any:
    """Have the warehouse's function handle an event for the n-th time."""
    found = message(on_the_bus(event, detail_type), queue=WAREHOUSE, times=times, message_id="m-1")
    return cloud.invoke(
        "queue",
        batch(found),
        seconds,
        STOCKWRIGHT_HANDLER=WAREHOUSE,
        STOCKWRIGHT_WAREHOUSE_URL=url,
        STOCKWRIGHT_ALLOW_PRIVATE_ADDRESSES="on",
    )


async def test_an_order_is_mailed_and_confirmed_once_however_often_it_is_delivered(cloud: Cloud) -> None:
    event = await placed(cloud)
    found = message(on_the_bus(event), queue=CONFIRM)
    assert await confirming(cloud, found) == NOTHING_FAILED
    assert (await status(cloud, event), await mails(cloud)) == ("CONFIRMED", 1)
    assert await confirming(cloud, found, message(on_the_bus(event), queue=CONFIRM, times=2)) == NOTHING_FAILED
    assert await mails(cloud) == 1
    assert len(await cloud.events("order.confirmed")) == 1


async def test_a_message_is_sent_again_once_however_often_its_request_is_delivered(cloud: Cloud) -> None:
    event = await placed(cloud)
    await confirming(cloud, message(on_the_bus(event), queue=CONFIRM))
    [first] = (await list_notifications(cloud.app, 10))[0]
    again = await resend(cloud.app, BY_SYSTEM, first.id)
    request = await cloud.event(NotificationResendRequested.event_name)
    for times in (1, 2):
        found = batch(message(on_the_bus(request), queue="notification-resend", times=times))
        assert await cloud.invoke("queue", found, STOCKWRIGHT_HANDLER="notification-resend") == NOTHING_FAILED
    repeated, unchanged = (await list_notifications(cloud.app, 10))[0]
    assert (repeated.id, repeated.resend_of, repeated.status) == (again.id, first.id, first.status)
    assert unchanged == first


async def test_a_batch_is_counted_in_one_commit_and_a_message_that_comes_twice_once(cloud: Cloud) -> None:
    events = [await placed(cloud) for _ in range(5)]
    messages = [message(on_the_bus(event), queue=ROLLUPS, message_id=event.id) for event in events]
    again = [message(on_the_bus(event), queue=ROLLUPS, times=2, message_id=f"{event.id}-2") for event in events[::-1]]
    poison = message("{ this is no event", queue=ROLLUPS, message_id="poison")
    for batched in ([*messages, poison, *again], [poison, *again[::2]]):
        found = await cloud.invoke("queue", batch(*batched), STOCKWRIGHT_HANDLER=ROLLUPS)
        assert found == {"batchItemFailures": [{"itemIdentifier": "poison"}]}
    assert await cloud.invoke("queue", batch(messages[0]), STOCKWRIGHT_HANDLER=ROLLUPS) == NOTHING_FAILED
    await assert_exact(cloud.app)
    totals = await cloud.app.store.query("ROLLUP#1#STATE")
    # One commit for all five, and no other.
    assert [item.version for item in totals.items] == [1]


async def test_a_batch_that_cannot_be_counted_at_once_is_counted_one_by_one(cloud: Cloud) -> None:
    events = [await placed(cloud) for _ in range(2)]
    await cloud.app.store.commit([Put(("ORDER#ord_damaged", "ORDER"), {"id": "ord_damaged"}, ABSENT)])
    of_damaged = replace(events[0], id="evt_damaged", subject="ord_damaged")
    messages = [message(on_the_bus(each), queue=ROLLUPS, message_id=each.id) for each in (*events, of_damaged)]
    found = await cloud.invoke("queue", batch(*messages), STOCKWRIGHT_HANDLER=ROLLUPS)
    assert found == {"batchItemFailures": [{"itemIdentifier": "evt_damaged"}]}
    await assert_exact(cloud.app)


async def test_only_the_failed_messages_of_a_batch_return_to_the_queue(cloud: Cloud) -> None:
    first, second = await placed(cloud), await placed(cloud)
    found = await confirming(
        cloud,
        message(on_the_bus(first), queue=CONFIRM),
        message("{ this is no event", queue=CONFIRM, message_id="poison"),
        message(on_the_bus(second), queue=CONFIRM),
    )
    assert found == {"batchItemFailures": [{"itemIdentifier": "poison"}]}
    assert await status(cloud, first) == await status(cloud, second) == "CONFIRMED"
    lines = cloud.function("queue", STOCKWRIGHT_HANDLER=CONFIRM).lines()
    counted = [(line["HandlerFailures"], line.get("handler")) for line in lines if "HandlerFailures" in line]
    assert counted == [([1.0], None), ([1.0], CONFIRM)]


async def test_a_failure_returns_to_the_queue_twice_and_becomes_a_dead_letter_the_third_time(cloud: Cloud) -> None:
    event = await placed(cloud)
    warehouse = Partner(status=503)
    async with await asyncio.start_server(warehouse.serve, "127.0.0.1", warehouse.port):
        for times in (1, 2):
            found = await at_the_warehouse(cloud, event, times, warehouse.url)
            assert found == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
            assert (await list_dead_letters(cloud.app, 10))[0] == []
        assert await at_the_warehouse(cloud, event, 3, warehouse.url) == NOTHING_FAILED
        [letter] = (await list_dead_letters(cloud.app, 10))[0]
        assert (letter.handler, letter.attempts, letter.event.id) == (WAREHOUSE, 3, event.id)
        assert "503" in letter.error
        assert (await cloud.event("dead_letter.created")).subject == letter.id

        # An admin sends it on its way again; it comes back for this handler alone.
        warehouse.status = 200
        await redrive(cloud.app, BY_SYSTEM, letter.id)
        for _ in range(2):
            found = await at_the_warehouse(cloud, event, 1, warehouse.url, redrive_of(WAREHOUSE))
            assert found == NOTHING_FAILED
    assert len(warehouse.calls) == 4
    assert await find_retry(cloud.app.store, WAREHOUSE, event.id) is None
    assert (await list_dead_letters(cloud.app, 10))[0] == []


async def test_waiting_does_not_count_as_a_try_and_the_sweeper_delivers_it_later(cloud: Cloud) -> None:
    event, now = await placed(cloud), cloud.app.clock.now()
    faults: list[Exception] = [TryLater("slow down", after_seconds=0) for _ in range(5)]
    faults += [RuntimeError("no"), RuntimeError("no")]

    async def fail(_app: App, _event: Event) -> None:
        raise faults.pop(0)

    warehouse = replace(next(each for each in REACTIONS if each.name == WAREHOUSE), run=fail)
    # The second delivery after a failed one: that one counts, this one does not.
    await deliver(cloud.app, warehouse, Delivery(event, 2, now), 30)
    for _ in range(4):
        waiting = await find_retry(cloud.app.store, WAREHOUSE, event.id)
        assert waiting is not None
        assert (waiting.waiting, waiting.attempts) == (True, 1)
        assert await wake_due(cloud.app) == 1
        assert await wake_due(cloud.app) == 0
        await deliver(cloud.app, warehouse, Delivery(event, 1, now, redriven=True), 30)
    assert (await list_dead_letters(cloud.app, 10))[0] == []

    # Then it fails: the tries from before the wait are remembered.
    await wake_due(cloud.app)
    with pytest.raises(RuntimeError):
        await deliver(cloud.app, warehouse, Delivery(event, 1, now, redriven=True), 30)
    await deliver(cloud.app, warehouse, Delivery(event, 2, now, redriven=True), 30)
    assert faults == []
    [letter] = (await list_dead_letters(cloud.app, 10))[0]
    assert (letter.attempts, letter.error) == (3, "RuntimeError: no")
    assert await find_retry(cloud.app.store, WAREHOUSE, event.id) is None


async def test_an_event_that_waited_for_a_day_becomes_a_dead_letter(cloud: Cloud) -> None:
    event = await placed(cloud)
    warehouse = next(each for each in REACTIONS if each.name == WAREHOUSE)

    async def slow_down(_app: App, _event: Event) -> None:
        raise TryLater("slow down", after_seconds=1)

    old = Delivery(event, 1, cloud.app.clock.now() - 86_400_000)
    await deliver(cloud.app, replace(warehouse, run=slow_down), old, 30)
    [letter] = (await list_dead_letters(cloud.app, 10))[0]
    assert (letter.attempts, "slow down" in letter.error) == (0, True)


async def test_an_unreadable_message_that_is_sent_again_keeps_its_error(cloud: Cloud) -> None:
    poison = message("{ this is no event", queue=f"{WAREHOUSE}-dlq", times=4, message_id="poison")
    assert await cloud.invoke("dead_letters", batch(poison)) == NOTHING_FAILED
    [before] = (await list_dead_letters(cloud.app, 10))[0]
    await redrive(cloud.app, BY_SYSTEM, before.id)
    found = await at_the_warehouse(cloud, before.event, 1, "http://127.0.0.1:1/", redrive_of(WAREHOUSE))
    assert found == NOTHING_FAILED
    [after] = (await list_dead_letters(cloud.app, 10))[0]
    assert after.error.startswith(f"{before.error} | sent again: Permanent: it cannot be read as an event that")
    assert after.original_error == before.error


async def test_a_permanent_failure_becomes_a_dead_letter_at_once(cloud: Cloud) -> None:
    event = await placed(cloud)
    warehouse = Partner(status=400)
    async with await asyncio.start_server(warehouse.serve, "127.0.0.1", warehouse.port):
        assert await at_the_warehouse(cloud, event, 1, warehouse.url) == NOTHING_FAILED
    [letter] = (await list_dead_letters(cloud.app, 10))[0]
    assert letter.attempts == 1
    assert "Permanent" in letter.error
    [function] = cloud.running.values()
    assert [line.get("handler") for line in function.lines() if "DeadLetters" in line] == [None, WAREHOUSE]


async def test_a_poison_message_becomes_a_dead_letter_and_an_alert_once(cloud: Cloud) -> None:
    poison = batch(message("{ this is no event", queue=f"{WAREHOUSE}-dlq", times=4, message_id="poison"))
    for _ in range(2):
        assert await cloud.invoke("dead_letters", poison) == NOTHING_FAILED
    [letter] = (await list_dead_letters(cloud.app, 10))[0]
    assert (letter.handler, letter.event.data) == (WAREHOUSE, {"body": "{ this is no event"})
    [alert] = await cloud.events("dead_letter.created")
    errors = [line for line in cloud.function("dead_letters").lines() if line.get("level") == "ERROR"]
    assert errors[0]["message"] == "event given up"
    assert errors[0]["context"]["payload"]["data"] == {"body": "{ this is no event"}

    found = batch(message(on_the_bus(alert), queue="operations-alert"))
    env = {
        "STOCKWRIGHT_HANDLER": "operations-alert",
        "STOCKWRIGHT_ALERT_EMAILS": "ops@a.example",
        "STOCKWRIGHT_ALERT_GROUP_SECONDS": "0",
    }
    assert await cloud.invoke("queue", found, **env) == NOTHING_FAILED
    [mail] = (await list_notifications(cloud.app, 10))[0]
    assert (mail.to, mail.subject) == ("ops@a.example", "ALERT: warehouse failed for message.unreadable")


async def test_an_event_whose_function_died_at_each_try_becomes_a_dead_letter_too(cloud: Cloud) -> None:
    event = await placed(cloud)
    found = batch(message(on_the_bus(event), queue=f"{CONFIRM}-dlq", times=4))
    assert await cloud.invoke("dead_letters", found) == NOTHING_FAILED
    [letter] = (await list_dead_letters(cloud.app, 10))[0]
    assert (letter.handler, letter.event) == (CONFIRM, event)


async def test_a_handler_that_times_out_is_retried(cloud: Cloud) -> None:
    event = await placed(cloud)
    warehouse = Partner()
    warehouse.may_answer.clear()
    async with await asyncio.start_server(warehouse.serve, "127.0.0.1", warehouse.port):
        found = await at_the_warehouse(cloud, event, 1, warehouse.url, seconds=3)
        assert found == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
        warehouse.may_answer.set()


def test_an_unknown_handler_fails_the_start(cloud: Cloud) -> None:
    function = cloud.function("queue", STOCKWRIGHT_HANDLER="no-such-handler")
    assert "STOCKWRIGHT_HANDLER must be one of order-confirmation" in function.init_error()["errorMessage"]
