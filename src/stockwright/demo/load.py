"""Loads the demo: five weeks of a shop's life, each step at its own time."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.accounts.identity import identity_of
from stockwright.accounts.model import Account
from stockwright.accounts.records import find_account_by_email
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.adapters.mail import LocalMailbox
from stockwright.adapters.secrets import load_or_make
from stockwright.adapters.telemetry import make_log
from stockwright.base.errors import InsufficientStock
from stockwright.base.ports import SetClock
from stockwright.catalog.inventory import ChangeStock, Initialize, Transfer, change_stock, initialize, transfer
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.pictures import AddPicture, attach_picture
from stockwright.context import App
from stockwright.demo.catalog import SIZES, Good, goods
from stockwright.demo.pictures import read_picture
from stockwright.events.dispatcher import Dispatcher
from stockwright.handlers import REACTIONS
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
from stockwright.products.model import Product
from stockwright.products.variant_rules import NewVariant
from stockwright.request import BY_SYSTEM, Request
from stockwright.reservations.usecases import Reserve, cancel_reservation, confirm_reservation, reserve_stock
from stockwright.sales.lines import line_id
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import add_location
from stockwright.stock.model import Wanted

DAYS: Final = 35
DAY_MS: Final = 24 * 3_600_000
HOUR_MS: Final = 3_600_000
AT_ONCE: Final = 12
"""So many pictures are stored at once."""
SEED: Final = 20_250_101
PASSWORDS: Final = "demo-passwords"
ADMIN: Final = "admin@demo.example"
CUSTOMERS: Final = (
    "Mia Okafor",
    "Jonas Lind",
    "Priya Raman",
    "Tom Becker",
    "Lea Moreau",
    "Diego Paz",
    "Aiko Mori",
    "Sam Reed",
)
NEVER_RESTOCKED: Final = frozenset(
    {"EL-PRJ-1", "FO-CHO-M", "CL-JAC-D", "AC-PWB-20", "EL-CAM-A", "EL-SPK-L", "PC-NOR-16", "PH-AUR-MINI"}
)


async def load_demo_into_empty_shop(app: App, progress: Callable[[int, int], None] = lambda *_: None) -> list[str]:
    """Load the demo where nothing has happened yet; returns who can sign in, to be printed at each start."""
    if not await app.store.tail(limit=1):
        await _Story(app, _passwords(app.settings.data_dir)).load(progress)
    return await _who_can_sign_in(app)


async def _who_can_sign_in(app: App) -> list[str]:
    """Return the demo's passwords, as long as they are valid."""
    if not (app.settings.data_dir / PASSWORDS).is_file():
        return []
    accounts = []
    people = ("Demo admin   ", ADMIN), ("Demo customer", _address(CUSTOMERS[0]))
    for (what, email), password in zip(people, _passwords(app.settings.data_dir), strict=True):
        account = await find_account_by_email(app.store, email)
        if account is not None and await identity_of(app).prove(app, BY_SYSTEM, email, password) is not None:
            accounts.append(f"{what} {email}   password: {password}")
    return accounts


def _passwords(folder: Path) -> list[str]:
    """Return the demo's two passwords: random for each data folder, kept in a file of its owner's."""
    stored = load_or_make(folder / PASSWORDS, lambda: "\n".join(_password() for _ in range(2)).encode())
    return stored.decode().split("\n")


