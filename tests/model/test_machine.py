"""The real use cases against the model: every answer, every level, every movement and every event is predicted.

Long: `make prove`. `PROVE_SEED=<it> pytest tests/model/test_machine.py` replays a failure.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from stockwright.audit.usecases import audit
from stockwright.base.errors import StockwrightError
from stockwright.catalog.inventory import (
    ChangeStock,
    CountStock,
    StockChange,
    Transfer,
    change_stock,
    count_stock,
    transfer,
)
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.spreading import Share, Spread, spread_stock
from stockwright.catalog.stocked import StockedProduct
from stockwright.http.idempotency import KeysAtWork
from stockwright.orders.model import Order
from stockwright.orders.records import page_of_orders
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
from stockwright.products.variant_rules import NewVariant
from stockwright.request import BY_SYSTEM, Idempotency, Request
from stockwright.reservations.model import Reservation
from stockwright.reservations.usecases import (
    Reserve,
    cancel_reservation,
    clean_up,
    confirm_reservation,
    extend_reservation,
    reserve_stock,
)
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.model import Sale
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import ChangeLocation, add_location, change_location
from stockwright.stock.model import Wanted
from stockwright.stock.records import load_stocks, page_of_movements
from tests.conftest import ADMIN, ALICE, BOB, START, Clock, bare_app, without_hold_limits
from tests.engines import ENGINES, need
from tests.model.shop import Hold, No, Shop
from tests.model.shop import Order as ModelOrder
from tests.proving import MEMORY, SECONDS, SEED

PEOPLE = {"alice": ALICE, "bob": BOB, "admin": ADMIN}
LOCATIONS = ("default", "cellar", "attic")
WARES: dict[str, tuple[str, dict[str, str]]] = {
    "pen": ("pen", {}),
    "cup": ("cup", {}),
    "tee s": ("tee", {"size": "s"}),
    "tee m": ("tee", {"size": "m"}),
    "red mug": ("mug", {"color": "red"}),
    "blue mug": ("mug", {"color": "blue"}),
}
"""What is sold: product and options. Tees have a stock of each size; mugs share one until it is spread."""

people = st.sampled_from(sorted(PEOPLE))
# Most of what is asked can be had, or nothing would ever happen; some of it cannot.
units = st.sampled_from((1, 1, 2, 2, 3, 4, 5, 8, 12))
locations = st.sampled_from(LOCATIONS)
products = st.sampled_from((*(tuple(WARES) * 4), "ghost"))
minutes = st.sampled_from((1, 1, 2, 5, 30))
wants = st.lists(st.tuples(products, units, st.sampled_from((None, None, None, *LOCATIONS))), min_size=1, max_size=3)
lines = st.lists(st.tuples(products, units), min_size=1, max_size=3)


Sent = Callable[[Request], Request]
"""Gives a caller's request the key that it is sent with."""
Work = Callable[[Sent], Awaitable[Any]]


