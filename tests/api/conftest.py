"""The API as clients meet it: the whole ASGI application on a real store."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import structlog

from stockwright.accounts.api_keys import create_api_key
from stockwright.accounts.local import LocalIdentity
from stockwright.accounts.sign_in import SignIn, sign_in
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.adapters.passwords import Argon2Passwords
from stockwright.adapters.tokens import Es256Tokens, make_key
from stockwright.asgi import Front, build_asgi
from stockwright.base.actor import Role
from stockwright.base.ports import Message
from stockwright.context import App
from stockwright.request import BY_SYSTEM
from tests.api.asking import Client
from tests.conftest import VISITOR, Clock

if TYPE_CHECKING:
    from tests.api.scene import Opened, Scene

KEYBOARD = {
    "name": "Wireless Keyboard",
    "description": "Bluetooth mechanical keyboard with RGB",
    "category": "electronics",
    "price": 7999,
    "quantity": 50,
    "sku": "KB-MECH-001",
    "imageUrl": "https://example.com/image.jpg",
}
"""The product of S2's documentation."""

PASSWORD = "Correct-Horse-7"
TOKEN_KEY = make_key()

Made = Callable[..., Awaitable[dict[str, Any]]]
AsKey = Callable[..., Awaitable[Client]]


class Mailbox:
    """Mail that stays here, as without a mail server."""

    delivers = False

    async def send(self, message: Message) -> None:
        """Keep nothing: what was to be sent is in the event log."""


@contextmanager
def dressed(app: App, clock: Clock) -> Iterator[None]:
    """Give a bare shop what the API needs: passwords that are hashed cheaply, tokens, a mailbox that stays here."""
    app.log = structlog.get_logger()
    app.signing_key = b"k" * 32
    app.mail = app.sms = Mailbox()
    tokens = Es256Tokens(TOKEN_KEY, "stockwright", "stockwright-shop", clock)
    app.identity = LocalIdentity(Argon2Passwords(memory_kib=8), tokens)
    yield
    app.identity.close()


@pytest.fixture
def asgi(app: App, clock: Clock) -> Iterator[Any]:
    with dressed(app, clock):
        yield build_asgi(app)


@pytest.fixture
async def http(asgi: Any) -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(asgi) as made:
        yield made


def asking(asgi: Any, address: str = "192.0.2.1") -> httpx2.AsyncClient:
    """Ask an application directly, as if from that address."""
    transport = httpx2.ASGITransport(app=AsServed(asgi), client=(address, 4711))
    return httpx2.AsyncClient(transport=transport, base_url="http://shop.test")


class AsServed:
    """Answers as the server does: with what the application has ready, if it has, else by calling it."""

    def __init__(self, asgi: Any) -> None:
        self._asgi = asgi
        self._ready = asgi.ready if isinstance(asgi, Front) else lambda _: None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
        ready = None if has_body else self._ready(scope)
        if ready is None:
            await self._asgi(scope, receive, send)
            return
        head, _, body = ready.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        headers = [tuple(line.split(b": ", 1)) for line in lines]
        await send({"type": "http.response.start", "status": int(first.split(b" ")[1]), "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def signed_in(app: App, http: httpx2.AsyncClient, name: str, role: Role = "customer") -> Client:
    """Make an account and sign in with it."""
    email = f"{name}@example.com"
    await add_account(app, BY_SYSTEM, SignUp(email, PASSWORD, name), role)
    session = await sign_in(app, VISITOR, SignIn(email, PASSWORD))
    return Client(http, f"Bearer {session.id_token}")


@pytest.fixture
def nobody(http: httpx2.AsyncClient) -> Client:
    return Client(http)


@pytest.fixture
async def admin(app: App, http: httpx2.AsyncClient) -> Client:
    return await signed_in(app, http, "admin", "admin")


@pytest.fixture
async def alice(app: App, http: httpx2.AsyncClient) -> Client:
    return await signed_in(app, http, "alice")


@pytest.fixture
async def bob(app: App, http: httpx2.AsyncClient) -> Client:
    return await signed_in(app, http, "bob")


@pytest.fixture
def as_key(app: App, http: httpx2.AsyncClient) -> AsKey:
    """Ask with an API key of these scopes, sent bare as S3's warehouse does."""

    async def make(*scopes: str) -> Client:
        return Client(http, (await create_api_key(app, BY_SYSTEM, "machine", scopes)).shown)

    return make


@pytest.fixture
def made(admin: Client) -> Made:
    """Make a product over the API: `await made(quantity=5)` returns it as answered."""
    numbers = itertools.count(1)

    async def make(**fields: Any) -> dict[str, Any]:
        answer = await admin.post("/products", {**KEYBOARD, "sku": f"KB-{next(numbers):03}", **fields})
        data: dict[str, Any] = answer.data
        return data

    return make


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Opened | None:
    """A scene in which every route can be asked with success, to be copied; None on an engine that is no file."""
    if engine != "sqlite":
        return None
    from tests.api.scene import open_once

    return open_once(tmp_path_factory.mktemp("scene") / "shop")


@pytest.fixture
async def scene(opened: Opened | None, tmp_path: Path, clock: Clock, engine: str) -> AsyncIterator[Scene]:
    """A copy of that scene; on an engine that is no file, one of its own."""
    from tests.api.scene import a_scene, shop

    if opened is not None:
        async with a_scene(opened, tmp_path / "shop", clock) as copied:
            yield copied
        return
    async with shop(tmp_path / "shop", clock, engine) as own:
        await own.begin()
        yield own


@pytest.fixture
async def twin(opened: Opened, tmp_path: Path, clock: Clock) -> AsyncIterator[Scene]:
    """Another copy, at the same time."""
    from tests.api.scene import a_scene

    async with a_scene(opened, tmp_path / "twin", clock) as copied:
        yield copied
