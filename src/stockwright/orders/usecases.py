"""Orders: place, then confirm, pack, deliver, or cancel; returns afterwards (S1, S2, S3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.errors import Conflict, Forbidden, Invalid, check_all
from stockwright.commit import commit, insist, unchanged
from stockwright.events.catalogue import OrderConfirmed
from stockwright.orders import model as rules
from stockwright.orders import records
from stockwright.orders.amounts import Discount
from stockwright.orders.assigning import with_assigned
from stockwright.orders.details import NOTHING, OrderDetails
from stockwright.orders.finding import PREFIX, find_orders
from stockwright.orders.large import get_resumed_order
from stockwright.orders.model import Order, ReturnedLine
from stockwright.orders.moving import Moving, fits
from stockwright.orders.pricing import check_expected, load_amounts
from stockwright.orders.returns import ReturnItem, find_returned_lines
from stockwright.orders.status import NOTICES, RETURNED, STATUSES
from stockwright.orders.steps import place, take_step, write_step
from stockwright.products import records as product_records
from stockwright.products.model import check_reference
from stockwright.reservations.allocation import load_and_allocate
from stockwright.sales.lines import LINES_MAX
from stockwright.sales.load_lines import load_lines
from stockwright.stock import records as stock_records
from stockwright.stock.model import Wanted, check_quantity, named_details
from stockwright.store.batch import Batch, retried
from stockwright.store.merging import list_newest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stockwright.context import App
    from stockwright.events.catalogue import OrderEvent
    from stockwright.orders.status import PlacedStatus
    from stockwright.request import Request
    from stockwright.sales.load_lines import LineWanted
    from stockwright.stock.model import Allocations
    from stockwright.store.port import Write


class PlaceOrder(Struct, frozen=True):
    """The lines, 1 to LINES_MAX. `buyer` (id, email) is set where somebody orders for another.

    `expected_total` (minor units) refuses any other total (PriceChanged).
    """

    items: Sequence[LineWanted]
    reference: str = ""
    buyer: tuple[str, str] | None = None
    id: str | None = None
    details: OrderDetails = NOTHING
    expected_total: int | None = None
    discount: Discount | None = None
    shipping_method: str | None = None
    placed_by: str = ""
    """Who orders for the buyer, for the timeline."""


class ListOrders(Struct, frozen=True):
    """The caller's own orders, newest first; an admin may see all. `search` is as in `finding.py`."""

    status: PlacedStatus | None = None
    everybody: bool = False
    limit: int = 20
    after: str | None = None
    search: str = ""


class ReturnOrder(Struct, frozen=True):
    """What came back; `restock` puts it on the shelf again with a RETURN movement."""

    order_id: str
    items: Sequence[ReturnItem]
    restock: bool = True
    reason: str = ""
    expected_version: int | None = None


async def place_order(app: App, request: Request, command: PlaceOrder) -> Order:
    """Reserve every line and record the order, or change nothing. Only staff give a discount (Forbidden)."""
    if command.discount is not None and not request.actor.is_admin:
        raise Forbidden("Only staff can give a discount")
    if not 1 <= len(command.items) <= LINES_MAX:
        raise Invalid.field("items", f"must hold 1 to {LINES_MAX} lines, not {len(command.items)}")
    check_all(
        *(partial(check_quantity, item.quantity, f"items[{line}].quantity") for line, item in enumerate(command.items)),
        lambda: check_reference(command.reference),
    )

    async def attempt() -> Order:
        lines, currency = await load_lines(app, command.items)
        amounts = await load_amounts(
            app.store, lines, currency, command.discount, command.shipping_method, command.details.shipping_address
        )
        check_expected(command.expected_total, rules.total_of(lines, amounts), currency)
        _, allocations = await load_and_allocate(
            app, request, [Wanted(line.variant_id, line.quantity) for line in lines]
        )
        buyer = command.buyer or (request.actor.id, request.actor.email)
        order_id = command.id or app.ids.new_numbered(PREFIX)
        now = app.clock.now()
        order = rules.place(
            order_id,
            buyer,
            lines,
            allocations,
            currency,
            now,
            command.reference,
            command.details,
            amounts,
            command.placed_by,
        )
        # Another process may have made the same id: each attempt has one of its own.
        # From here on only the store may refuse.
        return await place(app, request, order)

    return await retried(attempt)


async def get_order(app: App, request: Request, order_id: str) -> Order:
    """Get an order of the actor's own (message: S2); an admin reaches all."""
    order = await records.get_order(app.store, order_id)
    request.actor.must_reach(order.user_id, "order")
    return order


async def list_orders(app: App, request: Request, command: ListOrders) -> tuple[list[Order], str | None]:
    """List orders, newest first."""

    def read(user_id: str | None, status: PlacedStatus | None, limit: int) -> Awaitable[tuple[list[Order], str | None]]:
        return records.page_of_orders(app.store, user_id=user_id, status=status, after=command.after, limit=limit)

    user_id = None if command.everybody else request.actor.id
    if command.search.strip():
        return await find_orders(
            app.store,
            command.search,
            user_id=user_id,
            status=command.status,
            limit=command.limit,
            after=command.after,
        )
    return await list_newest(read, user_id, command.status, STATUSES, command.limit)


