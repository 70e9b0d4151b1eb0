"""The world around a shop: a real mail server, a real warehouse and delivery service, and somebody who waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller

from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close
from stockwright.audit.usecases import audit
from stockwright.base.event import Event
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.stocked import StockedProduct
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.dispatcher import Dispatcher
from stockwright.events.records import DeadLetter
from stockwright.handlers import REACTIONS
from stockwright.notifications.records import Notification
from stockwright.operations.usecases import list_dead_letters, list_notifications
from stockwright.orders.model import Order
from stockwright.orders.usecases import PlaceOrder, get_order, place_order
from stockwright.request import BY_SYSTEM, Request
from stockwright.sales.load_lines import LineWanted
from tests.conftest import Clock
from tests.e2e.server import free_port
from tests.patience import PATIENCE_SECONDS

ALERTS = {"operations-alert", "stock-alert"}
ALERT_ROUNDS = 5
GOOD = "Vier-Blauwale-77"


class Mailbox:
    """An SMTP server that keeps what it is sent, and refuses or is slow where a test wants it so."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refusals: dict[str, str] = {}
        self.answer = "250 OK"
        self.seconds = 0.0
        self.tries = 0
        self.at_once = self.at_once_most = 0
        self.port = free_port()
        self._controller: Controller | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.tries += 1
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.at_once += 1
        self.at_once_most = max(self.at_once_most, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content))
        return self.answer

    def up(self, **options: Any) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()

    def down(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, receiver: str) -> list[Message]:
        return [mail for mail in self.mails if mail["To"] == receiver]

    def subjects(self, to: str) -> list[str]:
        return sorted(subject_of(mail) for mail in self.to(to))


def subject_of(mail: Message) -> str:
    return " ".join(str(make_header(decode_header(mail["Subject"]))).split())


def parts_of(mail: Message) -> list[str]:
    """The text and the HTML of a mail."""
    return [part.get_payload(decode=True).decode() for part in mail.get_payload()]  # type: ignore[union-attr]


