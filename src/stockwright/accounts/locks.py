"""Locks: failures are counted for a purpose, an address and an origin, and refuse while there were too many.

All origins that an account has not signed in from share one count, so that many addresses get no more
guesses than one. An origin is known for 30 days after a successful sign-in from it, by the client's
address or by a device token, and has its own count: a stranger cannot lock the owner out there.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.accounts import origin_records, records
from stockwright.accounts.attempts import KNOWN_FOR_MS, Attempts, network_of
from stockwright.accounts.origin_records import KnownOrigin
from stockwright.base.actor import DEVICE_TOKENS_MAX
from stockwright.base.email import normal_email
from stockwright.base.errors import Busy, Invalid
from stockwright.base.hashing import sha256
from stockwright.store.batch import Batch, retried
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.base.actor import Origin
    from stockwright.context import App
    from stockwright.store.port import Key


ORIGINS_MAX: Final = 20
"""How many devices, and how many addresses, an account is known by; those that came back stay longest."""
RENEWED_AFTER_MS: Final = 24 * 3_600_000
"""An origin that is used often is written once a day."""


# ---- counts ----------------------------------------------------------------------------------


async def attempts_id(app: App, purpose: str, email: str, origin: Origin) -> str:
    """Name the count that failures from this origin go to."""
    known = await known_origin(app, email, origin)
    return f"{purpose} {email} {known}" if known else f"{purpose} {email}"


async def account_attempts_id(app: App, sent: str, origin: Origin) -> str:
    """Name the count of the tries at an account, for what was sent as its address, rightly written or not."""
    try:
        email = normal_email(sent)
    except Invalid:
        email = sent.strip().casefold()
    return await attempts_id(app, "account", email, origin)


async def check_lock(app: App, attempts_id: str) -> None:
    """Refuse while there were too many failures at one thing."""
    (await records.load_attempts(app.store, attempts_id)).check(app.clock.now())


async def count_try(app: App, attempts_id: str) -> None:
    """Count one more failure, to be forgotten on success; refuse while there is a lock."""

    async def attempt() -> None:
        now = app.clock.now()
        before = await records.load_attempts(app.store, attempts_id)
        before.check(now)
        batch = Batch()
        records.put_attempts(batch, attempts_id, before.failed(now), now)
        await batch.commit(app.store)

    await retried(attempt)


async def forget_tries(app: App, attempts_id: str) -> None:
    """Forget the failures at one thing: it succeeded."""
    known = await records.load_attempts(app.store, attempts_id)
    if known.version == ABSENT:
        return
    batch = Batch()
    records.put_attempts(batch, attempts_id, Attempts(version=known.version), app.clock.now())
    await batch.commit_once(app.store)


# ---- known origins ---------------------------------------------------------------------------


async def known_origin(app: App, email: str, origin: Origin) -> str:
    """Return the name of an origin that this address has signed in from; "" for every other one."""
    keys = [*_device_keys(email, origin), *_address_keys(app, email, origin)]
    if not keys:
        return ""
    found = await origin_records.find_origins(app.store, keys)
    return next((key[1] for key in keys if key in found and _holds(app, found[key])), "")


async def remember_origin(app: App, email: str, origin: Origin) -> str:
    """Know this origin for 30 days; returns the device token that it sent, or a new one.

    "" where too many sign-ins of the account write at once: it is known by the next one.
    """
    fresh = app.ids.secret(256).hex()

    async def attempt() -> str:
        known = await origin_records.list_origins(app.store, email)
        shown = dict(zip(_device_keys(email, origin), origin.device_tokens, strict=False))
        key = next((each for each in shown if each in known and _holds(app, known[each])), None)
        token = fresh if key is None else shown[key]
        batch = Batch()
        seen = [_device_key(email, token), *_address_keys(app, email, origin)]
        for each in seen:
            _renew(app, batch, each, known.get(each))
        if batch.writes:
            await batch.commit(app.store)
        await _prune(app, {key: each for key, each in known.items() if key not in seen})
        return token

    try:
        return await retried(attempt)
    except Busy:
        return ""


def _renew(app: App, batch: Batch, key: Key, known: KnownOrigin | None) -> None:
    now = app.clock.now()
    if known is None:
        origin_records.put_origin(batch, key, KnownOrigin(now + KNOWN_FOR_MS))
    elif not known.seen_again or known.expires_at < now + KNOWN_FOR_MS - RENEWED_AFTER_MS:
        renewed = replace(known, expires_at=now + KNOWN_FOR_MS, seen_again=_holds(app, known))
        origin_records.put_origin(batch, key, renewed)


async def _prune(app: App, others: Mapping[Key, KnownOrigin]) -> None:
    """Delete what is over, and what is too much beside this sign-in's own: first what never came back, then the oldest.

    Where another sign-in deletes at the same time, the next one goes on.
    """
    batch = Batch()
    for kind in ("address", "device"):
        mine = [(key, each) for key, each in others.items() if key[1].startswith(f"{kind}#")]
        mine.sort(key=lambda item: (_holds(app, item[1]), item[1].seen_again, item[1].expires_at))
        too_many = max(0, len(mine) - (ORIGINS_MAX - 1))
        over = sum(not _holds(app, each) for _, each in mine)
        for key, each in mine[: max(too_many, over)]:
            batch.delete(key, each.version)
    if batch.writes:
        await batch.commit_once(app.store)


def _holds(app: App, known: KnownOrigin) -> bool:
    return app.clock.now() < known.expires_at


def _device_keys(email: str, origin: Origin) -> list[Key]:
    return [_device_key(email, token) for token in origin.device_tokens[:DEVICE_TOKENS_MAX]]


def _device_key(email: str, token: str) -> Key:
    return origin_records.origin_key(email, "device", sha256(token))


def _address_keys(app: App, email: str, origin: Origin) -> list[Key]:
    """Name the address by the shop's key: there are so few that a bare hash would reveal it."""
    network = network_of(origin.address)
    if not network:
        return []
    digest = hmac.digest(app.signing_key, f"origin\x00{network}".encode(), hashlib.sha256).hex()
    return [origin_records.origin_key(email, "address", digest)]
