"""A whole shop with a real mail server, a real warehouse and a real delivery service around it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close, running
from stockwright.audit.usecases import audit
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.dispatcher import Dispatcher
from stockwright.operations.usecases import list_dead_letters, list_notifications, redrive
from stockwright.orders.model import Order
from stockwright.orders.usecases import PlaceOrder, cancel_order, deliver_order, get_order, pack_order, place_order
from stockwright.request import BY_SYSTEM, Request
from stockwright.sales.load_lines import LineWanted
from tests.e2e.server import free_port
from tests.patience import PATIENCE_SECONDS

GOOD = "Vier-Blauwale-77"


class Mailbox:
    """An SMTP server that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.port = free_port()
        self._controller: Controller | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"

    def up(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def down(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def subjects(self, to: str) -> list[str]:
        return sorted(" ".join(mail["Subject"].split()) for mail in self.mails if mail["To"] == to)


@dataclass
class Partner:
    """An HTTP receiver that keeps what it is sent and answers with one status."""

    status: int = 200
    port: int = field(default_factory=free_port)
    calls: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.calls.append((headers, json.loads(body)))
        writer.write(f"HTTP/1.1 {self.status} -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@dataclass
class World:
    """The shop and everybody around it."""

    app: App
    dispatcher: Dispatcher
    mailbox: Mailbox
    warehouse: Partner
    delivery: Partner
    alice: Request
    product_id: str

    async def order(self, units: int = 1) -> Order:
        return await place_order(self.app, self.alice, PlaceOrder([LineWanted(units, self.product_id)]))

    async def status(self, order: Order) -> str:
        return (await get_order(self.app, BY_SYSTEM, order.id)).status

    async def wait_until_handled(self, but: Collection[str] = ()) -> None:
        """Wait until nothing is left to be handled, and nothing waits for another try but for some handlers."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await self.dispatcher.drain()
                page = await self.app.store.query("RETRY", index="list", limit=1000)
                if {item.body["handler"] for item in page.items} <= set(but):
                    return
                await asyncio.sleep(0.05)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    mailbox, warehouse, delivery = Mailbox(), Partner(), Partner()
    mailbox.up()
    servers = [await asyncio.start_server(each.serve, "127.0.0.1", each.port) for each in (warehouse, delivery)]
    settings = Settings(
        data_dir=tmp_path / "data",
        smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
        mail_from="Shop <shop@example.com>",
        warehouse_url=warehouse.url,
        warehouse_api_key="warehouse-key",
        delivery_url=delivery.url,
        delivery_api_key="delivery-key",
        allow_private_addresses=True,
        alert_phones=("+1 555 0100",),
        retry_delay_seconds=0.1,
        alert_group_seconds=0,
        log_level="error",
    )
    app = await build(settings)
    await add_account(app, BY_SYSTEM, SignUp("admin@example.com", GOOD), "admin")
    alice = await add_account(app, BY_SYSTEM, SignUp("alice@example.com", GOOD), "customer")
    made = await create_product(
        app,
        BY_SYSTEM,
        CreateProduct("Wireless Keyboard", "KB-1", "A keyboard without a wire.", "electronics", 7999, 30),
    )
    async with running(app) as dispatcher:
        yield World(app, dispatcher, mailbox, warehouse, delivery, Request(alice.as_actor()), made.product.id)
    report = await audit(app)
    await close(app)
    mailbox.down()
    for server in servers:
        server.close()
        await server.wait_closed()
    assert report.is_clean


async def test_an_order_goes_from_placed_to_delivered_and_everybody_is_notified(world: World) -> None:
    order = await world.order(2)
    await world.wait_until_handled()
    assert await world.status(order) == "CONFIRMED"
    await pack_order(world.app, BY_SYSTEM, order.id)
    await deliver_order(world.app, BY_SYSTEM, order.id)
    await world.wait_until_handled()

    assert world.mailbox.subjects("alice@example.com") == [
        f"Order Confirmation - #{order.id}",
        f"Order Delivered - #{order.id}",
        f"Order Packed - #{order.id}",
    ]
    mail = next(each for each in world.mailbox.mails if "Confirmation" in each["Subject"])
    text, html = (part.get_payload(decode=True).decode() for part in mail.get_payload())  # type: ignore[union-attr]
    for found in (order.id, "Wireless Keyboard", "$79.99", "$159.98", "CONFIRMED"):
        assert found in text
        assert found in html
    [(headers, pick_list)] = world.warehouse.calls
    assert (headers["authorization"], headers["x-api-key"]) == ("warehouse-key", "warehouse-key")
    assert pick_list["orderId"] == order.id
    assert pick_list["items"][0] | {"options": {}} == {
        "lineId": "line_1",
        "productId": world.product_id,
        "sku": "KB-1",
        "name": "Wireless Keyboard",
        "quantity": 2,
        "options": {},
    }
    [(headers, request)] = world.delivery.calls
    assert headers["authorization"] == "delivery-key"
    assert request["orderId"] == order.id


async def test_orders_wait_while_the_mail_server_is_down_and_a_redrive_confirms_them(world: World) -> None:
    world.mailbox.down()
    orders = [await world.order() for _ in range(3)]
    await world.wait_until_handled(but=["operations-alert"])

    assert {await world.status(order) for order in orders} == {"PENDING"}
    letters, _ = await list_dead_letters(world.app, 100)
    waiting = [letter for letter in letters if letter.handler == "order-confirmation"]
    assert {letter.event.subject for letter in waiting} == {order.id for order in orders}
    assert {letter.attempts for letter in waiting} == {3}
    # The alert to the admins is a mail, and mail is down: one alert waits, and makes no further dead letter.
    assert {letter.handler for letter in letters} == {"order-confirmation"}
    assert len(letters) == 3

    world.mailbox.up()
    for letter in letters:
        await redrive(world.app, BY_SYSTEM, letter.id)
    await world.wait_until_handled()

    assert {await world.status(order) for order in orders} == {"CONFIRMED"}
    assert len(world.mailbox.subjects("alice@example.com")) == 3
    assert world.mailbox.subjects("admin@example.com") == ["ALERT: 3 events were given up"]
    assert (await list_dead_letters(world.app, 100))[0] == []


async def test_a_recipient_that_is_refused_permanently_is_not_retried(world: World) -> None:
    world.warehouse.status = 422
    await world.order()
    await world.wait_until_handled()
    [letter] = (await list_dead_letters(world.app, 100))[0]
    assert (letter.handler, letter.attempts, len(world.warehouse.calls)) == ("warehouse", 1, 1)
    assert "ALERT: warehouse failed for order.placed" in world.mailbox.subjects("admin@example.com")


async def test_a_partner_that_fails_temporarily_is_called_three_times_with_the_same_key(world: World) -> None:
    world.warehouse.status = 503
    order = await world.order()
    await world.wait_until_handled()
    assert await world.status(order) == "CONFIRMED"
    assert len(world.warehouse.calls) == 3
    assert len({headers["idempotency-key"] for headers, _ in world.warehouse.calls}) == 1

    world.warehouse.status = 200
    [letter] = (await list_dead_letters(world.app, 100))[0]
    await redrive(world.app, BY_SYSTEM, letter.id)
    await world.wait_until_handled()
    assert len(world.warehouse.calls) == 4


async def test_an_order_that_was_cancelled_meanwhile_is_not_confirmed_or_picked(world: World) -> None:
    world.mailbox.down()
    order = await world.order()
    await cancel_order(world.app, world.alice, order.id)
    await asyncio.sleep(0.1)
    world.mailbox.up()
    await world.wait_until_handled()
    assert await world.status(order) == "CANCELLED"
    assert world.mailbox.subjects("alice@example.com") == [f"Order Cancelled - #{order.id}"]


async def test_falling_below_the_threshold_is_announced_once_until_stock_recovers(world: World) -> None:
    await asyncio.gather(*[world.order() for _ in range(25)])
    await world.wait_until_handled()
    alerts = ["Low Stock Alert: Product Wireless Keyboard is below threshold"]
    found = [subject for subject in world.mailbox.subjects("admin@example.com") if "Stock" in subject]
    assert found == alerts
    notifications, _ = await list_notifications(world.app, 100, channel="sms")
    assert [(each.to, each.body) for each in notifications] == [("+1 555 0100", alerts[0])]

    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, 20, "RESTOCK"))
    await world.wait_until_handled()
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, -20, "ADJUSTMENT"))
    await world.wait_until_handled()
    found = [subject for subject in world.mailbox.subjects("admin@example.com") if "Stock" in subject]
    assert found == [
        *alerts * 2,
        "Stock Replenished: Product Wireless Keyboard is back at or above its threshold",
    ]


async def test_an_event_that_is_handled_twice_has_one_effect(world: World) -> None:
    order = await world.order()
    await world.wait_until_handled()
    again = Dispatcher(world.app, list(world.dispatcher._reactions.values()))
    events = await world.app.store.tail(limit=1000)
    for reaction in again._reactions.values():
        await asyncio.gather(*[reaction.run(world.app, event) for event in events if event.name in reaction.events])
    await world.wait_until_handled()
    assert world.mailbox.subjects("alice@example.com") == [f"Order Confirmation - #{order.id}"]
    assert await world.status(order) == "CONFIRMED"