@dataclass
class Partner:
    """An HTTP receiver that keeps what it is sent and answers with one status, when a test lets it."""

    status: int = 200
    headers: str = ""
    port: int = field(default_factory=free_port)
    calls: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.calls.append((headers, json.loads(body)))
        await self.may_answer.wait()
        writer.write(
            f"HTTP/1.1 {self.status} -\r\nContent-Length: 0\r\n{self.headers}Connection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


@contextmanager
def answering(*partners: Partner) -> Iterator[None]:
    """Let partners answer from a thread of their own, beside a test that waits."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    def there(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    servers = [there(asyncio.start_server(each.serve, "127.0.0.1", each.port)) for each in partners]
    try:
        yield
    finally:
        for server in servers:
            server.close()
            there(server.wait_closed())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass
class World:
    """The shop and everybody around it. Its clock changes only when a test moves it."""

    app: App
    dispatcher: Dispatcher
    clock: Clock
    mailbox: Mailbox
    warehouse: Partner
    delivery: Partner
    alice: Request
    product_id: str

    async def order(self, units: int = 1) -> Order:
        return await place_order(self.app, self.alice, PlaceOrder([LineWanted(units, self.product_id)]))

    async def status(self, order: Order) -> str:
        return (await get_order(self.app, BY_SYSTEM, order.id)).status

    async def product(self, quantity: int = 30, **fields: Any) -> StockedProduct:
        given = {"name": "Desk Lamp", "sku": "LAMP-1", "category": "other", "price_cents": 2500, **fields}
        given.setdefault("description", "A lamp for a desk.")
        return await create_product(self.app, BY_SYSTEM, CreateProduct(quantity=quantity, **given))

    async def tried(self, times: int = 1) -> None:
        """Let every handler handle every event, and wait for this number of tries."""
        await self.dispatcher.drain()
        for _ in range(times - 1):
            self.clock.advance(seconds=1)
            await self.dispatcher.drain()

    async def wait_until_handled(self) -> None:
        """Wait until nothing is left to be handled, and nothing waits for another try.

        Alerts wait for as long as they cannot be sent: they get a few rounds, which is more than their minute.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.dispatcher.drain()
            rounds = 0
            while waiting := await self.waiting():
                rounds = rounds + 1 if waiting <= ALERTS else 0
                if rounds > ALERT_ROUNDS:
                    return
                await self.tried(2)

    async def wait_until(self, done: Callable[[list[DeadLetter]], bool]) -> None:
        """Let the handlers try again until the dead letters fulfil a condition."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not done(await self.letters()):
                self.clock.advance(seconds=6)
                await self.dispatcher.drain()

    async def waiting(self) -> set[str]:
        """The handlers for which an event waits."""
        page = await self.app.store.query("RETRY", index="list", limit=1000)
        return {item.body["handler"] for item in page.items}

    async def restarted(self, *, crashed: bool = False) -> None:
        """End the handlers, as a stop or as a crash does, and start them again."""
        if crashed:
            for task in [*self.dispatcher._loops, *self.dispatcher._work]:
                task.cancel()
            await asyncio.gather(*self.dispatcher._loops, *self.dispatcher._work, return_exceptions=True)
        else:
            await self.dispatcher.stop()
        self.dispatcher = Dispatcher(self.app, REACTIONS)
        await self.dispatcher.start()

    async def events(self, name: str = "") -> list[Event]:
        return [event for event in await self.app.store.tail(limit=1000) if event.name.startswith(name)]

    async def letters(self, handler: str | None = None) -> list[DeadLetter]:
        found, _ = await list_dead_letters(self.app, 100)
        return [letter for letter in found if handler in (None, letter.handler)]

    async def notifications(self, channel: str | None = None) -> list[Notification]:
        return (await list_notifications(self.app, 100, channel=channel))[0]


@asynccontextmanager
async def a_world(folder: Path, clock: Clock, **settings: Any) -> AsyncIterator[World]:
    """Open a shop with a mail server, a warehouse and a delivery service; audit it in the end."""
    mailbox, warehouse, delivery = Mailbox(), Partner(), Partner()
    mailbox.up()
    servers = [await asyncio.start_server(each.serve, "127.0.0.1", each.port) for each in (warehouse, delivery)]
    given = {
        "smtp_url": f"smtp://127.0.0.1:{mailbox.port}",
        "mail_from": "Shop <shop@example.com>",
        "warehouse_url": warehouse.url,
        "warehouse_api_key": "warehouse-key",
        "delivery_url": delivery.url,
        "delivery_api_key": "delivery-key",
        "allow_private_addresses": True,
        "alert_phones": ("+1 555 0100",),
        "retry_delay_seconds": 0.5,
        "alert_group_seconds": 2.0,
        "log_level": "error",
        **settings,
    }
    app = await build(Settings(data_dir=folder / "data", **given), clock=clock)
    await add_account(app, BY_SYSTEM, SignUp("admin@example.com", GOOD), "admin")
    alice = await add_account(app, BY_SYSTEM, SignUp("alice@example.com", GOOD), "customer")
    made = await create_product(
        app,
        BY_SYSTEM,
        CreateProduct("Wireless Keyboard", "KB-1", "A keyboard without a wire.", "electronics", 7999, 30),
    )
    world = World(
        app, Dispatcher(app, REACTIONS), clock, mailbox, warehouse, delivery, Request(alice.as_actor()), made.product.id
    )
    await world.dispatcher.start()
    try:
        yield world
        await world.dispatcher.stop()
        report = await audit(app)
    finally:
        for partner in (warehouse, delivery):
            partner.may_answer.set()
        await close(app)
        mailbox.down()
        for server in servers:
            server.close()
            await server.wait_closed()
    assert report.is_clean
