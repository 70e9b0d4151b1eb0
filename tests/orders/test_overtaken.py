"""What each handler does with an event whose order has moved on before the event reaches it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from stockwright.base.errors import Permanent
from stockwright.base.event import Event
from stockwright.base.ports import Message
from stockwright.handlers import REACTIONS
from stockwright.orders.changing import ChangeOrder, change_order
from stockwright.orders.returns import ReturnItem
from stockwright.orders.status import STATUSES
from stockwright.orders.usecases import (
    ReturnOrder,
    cancel_order,
    confirm_order,
    deliver_order,
    pack_order,
    return_order,
)
from stockwright.request import BY_SYSTEM
from stockwright.rollups.usecases import count_orders
from tests.around import World, a_world, subject_of
from tests.conftest import Clock

ALICE: Final = "alice@example.com"
TOPIC: Final = "arn:aws:sns:eu-west-1:1:orders"
GONE: Final = "gone"
GIVEN_UP: Final = frozenset({"given up"})
NOTHING: Final = frozenset[str]()
Effect = frozenset[str]


def does(*effects: str) -> Effect:
    return frozenset(effects)


def throughout(statuses: str, effect: Effect, **others: Effect) -> dict[str, Effect]:
    """The same in each of these states, but for those that are named."""
    return dict.fromkeys(statuses.split(), effect) | others | {GONE: others.get(GONE, GIVEN_UP)}


def counted(statuses: str) -> dict[str, Effect]:
    """It counts an order as it is, and one whose record is gone not at all."""
    return {status: does(f"counted {status}") for status in statuses.split()} | {GONE: NOTHING}


ON_PLACED: Final = "PENDING CONFIRMED PACKED DELIVERED CANCELLED"
ON_CONFIRMED: Final = "CONFIRMED PACKED DELIVERED CANCELLED"
ON_PACKED: Final = "PACKED DELIVERED CANCELLED"

SHORT: Final = does("event stock.low")
CONFIRMATION: Final = does("mail Order Confirmation")
PICK_LIST: Final = does("warehouse pick_list")
CHANGE: Final = does("warehouse order_changed")

WHAT_IT_DOES: Final[dict[tuple[str, str], dict[str, Effect]]] = {
    ("order-confirmation", "order.placed"): throughout(
        ON_PLACED, CONFIRMATION, PENDING=CONFIRMATION | {"event order.confirmed"}, CANCELLED=NOTHING
    ),
    ("order-mail", "order.packed"): throughout(ON_PACKED, does("mail Order Packed"), CANCELLED=NOTHING),
    ("order-mail", "order.delivered"): throughout("DELIVERED", does("mail Order Delivered")),
    ("order-mail", "order.cancelled"): throughout("CANCELLED", does("mail Order Cancelled")),
    ("order-mail", "order.returned"): throughout("DELIVERED", does("mail Return Received")),
    # It records steps for the staff, so each is published; its text holds the status of now.
    ("order-topic", "order.placed"): {
        **{status: does(f"topic Order placed, {status}") for status in STATUSES},
        GONE: GIVEN_UP,
    },
    ("order-topic", "order.packed"): {
        **{status: does(f"topic Order packed, {status}") for status in ON_PACKED.split()},
        GONE: GIVEN_UP,
    },
    ("order-topic", "order.delivered"): throughout("DELIVERED", does("topic Order delivered, DELIVERED")),
    ("order-topic", "order.cancelled"): throughout("CANCELLED", does("topic Order cancelled, CANCELLED")),
    ("order-topic", "order.returned"): throughout("DELIVERED", does("topic Order returned, DELIVERED")),
    ("warehouse", "order.placed"): throughout(ON_PLACED, NOTHING, PENDING=PICK_LIST, CONFIRMED=PICK_LIST),
    ("warehouse", "order.changed"): throughout(ON_PLACED, NOTHING, PENDING=CHANGE, CONFIRMED=CHANGE),
    ("delivery-service", "order.packed"): throughout(ON_PACKED, NOTHING, PACKED=does("delivery delivery_request")),
    # It reads the stock and no order: 25 of 30 units are sold, and are back in stock when the order is cancelled.
    ("stock-watch", "order.placed"): throughout(ON_PLACED, SHORT, CANCELLED=NOTHING, gone=SHORT),
    ("stock-watch", "order.confirmed"): throughout(ON_CONFIRMED, SHORT, CANCELLED=NOTHING, gone=SHORT),
    ("stock-watch", "order.cancelled"): throughout("CANCELLED", NOTHING, gone=NOTHING),
    ("stock-watch", "order.returned"): throughout("DELIVERED", NOTHING, gone=NOTHING),
    ("rollups", "order.placed"): counted(ON_PLACED),
    ("rollups", "order.confirmed"): counted(ON_CONFIRMED),
    ("rollups", "order.packed"): counted(ON_PACKED),
    ("rollups", "order.delivered"): counted("DELIVERED"),
    ("rollups", "order.cancelled"): counted("CANCELLED"),
    ("rollups", "order.returned"): counted("DELIVERED"),
}
"""For each handler and each event of an order that it handles: its lasting effect, by the order's state.

