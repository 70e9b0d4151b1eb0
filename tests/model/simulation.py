"""A whole shop in one seed: its clock, who runs when, what fails, what crashes, what a queue does to events.

Everything runs on a loop whose time is made up, so a minute of the shop takes no time, and the same
seed does the same again. `python -m tests.model.simulation 123` replays seed 123 and prints what happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import itertools
import random
import selectors
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from stockwright.accounts.digests import find_alerted
from stockwright.adapters.no_files import NoFiles
from stockwright.audit.usecases import audit
from stockwright.base.actor import SYSTEM
from stockwright.base.errors import Busy, Permanent, Refused, TryLater
from stockwright.base.event import Event
from stockwright.base.ports import Message, Reply
from stockwright.catalog.first_start import ensure_shop
from stockwright.catalog.inventory import ChangeStock, Transfer, change_stock, transfer
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.cloud.delivery import Delivery, bury, deliver, wake_due
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.dispatcher import Dispatcher
from stockwright.events.handling import ATTEMPTS_MAX, letter_id_of
from stockwright.events.records import DeadLetter, due_retries, page_of_dead_letters, waiting_retries
from stockwright.events.registry import Reaction
from stockwright.handlers import reactions_for
from stockwright.http.idempotency import KeysAtWork
from stockwright.notifications.records import Notification, notification_key, page_of_notifications
from stockwright.orders.model import Order
from stockwright.orders.records import page_of_orders
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
from stockwright.request import Idempotency, Request
from stockwright.reservations.records import page_of_reservations
from stockwright.reservations.usecases import Reserve, cancel_reservation, confirm_reservation, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.records import page_of_sales
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.alert_records import load_marks
from stockwright.stock.location_records import find_location
from stockwright.stock.locations import ChangeLocation, add_location, change_location
from stockwright.stock.model import Wanted
from stockwright.stock.records import load_stocks, page_of_movements
from stockwright.store.port import Decision, Key, Put, Write
from stockwright.sweeper import sweep
from tests.conftest import ADMIN, ALICE, START
from tests.model.memory import Durable, MemoryStore

CLIENTS, ASKS = 4, 5
PRODUCTS = ("pen", "cup")
UNITS = (12, 25)
"""Of each product: plenty, or about as many as the threshold of its low-stock alert."""


class Crashed(Exception):
    """The process is gone; whether the commit under way came through, nobody knows."""


class Lost(Exception):
    """It was done, and the answer was lost."""


# ---- time --------------------------------------------------------------------------------------------


class _NoWait(selectors.SelectSelector):
    """Waiting takes no time: the loop's clock jumps to when the next thing is due."""

    loop: MadeUpLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise AssertionError("everybody waits for something that nobody does")
        self.loop.at += max(timeout, 0)
        return []


class _Numbered(asyncio.Task[Any]):
    """A task whose place in a set follows from its number, and not from where in memory it is."""

    def __init__(self, work: Any, *, number: int, **options: Any) -> None:
        self._number = number
        super().__init__(work, **options)

    def __hash__(self) -> int:
        return self._number


class MadeUpLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is made up."""

    def __init__(self) -> None:
        self.at = 0.0
        selector = _NoWait()
        selector.loop = self
        super().__init__(selector)
        numbers = itertools.count()
        self.set_task_factory(lambda loop, work, **options: _Numbered(work, number=next(numbers), loop=loop, **options))

    def time(self) -> float:
        return self.at


class _Clock:
    def __init__(self, loop: MadeUpLoop) -> None:
        self._loop = loop

    def now(self) -> int:
        return START + int(self._loop.at * 1000)


class _Ids:
    """Names that follow from how many were made: the same seed makes the same."""

    def __init__(self, clock: Any, counter: list[int] | None = None) -> None:
        self._clock, self._counter = clock, counter if counter is not None else [0]

    def new(self, prefix: str) -> str:
        self._counter[0] += 1
        return f"{prefix}_{self._clock.now():013d}{self._counter[0]:06d}"

    def new_numbered(self, prefix: str) -> str:
        return self.new(prefix)

    def first(self, prefix: str, at: int) -> str:
        return f"{prefix}_{at:013d}"

    def on(self, clock: Any) -> _Ids:
        return _Ids(clock, self._counter)

    def secret(self, bits: int) -> bytes:
        return b"\0" * (bits // 8)


# ---- what fails --------------------------------------------------------------------------------------


@dataclass
class Weather:
    """How often things fail, and the dice."""

    dice: random.Random
    busy: float = 0.0
    lost: float = 0.0
    receiver: float = 0.0
    refusal: float = 0.0
    slow: float = 0.0
    """How often something takes many times as long: what was decided before it is applied long afterwards."""

    async def pause(self, most: float = 0.02) -> None:
        times = 20 if self.strikes(self.slow) else 1
        await asyncio.sleep(self.dice.random() * most * times)

    def strikes(self, chance: float) -> bool:
        return self.dice.random() < chance

    def strike(self, chance: float, fault: type[Exception]) -> None:
        if self.strikes(chance):
            raise fault


class Faulty:
    """A store whose every call takes its time and may fail, until its process crashes."""

    writes_max = MemoryStore.writes_max

    def __init__(self, durable: Durable, weather: Weather) -> None:
        self.inner, self._weather = MemoryStore(durable), weather
        self.dead = False

    async def _around(self, work: Awaitable[Any], *, commits: bool = False) -> Any:
        try:
            await self._weather.pause()
            self._alive()
            self._weather.strike(self._weather.busy, Busy)
        except BaseException:
            work.close()  # type: ignore[attr-defined]
            raise
        found = await work
        await self._weather.pause(0.01)
        self._alive()
        if commits:
            self._weather.strike(self._weather.lost, Lost)
        return found

    def _alive(self) -> None:
        if self.dead:
            raise Crashed

    async def get(self, keys: Sequence[Any]) -> Any:
        return await self._around(self.inner.get(keys))

    async def query(self, partition: str, **options: Any) -> Any:
        return await self._around(self.inner.query(partition, **options))

    async def count(self, partition: str, **options: Any) -> Any:
        return await self._around(self.inner.count(partition, **options))

    async def commit(self, writes: Sequence[Write]) -> None:
        await self._around(self.inner.commit(writes), commits=True)

    async def decide(self, key: Key, decision: Decision) -> None:
        await self._around(self.inner.decide(key, decision), commits=True)

    async def tail(self, after: str = "", limit: int = 100, **options: Any) -> list[Event]:
        found: list[Event] = await self._around(self.inner.tail(after, limit, **options))
        return found

    def watched(self) -> None:
        """Return nothing: it does not learn of changes."""

    def look(self) -> None:
        """Nothing to do."""

    def marks_of_new_shop(self) -> Sequence[Write]:
        return ()

    async def tidy(self) -> None:
        """Nothing to do."""

    async def scan(self, after: Key | None = None, limit: int = 500) -> tuple[list[Put], Key | None]:
        found: tuple[list[Put], Key | None] = await self._around(self.inner.scan(after, limit))
        return found

    async def rewrite(self, events: Sequence[Event]) -> None:
        await self._around(self.inner.rewrite(events), commits=True)

    async def trim(self, through: str, limit: int = 1000) -> int:
        return int(await self._around(self.inner.trim(through, limit)))

    async def purge(self, now_seconds: int, limit: int = 1000) -> int:
        return int(await self._around(self.inner.purge(now_seconds, limit)))

    async def check(self) -> str:
        return ""

    async def close(self) -> None:
        self.dead = True


ALERTS = {"operations-alert": "operations", "stock-alert": "stock"}


class _Log:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


KNOWN_AS_SENT: ContextVar[set[str]] = ContextVar("known_as_sent")
"""What was sent when the handler under way began."""


@dataclass
class Outside:
    """The mail server and the partners: they fail before, or after they took it, or refuse for good."""

    weather: Weather
    durable: Durable
    delivers: bool = True
    taken: Counter[str] = field(default_factory=Counter)
    again: list[str] = field(default_factory=list)
    """What was sent though it was recorded as sent before its handler began."""

    async def _take(self, name: str) -> None:
        await self.weather.pause()
        if self.weather.strikes(self.weather.receiver / 2):
            raise TryLater("slow down", after_seconds=1)
        if self.weather.strikes(self.weather.receiver):
            raise ConnectionError("not reached")
        if self.weather.strikes(self.weather.refusal):
            raise Permanent("refused")
        self.taken[name] += 1
        if self.weather.strikes(self.weather.receiver):
            raise ConnectionError("taken, but the answer was lost")

    async def send(self, message: Message) -> None:
        if message.id in KNOWN_AS_SENT.get():
            self.again.append(message.id)
        await self._take(message.id)

    def watched(self, reaction: Reaction) -> Reaction:
        """Note what was sent when it begins: that must not go out again."""

        async def run(app: App, event: Event) -> None:
            about = f"ntf_{event.id.removeprefix('evt_')}-"
            result = [name for name in self.durable.parts.get(("list", "NOTIFICATION"), {}) if name.startswith(about)]
            found = await MemoryStore(self.durable).get([notification_key(name) for name in result])
            KNOWN_AS_SENT.set({item.body["id"] for item in found.values() if item.body["status"] == "SENT"})
            await reaction.run(app, event)

        return replace(reaction, run=run)

    async def post(self, url: str, _body: bytes, headers: Mapping[str, str]) -> Reply:
        await self._take(f"{url} {headers['idempotency-key']}")
        return Reply(200)

    async def close(self) -> None: ...


# ---- a shop, from crash to crash ------------------------------------------------------------------------


@dataclass
class Queues:
    """The cloud's way of an event to its handlers: each may come twice, late, out of order, or again after a crash."""

    weather: Weather
    waiting: list[tuple[Reaction, Event, int, bool]] = field(default_factory=list)
    """Handler, event, which delivery it is, and whether it has waited its time in the table."""
    read: int = 0

    async def run(self, app: App, reactions: Sequence[Reaction], log: list[Event]) -> None:
        """Hand out what waits, some of it at once; what is not confirmed comes again."""
        async with asyncio.TaskGroup() as at_work:
            while True:
                for event in log[self.read :]:
                    for reaction in reactions:
                        if event.name in reaction.events:
                            copies = 2 if self.weather.strikes(0.15) else 1
                            self.waiting += [(reaction, event, 1, False)] * copies
                self.read = len(log)
                self.weather.dice.shuffle(self.waiting)
                handed, self.waiting = self.waiting[:3], self.waiting[3:]
                for each in handed:
                    at_work.create_task(self._hand(app, *each))
                await self._wake(app, reactions)
                await self.weather.pause(0.2)

    async def _wake(self, app: App, reactions: Sequence[Reaction]) -> None:
        """Bring what has waited its time, as the sweep and the stream do."""
        with contextlib.suppress(Busy, Lost):
            await wake_due(app)
            for reaction in reactions:
                for retry in await due_retries(app.store, reaction.name, app.clock.now()):
                    queued = any((each[0], each[1].id) == (reaction, retry.event.id) for each in self.waiting)
                    if not retry.waiting and not queued:
                        self.waiting.append((reaction, retry.event, 1, True))

    async def _hand(self, app: App, reaction: Reaction, event: Event, attempt: int, woken: bool) -> None:
        delivery = Delivery(event, attempt, app.clock.now(), woken)
        try:
            if attempt > ATTEMPTS_MAX:
                await bury(app, reaction.name, delivery, "given up by the queue")
            else:
                await deliver(app, reaction, delivery, 30)
            self.weather.strike(self.weather.lost, Lost)
        except Exception:  # noqa: BLE001 - whatever it was, the queue brings it again
            self.waiting.append((reaction, event, attempt + 1, woken))
        except asyncio.CancelledError:
            self.waiting.append((reaction, event, attempt, woken))
            raise


