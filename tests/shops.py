"""What the tests of accounts add to the shop: real passwords (cheap ones), real tokens, a mailbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from stockwright.accounts.local import LocalIdentity
from stockwright.adapters.passwords import Argon2Passwords
from stockwright.adapters.tokens import Es256Tokens, make_key
from stockwright.base.ports import Message
from stockwright.context import App

if TYPE_CHECKING:
    from tests.conftest import Clock

KEY = make_key()


class Meanwhile:
    """The real store, in which something happens just before the first commit that is asked of it."""

    def __init__(self, store: Any, happens: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._happens: Callable[[], Awaitable[object]] | None = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Any]) -> None:
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()
        await self._store.commit(writes)


def meanwhile(app: App, happens: Callable[[], Awaitable[object]]) -> App:
    """Return the shop, seen by somebody who decides before something happens and commits behind it."""
    store: Any = Meanwhile(app.store, happens)
    return replace(app, store=store)


class Mailbox:
    """Keeps what is sent; `delivers` says whether anybody outside would get it."""

    def __init__(self) -> None:
        self.delivers = False
        self.sent: list[Message] = []

    async def send(self, message: Message) -> None:
        self.sent.append(message)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def shop(app: App, clock: Clock, mailbox: Mailbox) -> Iterator[App]:
    """A shop that people can sign in to."""
    tokens = Es256Tokens(KEY, "https://shop.example", "shop", clock)
    app.identity = LocalIdentity(Argon2Passwords(memory_kib=8), tokens)
    app.mail, app.signing_key = mailbox, b"a key of the tests"
    yield app
    app.identity.close()
