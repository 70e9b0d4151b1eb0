"""A shop in which every route that changes something can be asked with success, written down once for every proof."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from msgspec.structs import replace

from stockwright.accounts.first_admin import offer_setup
from stockwright.accounts.records import every_admin, find_account_by_email, put_account
from stockwright.accounts.sign_in import SignIn, sign_in
from stockwright.accounts.sign_up import SignUp, issue_code, sign_up
from stockwright.asgi import build_asgi
from stockwright.audit.usecases import audit
from stockwright.base.event import Event
from stockwright.context import App
from stockwright.events.records import DeadLetter, put_dead_letter
from stockwright.imports.usecases import StartImport, start_import
from stockwright.notifications.blocking import block
from stockwright.notifications.records import Notification, message_id, put_notification
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch
from tests.api.asking import Answer, Client
from tests.api.conftest import KEYBOARD, PASSWORD, asking, dressed, signed_in
from tests.conftest import VISITOR, Clock, bare_app
from tests.pictures import picture

NEW_PASSWORD = "Better-Horse-88"
PICTURE = picture(40, 30)
COST = 73_731_731
"""What each unit cost: a number that stands nowhere else."""
BOARD = {**KEYBOARD, "cost": COST}
PHONES = [
    {"options": {"color": "coral"}, "sku": "PH-1-C", "quantity": 50, "cost": COST},
    {"options": {"color": "mint"}, "sku": "PH-1-M", "quantity": 50},
]
HOME = {"name": "Alice A.", "line1": "Hafenstr. 7", "postalCode": "20359", "city": "Hamburg", "country": "DE"}
PARCEL = {"name": "Parcel", "price": 490, "currency": "USD", "countries": ["DE", "AT"], "freeFrom": 5_000_000}
COLORS = [{"name": "color", "values": ["coral", "mint"]}]
SHARES = [
    {"options": {"color": "coral"}, "sku": "KB-2-C", "quantity": 300},
    {"options": {"color": "mint"}, "sku": "KB-2-M", "locations": [{"location": "default", "quantity": 200}]},
]
ALICE, BOB, ADMIN = "alice@example.com", "bob@example.com", "admin@example.com"


@dataclass
class Ask:
    """One request that succeeds, and the address of who makes it ("" for nobody)."""

    email: str
    method: str
    path: str
    body: Any


class Scene:
    """Products, orders and holds in every state that a step of theirs needs, and people with their tokens."""

    def __init__(self, app: App, clock: Clock, http: httpx2.AsyncClient) -> None:
        self.app, self.clock, self.http = app, clock, http
        self.clients: dict[str, Client] = {"": Client(http)}
        self.ids: dict[str, str] = {}
        self.secrets: dict[str, str] = {}

    async def begin(self) -> None:
        """Open the shop."""
        admin = self.clients[ADMIN] = await signed_in(self.app, self.http, "admin", "admin")
        alice = self.clients[ALICE] = await signed_in(self.app, self.http, "alice")
        bob = self.clients[BOB] = await signed_in(self.app, self.http, "bob")
        for name, sku in (("product", "KB-1"), ("unused", "KB-2")):
            self.ids[name] = (await admin.post("/products", {**BOARD, "sku": sku, "quantity": 500})).data["id"]
        phone = (await admin.post("/products", {**BOARD, "sku": "PH-1", "quantity": 0, "variants": PHONES})).data
        self.ids["phone"], self.ids["coral"] = phone["id"], phone["variants"][0]["id"]
        await admin.post("/locations", {"id": "north"})
        self.ids["count"] = (await admin.post("/inventory/counts", {"location": "default"})).data["id"]
        await admin.post(f"/inventory/counts/{self.ids['count']}/scans", {"code": "KB-2", "quantity": 499})
        self.ids["upload"] = (await admin.post("/uploads", {"size": len(PICTURE)})).data["id"]
        await self.app.files.put(f"uploads/{self.ids['upload']}", _parts_of(PICTURE))
        images = f"/products/{self.ids['product']}/images"
        for name in ("picture", "other picture"):
            self.ids[name] = (await admin.post(images, {"uploadId": self.ids["upload"]})).data["id"]
        self.ids["key"] = (await admin.post("/api-keys", {"name": "till", "scopes": ["sales"]})).data["id"]
        line = {"productId": self.ids["product"], "quantity": 2}
        for order in ("placed", "packed", "delivered"):
            self.ids[order] = (await alice.post("/orders", line)).data["id"]
        for order in ("packed", "delivered"):
            await admin.post(f"/orders/{self.ids[order]}/pack")
        await admin.post(f"/orders/{self.ids['delivered']}/deliver")
        self.ids["address"] = (await alice.post("/users/me/addresses", HOME)).data["id"]
        self.ids["method"] = (await admin.post("/shipping-methods", PARCEL)).data["id"]
        self.ids["hold"] = (await alice.post("/reservations", {"items": [line]})).data["id"]
        self.ids["sale"] = (await admin.post("/sales", {"items": [{**line, "quantity": 1}]})).data["id"]
        self.ids["alice"], self.ids["bob"] = [(await each.get("/users/me")).data["id"] for each in (alice, bob)]
        self.ids["letter"] = "dlt_1"
        self.ids["block"] = (await block(self.app, BY_SYSTEM, "bounced@example.net", "bounce", "no such mailbox")).id
        batch, now = Batch(), self.clock.now()
        event = Event("evt_1", "order.placed", self.ids["placed"], now, {}, "system", "")
        put_dead_letter(batch, DeadLetter("dlt_1", "order-mail", event, "no such host", 3, now, now))
        self.ids["message"] = message_id("evt_1", "order-mail", ALICE)
        put_notification(
            batch,
            Notification(
                id=self.ids["message"], channel="email", to=ALICE, subject="Order Packed", body="It is packed.",
                html="<p>It is packed.</p>", status="SENT", event_id="evt_1", about=self.ids["placed"], created_at=now,
            ),
        )  # fmt: skip
        await batch.commit(self.app.store)

    async def client(self, email: str) -> Client:
        """Return somebody with a token that holds now, whichever password is theirs by now."""
        if email:
            for password in (PASSWORD, NEW_PASSWORD):
                try:
                    session = await sign_in(self.app, VISITOR, SignIn(email, password))
                except Exception:  # noqa: BLE001, S112 - the other password is tried
                    continue
                self.clients[email].authorization = f"Bearer {session.id_token}"
                self.secrets[email] = session.refresh_token
                break
        return self.clients[email]

    async def code(self, email: str, purpose: Any) -> str:
        """Have a code made, as the mail would contain it."""
        account = await find_account_by_email(self.app.store, email)
        assert account is not None
        return (await issue_code(self.app, account.id, purpose))[1]

    async def ask(self, method: str, path: str) -> Ask:
        """Return a good request to a route; KeyError where none is written down."""
        email, given = GOOD[method, path]
        body = await given(self) if callable(given) else given
        body = _filled(body, self.ids)
        values = PATH_VALUES.get((method, path), {})
        asked = re.sub(r"{(\w+)}", lambda name: self.ids.get(values[name[1]], values[name[1]]), path)
        return Ask(email, method, asked, body)

    async def send(self, ask: Ask, key: str | None = None, **more: Any) -> Answer:
        """Send a request as the one who makes it."""
        return await self.clients[ask.email].ask(ask.method, ask.path, ask.body, key=key, **more)

    async def happened(self) -> int:
        """How much was written down so far: each change appends to the log."""
        return len(await self.app.store.tail(limit=10_000))

    def stored(self) -> str:
        """Everything that the shop's file holds, with what differs from run to run (ids, salts, seals) left out."""
        file = self.app.settings.data_dir / "stockwright.db"
        with closing(sqlite3.connect(file)) as db:
            rows = db.execute(
                "SELECT pk, sk, version, body, text FROM item UNION ALL SELECT '', '', 0, body, '' FROM event"
            )
            return "\n".join(sorted(masked(repr(row)) for row in rows))


