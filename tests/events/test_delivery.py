"""Events reach their handlers: retries, dead letters, redrives, and what one handler's trouble is to the others."""

from __future__ import annotations

import asyncio
import json

import pytest

from stockwright.adapters.telemetry import make_log
from stockwright.base.actor import Actor
from stockwright.base.errors import Busy, NotFound, Permanent, TryLater
from stockwright.base.event import Event
from stockwright.context import App
from stockwright.events.dispatcher import Dispatcher
from stockwright.events.handling import ATTEMPTS_MAX, handle
from stockwright.events.records import Retry, due_retries, find_retry, put_retry, waiting_retries
from stockwright.events.registry import Reaction
from stockwright.handlers import REACTIONS
from stockwright.operations.usecases import delete_dead_letter, redrive
from stockwright.request import Request
from stockwright.store.batch import Batch
from tests.around import World
from tests.patience import PATIENCE_SECONDS
from tests.registered import registered

ADMIN = "admin@example.com"
ROOT = Request(Actor("usr_root", "account", "admin", ADMIN))


async def append_events(app: App, name: str = "thing.happened", count: int = 1) -> list[Event]:
    now = app.clock.now()
    events = [Event(app.ids.new("evt"), name, f"thing_{number}", now, {"number": number}) for number in range(count)]
    batch = Batch()
    for event in events:
        batch.append(event)
    await batch.commit(app.store)
    return events


class Handler:
    """A handler that does what a test wants and keeps what it saw."""

    def __init__(self, name: str = "tester", events: str = "thing.happened") -> None:
        self.reaction = Reaction(name, frozenset({events}), self.run)
        self.seen: list[str] = []
        self.faults: list[Exception] = []
        self.blocks: dict[str, asyncio.Event] = {}
        self.all_blocked: asyncio.Event | None = None

    async def run(self, _app: App, event: Event) -> None:
        if self.all_blocked is not None:
            await self.all_blocked.wait()
        if event.subject in self.blocks:
            await self.blocks[event.subject].wait()
        self.seen.append(event.subject)
        if self.faults:
            raise self.faults.pop(0)


