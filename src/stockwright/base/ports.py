"""What the product needs of the outside world: the clock, ids, mail, calls, passwords, tokens.

`stockwright.app` chooses the adapters that implement these protocols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path


class Clock(Protocol):
    """The time now, as milliseconds since 1970 UTC."""

    def now(self) -> int: ...


class SetClock(Struct):
    """A clock that shows the time that it is set to (ms): for what is loaded with the times of the past."""

    at: int

    def now(self) -> int:
        """Return the time that was set."""
        return self.at


class Ids(Protocol):
    """New names: prefixed, unique, and sorting in the order they were made."""

    def new(self, prefix: str) -> str: ...

    def new_numbered(self, prefix: str) -> str:
        """A name that has a short number for people (`base/ids.py`).

        Two processes can make the same: its item must be written as new, and another name made where it is there.
        """
        ...

    def first(self, prefix: str, at: int) -> str:
        """The smallest name that could be made at that instant (ms): bounds a range of time."""
        ...

    def on(self, clock: Clock) -> Ids:
        """The same with another clock (to load data of the past)."""
        ...

    def secret(self, bits: int) -> bytes:
        """Bits from the machine's secure source of randomness."""
        ...


class Message(Struct, frozen=True):
    """A mail or SMS to one person. `id` is the same for each try, so that receivers can detect duplicates."""

    id: str
    to: str
    subject: str
    text: str
    html: str = ""


class Mailer(Protocol):
    """Sends one mail or SMS; raises `Permanent` where no retry can help, `TryLater` where it was no try."""

    delivers: bool
    """False where messages only go to the local mailbox."""

    async def send(self, message: Message) -> None: ...


class Reply(Struct, frozen=True):
    """The head of an answer: its status, and how long it asks to be left alone (Retry-After)."""

    status: int
    retry_after_seconds: float | None = None


class Fetched(Struct, frozen=True):
    """What an address answered: its status, and the content as far as it was read."""

    status: int
    content: bytes
    is_whole: bool


class Outbound(Protocol):
    """Calls outside services: timeout, no redirects, no private addresses unless allowed."""

    async def get(self, url: str, most: int) -> Fetched:
        """Return what is at an address: of the content at most `most` bytes, and whether that is all of it.

        Raises as `post` does.
        """
        ...

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Return the answer's head.

        Raises on a connection fault, `Permanent` on a forbidden address, `TryLater` before anything was
        sent where too many calls are under way.
        """
        ...

    async def close(self) -> None: ...


class Files(Protocol):
    """A store of files by name (`uploads/…`, `media/…`): the names are ours, never a client's.

    What is put has its name when it is whole and safe; who reads meanwhile reads the former file, or none.
    """

    async def put(self, name: str, parts: AsyncIterator[bytes]) -> int:
        """Write a file part by part, in place of the one of that name; returns its size in bytes."""
        ...

    def read(self, name: str) -> AsyncIterator[bytes]:
        """Go through a file part by part; NotFound where there is none."""
        ...

    async def size(self, name: str) -> int | None:
        """Return a file's size in bytes; None where there is none."""
        ...

    def path(self, name: str) -> Path | None:
        """Return where a file would be on this machine; None where files are elsewhere."""
        ...

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is fine."""
        ...

    def names(self) -> AsyncIterator[str]:
        """Go through the names of all files."""
        ...

    async def address_to_put(self, name: str, size: int, seconds: int) -> str | None:
        """Return an address that takes this many bytes by PUT for a while; None: the server's own route does."""
        ...


class Pictures(Protocol):
    """Makes pictures for the web out of those that people send."""

    async def make(self, content: bytes) -> Mapping[int, bytes]:
        """Return a picture as WebP in each of the widths that it is shown in, the smallest first (pixels → file).

        Raises Invalid where it is no picture that can be taken, Busy where too many are under way.
        """
        ...


class Passwords(Protocol):
    """Argon2id off the event loop, a bounded number at once."""

    def close(self) -> None: ...

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it matches; takes as long for None (no such account) as for a wrong password."""
        ...


class Tokens(Protocol):
    """Signs and verifies the tokens that people carry (ES256)."""

    def sign(self, claims: Mapping[str, Any]) -> str: ...

    def verify(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a genuine, unexpired token of ours, or raise Unauthorized."""
        ...

    def jwks(self) -> Mapping[str, Any]: ...
