"""Sales at the till: stock leaves at once (S0)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Invalid, check_all
from stockwright.base.money import sum_amounts
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import SaleRecorded
from stockwright.products.model import check_reference
from stockwright.reservations.allocation import load_and_allocate
from stockwright.sales import records
from stockwright.sales.lines import check_lines
from stockwright.sales.load_lines import load_lines
from stockwright.sales.model import Sale
from stockwright.stock.booking import book, check_one_step, move
from stockwright.stock.model import Wanted, check_quantity, moved_fields, sell
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.request import Request
    from stockwright.sales.load_lines import LineWanted


class Sell(Struct, frozen=True):
    """What goes over the counter, and from which location if not by priority."""

    items: Sequence[LineWanted]
    location: str | None = None
    reference: str = ""


async def record_sale(app: App, request: Request, command: Sell) -> Sale:
    """Sell every line at once, or change nothing (409 INSUFFICIENT_STOCK)."""
    if not command.items:
        raise Invalid.field("items", "must hold at least one line")
    check_all(
        *(partial(check_quantity, item.quantity, f"items[{line}].quantity") for line, item in enumerate(command.items)),
        lambda: check_reference(command.reference),
    )
    sale_id = app.ids.new("sal")

    async def attempt() -> Sale:
        lines, currency = await load_lines(app, command.items, unlisted_too=True)
        check_lines(lines)
        wanted = [Wanted(line.variant_id, line.quantity, command.location) for line in lines]
        stocks, allocations = await load_and_allocate(app, request, wanted)
        check_one_step(app, allocations)
        sale = Sale(
            id=sale_id,
            lines=lines,
            allocations=allocations,
            currency=currency,
            total_cents=sum_amounts(line.total_cents for line in lines),
            sold_by=request.actor.id,
            created_at=app.clock.now(),
            reference=command.reference,
        )
        batch = Batch()
        records.put_sale(batch, sale)
        move(batch, allocations, sell, app.clock.now())
        book(app, request, batch, allocations, stocks, "SALE", sign=-1, reference=sale.id, reason=command.reference)
        batch.append(
            new_event(
                app,
                request,
                SaleRecorded(
                    total_amount=sale.total_cents,
                    currency=currency,
                    **moved_fields(stocks[each] for each in allocations),
                ),
                sale.id,
            )
        )
        made = replace(sale, version=sale.version + 1)
        await commit(app, request, batch, made)
        return made

    return await retried(attempt)


async def get_sale(app: App, sale_id: str) -> Sale:
    """Get a sale."""
    return await records.get_sale(app.store, sale_id)


async def list_sales(app: App, limit: int, after: str | None = None) -> tuple[list[Sale], str | None]:
    """List sales, newest first."""
    return await records.page_of_sales(app.store, limit=limit, after=after)
