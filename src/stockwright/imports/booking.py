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
from stockwright.catalog.inventory import book_changes
from stockwright.catalog.stocked import get_product
from stockwright.products.records import load_product_ids as load_ids
from stockwright.request import Idempotency, Request
from stockwright.stock.model import check_change
from stockwright.store.batch import Batch, retried
from stockwright.store.idempotency import drop_idempotency, find_idempotencies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.stock.model import Movement


def row_keys(kind: str, contents: Iterable[Sequence[Any]]) -> list[str]:
    """Name every row by its content, and the second of two alike as the second."""
    seen: Counter[str] = Counter()
    keys = []
    for content in contents:
        digest = sha256(json.dumps(content, ensure_ascii=False))[:32]
        seen[digest] += 1
        keys.append(f"import#{kind}#{digest}#{seen[digest]}")
    return keys


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


def booked_once(request: Request, key: str, import_id: str, answer: Mapping[str, Any]) -> Request:
    """Return the request of a use case that has its effect once for this key; it raises AlreadyDone the second time."""
    hashed = sha256(key)
    return Request(request.actor, import_id, Idempotency(key, hashed, lambda _: answer, seconds=None))


def part_of(request: Request, import_id: str) -> Request:
    """Return the request of a use case that writes the import's id to the ledger."""
    return Request(request.actor, import_id)


async def take_back_stock(
    app: App, request: Request, key: str, product_id: str, movements: Sequence[Movement], reason: str
) -> None:
    """Undo what a row booked, by opposite movements; the row can be booked again. Refused where units are gone."""
    changes: dict[str, int] = {}
    for movement in movements:
        changes[movement.location] = changes.get(movement.location, 0) - movement.quantity

    async def attempt() -> None:
        batch = Batch()
        drop_idempotency(batch, key)
        if changes:
            stock = (await get_product(app, product_id)).stock
            for location, units in changes.items():
                check_change(stock, location, units)
            book_changes(app, request, batch, stock, changes, "ADJUSTMENT", reason=reason)
        await batch.commit(app.store)

    await retried(attempt)
