"""The identity port: who keeps passwords and signs tokens. Everything else about accounts is ours.

Two implement it: `local.py`, which has both in our own store, and a Cognito user pool
(`cognito.py`). The rules of signing in and up (locks, codes, the second factor, what answers must
not reveal) are use cases above it, the same for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from msgspec import Struct

from stockwright.accounts.attempts import TOKEN_LASTS_SECONDS
from stockwright.base.hidden import HidesSecrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.accounts.model import Account
    from stockwright.context import App
    from stockwright.request import Request
    from stockwright.store.batch import Batch


class Session(HidesSecrets, frozen=True):
    """What a person gets for signing in; `expires_in` in seconds.

    `device_token` identifies this browser or program at its next sign-in; "" after a renewal.
    """

    SECRETS = frozenset({"id_token", "access_token", "refresh_token", "device_token"})
    id_token: str
    access_token: str
    refresh_token: str
    account: Account
    expires_in: int = TOKEN_LASTS_SECONDS
    device_token: str = ""


class Enrolled(HidesSecrets, frozen=True):
    """Somebody new: the account's id, and the hash of the password where we keep it."""

    SECRETS = frozenset({"password_hash"})
    id: str
    password_hash: str = ""


class Proof(Struct, frozen=True):
    """That somebody knows an account's password; `begun` is what a user pool gave for it."""

    account: Account
    begun: Session | None = None


class Identity(Protocol):
    """Keeps passwords, signs tokens."""

    async def enrol(self, app: App, request: Request, email: str, password: str) -> Enrolled | None:
        """Take somebody new; None where the address is known already, whose account is then on record."""
        ...

    async def prove(self, app: App, request: Request, email: str, password: str) -> Proof | None:
        """Return the account whose password this is; None, after as long, where it is no account's."""
        ...

    async def begin(self, app: App, request: Request, proof: Proof) -> Session:
        """Begin a session."""
        ...

    async def refresh(self, app: App, request: Request, refresh_token: str) -> Session:
        """Renew a session, or raise Unauthorized."""
        ...

    async def whose(self, app: App, request: Request, token: str) -> Account:
        """Return whose ID token it is, or raise Unauthorized; also where the account's sessions were ended."""
        ...

    def lasts_until(self, token: str) -> int | None:
        """Return until when (ms) a valid token identifies its account while nothing of theirs changes, if known."""
        ...

    async def end(self, app: App, request: Request, refresh_token: str) -> None:
        """End one session of the caller."""
        ...

    async def end_all(self, app: App, batch: Batch, account: Account) -> None:
        """End every session of an account; what that writes goes into the commit that makes it so."""
        ...

    async def set_password(self, app: App, account: Account, password: str) -> str:
        """Set a password; returns the hash to keep, if we keep it."""
        ...

    async def follow(self, app: App, before: Account, after: Account) -> None:
        """Take over what is about to change of an account: role, name, whether it may sign in or is confirmed."""
        ...

    async def remove(self, app: App, account_id: str) -> None:
        """Remove what is known of a person besides the account; again is fine."""
        ...

    async def jwks(self, app: App) -> Mapping[str, Any]:
        """Return the keys that its tokens are verified by."""
        ...

    def close(self) -> None: ...


def identity_of(app: App) -> Identity:
    """Return the shop's identity port: App is below the accounts, whose port this is, and only carries it."""
    return cast("Identity", app.identity)