The states are those that an order can be in after that event, and that its record is gone.
"""

FIRST_STATES: Final = {
    "order.placed": ON_PLACED,
    "order.changed": ON_PLACED,
    "order.confirmed": ON_CONFIRMED,
    "order.packed": ON_PACKED,
    "order.delivered": "DELIVERED",
    "order.cancelled": "CANCELLED",
    "order.returned": "DELIVERED",
}
"""The states that can follow each event: an order never goes back, and a delivered one is not cancelled."""

CASES: Final = [(handler, name, state) for (handler, name), by_state in WHAT_IT_DOES.items() for state in by_state]


def test_each_handler_of_order_events_lists_its_effect_for_every_status() -> None:
    handled = {(each.name, name) for each in REACTIONS for name in each.events if name.startswith("order.")}
    assert WHAT_IT_DOES.keys() == handled, "a handler of an order's event without its row, or a row without a handler"
    for (handler, name), by_state in WHAT_IT_DOES.items():
        assert by_state.keys() == {*FIRST_STATES[name].split(), GONE}, f"{handler} of {name}"
    assert {state for _, _, state in CASES} == {*STATUSES, GONE}


class Topics:
    """A provider of topics that records what is published."""

    delivers = True

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)


@pytest.fixture
async def topics() -> Topics:
    return Topics()


@pytest.fixture
async def shop(tmp_path: Path, clock: Clock, topics: Topics) -> AsyncIterator[World]:
    """A shop whose handlers do nothing by themselves."""
    async with a_world(tmp_path, clock, orders_topic=TOPIC) as world:
        world.app.topics = topics
        await world.dispatcher.stop()
        yield world


Step = Callable[[World, str], Awaitable[Any]]
STEPS: Final[dict[str, Step]] = {
    "CONFIRMED": lambda world, order: confirm_order(world.app, BY_SYSTEM, order),
    "PACKED": lambda world, order: pack_order(world.app, BY_SYSTEM, order),
    "DELIVERED": lambda world, order: deliver_order(world.app, BY_SYSTEM, order),
    "CANCELLED": lambda world, order: cancel_order(world.app, BY_SYSTEM, order),
    "RETURNED": lambda world, order: return_order(world.app, BY_SYSTEM, ReturnOrder(order, [ReturnItem(25, "KB-1")])),
}
ON_THE_WAY: Final = {
    "PENDING": "",
    "CONFIRMED": "CONFIRMED",
    "PACKED": "CONFIRMED PACKED",
    "DELIVERED": "CONFIRMED PACKED DELIVERED",
    # As far as it can come before it is cancelled, so that each earlier event is there.
    "CANCELLED": "CONFIRMED PACKED CANCELLED",
}


async def overtaken(world: World, name: str, state: str) -> Event:
    """Place an order of 25 of 30 units and take it to a state; returns its event of that name."""
    order = await world.order(25)
    first = FIRST_STATES[name].split()[0]
    steps = ON_THE_WAY[first if state == GONE else state].split()
    if name == "order.changed":
        await change_order(world.app, BY_SYSTEM, ChangeOrder(order.id, note="Ring twice"))
    for step in [*steps, *(["RETURNED"] if name == "order.returned" else [])]:
        await STEPS[step](world, order.id)
    [event] = await world.events(name)
    return replace(event, subject="ord_gone") if state == GONE else event


async def effect_of(world: World, topics: Topics, events_before: int) -> tuple[Effect, int]:
    """What has happened in the world, and how many things that is; a POST is one for each Idempotency-Key."""
    found = [f"mail {subject_of(mail).partition(' - ')[0]}" for mail in world.mailbox.mails]
    assert {mail["To"] for mail in world.mailbox.mails} <= {ALICE}
    for message in topics.messages:
        status = message.text.partition("Status:")[2].split()[0]
        found.append(f"topic {message.subject.partition(' - ')[0]}, {status}")
    for partner, calls in (("warehouse", world.warehouse.calls), ("delivery", world.delivery.calls)):
        once = {headers["idempotency-key"]: json.dumps(body) for headers, body in calls}
        assert len({(headers["idempotency-key"], json.dumps(body)) for headers, body in calls}) == len(once)
        found += [f"{partner} {json.loads(body)['type']}" for body in once.values()]
    for order_status, number in (await count_orders(world.app)).items():
        found += [f"counted {order_status}"] * number
    found += [f"event {event.name}" for event in (await world.events())[events_before:]]
    return frozenset(found), len(found)


@pytest.mark.parametrize(("handler", "name", "state"), CASES)
async def test_a_handler_run_twice_on_an_order_has_the_listed_effect_once(
    shop: World, topics: Topics, handler: str, name: str, state: str
) -> None:
    [reaction] = [each for each in REACTIONS if each.name == handler]
    event = await overtaken(shop, name, state)
    before = len(await shop.events())
    expected = WHAT_IT_DOES[handler, name][state]

    for _ in range(2):
        if expected == GIVEN_UP:
            with pytest.raises(Permanent, match="ord_gone is gone"):
                await reaction.run(shop.app, event)
        else:
            await reaction.run(shop.app, event)

    effect, count = await effect_of(shop, topics, before)
    assert effect == expected - GIVEN_UP
    assert count == len(effect), "it happened twice"
