"""Undoing a row of stock by opposite movements; refused where units are gone, or were counted since.

What was sold, reserved or received since does not matter, as long as the units are there. A count or another
adjustment does: who counted has found the units that the row brought, or has not.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Conflict
from stockwright.base.long_work import give_way
from stockwright.catalog.inventory import book_changes
from stockwright.catalog.stocked import get_stocked
from stockwright.stock import records as stock_records
from stockwright.stock.booking import shifts_of
from stockwright.stock.lookup import THE_ONLY
from stockwright.stock.model import check_change, of_variant, shifted
from stockwright.store.batch import Batch, retried
from stockwright.store.idempotency import drop_idempotency

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stockwright.imports.model import StockRow
    from stockwright.imports.work import Job
    from stockwright.stock.model import Movement, Stock
    from stockwright.store.port import Store

UNDONE: Final = "Import undone"
READ_AT_ONCE: Final = 16
OTHERS_MAX: Final = 1000
"""So many movements of others at one product are looked at."""
PRODUCTS_MAX: Final = 1024
"""So many products' movements are known at a time."""


async def take_back_stock(job: Job, row: StockRow, booked: Mapping[str, Any]) -> None:
    """Undo what a row booked, and let it be booked again, in one commit; raises Refused."""
    changes = changes_of(booked)

    async def attempt() -> None:
        batch = Batch()
        drop_idempotency(batch, row.key)
        if changes:
            _, stock = await get_stocked(job.app, THE_ONLY.of(row.variant_id))
            await _check_unchanged(job, stock, booked, changes)
            _after(stock, changes)
            # Held to the version: nobody counts between the look and the commit.
            book_changes(
                job.app,
                job.request,
                batch,
                stock,
                changes,
                "ADJUSTMENT",
                reason=UNDONE,
                reference=job.importing.id,
                expect=stock.version,
            )
        await batch.commit(job.app.store)

    await retried(attempt)


async def try_taking_back(job: Job, row: StockRow, booked: Mapping[str, Any], stocks: dict[str, Stock]) -> None:
    """Refuse what `take_back_stock` would; `stocks` are those of the variants so far, as they would be."""
    changes = changes_of(booked)
    if not changes:
        return
    if row.variant_id not in stocks:
        _, stocks[row.variant_id] = await get_stocked(job.app, THE_ONLY.of(row.variant_id))
    await _check_unchanged(job, stocks[row.variant_id], booked, changes)
    stocks[row.variant_id] = _after(stocks[row.variant_id], changes)


def changes_of(booked: Mapping[str, Any]) -> dict[str, int]:
    """Return the opposite of what a row booked: location → units."""
    changes: dict[str, int] = {}
    for _, location, units in booked.get("movements", ()):
        changes[location] = changes.get(location, 0) - units
    return changes


def _after(stock: Stock, changes: Mapping[str, int]) -> Stock:
    for location, units in changes.items():
        check_change(stock, location, units)
    return shifted(stock, shifts_of(changes))


class Since:
    """What others have moved of one variant, read once however many rows of it are taken back, the newest first."""

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self._first = self._last = ""
        """What is between these ids was read."""
        self._others: list[Movement] = []

    async def changed(self, store: Store, stock: Stock, movement_id: str, locations: Collection[str]) -> list[str]:
        """Return at which of the locations somebody counted or adjusted after a movement.

        What an import or another document (`reference`) did and took back again is nothing.
        """
        if not self._first or self._first > movement_id:
            before = self._first
            await self._read(store, stock, f"{movement_id}~", before)
            self._first = movement_id
            self._last = self._last or movement_id
        await self._read(store, stock, f"{self._last}~", "")
        sums: dict[tuple[str, str], int] = defaultdict(int)
        adjusted: set[tuple[str, str]] = set()
        for each in self._others:
            if each.id > movement_id and each.location in locations:
                where = (each.location, each.reference or each.id)
                sums[where] += each.quantity
                adjusted |= {where} if each.type == "ADJUSTMENT" else set()
        return sorted({where[0] for where in adjusted if sums[where]})

    async def _read(self, store: Store, stock: Stock, low: str, high: str) -> None:
        after: str | None = None
        while True:
            found, after = await stock_records.page_of_movements(
                store,
                stock.product_id,
                where=of_variant(stock),
                low=low,
                high=high,
                after=after,
                limit=READ_AT_ONCE,
                reverse=False,
            )
            self._others += [
                each for each in found if each.reference != self._reference and each.variant_id == stock.variant_id
            ]
            if found:
                self._last = max(self._last, found[-1].id)
            if len(self._others) > OTHERS_MAX:
                raise Conflict(f"the stock has moved more than {OTHERS_MAX:,} times since; count it instead")
            if after is None:
                return
            await give_way()


async def _check_unchanged(job: Job, stock: Stock, booked: Mapping[str, Any], changes: Mapping[str, int]) -> None:
    """Refuse where a level was counted or adjusted since."""
    last = max(each[0] for each in booked["movements"])
    since = job.since.get(stock.variant_id)
    if since is None:
        if len(job.since) >= PRODUCTS_MAX:
            job.since.clear()
        since = job.since[stock.variant_id] = Since(job.importing.id)
    changed = await since.changed(job.app.store, stock, last, changes)
    if changed:
        raise Conflict(f"was counted or adjusted at {', '.join(changed)} since")