async def _parts_of(content: bytes) -> AsyncIterator[bytes]:
    yield content


def masked(text: str) -> str:
    """Leave out what is random."""
    text = re.sub(r"\$argon2[^\"']+", "HASH", text)
    text = re.sub(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "TOKEN", text)
    text = re.sub(r"\b[0-9a-f]{40,}\b", "HEX", text)
    text = re.sub(r"\bsw_\w+", "KEY", text)
    text = re.sub(r'("number": )"[^"]*"', r"\1", text)
    text = re.sub(r'("(?:hint|secret|otpauthUri|lastStep)": ?)("[^"]*"|\d+)', r"\1", text)
    text = re.sub(r"secret\W+[A-Z2-7]{32}", "TOTP", text)
    return re.sub(r"\b([a-z]{3,4})_[0-9a-z]{26}\b", r"\1_", text)


def _filled(body: Any, ids: dict[str, str]) -> Any:
    """Replace "$name" by ids."""
    if isinstance(body, dict):
        return {name: _filled(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(each, ids) for each in body]
    return ids[body[1:]] if isinstance(body, str) and body.startswith("$") else body


@dataclass(frozen=True)
class Opened:
    """A scene that was begun once, to be copied: its folder, what is in it, and everybody's tokens."""

    folder: Path
    ids: dict[str, str]
    authorizations: dict[str, str | None]


def open_once(folder: Path) -> Opened:
    """Begin a scene for others to copy."""

    async def begin() -> Opened:
        async with shop(folder, Clock()) as scene:
            await scene.begin()
            return Opened(folder, scene.ids, {email: each.authorization for email, each in scene.clients.items()})

    return asyncio.run(begin())


@asynccontextmanager
async def a_scene(opened: Opened, folder: Path, clock: Clock) -> AsyncIterator[Scene]:
    """Go on from a copy of a scene that was opened once; audited in the end."""
    shutil.copytree(opened.folder, folder)
    async with shop(folder, clock) as scene:
        scene.ids.update(opened.ids)
        for email, authorization in opened.authorizations.items():
            scene.clients[email] = Client(scene.http, authorization)
        yield scene


@asynccontextmanager
async def shop(folder: Path, clock: Clock, engine: str = "sqlite") -> AsyncIterator[Scene]:
    """Open a scene in which nothing has happened; audited in the end."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - before anything runs beside it
    app = await bare_app(folder, clock, engine)
    with dressed(app, clock):
        async with asking(build_asgi(app)) as http:
            yield Scene(app, clock, http)
            report = await audit(app)
    await app.store.close()
    assert report.is_clean, report


Given = Any | Callable[[Scene], Awaitable[Any]]
LINE = {"productId": "$product", "quantity": 1}
NEWCOMER = {"email": "newcomer@example.com", "password": PASSWORD, "name": "Newcomer"}
SIGN_IN = {"email": ALICE, "password": PASSWORD}


async def _confirmation(scene: Scene) -> Any:
    mail: Any = scene.app.mail
    mail.delivers = True
    await sign_up(scene.app, VISITOR, SignUp(NEWCOMER["email"], PASSWORD))
    return {"email": NEWCOMER["email"], "code": await scene.code(NEWCOMER["email"], "confirmation")}


async def _reset(scene: Scene) -> Any:
    return {"email": ALICE, "code": await scene.code(ALICE, "reset"), "password": NEW_PASSWORD}


async def _session(scene: Scene) -> Any:
    return {"refreshToken": (await sign_in(scene.app, VISITOR, SignIn(ALICE, PASSWORD))).refresh_token}


async def without_admins(app: App) -> None:
    """Leave nobody to run the shop, which no request can do."""
    batch = Batch()
    async for admin in every_admin(app.store):
        put_account(batch, replace(admin, role="customer"))
    await batch.commit(app.store)


async def _set_up(scene: Scene) -> Any:
    await without_admins(scene.app)
    return {**NEWCOMER, "token": await offer_setup(scene.app)}


async def _expired(scene: Scene) -> Any:
    scene.clock.advance(minutes=16)
    return {}


async def _imported(scene: Scene) -> Any:
    made = await scene.clients[ADMIN].post("/inventory/import", b"sku,quantity\nKB-1,9\n")
    scene.ids["import"] = made.data["importId"]
    return {}


async def _importing(scene: Scene) -> Any:
    """Begin an import that nobody goes on with."""
    command = StartImport(kind="stock", content=b"sku,quantity\nKB-1,9\n")
    scene.ids["import"] = (await start_import(scene.app, BY_SYSTEM, command)).importing.id
    return {}


GOOD: dict[tuple[str, str], tuple[str, Given]] = {
    ("POST", "/signup"): ("", NEWCOMER),
    ("POST", "/users"): ("", NEWCOMER),
    ("POST", "/signup/confirm"): ("", _confirmation),
    ("POST", "/signup/resend"): ("", {"email": ALICE}),
    ("POST", "/signin"): ("", SIGN_IN),
    ("POST", "/users/login"): ("", SIGN_IN),
    ("POST", "/auth/login"): ("", SIGN_IN),
    ("POST", "/token/refresh"): ("", _session),
    ("POST", "/signout"): (ALICE, _session),
    ("POST", "/password/forgot"): ("", {"email": ALICE}),
    ("POST", "/password/reset"): ("", _reset),
    ("POST", "/setup"): ("", _set_up),
    ("PATCH", "/users/me"): (ALICE, {"name": "Alice A."}),
    ("POST", "/users/me/password"): (ALICE, {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}),
    ("POST", "/users/me/mfa"): (ALICE, {"action": "setup", "password": PASSWORD}),
    ("POST", "/users/me/addresses"): (ALICE, HOME),
    ("PATCH", "/users/me/addresses/{id}"): (ALICE, {"line2": "Third floor"}),
    ("DELETE", "/users/me/addresses/{id}"): (ALICE, None),
    ("PATCH", "/users/{id}"): (ADMIN, {"name": "Alice B."}),
    ("POST", "/api-keys"): (ADMIN, {"name": "warehouse", "scopes": ["orders:pack"]}),
    ("DELETE", "/api-keys/{id}"): (ADMIN, None),
    ("POST", "/products"): (ADMIN, {**KEYBOARD, "sku": "NEW-1"}),
    ("PUT", "/products/{id}"): (ADMIN, {"quantity": 600, "price": 5}),
    ("PATCH", "/products/{id}"): (ADMIN, {"name": "Another name"}),
    ("DELETE", "/products/{id}"): (ADMIN, None),
    ("POST", "/products/{id}/images"): (ADMIN, {"uploadId": "$upload", "alt": "From the left"}),
    ("PATCH", "/products/{id}/images/{imageId}"): (ADMIN, {"alt": "From the right", "position": 2}),
    ("DELETE", "/products/{id}/images/{imageId}"): (ADMIN, None),
    ("POST", "/products/{id}/variants"): (ADMIN, {"options": {"color": "sage"}, "sku": "PH-1-S", "quantity": 3}),
    ("POST", "/products/{id}/variants/spread"): (ADMIN, {"options": COLORS, "variants": SHARES}),
    ("PATCH", "/products/{id}/variants/{variantId}"): (ADMIN, {"quantity": 7}),
    ("DELETE", "/products/{id}/variants/{variantId}"): (ADMIN, None),
    ("POST", "/categories"): (ADMIN, {"name": "garden"}),
    ("PATCH", "/categories/{name}"): (ADMIN, {"name": "Groceries"}),
    ("DELETE", "/categories/{name}"): (ADMIN, None),
    ("POST", "/inventory/initialize"): (ADMIN, {"productId": "foreign", "sku": "FOREIGN-1", "initialStock": 5}),
    ("POST", "/inventory/check-availability"): ("", {"items": [LINE]}),
    ("PATCH", "/inventory/product/{productId}/stock"): (ADMIN, {"quantity": 5, "type": "RESTOCK"}),
    ("PUT", "/stock"): (ADMIN, {"productId": "$product", "quantity": 300}),
    ("POST", "/inventory/transfer"): (ADMIN, {**LINE, "from": "default", "to": "north"}),
    ("POST", "/inventory/cleanup-expired"): (ADMIN, _expired),
    ("POST", "/inventory/counts"): (ADMIN, {"location": "north", "name": "Spring", "skus": ["KB-1"]}),
    ("POST", "/inventory/counts/{id}/scans"): (ADMIN, {"code": "KB-1", "quantity": 3}),
    ("POST", "/inventory/counts/{id}/post"): (ADMIN, {"notScanned": "keep"}),
    ("POST", "/inventory/counts/{id}/discard"): (ADMIN, {}),
    ("POST", "/products/import"): (ADMIN, b"sku,name,price,category\nKB-1,A keyboard,500,\nNEW-1,A lamp,700,lamps\n"),
    ("POST", "/inventory/import"): (ADMIN, b"sku,quantity\nKB-1,5\nKB-2,7\n"),
    ("POST", "/imports/columns"): (ADMIN, b"article,title\nKB-1,A keyboard\n"),
    ("POST", "/imports/{id}/cancel"): (ADMIN, _importing),
    ("POST", "/imports/{id}/undo"): (ADMIN, _imported),
    ("POST", "/locations"): (ADMIN, {"id": "south"}),
    ("PATCH", "/locations/{id}"): (ADMIN, {"priority": 7}),
    ("POST", "/inventory/product/{productId}/reserve"): (ALICE, {"quantity": 1}),
    ("POST", "/reservations"): (ALICE, {"items": [LINE]}),
    ("POST", "/reservations/{id}/extend"): (ALICE, {"expirationMinutes": 60}),
    ("POST", "/inventory/reservation/{id}/confirm"): (ALICE, {}),
    ("POST", "/inventory/reservation/{id}/cancel"): (ALICE, {}),
    ("POST", "/orders"): (ALICE, {"items": [LINE, LINE], "shippingAddress": HOME, "shippingMethod": "$method"}),
    ("PATCH", "/orders/{id}"): (ADMIN, {"note": "Ring once", "shippingAddress": HOME, "tags": ["fragile"]}),
    ("POST", "/orders/{id}/cancel"): (ALICE, {"reason": "changed my mind"}),
    ("POST", "/orders/{id}/pack"): (ADMIN, {}),
    ("POST", "/orderpacked/{id}"): (ADMIN, {}),
    ("POST", "/orders/{id}/deliver"): (ADMIN, {}),
    ("POST", "/orderdelivered/{id}"): (ADMIN, {}),
    ("POST", "/orders/{id}/returns"): (ADMIN, {"items": [LINE]}),
    ("POST", "/sales"): (ADMIN, {"items": [LINE]}),
    ("POST", "/notifications/{id}/resend"): (ADMIN, {}),
    ("POST", "/dead-letters/{id}/redrive"): (ADMIN, {}),
    ("DELETE", "/dead-letters/{id}"): (ADMIN, None),
    ("POST", "/shipping-methods"): (ADMIN, PARCEL),
    ("PATCH", "/shipping-methods/{id}"): (ADMIN, {"price": 590, "freeFrom": None}),
    ("DELETE", "/shipping-methods/{id}"): (ADMIN, None),
    ("PATCH", "/settings"): (ADMIN, {"shopName": "Green Leaf", "currency": "EUR"}),
    ("POST", "/blocked-addresses"): (ADMIN, {"email": "gone@example.net", "detail": "came back by mail"}),
    ("DELETE", "/blocked-addresses/{id}"): (ADMIN, None),
    ("POST", "/uploads"): (ADMIN, {"size": 5}),
    ("POST", "/retention/accept"): (ADMIN, {}),
    ("DELETE", "/users/{id}"): (ADMIN, None),
    ("DELETE", "/users/me"): (BOB, None),
}
"""A good request to every route that changes something: who asks, and with which body."""

PATH_VALUES: dict[tuple[str, str], dict[str, str]] = {
    ("PATCH", "/users/me/addresses/{id}"): {"id": "address"},
    ("DELETE", "/users/me/addresses/{id}"): {"id": "address"},
    ("PATCH", "/orders/{id}"): {"id": "placed"},
    ("PATCH", "/shipping-methods/{id}"): {"id": "method"},
    ("DELETE", "/shipping-methods/{id}"): {"id": "method"},
    ("PATCH", "/users/{id}"): {"id": "alice"},
    ("DELETE", "/users/{id}"): {"id": "bob"},
    ("DELETE", "/api-keys/{id}"): {"id": "key"},
    ("PUT", "/products/{id}"): {"id": "product"},
    ("PATCH", "/products/{id}"): {"id": "product"},
    ("DELETE", "/products/{id}"): {"id": "unused"},
    ("POST", "/products/{id}/images"): {"id": "product"},
    ("PATCH", "/products/{id}/images/{imageId}"): {"id": "product", "imageId": "picture"},
    ("DELETE", "/products/{id}/images/{imageId}"): {"id": "product", "imageId": "picture"},
    ("POST", "/products/{id}/variants"): {"id": "phone"},
    ("POST", "/products/{id}/variants/spread"): {"id": "unused"},
    ("PATCH", "/products/{id}/variants/{variantId}"): {"id": "phone", "variantId": "coral"},
    ("DELETE", "/products/{id}/variants/{variantId}"): {"id": "phone", "variantId": "coral"},
    ("PATCH", "/categories/{name}"): {"name": "electronics"},
    ("DELETE", "/categories/{name}"): {"name": "food"},
    ("PATCH", "/inventory/product/{productId}/stock"): {"productId": "product"},
    ("POST", "/inventory/counts/{id}/scans"): {"id": "count"},
    ("POST", "/inventory/counts/{id}/post"): {"id": "count"},
    ("POST", "/inventory/counts/{id}/discard"): {"id": "count"},
    ("PATCH", "/locations/{id}"): {"id": "north"},
    ("POST", "/imports/{id}/cancel"): {"id": "import"},
    ("POST", "/imports/{id}/undo"): {"id": "import"},
    ("POST", "/inventory/product/{productId}/reserve"): {"productId": "product"},
    ("POST", "/reservations/{id}/extend"): {"id": "hold"},
    ("POST", "/inventory/reservation/{id}/confirm"): {"id": "hold"},
    ("POST", "/inventory/reservation/{id}/cancel"): {"id": "hold"},
    ("POST", "/orders/{id}/cancel"): {"id": "placed"},
    ("POST", "/orders/{id}/pack"): {"id": "placed"},
    ("POST", "/orderpacked/{id}"): {"id": "placed"},
    ("POST", "/orders/{id}/deliver"): {"id": "packed"},
    ("POST", "/orderdelivered/{id}"): {"id": "packed"},
    ("POST", "/orders/{id}/returns"): {"id": "delivered"},
    ("POST", "/notifications/{id}/resend"): {"id": "message"},
    ("POST", "/dead-letters/{id}/redrive"): {"id": "letter"},
    ("DELETE", "/dead-letters/{id}"): {"id": "letter"},
    ("DELETE", "/blocked-addresses/{id}"): {"id": "block"},
}
"""The values of the variable parts of their paths: a thing of the scene, or the word itself."""