def _password() -> str:
    text = base64.b32encode(random.SystemRandom().randbytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def _address(name: str) -> str:
    return f"{name.split(maxsplit=1)[0].lower()}@demo.example"


class _Counted(Struct, frozen=True):
    """What has a stock of its own: a product, or one of its variants."""

    id: str
    sku: str
    options: dict[str, str]


class _Shelf(Struct):
    """A good, the id that it got, and what of it has a stock of its own."""

    good: Good
    product_id: str
    stocks: tuple[_Counted, ...]


class _Story:
    """The weeks, in order; the same for the same seed but for ids, passwords and the day it ends on."""

    def __init__(self, app: App, passwords: list[str]) -> None:
        self._random = random.Random(SEED)  # noqa: S311 - a story, not a secret
        self._turns = 0
        self._passwords = passwords
        self._now = app.clock.now()
        self._clock = SetClock(self._now - DAYS * DAY_MS)
        # The demo's mail stays at home, and no partner is called about its orders.
        settings = app.settings.changed(
            warehouse_url=None, delivery_url=None, alert_phones=("+1 555 0100",), alert_group_seconds=0
        )
        # The weeks are made up: no alerts about them.
        log = make_log("error")
        self._app = replace(app.at(self._clock), mail=LocalMailbox(), sms=LocalMailbox(), settings=settings, log=log)
        self._shelves: list[_Shelf] = []

    async def load(self, progress: Callable[[int, int], None]) -> None:
        """Open the shop, live through the weeks, and stop in the middle of a busy day."""
        dispatcher = Dispatcher(self._app, REACTIONS)
        admin = await self._open()
        await dispatcher.start()
        customers = [await self._customer(number, name) for number, name in enumerate(CUSTOMERS)]
        try:
            for day in range(DAYS):
                progress(day, DAYS)
                await self._live(day, admin, customers)
                await dispatcher.drain()
            await self._today(admin, customers, dispatcher)
            await dispatcher.drain()
        finally:
            await dispatcher.stop()

    async def _open(self) -> Request:
        settings = self._app.settings
        if settings.admin_email and settings.admin_password:
            sign_up = SignUp(settings.admin_email, settings.admin_password, "Admin")
        else:
            sign_up = SignUp(ADMIN, self._passwords[0], "Alex Admin")
        admin = _request(await add_account(self._app, BY_SYSTEM, sign_up, "admin"))
        await add_location(self._app, admin, "store", "City store", 200)
        await add_location(self._app, admin, "outlet", "Outlet", 300)
        # The last one made is the first in the shop: phones before gift cards.
        for good in reversed(goods()):
            made = await create_product(self._app, admin, _wanted(good))
            self._shelves.append(_Shelf(good, made.product.id, _stocks_of(made.product)))
            self._clock.at += 60_000
        for start in range(0, len(self._shelves), AT_ONCE):
            await asyncio.gather(*(self._picture(admin, shelf) for shelf in self._shelves[start : start + AT_ONCE]))
        for shelf in self._random.sample(self._shelves, 24):
            units = shelf.good.stock // 4
            if units > 4:  # noqa: PLR2004 - a few stay at one location
                shown, share = shelf.stocks[0], units // len(shelf.stocks)
                await initialize(self._app, admin, Initialize(shelf.product_id, shown.sku, 0, "store"))
                move = Transfer(shown.id, share, "default", "store", "Shop window")
                await transfer(self._app, admin, move)
        return admin

    async def _picture(self, admin: Request, shelf: _Shelf) -> None:
        """Show what a product looks like, where its picture was drawn."""
        drawn = read_picture(shelf.good.sku)
        if drawn:
            command = AddPicture(product_id=shelf.product_id, alt=shelf.good.name)
            await attach_picture(self._app, admin, command, drawn)

    async def _customer(self, number: int, name: str) -> Request:
        password = self._passwords[1] if number == 0 else _password()
        sign_up = SignUp(_address(name), password, name)
        return _request(await add_account(self._app, BY_SYSTEM, sign_up, "customer"))

    async def _live(self, day: int, admin: Request, customers: list[Request]) -> None:
        """One day: sales at the till, orders, what became of the orders before, a delivery now and then."""
        self._clock.at = self._now - (DAYS - day) * DAY_MS + 8 * HOUR_MS
        for _ in range(self._random.randint(2, 5)):
            self._clock.at += self._random.randint(5, 90) * 60_000
            await self._sell(admin)
        for _ in range(self._random.randint(2, 6)):
            self._clock.at += self._random.randint(5, 60) * 60_000
            order_id = await self._order(self._random.choice(customers))
            if order_id is not None:
                await self._fulfil(order_id, day, admin)
        if day % 7 == 3:  # noqa: PLR2004 - Thursdays
            await self._restock(admin, day)

    async def _fulfil(self, order_id: str, day: int, admin: Request) -> None:
        """Most orders of the past were delivered; of the last days some are still on their way."""
        luck, age = self._random.random(), DAYS - day
        await confirm_order(self._app, BY_SYSTEM, order_id)
        if luck < 0.07:  # noqa: PLR2004 - a few change their minds
            await cancel_order(self._app, admin, order_id, "Ordered by mistake")
        elif age > 3 or luck < 0.6:  # noqa: PLR2004
            self._clock.at += HOUR_MS
            await pack_order(self._app, admin, order_id)
            if age > 4 or luck < 0.25:  # noqa: PLR2004
                self._clock.at += HOUR_MS
                await deliver_order(self._app, admin, order_id)
                if luck > 0.95:  # noqa: PLR2004 - and some send things back
                    back = ReturnOrder(order_id, [ReturnItem(1, line_id=line_id(0))], reason="Did not fit")
                    await return_order(self._app, admin, back)

    async def _order(self, customer: Request) -> str | None:
        shelves = self._random.sample(self._shelves, self._random.choice((1, 1, 1, 2, 2, 3, 5)))
        lines = [
            LineWanted(
                self._random.choice((1, 1, 1, 2, 3)),
                shelf.product_id,
                options=self._chosen(shelf),
            )
            for shelf in shelves
        ]
        try:
            return (await place_order(self._app, customer, PlaceOrder(lines))).id
        except InsufficientStock:
            return None

    def _chosen(self, shelf: _Shelf) -> dict[str, str]:
        """What somebody chooses of a product."""
        color = {"color": self._random.choice(shelf.good.colors)} if shelf.good.colors else {}
        return self._next(shelf).options if len(shelf.stocks) > 1 else color

    def _next(self, shelf: _Shelf) -> _Counted:
        """Take the variants of a product in turns."""
        self._turns += len(shelf.stocks) > 1
        return shelf.stocks[self._turns % len(shelf.stocks)]

    async def _sell(self, admin: Request) -> None:
        shelf = self._random.choice(self._shelves)
        try:
            await record_sale(
                self._app,
                admin,
                Sell([LineWanted(self._random.choice((1, 1, 2)), self._next(shelf).id)], reference="Till 1"),
            )
        except InsufficientStock:
            return

    async def _restock(self, admin: Request, day: int) -> None:
        """The weekly delivery, and the odd breakage found on the way."""
        for shelf in self._random.sample(self._shelves, 9):
            if shelf.good.sku in NEVER_RESTOCKED:
                continue
            command = ChangeStock(
                self._next(shelf).id, 20, "RESTOCK", reference=f"PO-{1000 + day}", reason="Weekly delivery"
            )
            await change_stock(self._app, admin, command)
        shelf = next(each for each in self._shelves if each.good.sku == "OT-PLN-M")
        await change_stock(
            self._app, admin, ChangeStock(shelf.product_id, -1, "ADJUSTMENT", reason="Broken in transit")
        )

    async def _today(self, admin: Request, customers: list[Request], dispatcher: Dispatcher) -> None:
        """Carts being checked out right now, and orders that just came in; each is handled at its own time."""
        self._clock.at = self._now - 20 * 60_000
        used, left = [
            await reserve_stock(
                self._app,
                customer,
                Reserve([Wanted(self._next(self._random.choice(self._shelves[-12:])).id, 1)], f"cart-{n}", 15),
            )
            for n, customer in enumerate(customers[2:4])
        ]
        await confirm_reservation(self._app, admin, used.id)
        await cancel_reservation(self._app, admin, left.id)
        for number, customer in enumerate(customers[4:]):
            await dispatcher.drain()
            self._clock.at = self._now - (14 - 3 * number) * 60_000
            await self._order(customer)
        await dispatcher.drain()
        self._clock.at = self._now - 60_000
        for number, customer in enumerate(customers[:4]):
            wanted = [
                Wanted(self._next(self._shelves[-1 - number * 3]).id, 1 + number % 2),
                Wanted(self._next(self._shelves[-17]).id, 1),
            ]
            await reserve_stock(self._app, customer, Reserve(wanted, f"cart-{10 + number}", 60))
        await dispatcher.drain()
        self._clock.at = self._now
        for customer in (customers[0], customers[4]):
            await self._order(customer)


def _stocks_of(product: Product) -> tuple[_Counted, ...]:
    """Return what of a product has a stock of its own."""
    if not product.variants:
        return (_Counted(product.id, product.sku, {}),)
    return tuple(_Counted(each.id, each.sku, dict(each.options)) for each in product.variants)


def _variants(good: Good) -> list[NewVariant]:
    sizes = SIZES.get(good.sku)
    if sizes is None:
        return []
    combinations = [(color, at) for color in good.colors for at in range(len(sizes.values))]
    return [
        NewVariant(
            options={"color": color, sizes.name: sizes.values[at]},
            quantity=units,
            price_cents=None if sizes.price_cents is None else sizes.price_cents[at],
        )
        for (color, at), units in zip(combinations, sizes.stock, strict=True)
    ]


def _wanted(good: Good) -> CreateProduct:
    variants = _variants(good)
    return CreateProduct(
        name=good.name,
        sku=good.sku,
        description=good.description,
        category=good.category,
        price_cents=good.price_cents,
        quantity=None if variants else good.stock,
        variants=variants,
        type=good.type,
        brand=good.brand,
        options={"color": list(good.colors)} if good.colors and not variants else {},
        barcode=good.barcode,
        cost_cents=good.cost_cents,
        weight_grams=good.weight_grams,
        tax_rate=good.tax_rate,
        thresholds={"low_stock": 10, "reorder_point": 20, "reorder_quantity": 50},
    )


def _request(account: Account) -> Request:
    return Request(account.as_actor())