class ShopMachine(RuleBasedStateMachine):
    """A shop of four products, two of them with variants, and three locations; and everything that people do to it."""

    engine = "sqlite"
    holds = Bundle("holds")
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.app = self.wait(bare_app(Path(self.folder.name), self.clock, self.engine))
        without_hold_limits(self.app)
        self.model = Shop(START)
        self.keys = KeysAtWork()
        self.number = 0
        self.position = ""
        self.former: tuple[str, Work, Any] | None = None
        self.names: dict[str, str] = {}
        """The ids of variants → the names of the wares."""
        for product in ("pen", "cup"):
            self.create(product, 40)
            self.model.open({product: 250}, 40)
        sizes = (
            NewVariant(options={"size": "s"}, quantity=20, price_cents=300),
            NewVariant(options={"size": "m"}, quantity=20),
        )
        self.create("tee", variants=sizes)
        self.model.open({"tee s": 300, "tee m": 250}, 20)
        self.create("mug", 40, options={"color": ["red", "blue"]})
        self.model.open({"red mug": 250, "blue mug": 250}, 40, shared="mug")

    def create(self, product: str, quantity: int | None = None, **fields: Any) -> None:
        command = CreateProduct(
            product, f"{product}-1", "A thing to sell.", "other", 250, quantity, id=product, **fields
        )
        self.learn(self.wait(create_product(self.app, ADMIN, command)))

    def learn(self, made: StockedProduct) -> StockedProduct:
        """Remember which variant is which ware."""
        for variant in made.product.variants:
            self.names[variant.id] = next(
                ware for ware, of in WARES.items() if of == (made.product.id, dict(variant.options))
            )
        return made

    def id_of(self, ware: str) -> str:
        """The id under which a ware's units are counted now."""
        stock = self.model.at(ware)
        return next((each for each, name in self.names.items() if name == stock), stock)

    def line(self, ware: str, count: int) -> LineWanted:
        product, options = WARES.get(ware, (ware, {}))
        return LineWanted(count, product, options=options)

    def named(self, answer: Any) -> Any:
        """An answer with the names of wares in the place of variants' ids."""
        match answer:
            case dict():
                return {self.names.get(key, key): self.named(value) for key, value in answer.items()}
            case list() | tuple():
                return type(answer)(self.named(each) for each in answer)
            case str():
                return self.names.get(answer, answer)
        return answer

    def wait(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)  # type: ignore[arg-type]

    def keyed(self, key: str, work: Work) -> tuple[Any, bool]:
        """Ask as the edge does: with an Idempotency-Key in the commit of the effect."""
        idempotency = Idempotency(key, key, lambda result: {"answer": shape(result)})

        def sent(caller: Request) -> Request:
            return Request(caller.actor, key, idempotency)

        return self.wait(self.keys.run(self.app, idempotency, lambda: work(sent)))

    def ask(self, work: Work, expect: Callable[[], Any]) -> Any:
        """Ask the product and the model; both must give the same answer, or the same refusal."""
        self.number += 1
        key, result, listed = f"key-{self.number}", [], len(self.model.events)

        async def remembered(sent: Sent) -> Any:
            result.append(await work(sent))
            return result[-1]

        answer: Any
        try:
            stored, _ = self.keyed(key, remembered)
            answer = ("yes", self.named(stored["answer"]))
        except StockwrightError as refused:
            answer = ("no", refused.code, self.named(details_of(refused)))
        expected: Any
        try:
            found = expect()
            expected = ("yes", shape(found))
        except No as refused:
            found = None
            expected = ("no", refused.code, refused.details)
        assert answer[0] == expected[0], f"answered {answer}, predicted {expected}"
        if answer[0] == "no" and expected[2] is None:
            assert answer[1] == expected[1]
        else:
            assert answer == expected
        # Only what changed something keeps its key.
        self.former = (key, work, answer[1]) if answer[0] == "yes" and len(self.model.events) > listed else None
        return (result[-1].id, found) if answer[0] == "yes" and hasattr(result[-1], "id") else None

    # ---- stock -----------------------------------------------------------------------------------

    @rule(
        product=products,
        moved=st.integers(-30, 30) | st.just(10**9),
        kind=st.sampled_from(("RESTOCK", "SALE", "RETURN", "ADJUSTMENT")),
        location=st.none() | locations,
    )
    def adjust(self, product: str, moved: int, kind: Any, location: str | None) -> None:
        self.ask(
            lambda sent: change_stock(
                self.app, sent(ADMIN), ChangeStock(self.id_of(product), moved, kind, location=location)
            ),
            lambda: self.model.adjust(self.model.at(product), moved, kind, location),
        )

    @rule(product=products, counted=st.integers(-1, 60), location=st.none() | locations)
    def count(self, product: str, counted: int, location: str | None) -> None:
        self.ask(
            lambda sent: count_stock(
                self.app, sent(ADMIN), CountStock(self.id_of(product), counted, location=location)
            ),
            lambda: self.model.count(self.model.at(product), counted, location),
        )

    @rule(product=products, moved=units, source=locations, goal=locations)
    def transfer(self, product: str, moved: int, source: str, goal: str) -> None:
        self.ask(
            lambda sent: transfer(self.app, sent(ADMIN), Transfer(self.id_of(product), moved, source, goal)),
            lambda: self.model.transfer(self.model.at(product), moved, source, goal),
        )

    @rule(name=locations, priority=st.integers(0, 200), active=st.booleans())
    def arrange(self, name: str, priority: int, active: bool) -> None:
        if name in self.model.locations:
            change = ChangeLocation(name, priority=priority, active=active)
            self.ask(
                lambda sent: change_location(self.app, sent(ADMIN), change),
                lambda: self.model.set_location(name, priority, active),
            )
        else:
            self.ask(
                lambda sent: add_location(self.app, sent(ADMIN), name, priority=priority),
                lambda: self.model.set_location(name, priority, active=True),
            )

    @rule(wanted=lines, location=st.none() | locations)
    def sell(self, wanted: list[tuple[str, int]], location: str | None) -> None:
        items = [self.line(ware, count) for ware, count in wanted]
        self.ask(
            lambda sent: record_sale(self.app, sent(ADMIN), Sell(items, location)),
            lambda: self.model.sell([(product, count, location) for product, count in wanted]),
        )

    @rule(data=st.data(), off=st.sampled_from((0, 0, 0, 0, 1)))
    def spread(self, data: Any, off: int) -> None:
        """The mugs are sorted by their color; sometimes somebody has counted wrong."""
        levels = sorted(self.model.levels["mug"].items())
        red = {location: data.draw(st.integers(0, level[0])) for location, level in levels}
        blue = {location: level[0] - red[location] + off for location, level in levels}
        shares = {"red mug": red, "blue mug": blue}
        command = Spread("mug", [Share(NewVariant(options=WARES[ware][1]), units) for ware, units in shares.items()])

        async def work(sent: Sent) -> StockedProduct:
            return self.learn(await spread_stock(self.app, sent(ADMIN), command))

        self.ask(work, lambda: self.model.spread("mug", shares))

    @initialize(target=orders, person=people, data=st.data(), to=st.sampled_from(("CONFIRMED", "PACKED")))
    def a_spread_behind_an_order(self, person: str, data: Any, to: str) -> Any:
        """In some shops the mugs are sorted at once, while some that were sold before may still come back."""
        if data.draw(st.booleans()):
            return multiple()
        order = self.order(person=person, wanted=[("red mug", 3), ("blue mug", 2), ("red mug", 1), ("pen", 1)])
        self.step(name=order, to=to)
        self.spread(data=data, off=0)
        return order

    # ---- reservations ------------------------------------------------------------------------------

    @initialize(target=holds, person=people, lasts=minutes)
    def a_first_hold(self, person: str, lasts: int) -> Any:
        """Whatever happens to holds can happen from the first step on; so it is with orders."""
        return self.reserve(person=person, wanted=[("pen", 2, None)], lasts=lasts)

    @rule(target=holds, person=people, wanted=wants, lasts=st.sampled_from((1, 1, 1, 2, 2, 5, 30, 30, 0, 1441)))
    def reserve(self, person: str, wanted: list[Any], lasts: int) -> Any:
        items = [Wanted(self.id_of(ware), *more) for ware, *more in wanted]
        made = self.ask(
            lambda sent: reserve_stock(self.app, sent(PEOPLE[person]), Reserve(items, minutes=lasts)),
            lambda: self.model.reserve(person, wanted, lasts),
        )
        if made is None:
            return multiple()
        name, self.model.holds[made[0]] = made
        return name

    @rule(name=holds, person=people)
    def confirm(self, name: str, person: str) -> None:
        self.ask(
            lambda sent: confirm_reservation(self.app, sent(PEOPLE[person]), name),
            lambda: self.model.confirm(person, name),
        )

    @rule(name=holds, person=people)
    def give_up(self, name: str, person: str) -> None:
        self.ask(
            lambda sent: cancel_reservation(self.app, sent(PEOPLE[person]), name),
            lambda: self.model.give_up(person, name),
        )

    @rule(name=holds, person=people, lasts=minutes)
    def extend(self, name: str, person: str, lasts: int) -> None:
        self.ask(
            lambda sent: extend_reservation(self.app, sent(PEOPLE[person]), name, lasts),
            lambda: self.model.extend(person, name, lasts),
        )

    @rule()
    def sweep(self) -> None:
        assert self.wait(clean_up(self.app, ADMIN)) == self.model.sweep()

    @rule(seconds=st.sampled_from((1, 30, 59, 60, 61, 300, 1800)))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)
        self.model.now += seconds * 1000

    @precondition(lambda self: any(hold.status == "ACTIVE" for hold in self.model.holds.values()))
    @rule(early=st.sampled_from((0, 1)), step=st.sampled_from(("confirm", "give up", "extend", "buy", "sweep")))
    def a_hold_comes_due(self, early: int, step: str) -> None:
        """To the very millisecond of an expiry, or to the one before it; then something is asked of that hold."""
        active = {name: hold for name, hold in self.model.holds.items() if hold.status == "ACTIVE"}
        name, hold = min(active.items(), key=lambda each: each[1].expires)
        if hold.expires - early > self.model.now:
            self.clock.at = self.model.now = hold.expires - early
        match step:
            case "confirm":
                self.confirm(name=name, person=hold.owner)
            case "give up":
                self.give_up(name=name, person=hold.owner)
            case "extend":
                self.extend(name=name, person=hold.owner, lasts=1)
            case "buy":
                stock, allocated = next(iter(hold.allocated.items()))
                on_shelf = sum(level[0] for level in self.model.levels[stock].values())
                ware = next(each for each in WARES if self.model.at(each) == stock)
                self.order(person="bob", wanted=[(ware, on_shelf + sum(allocated.values()))])
            case _:
                self.sweep()

    # ---- orders ------------------------------------------------------------------------------------

    @initialize(target=orders, person=people)
    def a_first_order(self, person: str) -> Any:
        return self.order(person=person, wanted=[("pen", 3), ("cup", 1)])

    @rule(target=orders, person=people, wanted=lines)
    def order(self, person: str, wanted: list[tuple[str, int]]) -> Any:
        items = [self.line(ware, count) for ware, count in wanted]
        made = self.ask(
            lambda sent: place_order(self.app, sent(PEOPLE[person]), PlaceOrder(items)),
            lambda: self.model.order(person, wanted),
        )
        if made is None:
            return multiple()
        name, self.model.orders[made[0]] = made
        return name

    @rule(name=orders, to=st.sampled_from(("CONFIRMED", "PACKED", "DELIVERED")))
    def step(self, name: str, to: str) -> None:
        step = {"CONFIRMED": confirm_order, "PACKED": pack_order, "DELIVERED": deliver_order}[to]
        caller = BY_SYSTEM if to == "CONFIRMED" else ADMIN
        self.ask(lambda sent: step(self.app, sent(caller), name), lambda: self.model.step(name, to))

    @rule(name=orders, person=people)
    def cancel(self, name: str, person: str) -> None:
        self.ask(
            lambda sent: cancel_order(self.app, sent(PEOPLE[person]), name), lambda: self.model.cancel(person, name)
        )

    @rule(name=orders, back=units, restock=st.booleans(), data=st.data())
    def take_back(self, name: str, back: int, restock: bool, data: Any) -> None:
        ware = data.draw(st.sampled_from(sorted({line[0] for line in self.model.orders[name].lines})))
        product, options = WARES[ware]
        item = ReturnItem(back, product, options=options or None)
        self.ask(
            lambda sent: return_order(self.app, sent(ADMIN), ReturnOrder(name, [item], restock=restock)),
            lambda: self.model.take_back(name, ware, back, restock),
        )

    # ---- asked again ---------------------------------------------------------------------------------

    @precondition(lambda self: self.former is not None)
    @rule()
    def retry(self) -> None:
        """The last thing that changed something, asked again with its key: the first answer, and no second effect."""
        assert self.former is not None
        # A retry decides before it looks for its record: what it finds expired, it may free.
        self.sweep()
        key, work, answer = self.former
        stored, replayed = self.keyed(key, work)
        assert (self.named(stored["answer"]), replayed) == (answer, True)

    # ---- after each step -------------------------------------------------------------------------------

    @invariant()
    def every_level_is_as_predicted(self) -> None:
        ids = {name: variant_id for variant_id, name in self.names.items()}
        stocks = self.wait(load_stocks(self.app.store, [ids.get(each, each) for each in self.model.levels]))
        assert len(stocks) == len(self.model.levels)
        for variant_id, stock in stocks.items():
            product = self.names.get(variant_id, variant_id)
            found = {location: [level.available, level.reserved] for location, level in stock.levels.items()}
            assert found == self.model.levels[product]
            assert {location: level.total for location, level in stock.levels.items()} == {
                location: sum(level) for location, level in found.items()
            }

    @invariant()
    def every_event_is_as_predicted(self) -> None:
        found = self.wait(self.app.store.tail(self.position, 1000))
        if found:
            self.position = found[-1].position
        assert Counter(event.name for event in found) == Counter(self.model.events)
        self.model.events.clear()

    def teardown(self) -> None:
        try:
            self.wait(self.finish())
        finally:
            self.wait(self.app.store.close())
            self.loop.close()
            self.folder.cleanup()

    async def finish(self) -> None:
        report = await audit(self.app)
        assert (report.drifts, report.unsettled) == ([], [])
        ledger: Counter[tuple[str, str, str, int]] = Counter()
        after: str | None = None
        while True:
            page, after = await page_of_movements(self.app.store, after=after, limit=100)
            ledger.update((self.named(each.variant_id), each.location, each.type, each.quantity) for each in page)
            if after is None:
                break
        assert ledger == self.model.ledger
        found = 0
        for status in ("PENDING", "CONFIRMED", "PACKED", "DELIVERED", "CANCELLED"):
            orders, _ = await page_of_orders(self.app.store, status=status, limit=100)
            found += len(orders)
        assert found == len(self.model.orders)