async def confirm_order(
    app: App, request: Request, order_id: str, also: Callable[[Batch], Awaitable[None]] | None = None
) -> Order:
    """Commit what the order reserved: the units leave as SALE movements.

    `also` adds writes that belong to the same commit (the record of the mail that went out), asked
    again at each attempt. An order that was confirmed before is left as it is, and `also` is written alone.
    """

    async def attempt() -> Order:
        order = await get_resumed_order(app, request, order_id)
        beside = Batch()
        if also is not None:
            await also(beside)
        if "CONFIRMED" in order.row.next:
            after = rules.advance(order, "CONFIRMED", request.actor.id, app.clock.now())
            return await _commit_step(app, request, order, after, _shipping(order), beside.writes)
        if beside.writes:
            await commit(app, request, beside)
        return await unchanged(app, request, order)

    return await retried(attempt)


def write_confirmation(app: App, request: Request, order: Order, beside: Sequence[Write]) -> Batch | None:
    """Return the one commit that confirms an order, with what belongs to it.

    None where it takes another way: it is not PENDING any more, or too large for one commit.
    """
    if order.status != "PENDING" or order.has_pending_work:
        return None
    after = rules.advance(order, "CONFIRMED", request.actor.id, app.clock.now())
    moving, events = _shipping(order), [(OrderConfirmed, list(order.allocations))]
    batch = Batch() if after is None else write_step(app, request, after, moving, events, beside)
    return batch if batch.writes and fits(app, batch) else None


async def pack_order(app: App, request: Request, order_id: str, expected_version: int | None = None) -> Order:
    """Mark an order as packed; a PENDING one is confirmed in the same commit."""
    return await _step(app, request, order_id, "PACKED", expected_version)


async def deliver_order(app: App, request: Request, order_id: str, expected_version: int | None = None) -> Order:
    """Mark a packed order as delivered."""
    return await _step(app, request, order_id, "DELIVERED", expected_version)


async def cancel_order(
    app: App, request: Request, order_id: str, reason: str = "", expected_version: int | None = None
) -> Order:
    """Cancel an order: the owner until it is packed, an admin until it is delivered. The stock comes back."""

    async def attempt() -> Order:
        order = await get_resumed_order(app, request, order_id)
        request.actor.must_reach(order.user_id, "order")
        insist(expected_version, order)
        if not order.is_reserving:
            order = await with_assigned(app, order)
        after = rules.cancel(order, request.actor.id, app.clock.now(), as_admin=request.actor.is_admin, note=reason)
        if order.is_reserving:
            moving = Moving("release", order.allocations)
        else:
            moving = Moving("receive", rules.still_out(order), "RETURN", "Order cancelled")
        return await _commit_step(app, request, order, after, moving)

    return await retried(attempt)


async def return_order(app: App, request: Request, command: ReturnOrder) -> Order:
    """Book units of a shipped order as returned, on the shelf again if `restock`."""
    if not command.items:
        raise Invalid.field("items", "must hold at least one line")
    check_all(
        *(partial(check_quantity, item.quantity, f"items[{line}].quantity") for line, item in enumerate(command.items))
    )

    async def attempt() -> Order:
        order = await get_resumed_order(app, request, command.order_id)
        insist(command.expected_version, order)
        if command.restock:
            order = await with_assigned(app, order)
        returned = await _find_lines(app, order, command.items)
        after, allocations = rules.take_back(order, returned, request.actor.id, app.clock.now(), command.reason)
        if not command.restock:
            return await take_step(app, request, after, None, [(RETURNED.event, [])])
        await _must_be_kept(app, order, allocations)
        moving = Moving("receive", allocations, "RETURN", command.reason or "Returned")
        return await take_step(app, request, after, moving, [(RETURNED.event, list(allocations))])

    return await retried(attempt)


async def _step(app: App, request: Request, order_id: str, to: PlacedStatus, expected_version: int | None) -> Order:
    async def attempt() -> Order:
        order = await get_resumed_order(app, request, order_id)
        insist(expected_version, order)
        after = rules.advance(order, to, request.actor.id, app.clock.now())
        return await _commit_step(app, request, order, after, _shipping(order))

    return await retried(attempt)


async def _commit_step(
    app: App, request: Request, order: Order, after: Order | None, moving: Moving | None, beside: Sequence[Write] = ()
) -> Order:
    """Write an order's next state with what it does to the stock; a repeat writes nothing."""
    if after is None:
        return await unchanged(app, request, order)
    moved = list(moving.allocations) if moving is not None else []
    events: list[tuple[type[OrderEvent], list[str]]] = []
    for step in after.timeline[len(order.timeline) :]:
        # The units move with the first of the steps.
        events.append((NOTICES[step.status].event, [] if events else moved))
    return await take_step(app, request, after, moving, events, beside)


def _shipping(order: Order) -> Moving | None:
    """Let the reserved units leave where the step is the one that commits them."""
    return Moving("ship", order.allocations, "SALE") if order.is_reserving else None


async def _find_lines(app: App, order: Order, items: Sequence[ReturnItem]) -> list[ReturnedLine]:
    """Find what came back, also under a SKU that the product got after the order was placed."""
    names = {item.name for item in items if item.name is not None}
    variant_ids = await product_records.load_variant_ids(app.store, names) if names else {}
    return find_returned_lines(order, items, variant_ids)


async def _must_be_kept(app: App, order: Order, allocations: Allocations) -> None:
    stocks = await stock_records.load_stocks(app.store, allocations)
    gone = [variant_id for variant_id in allocations if variant_id not in stocks or not stocks[variant_id].levels]
    if gone:
        line = order.named[gone[0]]
        named = named_details(line)
        del named["sku"]
        if await product_records.load_products(app.store, [line.product_id]):
            raise Conflict(
                "The order does not say which variant of a product comes back, or that variant was removed; "
                "book the return without restocking, and the units as a restock of the right variant",
                named,
            )
        raise Conflict("A product of this order was deleted; book the return without restocking", named)