async def until(check: object, seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # type: ignore[operator]  # noqa: ASYNC110 - what is waited for is anything
            await asyncio.sleep(0.005)


async def following(world: World, *handlers: Handler) -> Dispatcher:
    """Run these handlers, and no others, from here on."""
    await world.dispatcher.stop()
    world.dispatcher = Dispatcher(world.app, [handler.reaction for handler in handlers])
    await world.dispatcher.start()
    return world.dispatcher


# ---- the mail server is down -------------------------------------------------------------------


async def test_orders_whose_mail_failed_are_confirmed_by_a_redrive(world: World) -> None:
    world.mailbox.down()
    orders = [await world.order() for _ in range(3)]
    await world.tried()
    assert {await world.status(order) for order in orders} == {"PENDING"}
    assert await world.letters() == []
    assert await waiting_retries(world.app.store) == 3

    await world.wait_until_handled()
    assert {await world.status(order) for order in orders} == {"PENDING"}
    letters = await world.letters("order-confirmation")
    assert {letter.event.subject for letter in letters} == {order.id for order in orders}
    assert {letter.attempts for letter in letters} == {ATTEMPTS_MAX}
    assert {letter.created_at - letter.first_at for letter in letters} == {2000}
    # The admins' alert waits for the mail server; it is no dead letter, and there is no alert of it.
    assert len(await world.letters()) == 3
    assert len(await world.events("dead_letter.created")) == 3
    notified = {(each.to, each.status) for each in await world.notifications("email")}
    assert notified == {("alice@example.com", "FAILED"), (ADMIN, "WAITING")}

    world.mailbox.up()
    for letter in await world.letters():
        await redrive(world.app, ROOT, letter.id)
    await world.wait_until_handled()
    assert {await world.status(order) for order in orders} == {"CONFIRMED"}
    assert await world.letters() == []
    assert len(world.mailbox.subjects("alice@example.com")) == 3
    assert world.mailbox.subjects(ADMIN) == ["ALERT: 3 events were given up"]
    redriven = await world.events("dead_letter.redriven")
    assert {event.actor for event in redriven} == {ROOT.actor.id}


async def test_the_warehouse_is_notified_of_an_order_whose_mail_fails(world: World) -> None:
    world.mailbox.down()
    await world.order()
    await world.tried()
    assert len(world.warehouse.calls) == 1


async def test_each_retry_waits_for_its_delay(world: World) -> None:
    world.mailbox.down()
    await world.order()
    await world.tried()
    world.clock.advance(seconds=0.4)
    await asyncio.sleep(0.3)
    assert world.clock.now() < (await world.app.store.query("RETRY", index="list")).items[0].body["dueAt"]
    world.mailbox.up()
    await asyncio.sleep(0.3)
    assert world.mailbox.mails == []
    world.clock.advance(seconds=0.1)
    await world.wait_until_handled()
    assert len(world.mailbox.to("alice@example.com")) == 1


async def test_admins_get_an_alert_of_a_dead_letter_and_how_to_redrive_it(world: World) -> None:
    world.warehouse.status = 422
    order = await world.order()
    await world.wait_until_handled()
    [letter] = await world.letters()
    assert (letter.handler, letter.attempts, letter.event.subject) == ("warehouse", 1, order.id)
    assert "status 422" in letter.error
    [mail] = world.mailbox.to(ADMIN)
    assert mail["Subject"] == "ALERT: warehouse failed for order.placed"
    text = mail.get_payload()[0].get_payload(decode=True).decode()  # type: ignore[union-attr, index]
    for words in (order.id, letter.id, "422", f"stockwright dead-letters redrive {letter.id}"):
        assert words in text


async def test_a_recipient_that_the_mail_server_refuses_becomes_a_dead_letter_at_once(world: World) -> None:
    world.mailbox.refusals["alice@example.com"] = "550 5.1.1 no such user"
    order = await world.order()
    await world.wait_until_handled()
    [letter] = await world.letters()
    assert (letter.handler, letter.attempts) == ("order-confirmation", 1)
    assert "no such user" in letter.error
    assert await world.status(order) == "PENDING"
    assert world.mailbox.subjects(ADMIN) == ["ALERT: order-confirmation failed for order.placed"]


async def test_a_partner_that_fails_temporarily_is_called_three_times_with_one_key(world: World) -> None:
    world.warehouse.status = 500
    await world.order()
    await world.wait_until_handled()
    assert len(world.warehouse.calls) == 3
    assert len({headers["idempotency-key"] for headers, _ in world.warehouse.calls}) == 1
    [letter] = await world.letters("warehouse")
    assert letter.attempts == 3
    world.warehouse.status = 200
    await redrive(world.app, ROOT, letter.id)
    await world.wait_until_handled()
    assert len(world.warehouse.calls) == 4
    assert await world.letters() == []


async def test_a_redriven_event_has_all_its_tries_again(world: World) -> None:
    world.warehouse.status = 500
    await world.order()
    await world.wait_until_handled()
    [letter] = await world.letters("warehouse")
    await redrive(world.app, ROOT, letter.id)
    await world.wait_until_handled()
    assert len(world.warehouse.calls) == 6
    [again] = await world.letters("warehouse")
    assert (again.id, again.attempts) == (letter.id, 3)


async def test_a_dead_letter_can_be_discarded(world: World) -> None:
    world.warehouse.status = 404
    await world.order()
    await world.wait_until_handled()
    [letter] = await world.letters()
    assert await delete_dead_letter(world.app, ROOT, letter.id) == letter
    await world.wait_until_handled()
    assert await world.letters() == []
    [event] = await world.events("dead_letter.deleted")
    assert (event.subject, event.actor) == (letter.id, ROOT.actor.id)
    for act in (redrive, delete_dead_letter):
        with pytest.raises(NotFound):
            await act(world.app, ROOT, letter.id)


async def test_a_dead_letter_that_is_redriven_twice_at_once_is_handled_once(world: World) -> None:
    world.warehouse.status = 404
    await world.order()
    await world.wait_until_handled()
    [letter] = await world.letters()
    world.warehouse.status = 200
    answers = await asyncio.gather(*[redrive(world.app, ROOT, letter.id) for _ in range(5)], return_exceptions=True)
    assert sum(isinstance(each, NotFound) for each in answers) == 4
    await world.wait_until_handled()
    assert len(world.warehouse.calls) == 2


async def test_a_dead_letter_is_logged_with_its_error_and_without_secrets(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.app.log = make_log("warning")
    world.warehouse.status = 422
    await world.order()
    await world.wait_until_handled()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    [given_up] = [line for line in lines if line["level"] == "ERROR"]
    context = given_up["context"]
    assert given_up["message"] == "Order processing permanently failed"
    assert context["handler"] == "warehouse"
    assert "422" in context["error"]
    assert context["deadLetter"] == (await world.letters())[0].id
    assert context["payload"]["subject"] == given_up["orderId"] == (await world.letters())[0].event.subject
    assert "warehouse-key" not in str(lines)


# ---- one handler's trouble is nobody else's ------------------------------------------------------


async def test_a_hanging_handler_does_not_delay_another(world: World) -> None:
    hanging, brisk = Handler("hanging"), Handler("brisk")
    hanging.all_blocked = asyncio.Event()
    await following(world, hanging, brisk)
    await append_events(world.app, count=200)
    await until(lambda: len(brisk.seen) == 200)
    assert hanging.seen == []
    hanging.all_blocked.set()
    await world.dispatcher.drain()
    assert sorted(hanging.seen) == sorted(brisk.seen)


async def test_a_hanging_event_does_not_delay_later_events(world: World) -> None:
    handler = Handler()
    handler.blocks["thing_0"] = asyncio.Event()
    dispatcher = await following(world, handler)
    await append_events(world.app, count=300)
    await append_events(world.app, count=300)
    await until(lambda: len(handler.seen) >= 598)
    assert "thing_0" not in handler.seen
    assert await dispatcher.lag() >= 600
    handler.blocks["thing_0"].set()
    await dispatcher.drain()
    assert await dispatcher.lag() == 0
    assert len(handler.seen) == 600


async def test_a_failing_event_does_not_delay_later_events(world: World) -> None:
    handler = Handler()
    handler.faults = [RuntimeError("no")]
    await following(world, handler)
    await append_events(world.app, count=5)
    await world.tried()
    assert sorted(handler.seen) == [f"thing_{number}" for number in range(5)]
    await world.wait_until_handled()
    assert len(handler.seen) == 6


async def test_a_handler_gets_only_its_events(world: World) -> None:
    handler = Handler()
    await following(world, handler)
    await append_events(world.app, "other.happened", 3)
    await append_events(world.app, count=1)
    await world.dispatcher.drain()
    assert handler.seen == ["thing_0"]


async def test_a_hanging_retry_delays_neither_other_retries_nor_new_events(world: World) -> None:
    hanging, brisk = Handler("hanging"), Handler("brisk")
    hanging.faults, brisk.faults = [RuntimeError("no")], [RuntimeError("no")]
    await following(world, hanging, brisk)
    await append_events(world.app)
    await world.tried()
    hanging.all_blocked = asyncio.Event()
    world.clock.advance(seconds=1)
    await until(lambda: len(brisk.seen) == 2)
    await append_events(world.app)
    await until(lambda: len(brisk.seen) == 3)
    hanging.all_blocked.set()
    await world.wait_until_handled()
    assert len(hanging.seen) == 3


async def test_the_number_of_simultaneous_retries_is_limited(world: World) -> None:
    handler = Handler()
    handler.faults = [RuntimeError("no") for _ in range(150)]
    await following(world, handler)
    await append_events(world.app, count=150)
    await world.tried()
    handler.all_blocked = asyncio.Event()
    world.clock.advance(seconds=1)
    [follower] = world.dispatcher._followers
    await until(lambda: len(follower.retrying) == 64)
    await asyncio.sleep(0.3)
    assert len(follower.retrying) == 64
    handler.all_blocked.set()
    await world.wait_until_handled()
    assert len(handler.seen) == 300


async def test_the_number_of_events_in_memory_is_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockwright.events.followers.AHEAD_MAX", 50)
    handler = Handler()
    handler.blocks["thing_0"] = asyncio.Event()
    await following(world, handler)
    await append_events(world.app, count=1000)
    [follower] = world.dispatcher._followers

    def ahead() -> int:
        return sum(len(lane.ahead) for lane in follower.lanes.values())

    await until(lambda: ahead() == 50)
    await asyncio.sleep(0.05)
    assert ahead() == 50
    assert len(handler.seen) < 1000
    handler.blocks["thing_0"].set()
    await world.dispatcher.drain()
    assert len(handler.seen) == 1000


async def test_a_handler_that_never_ends_is_cancelled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockwright.events.handling.HANDLER_SECONDS_MAX", 0.05)
    handler = Handler()
    handler.all_blocked = asyncio.Event()
    await following(world, handler)
    await append_events(world.app)
    await world.wait_until_handled()
    [letter] = await world.letters("tester")
    assert (letter.attempts, letter.error) == (3, "TimeoutError: ")


# ---- recording the outcome -----------------------------------------------------------------------


async def test_a_permanent_failure_becomes_a_dead_letter_at_any_try(world: World) -> None:
    handler = Handler()
    handler.faults = [RuntimeError("perhaps"), Permanent("never")]
    await following(world, handler)
    await append_events(world.app)
    await world.wait_until_handled()
    [letter] = await world.letters("tester")
    assert (letter.attempts, letter.error) == (2, "Permanent: never")


async def test_a_failure_reported_by_two_processes_is_counted_once(world: World) -> None:
    handler = Handler()
    handler.faults = [RuntimeError("no") for _ in range(4)]
    await world.dispatcher.stop()
    [event] = await append_events(world.app)
    await asyncio.gather(*[handle(world.app, handler.reaction, event) for _ in range(4)])
    waiting = await find_retry(world.app.store, "tester", event.id)
    assert waiting is not None
    assert waiting.attempts == 1

    handler.faults = [RuntimeError("no") for _ in range(4)]
    await asyncio.gather(*[handle(world.app, handler.reaction, event, waiting) for _ in range(4)])
    again = await find_retry(world.app.store, "tester", event.id)
    assert again is not None
    assert again.attempts == 2


async def test_two_processes_at_the_last_try_make_one_dead_letter_and_one_alert(world: World) -> None:
    handler = Handler()
    handler.faults = [Permanent("never") for _ in range(4)]
    await world.dispatcher.stop()
    [event] = await append_events(world.app)
    await asyncio.gather(*[handle(world.app, handler.reaction, event) for _ in range(4)])
    assert len(await world.letters()) == 1
    assert len(await world.events("dead_letter.created")) == 1


async def test_an_event_that_is_handled_again_after_it_became_a_dead_letter_starts_no_new_tries(world: World) -> None:
    handler = Handler()
    handler.faults = [RuntimeError("no") for _ in range(9)]
    await following(world, handler)
    [event] = await append_events(world.app)
    await world.wait_until_handled()
    assert len(handler.seen) == 3
    assert not await handle(world.app, handler.reaction, event)
    assert await waiting_retries(world.app.store) == 0
    assert len(await world.letters()) == 1


async def test_a_retry_whose_dead_letter_exists_already_is_completed(world: World) -> None:
    """However it came about: what was given up is not tried for ever."""
    handler = Handler()
    handler.faults = [Permanent("never")]
    await world.dispatcher.stop()
    [event] = await append_events(world.app)
    await handle(world.app, handler.reaction, event)
    waiting = Retry("tester", event, 2, world.clock.now(), world.clock.now())
    batch = Batch()
    put_retry(batch, waiting)
    await batch.commit(world.app.store)
    [due] = await due_retries(world.app.store, "tester", world.clock.now())
    handler.faults = [RuntimeError("no")]
    await handle(world.app, handler.reaction, event, due)
    assert await waiting_retries(world.app.store) == 0
    assert len(await world.letters()) == 1


class Failing:
    """A store that is busy a few times."""

    def __init__(self, store: object, times: int) -> None:
        self._store, self.times = store, times

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def _fail_sometimes(self) -> None:
        if self.times:
            self.times -= 1
            raise Busy

    async def get(self, keys: object) -> object:
        self._fail_sometimes()
        return await self._store.get(keys)  # type: ignore[attr-defined]

    async def tail(self, *arguments: object, **named: object) -> object:
        self._fail_sometimes()
        return await self._store.tail(*arguments, **named)  # type: ignore[attr-defined]


async def test_a_failure_that_cannot_be_stored_is_stored_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockwright.events.dispatcher.LOOK_SECONDS", 0.01)
    handler = Handler()
    handler.faults = [RuntimeError("no"), RuntimeError("no")]
    await following(world, handler)
    store = world.app.store
    handler.all_blocked = asyncio.Event()
    await append_events(world.app)
    await asyncio.sleep(0.05)
    world.app.store = Failing(store, 1)  # type: ignore[assignment]
    handler.all_blocked.set()
    await until(lambda: len(handler.seen) == 2)
    world.app.store = store
    await world.wait_until_handled()
    assert len(handler.seen) == 3
    assert await world.letters() == []


async def test_a_store_that_is_busy_for_a_while_loses_no_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockwright.events.dispatcher.LOOK_SECONDS", 0.01)
    handler = Handler()
    await world.dispatcher.stop()
    store, world.dispatcher = world.app.store, Dispatcher(world.app, [handler.reaction])
    await world.dispatcher.start()
    failing = Failing(store, 3)
    world.app.store = failing  # type: ignore[assignment]
    batch = Batch()
    batch.append(Event("evt_1", "thing.happened", "thing_0", world.clock.now()))
    await batch.commit(store)
    await until(lambda: failing.times == 0 and len(handler.seen) == 1)
    world.app.store = store


async def test_an_alert_that_is_handled_again_is_one_mail(world: World) -> None:
    data = {"handler": "h", "event": "e", "about": "a", "attempts": 3, "error": "x"}
    event = Event("evt_1", "dead_letter.created", "dlq_1", 0, data)
    with pytest.raises(TryLater):
        await registered("operations-alert").run(world.app, event)
    world.clock.advance(seconds=2)
    for _ in range(2):
        await registered("operations-alert").run(world.app, event)
    assert world.mailbox.subjects(ADMIN) == ["ALERT: h failed for e"]


def test_every_handler_has_a_name_of_its_own() -> None:
    assert len({reaction.name for reaction in REACTIONS}) == len(REACTIONS)
