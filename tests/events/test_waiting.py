"""What is no try: waiting for a connection of our own, and a provider that says "slow down"."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest

from stockwright.adapters.slots import Slots
from stockwright.base.errors import Permanent, TryLater
from stockwright.base.event import Event
from stockwright.base.ports import Reply
from stockwright.events.handling import ATTEMPTS_MAX
from stockwright.events.records import DeadLetter, find_retry, put_dead_letter
from stockwright.operations.usecases import redrive
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch
from tests.around import World
from tests.events.test_delivery import Handler, append_events, following
from tests.registered import registered

ALICE = "alice@example.com"
DAY = 86_400


async def test_waiting_is_not_counted_as_a_try(world: World) -> None:
    handler = Handler()
    handler.faults = [TryLater("not now", after_seconds=1) for _ in range(10)]
    await following(world, handler)
    [event] = await append_events(world.app)
    await world.tried()
    waiting = await find_retry(world.app.store, "tester", event.id)
    assert waiting is not None
    assert (waiting.attempts, waiting.waiting, waiting.due_at) == (0, True, world.clock.now() + 1000)
    await world.wait_until_handled()
    assert len(handler.seen) == 11
    assert await world.letters() == []


async def test_waiting_does_not_reduce_the_number_of_tries(world: World) -> None:
    handler = Handler()
    wait, wrong = TryLater("not now", after_seconds=1), RuntimeError("no")
    handler.faults = [wrong, wait, wrong, wait, wait, wrong]
    await following(world, handler)
    await append_events(world.app)
    await world.wait_until_handled()
    [letter] = await world.letters("tester")
    assert (letter.attempts, letter.error) == (ATTEMPTS_MAX, "RuntimeError: no")
    assert len(handler.seen) == 6


async def test_after_a_day_of_waiting_an_event_becomes_a_dead_letter(world: World) -> None:
    handler = Handler()
    handler.faults = [TryLater("slow down", after_seconds=DAY / 2) for _ in range(9)]
    await following(world, handler)
    await append_events(world.app)
    await world.tried()
    for _ in range(2):
        assert await world.letters() == []
        world.clock.advance(seconds=DAY / 2)
        await world.tried()
    [letter] = await world.letters("tester")
    assert (letter.attempts, "slow down" in letter.error) == (0, True)


async def test_a_handler_without_a_time_limit_waits_forever(world: World) -> None:
    handler = Handler()
    handler.faults = [TryLater("not now", after_seconds=DAY, patience_seconds=None) for _ in range(9)]
    await following(world, handler)
    await append_events(world.app)
    for _ in range(9):
        await world.tried()
        world.clock.advance(seconds=DAY)
    await world.tried()
    assert len(handler.seen) == 10
    assert await world.letters() == []


class Hanging:
    """Partners that never answer, called as all partners are: a few at once, and the rest waits for a slot."""

    def __init__(self) -> None:
        self.slots = Slots(2, "the partner", wait_seconds=0)
        self.sent = Counter[str]()

    async def post(self, _url: str, _body: bytes, headers: Mapping[str, str]) -> Reply:
        async with self.slots.one():
            self.sent[headers["idempotency-key"]] += 1
            await asyncio.sleep(0.01)
            raise TimeoutError

    async def close(self) -> None: ...


async def test_calls_that_wait_behind_a_hanging_partner_become_no_dead_letters(world: World) -> None:
    await world.app.outbound.close()
    world.app.outbound = hanging = Hanging()
    orders = [await world.order() for _ in range(8)]
    await world.wait_until(lambda letters: len(letters) == len(orders))
    letters = await world.letters("warehouse")
    assert {letter.event.subject for letter in letters} == {order.id for order in orders}
    # Each has had all its tries, and each try was sent.
    assert {letter.event.id: letter.attempts for letter in letters} == dict(hanging.sent)
    assert set(hanging.sent.values()) == {ATTEMPTS_MAX}


async def test_a_call_uses_a_slot_that_becomes_free_in_time(world: World) -> None:
    slots = Slots(1, "the partner", wait_seconds=0.01)
    async with slots.one():
        with pytest.raises(TryLater, match="all our connections to the partner are in use"):
            async with slots.one():
                pass
    async with slots.one():
        pass


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, "", 0.5),
        (429, "Retry-After: 7\r\n", 7),
        (503, "Retry-After: 120\r\n", 120),
        (503, "Retry-After: 99999999\r\n", DAY),
        (503, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 0),
    ],
)
async def test_a_partner_that_asks_for_fewer_calls_gets_none_for_a_while(
    world: World, status: int, headers: str, seconds: float
) -> None:
    await world.dispatcher.stop()
    await world.order()
    [event] = await world.events("order.placed")
    world.warehouse.status, world.warehouse.headers = status, headers
    with pytest.raises(TryLater, match=str(status)) as later:
        await registered("warehouse").run(world.app, event)
    assert later.value.after_seconds == seconds


@pytest.mark.parametrize("headers", ["", "Retry-After: soon\r\n"])
async def test_a_503_without_retry_after_is_a_failed_try(world: World, headers: str) -> None:
    await world.dispatcher.stop()
    await world.order()
    [event] = await world.events("order.placed")
    world.warehouse.status, world.warehouse.headers = 503, headers
    with pytest.raises(RuntimeError, match="503"):
        await registered("warehouse").run(world.app, event)


@pytest.mark.parametrize(
    "answer",
    ["454 Throttling failure: Maximum sending rate exceeded.", "421 4.7.0 Too many connections", "450 rate limit"],
)
async def test_a_mail_server_that_asks_for_fewer_mails_gets_none_for_a_while(world: World, answer: str) -> None:
    world.mailbox.answer = answer
    order = await world.order()
    for _ in range(2 * ATTEMPTS_MAX):
        await world.tried()
        world.clock.advance(seconds=60)
    assert await world.letters() == []
    assert [each.status for each in await world.notifications("email")] == ["WAITING"]
    world.mailbox.answer = "250 OK"
    world.clock.advance(seconds=60)
    await world.wait_until_handled()
    assert await world.status(order) == "CONFIRMED"
    assert len(world.mailbox.to(ALICE)) == 1


# ---- what was wrong before it was sent again -----------------------------------------------------


async def test_an_unreadable_message_keeps_its_error_however_often_it_is_sent_again(world: World) -> None:
    event = Event("evt_1", "message.unreadable", "msg-1", world.clock.now(), {"body": "{"})
    now = world.clock.now()
    batch = Batch()
    put_dead_letter(batch, DeadLetter("dlq_1-warehouse", "warehouse", event, "it cannot be decoded", 3, now, now))
    await batch.commit(world.app.store)
    for _ in range(2):
        await redrive(world.app, BY_SYSTEM, "dlq_1-warehouse")
        await world.wait_until_handled()
        [letter] = await world.letters("warehouse")
        assert letter.error == (
            "it cannot be decoded | sent again: Permanent: it cannot be read as an event that warehouse handles, "
            "but is message.unreadable"
        )
        assert letter.original_error == "it cannot be decoded"
    assert world.warehouse.calls == []


async def test_a_redriven_event_that_fails_differently_shows_both_errors(world: World) -> None:
    handler = Handler()
    handler.faults = [Permanent("the first")]
    await following(world, handler)
    await append_events(world.app)
    await world.wait_until_handled()
    for error in ("the second", "the third"):
        [letter] = await world.letters("tester")
        handler.faults = [Permanent(error)]
        await redrive(world.app, BY_SYSTEM, letter.id)
        await world.wait_until_handled()
        [letter] = await world.letters("tester")
        assert letter.error == f"Permanent: the first | sent again: Permanent: {error}"
    handler.faults = [Permanent("the first")]
    await redrive(world.app, BY_SYSTEM, letter.id)
    await world.wait_until_handled()
    assert [each.error for each in await world.letters("tester")] == ["Permanent: the first"]
