"""Idempotency-Key: the same key and request have one effect, and one answer.

The use case runs straight away with the key in its request, and its commit writes the key's record
beside the effect. Only where that does not end well (the record is there already, or
the decision says no) is the record looked for, so a first request pays no extra read. The 4xx of a
first request is not stored: it changed nothing, and asking again asks again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from stockwright.base.errors import IdempotencyInProgress, IdempotencyKeyReused, Invalid, Refused
from stockwright.context import App
from stockwright.http.key_locks import KeyLocks
from stockwright.request import Idempotency
from stockwright.store.idempotency import AlreadyDone, complete_idempotency, find_idempotency

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
StoredAnswer = Mapping[str, Any]
"""An answer as it is stored: status, data (JSON, as it was sent), etag, headers."""
HASH_LETTERS: Final = 32
"""Of a request's hash: 128 bits. A record of an earlier release has twice as many, which begin with these."""


def request_hash(secret: bytes, method: str, path: str, query: bytes, raw_body: bytes) -> str:
    """Distinguish requests: the same key with another hash is a mistake of the client's.

    Keyed, since it is stored and a body may hold a password.
    """
    content = b"\x00".join((method.encode(), path.encode(), query, raw_body))
    return hashlib.blake2b(content, digest_size=32, key=secret[:64]).hexdigest()[:HASH_LETTERS]


class KeysAtWork:
    """The keys being worked on, and the way through for each request that has one.

    Several workers know of each other's keys by locks of the kernel in a file of the `shared` folder (`key_locks.py`).
    """

    def __init__(self, shared: Path | None = None) -> None:
        self._working: set[str] = set()
        self._locks = None if shared is None else KeyLocks(shared / "keys")

    async def run(
        self, app: App, idempotency: Idempotency, work: Callable[[], Awaitable[Any]]
    ) -> tuple[StoredAnswer, bool]:
        """Return the answer, and whether it is that of an earlier request with this key."""
        key = idempotency.key
        if key in self._working or not (self._locks is None or self._locks.take(key)):
            raise IdempotencyInProgress
        self._working.add(key)
        try:
            result = await work()
            record = idempotency.record
            if record is not None and record.result is result and record.is_complete:
                return idempotency.render(result) if record.answer is None else record.answer, False
            if record is None:
                # Nothing was changed: either a repeat of something that holds, or a replay.
                stored = await self._find(app, idempotency)
                if stored is not None:
                    return stored, True
            answer = idempotency.render(result)
            if record is not None and not record.is_complete:
                await complete_idempotency(app.store, key, answer, idempotency.until(app.clock.now()))
        except (AlreadyDone, Refused):
            stored = await self._find(app, idempotency)
            if stored is not None:
                return stored, True
            raise
        finally:
            self._working.discard(key)
            if self._locks is not None:
                self._locks.give_back(key)
        return answer, False

    async def _find(self, app: App, idempotency: Idempotency) -> StoredAnswer | None:
        found = await find_idempotency(app.store, idempotency.key)
        if found is None:
            return None
        if found.hash[:HASH_LETTERS] != idempotency.request_hash:
            raise IdempotencyKeyReused
        if found.answer is not None:
            return found.answer
        recall, reference = idempotency.recall, found.reference
        result = None if recall is None or reference is None else await recall.find(app.store, reference)
        if result is None:
            raise IdempotencyInProgress(
                "The first request with this Idempotency-Key took effect, but "
                "its answer was lost; read the result instead"
            )
        return idempotency.render(result)


def check_key(key: str) -> str:
    """Refuse a key that is not 1 to 255 printable characters."""
    if not _KEY.fullmatch(key):
        raise Invalid.field("Idempotency-Key", "must be 1 to 255 printable ASCII characters")
    return key
