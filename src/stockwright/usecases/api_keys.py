"""API keys: machines that may do a few named things."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stockwright.domain.account import SCOPES, Actor, ApiKey, Scope
from stockwright.domain.errors import Invalid, Unauthorized
from stockwright.domain.product import check_id
from stockwright.store.records import accounts as records
from stockwright.store.records.batch import Batch, Stale, retried
from stockwright.usecases.commit import commit, new_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.usecases.context import App

PREFIX = "sw_"
USED_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key and, this once, the key itself."""

    key: ApiKey
    shown: str


async def create_api_key(app: App, actor: Actor, name: str, scopes: Sequence[str]) -> MadeKey:
    """Make a key: `sw_`, 160 random bits, and a checksum that tells a mistyped one before any look-up."""
    check_id(name.strip(), "name", 100)
    wanted: tuple[Scope, ...] = tuple(scope for scope in SCOPES if scope in scopes)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not wanted:
        raise Invalid.field("scopes", f"must be some of {', '.join(SCOPES)}")
    secret = base64.b32encode(app.ids.secret(160)).decode().lower()
    shown = f"{PREFIX}{secret}{_checksum(secret)}"
    key = ApiKey(
        id=app.ids.new("key"),
        name=name.strip(),
        scopes=wanted,
        hash=_hash(shown),
        hint=shown[-4:],
        created_by=actor.id,
        created_at=app.clock.now(),
    )
    batch = Batch()
    records.put_api_key(batch, key)
    batch.append(new_event(app, actor, "api_key.created", key.id, name=key.name, scopes=list(wanted)))
    # The answer holds the key itself, so it is not kept with the Idempotency-Key: a replay shows the rest.
    await commit(app, batch, MadeKey(replace(key, version=1), ""))
    return MadeKey(replace(key, version=1), shown)


async def list_api_keys(app: App, limit: int, after: str | None = None) -> tuple[list[ApiKey], str | None]:
    """List the keys, newest first; nobody can see a key again."""
    return await records.page_of_api_keys(app.store, limit=limit, after=after)


async def revoke_api_key(app: App, actor: Actor, key_id: str) -> str:
    """Delete a key; it is nobody's from now on."""

    async def attempt() -> str:
        key = await records.get_api_key(app.store, key_id)
        batch = Batch()
        batch.delete(records.api_key_key(key.hash), key.version)
        batch.append(new_event(app, actor, "api_key.revoked", key.id, name=key.name))
        await commit(app, batch, key_id)
        return key_id

    return await retried(attempt)


async def authenticate(app: App, shown: str) -> Actor:
    """Tell which machine shows this key; notes its use at most once a minute."""
    secret, checksum = shown[len(PREFIX) : -6], shown[-6:]
    if checksum != _checksum(secret):
        raise Unauthorized
    key = await records.find_api_key(app.store, _hash(shown))
    if key is None:
        raise Unauthorized
    now = app.clock.now()
    if key.last_used_at is None or now - key.last_used_at >= USED_EVERY_MS:
        batch = Batch()
        records.put_api_key(batch, replace(key, last_used_at=now))
        try:
            await batch.commit(app.store)
        except Stale:
            pass
    return Actor(key.id, "key", scopes=frozenset(key.scopes))


def _checksum(secret: str) -> str:
    return base64.b32encode(zlib.crc32(secret.encode()).to_bytes(4, "big")).decode().lower()[:6]


def _hash(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()
