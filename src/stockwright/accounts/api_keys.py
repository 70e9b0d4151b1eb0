"""API keys: machines that may do a few named things."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from stockwright.accounts import records
from stockwright.accounts.api_key import (
    RANDOM_BITS,
    ApiKey,
    check_key_name,
    check_scopes,
    is_well_formed,
    key_hash,
    key_text,
)
from stockwright.base.errors import Unauthorized
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import ApiKeyCreated, ApiKeyRevoked
from stockwright.store.batch import Batch, Stale, retried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.base.actor import Actor
    from stockwright.context import App
    from stockwright.request import Request


class MadeKey(Struct, frozen=True):
    """A new key and, this once, the key itself."""

    key: ApiKey
    shown: str


async def create_api_key(app: App, request: Request, name: str, scopes: Sequence[str]) -> MadeKey:
    """Make a key: `sw_`, 160 random bits, and a checksum that detects a mistyped one without a look-up."""
    name, wanted = check_key_name(name), check_scopes(scopes)
    shown = key_text(app.ids.secret(RANDOM_BITS))
    key = ApiKey(
        id=app.ids.new("key"),
        name=name,
        scopes=wanted,
        hash=key_hash(shown),
        hint=shown[-4:],
        created_by=request.actor.id,
        created_at=app.clock.now(),
    )
    batch = Batch()
    records.put_api_key(batch, key)
    batch.append(new_event(app, request, ApiKeyCreated(name=key.name, scopes=list(wanted)), key.id))
    # The answer holds the key itself, so it is not stored with the Idempotency-Key: a replay shows the rest.
    await commit(app, request, batch, MadeKey(replace(key, version=1), ""))
    return MadeKey(replace(key, version=1), shown)


async def list_api_keys(app: App, limit: int, after: str | None = None) -> tuple[list[ApiKey], str | None]:
    """List the keys, newest first; a key itself is never shown again."""
    return await records.page_of_api_keys(app.store, limit=limit, after=after)


async def revoke_api_key(app: App, request: Request, key_id: str) -> str:
    """Delete a key; from now on it is refused."""

    async def attempt() -> str:
        key = await records.get_api_key(app.store, key_id)
        batch = Batch()
        batch.delete(records.api_key_key(key.hash), key.version)
        batch.append(new_event(app, request, ApiKeyRevoked(name=key.name), key.id))
        await commit(app, request, batch, key_id)
        return key_id

    return await retried(attempt)


async def authenticate(app: App, shown: str) -> Actor:
    """Return which machine shows this key; notes its use at most once a minute."""
    if not is_well_formed(shown):
        raise Unauthorized
    key = await records.find_api_key(app.store, key_hash(shown))
    if key is None:
        raise Unauthorized
    if key.is_stale(app.clock.now()):
        batch = Batch()
        records.put_api_key(batch, replace(key, last_used_at=app.clock.now()))
        with contextlib.suppress(Stale):
            await batch.commit(app.store)
    return key.as_actor()
