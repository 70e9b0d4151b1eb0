"""The audit's repair: what does not add up is booked right, visibly, with its reason in the ledger.

What the holds say is reserved counts before what the level says; what the level says is there counts
before what the ledger sums to. The difference is an ADJUSTMENT, so that no former entry is
touched and everyone can read what was done. Claims and events are named by the audit and left to people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.audit.counts import RULE, rebuild_totals
from stockwright.audit.holds import RULE as COUNTED_RULE
from stockwright.audit.holds import recount_holds
from stockwright.audit.rollups import RULE as ROLLUP_RULE
from stockwright.audit.rollups import rebuild
from stockwright.audit.usecases import AuditReport, held_units, moved_units
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import StockChanged
from stockwright.products import records as product_records
from stockwright.stock import records as stock_records
from stockwright.stock.model import Level, Movement, Stock, moved_fields
from stockwright.stock.totals import count_stocks
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.request import Request


REASON: Final = "Audit repair"


async def repair(app: App, request: Request, report: AuditReport) -> list[Movement]:
    """Book a correction for every level that the report names, returning what was booked.

    Customers' holds, what is counted of the stock in advance, and rollups are recounted where the report names them.
    """
    booked: list[Movement] = []
    for variant_id in dict.fromkeys(drift.product_id for drift in report.drifts if drift.location):
        booked += await _repair_variant(app, request, variant_id)
    for drift in report.drifts:
        if drift.rule == COUNTED_RULE:
            await recount_holds(app, drift.about)
    wrong = [drift for drift in report.drifts if drift.rule == RULE]
    if wrong:
        await count_stocks(app, [drift.product_id for drift in wrong if drift.product_id])
        await rebuild_totals(app)
    if any(drift.rule == ROLLUP_RULE for drift in report.drifts):
        await rebuild(app)
    return booked


async def _repair_variant(app: App, request: Request, variant_id: str) -> list[Movement]:
    async def attempt() -> list[Movement]:
        stock = await stock_records.get_stock(app.store, variant_id)
        moved = await moved_units(app, stock)
        held = await held_units(app)
        levels, booked = dict(stock.levels), list[Movement]()
        for location in dict.fromkeys([*stock.levels, *moved]):
            before = stock.levels.get(location, Level())
            after = _corrected(before, held[variant_id, location])
            levels[location] = after
            units = after.total - moved.get(location, 0)
            if after != before or units:
                booked.append(_movement(app, request, stock, location, units, _why(before, after)))
        if not booked:
            return []
        batch = Batch()
        product = (await product_records.load_products(app.store, [stock.product_id])).get(stock.product_id)
        deleted = product is None or variant_id not in product.variant_ids
        stock_records.put_stock(batch, replace(stock, levels=levels, updated_at=app.clock.now()), deleted=deleted)
        for movement in booked:
            stock_records.put_movement(batch, movement)
        changes = {movement.location: movement.quantity for movement in booked}
        data = StockChanged(sku=stock.sku, type="ADJUSTMENT", changes=changes, **moved_fields([stock]))
        batch.append(new_event(app, request, data, stock.product_id))
        await commit(app, request, batch)
        return booked

    return await retried(attempt)


def _corrected(level: Level, held: int) -> Level:
    """Return what is there with what is really held: as many units in all, unless more are promised."""
    return Level.of(max(0, level.available + level.reserved - held), held)


def _why(before: Level, after: Level) -> str:
    data = [
        f"{name} was {was}, is {now}"
        for name, was, now in (
            ("available", before.available, after.available),
            ("reserved", before.reserved, after.reserved),
            ("total", before.total, after.total),
        )
        if was != now
    ]
    return f"{REASON}: {', '.join(data) or 'the ledger did not sum to the total'}"


def _movement(app: App, request: Request, stock: Stock, location: str, units: int, reason: str) -> Movement:
    return Movement(
        id=app.ids.new("mov"),
        product_id=stock.product_id,
        own_variant=stock.own_variant,
        sku=stock.sku,
        location=location,
        type="ADJUSTMENT",
        quantity=units,
        at=app.clock.now(),
        actor=request.actor.id,
        reason=reason,
    )