def shape(found: Any) -> Any:
    """What of an answer is predicted, whichever side it comes from."""
    shaped: Any = None
    match found:
        case Reservation():
            shaped = [found.owner_id.removeprefix("usr_"), dict(found.allocations), found.status, found.expires_at]
        case Hold():
            shaped = [found.owner, found.allocated, found.status, found.expires]
        case Order():
            returned = [line.returned for line in found.lines]
            shaped = [
                found.allocations,
                found.total_cents,
                found.status,
                [step.status for step in found.timeline],
                returned,
            ]
        case ModelOrder():
            shaped = [found.allocated, found.total, found.status, found.steps, found.returned]
        case StockedProduct():
            shaped = {
                stock.variant_id: {
                    location: [level.available, level.reserved] for location, level in stock.levels.items()
                }
                for stock in found.stocks
            }
        case StockChange():
            shaped = {location: [level.available, level.reserved] for location, level in found.stock.levels.items()}
        case Sale():
            shaped = [found.allocations, found.total_cents]
        case dict() | tuple():
            shaped = found
    return json.loads(json.dumps(shaped))


def details_of(refused: StockwrightError) -> Any:
    if refused.code == "INSUFFICIENT_STOCK":
        return [
            (line.get("variantId", line["productId"]), line["requested"], line["available"])
            for line in refused.details["lines"]
        ]
    return refused.details if refused.code in {"RESERVATION_NOT_ACTIVE", "INVALID_TRANSITION"} else None


RUNS = {"sqlite": (100, 40), "dynamodb": (3, 25)}
"""How many shops, and how many steps in each."""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_every_answer_matches_the_model(engine: str) -> None:
    need(engine)
    runs, steps = RUNS[engine]
    if SECONDS:
        # About so many steps a second, on a busy machine.
        runs = max(runs, SECONDS * (200 if engine == "sqlite" else 10) // steps)
    machine = type(f"Shop on {engine}", (ShopMachine,), {"engine": engine})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        seed(SEED)(machine),
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