@dataclass
class Asked:
    """What a client asked for, under its key, and how it ended (None: no answer came)."""

    key: str
    kind: str
    product: str
    units: int
    about: str = ""
    ended: str | None = None


class Simulation:
    """One seed's shop."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.loop = MadeUpLoop()
        self.clock = _Clock(self.loop)
        self.ids = _Ids(self.clock)
        self.durable = Durable()
        stormy = self.dice.random()
        self.weather = Weather(
            self.dice,
            busy=0.04 * stormy,
            lost=0.08 * stormy,
            receiver=0.3 * self.dice.random(),
            refusal=0.05 * self.dice.random(),
            slow=0.1 * self.dice.random(),
        )
        self.outside = Outside(self.weather, self.durable)
        self.queues = Queues(self.weather) if self.dice.random() < 0.4 else None
        self.units = self.dice.choice(UNITS)
        self.asked: list[Asked] = []
        self.crashes = 0
        self.handlers: list[asyncio.Task[None]] = []
        self.dispatcher: Dispatcher | None = None

    def run(self) -> str:
        """Live through it, check it, and return a digest of everything that happened."""
        random.seed(self.seed)
        asyncio.set_event_loop(self.loop)
        try:
            # The cloud form writes its metrics to the output.
            with contextlib.redirect_stdout(io.StringIO()):
                self.loop.run_until_complete(self._live())
        finally:
            self.loop.close()
            asyncio.set_event_loop(None)
        events = [(event.name, event.subject, event.at) for event in self.durable.log]
        return hashlib.sha256(repr((events, sorted(self.outside.taken.items()), self.loop.at)).encode()).hexdigest()

    # ---- processes -------------------------------------------------------------------------------------

    def _build(self) -> App:
        self.store = Faulty(self.durable, self.weather)
        outside: Any = self.outside
        return App(
            settings=Settings(
                data_dir=Path("nowhere"),
                warehouse_url="http://warehouse",
                delivery_url="http://delivery",
                alert_emails=("ops@example.com",),
                alert_phones=("+1 555 0100",),
                retry_delay_seconds=2,
                hold_reservations_max=1000,
                hold_units_max=1_000_000,
                alert_group_seconds=3,
            ),
            store=self.store,  # type: ignore[arg-type]
            clock=self.clock,
            ids=self.ids,
            mail=outside,
            sms=outside,
            topics=outside,
            outbound=outside,
            files=NoFiles(),
            pictures=None,  # type: ignore[arg-type]
            identity=None,  # type: ignore[arg-type]
            log=_Log(),
        )

    async def _start(self) -> None:
        """Start a process; a start that fails is tried again, as a supervisor does."""
        while True:
            self.app, self.keys = self._build(), KeysAtWork()
            reactions = [
                reaction if reaction.run_many else self.outside.watched(reaction)
                for reaction in reactions_for(self.app.settings)
            ]
            try:
                await ensure_shop(self.app)
                if self.queues is not None:
                    work = self.queues.run(self.app, reactions, self.durable.log)
                    self.handlers = [asyncio.create_task(work)]
                else:
                    self.dispatcher = Dispatcher(self.app, reactions)
                    await self.dispatcher.start()
                self.handlers.append(asyncio.create_task(self._sweeping(self.app)))
                return
            except (Busy, Lost):
                await self._crash()

    async def _sweeping(self, app: App) -> None:
        while True:
            with contextlib.suppress(Exception):
                await sweep(app)
            await asyncio.sleep(3)

    async def _crash(self) -> None:
        """End the process at once: nothing that it still wanted to write is written."""
        self.store.dead = True
        tasks = [*self.handlers]
        if self.dispatcher is not None:
            tasks += [*self.dispatcher._loops, *self.dispatcher._work]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.handlers, self.dispatcher = [], None

    # ---- a run -------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        calm = Weather(self.dice)
        storm, self.weather = self.weather, calm
        await self._start()
        await add_location(self.app, ADMIN, "cellar", priority=self.dice.choice((50, 150)))
        for product in PRODUCTS:
            command = CreateProduct(product, f"{product}-1", "A thing to sell.", "other", 250, self.units, id=product)
            await create_product(self.app, ADMIN, command)
        await self._crash()
        self.weather = storm
        await self._start()
        clients = asyncio.gather(*[self._client(number) for number in range(CLIENTS)])
        crashing = asyncio.create_task(self._crashing())
        await clients
        crashing.cancel()
        await asyncio.gather(crashing, return_exceptions=True)
        await self._crash()
        # The storm is over: what is left to do gets done, and then everything must add up.
        storm.busy = storm.lost = storm.receiver = storm.refusal = storm.slow = 0
        await self._start()
        await self._wait_until_handled()
        await self._check()
        await self._crash()

    async def _crashing(self) -> None:
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            await asyncio.sleep(self.dice.random() * 2.5)
            self.crashes += 1
            await self._crash()
            await self._start()

    async def _wait_until_handled(self) -> None:
        if self.dispatcher is not None:
            await self.dispatcher.drain(600)
            while await waiting_retries(self.app.store):
                await asyncio.sleep(1)
                await self.dispatcher.drain(600)
        if self.queues is not None:
            # Handled, and no event appended meanwhile that is to be handled.
            calm = 0
            while calm < 20:
                busy = self.queues.waiting or self.queues.read < len(self.durable.log)
                busy = busy or bool(await waiting_retries(self.app.store))
                calm = 0 if busy else calm + 1
                await asyncio.sleep(0.3)

    # ---- clients -------------------------------------------------------------------------------------------

    async def _client(self, number: int) -> None:
        for turn in range(ASKS):
            await asyncio.sleep(self.dice.random() * 0.5)
            asked = self._next(f"key-{number}-{turn}")
            self.asked.append(asked)
            while asked.ended is None:
                try:
                    asked.ended = await self._ask(asked)
                except (Busy, Lost, Crashed):
                    await asyncio.sleep(0.2 + self.dice.random())
                except Refused as refused:
                    if refused.transient:
                        await asyncio.sleep(0.2)
                    else:
                        asked.ended = refused.code

    def _next(self, key: str) -> Asked:
        dice, done = self.dice, [each for each in self.asked if each.ended and each.ended.startswith(("ord", "res"))]
        orders = [each.ended for each in done if each.kind == "order"]
        holds = [each.ended for each in done if each.kind == "reserve"]
        kinds = ["order", "order", "reserve", "sell", "restock", "transfer", "switch"]
        kinds += ["pack", "deliver", "cancel", "return"] if orders else []
        kinds += ["confirm", "give up"] if holds else []
        kind = dice.choice(kinds)
        about = dice.choice(orders if kind in {"pack", "deliver", "cancel", "return"} else holds or [""])
        return Asked(key, kind, dice.choice(PRODUCTS), dice.randrange(1, 9), about or "")

    async def _ask(self, asked: Asked) -> str:
        """Ask under the key; whatever happens to the answer, the effect is one."""
        app, idempotency = self.app, Idempotency(asked.key, asked.kind, lambda made: {"id": _id_of(made)})

        async def within() -> str:
            stored, _ = await self.keys.run(app, idempotency, lambda: self._do(app, asked, idempotency))
            return str(stored["id"])

        body = await asyncio.create_task(within())
        await self.weather.pause()
        self.weather.strike(self.weather.lost, Lost)
        return body

    async def _do(self, app: App, asked: Asked, idempotency: Idempotency) -> Any:  # noqa: PLR0911 - one way out for each kind
        alice, admin = (Request(each.actor, asked.key, idempotency) for each in (ALICE, ADMIN))
        product, units, key, about = asked.product, asked.units, asked.key, asked.about
        line = [LineWanted(units, product)]
        match asked.kind:
            case "order":
                return await place_order(app, alice, PlaceOrder(line, reference=key))
            case "reserve":
                return await reserve_stock(app, alice, Reserve([Wanted(product, units)], key, minutes=1))
            case "sell":
                return await record_sale(app, admin, Sell(line, reference=key))
            case "restock":
                return await change_stock(app, admin, ChangeStock(product, units, "RESTOCK", reference=key))
            case "transfer":
                return await transfer(app, admin, Transfer(product, units, "default", "cellar", reference=key))
            case "switch":
                known = await find_location(app.store, "cellar")
                return await change_location(app, admin, ChangeLocation("cellar", active=not (known and known.active)))
            case "pack":
                return await pack_order(app, admin, about)
            case "deliver":
                return await deliver_order(app, admin, about)
            case "cancel":
                return await cancel_order(app, admin, about, key)
            case "return":
                order = next(each for each in self.asked if each.ended == about)
                return await return_order(app, admin, ReturnOrder(about, [ReturnItem(1, order.product)], reason=key))
            case "confirm":
                return await confirm_reservation(app, alice, about)
            case _:
                return await cancel_reservation(app, alice, about)

    # ---- what must be so afterwards ---------------------------------------------------------------------------

    async def _check(self) -> None:
        report = await audit(self.app)
        assert (report.drifts, report.unsettled) == ([], [])
        orders = await self._orders()
        await self._check_effects(orders)
        await self._check_events(orders)

    async def _orders(self) -> dict[str, Order]:
        found: dict[str, Order] = {}
        for status in ("PENDING", "CONFIRMED", "PACKED", "DELIVERED", "CANCELLED"):
            page, _ = await page_of_orders(self.app.store, status=status, limit=1000)
            found |= {order.id: order for order in page}
        return found

    async def _check_effects(self, orders: dict[str, Order]) -> None:
        """What was acknowledged is there once, what was refused is not there, and the units add up from them alone."""
        store = self.app.store
        holds = []
        for status in ("ACTIVE", "CONFIRMED", "CANCELLED", "EXPIRED"):
            holds += (await page_of_reservations(store, status=status, limit=1000))[0]
        sales, _ = await page_of_sales(store, limit=1000)
        movements, _ = await page_of_movements(store, limit=10_000)
        booked = Counter((each.type, each.reference) for each in movements)
        found = Counter[str]()
        found.update(order.reference for order in orders.values())
        found.update(hold.order_id for hold in holds)
        found.update(sale.reference for sale in sales)
        found.update(name for (kind, name), count in booked.items() if kind == "RESTOCK" for _ in range(count))
        found.update(name for (kind, name), count in booked.items() if kind == "TRANSFER" for _ in range(count // 2))
        result = {"order", "reserve", "sell", "restock", "transfer"}
        for asked in self.asked:
            if asked.kind in result:
                expected = 0 if asked.ended and asked.ended.isupper() else 1
                assert found[asked.key] == expected, f"{asked} has {found[asked.key]} effects"
        for product, stock in (await load_stocks(store, PRODUCTS)).items():
            units = self.units + sum(
                asked.units
                for asked in self.asked
                if (asked.kind, asked.product) == ("restock", product) and asked.ended and not asked.ended.isupper()
            )
            units -= sum(line.quantity for sale in sales for line in sale.lines if line.product_id == product)
            units -= sum(
                item.quantity
                for hold in holds
                if hold.status in {"ACTIVE", "CONFIRMED"}
                for item in hold.items
                if item.product_id == product
            )
            units -= sum(
                line.quantity - line.returned
                for order in orders.values()
                if order.status != "CANCELLED"
                for line in order.lines
                if line.product_id == product
            )
            left = stock.available + stock.inactive
            assert left == units, f"{product}: {left} on the shelves, {units} by what happened"
        for order in orders.values():
            reasons = [step.note for step in order.timeline if step.status == "RETURNED"]
            assert len(reasons) == len(set(reasons)), f"a return of {order.id} was booked twice"

    async def _check_events(self, orders: dict[str, Order]) -> None:
        """Each change appended its event once, and each handler of each event had its one effect."""
        store, log = self.app.store, self.durable.log
        assert len({event.id for event in log}) == len(log)
        named = Counter((event.name, event.subject) for event in log)
        for order in orders.values():
            steps = Counter(step.status for step in order.timeline)
            for status, count in steps.items():
                name = "placed" if status == "PENDING" else status.lower()
                assert named[f"order.{name}", order.id] == count, f"order.{name} of {order.id}"
        letters = {letter.id: letter for letter in (await page_of_dead_letters(store, limit=1000))[0]}
        notes, _ = await page_of_notifications(store, limit=1000)
        for event in log:
            for reaction in reactions_for(self.app.settings):
                if reaction.name in ALERTS:
                    # Every alert is in a message, and never given up, whatever the mail server did.
                    found = await find_alerted(store, ALERTS[reaction.name], event.id)
                    assert (found is not None) == (event.name in reaction.events), f"{reaction.name} of {event.name}"
                elif event.name in reaction.events and letter_id_of(event, reaction.name) not in letters:
                    self._check_effect(event, reaction, orders, notes)
        for kind in ALERTS.values():
            assert not (await store.query(f"DIGEST#{kind}")).items, f"alerts of {kind} were never sent"
        assert not {letter.handler for letter in letters.values()} & set(ALERTS)
        self._check_letters(letters)
        await self._check_marks()
        assert await waiting_retries(store) == 0
        assert not self.outside.again, f"sent again, though it was recorded as sent: {self.outside.again}"

    def _check_effect(
        self, event: Event, reaction: Reaction, orders: dict[str, Order], notes: list[Notification]
    ) -> None:
        ours = [note for note in notes if note.event_id == event.id and f"-{reaction.name}-" in note.id]
        sent = [note for note in ours if note.status == "SENT"]
        found = f"{reaction.name} of {event.name} {event.subject}: {[note.status for note in ours]}"
        assert all(self.outside.taken[note.id] for note in sent), found
        order = orders.get(event.subject)
        # A mail that failed is not tried again once the order is cancelled, unless it says so.
        ended = order is not None and order.status == "CANCELLED" and event.name != "order.cancelled"
        assert sent == ours or ended or reaction.name == "order-confirmation", found
        match reaction.name:
            case "order-confirmation":
                assert order is not None
                by_us = any(step.status == "CONFIRMED" and step.actor == SYSTEM.id for step in order.timeline)
                assert order.status != "PENDING", found
                assert len(sent) == 1 if by_us else len(sent) <= 1, found
            case "order-mail":
                assert len(sent) <= 1 if ended else len(sent) == 1, found
            case "warehouse":
                assert order is not None
                if order.status == "CONFIRMED":
                    assert self.outside.taken[f"http://warehouse {event.id}"], found
            case "delivery-service":
                assert order is not None
                if order.status == "PACKED":
                    assert self.outside.taken[f"http://delivery {event.id}"], found
            case _:
                assert not sent

    def _check_letters(self, letters: dict[str, DeadLetter]) -> None:
        """Each event that was given up was reported to the admins once, but for failed alerts."""
        alerted = Counter(event.subject for event in self.durable.log if event.name == "dead_letter.created")
        expected = {name for name, letter in letters.items() if letter.handler != "operations-alert"}
        assert alerted == Counter(expected)

    async def _check_marks(self) -> None:
        """Every shortage and every end of one was announced once, in turn."""
        stocks = await load_stocks(self.app.store, PRODUCTS)
        marks = await load_marks(self.app.store, PRODUCTS)
        given_up = {letter.event.id for letter in (await page_of_dead_letters(self.app.store, limit=1000))[0]}
        for product, stock in stocks.items():
            turns = [
                event.name
                for event in self.durable.log
                if event.subject == product and event.name in {"stock.low", "stock.replenished"}
            ]
            assert turns == [("stock.low", "stock.replenished")[number % 2] for number in range(len(turns))], turns
            if not given_up:
                assert (marks[product].low_since is not None) == stock.is_low, f"{product}: mark and stock differ"
                assert (marks[product].out_since is not None) == (stock.available == 0)


def _id_of(made: Any) -> str:
    return str(getattr(made, "id", "done"))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        simulation = Simulation(int(argument))
        digest = simulation.run()
        for line in simulation.asked:
            print(line)
        print(f"{len(simulation.durable.log)} events, {simulation.crashes} crashes, {digest}")
