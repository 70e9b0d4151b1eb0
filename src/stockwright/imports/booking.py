"""Each row of a file is booked once; a row is identified by its content and by how often that appears in the file.

The key of a row is stored in the commit that books it, so that an import that was cut off is simply run
again, and a corrected file books only what is not booked yet. Taking a row back removes its key in the
same commit.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from stockwright.base.hashing import sha256
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.products.records import load_product_ids as load_ids
from stockwright.products.records import load_variant_ids as load_ids_of_variants
from stockwright.request import Idempotency, Request
from stockwright.store.idempotency import find_idempotencies

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stockwright.context import App


class RowKeys:
    """Names every row by its content, and the second of two alike as the second."""

    def __init__(self, kind: str, salt: Sequence[Any] = ()) -> None:
        self._kind, self._salt = kind, list(salt)
        self._seen: Counter[int] = Counter()

    def key_of(self, content: Sequence[Any]) -> str:
        """Name the next row of the file."""
        digest = sha256(json.dumps([*self._salt, *content], ensure_ascii=False))[:32]
        # A number is a third of the text in memory.
        number = int(digest, 16)
        self._seen[number] += 1
        return f"import#{self._kind}#{digest}#{self._seen[number]}"


def former_key(content: str, mode: str, ordinal: int) -> str:
    """Return the key under which version 0.1.0 booked a row: by its file (`content_hash`) and how many are above it."""
    return f"import#{content}#{mode}#{ordinal + 2}"


def content_hash(content: bytes) -> str:
    """Name a file as version 0.1.0 did."""
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return sha256(text)[:32]


async def find_booked(app: App, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return what was stored with each key that has been used."""
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(keys), STEP_ROWS):
        found |= await find_idempotencies(app.store, keys[start : start + STEP_ROWS])
        await give_way()
    return found


async def load_product_ids(app: App, skus: Collection[str]) -> dict[str, str]:
    """Find the product ids of any number of SKUs."""
    wanted, found = list(dict.fromkeys(skus)), dict[str, str]()
    for start in range(0, len(wanted), STEP_ROWS):
        found |= await load_ids(app.store, wanted[start : start + STEP_ROWS])
        await give_way()
    return found


async def load_variant_ids(app: App, skus: Collection[str]) -> dict[str, str]:
    """Find whose SKUs they are, any number of them: SKU as asked → the id under which its units are counted."""
    wanted, found = list(dict.fromkeys(skus)), dict[str, str]()
    for start in range(0, len(wanted), STEP_ROWS):
        found |= await load_ids_of_variants(app.store, wanted[start : start + STEP_ROWS])
        await give_way()
    return found


def booked_once(
    request: Request, key: str, answer: Callable[[Any], Mapping[str, Any]], seconds: int | None = None
) -> Request:
    """Return the request of a use case that has its effect once for this key; it raises AlreadyDone the second time.

    `answer` makes of the use case's result what is stored with the key, in the same commit, for so many seconds (None:
    for ever).
    """
    return Request(request.actor, request.id, Idempotency(key, sha256(key), answer, seconds=seconds))


def part_of(request: Request, import_id: str) -> Request:
    """Return the request of a use case that writes the import's id to the ledger."""
    return Request(request.actor, import_id)
