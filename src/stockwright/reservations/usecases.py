"""Reservations: hold units for a while, then use them or give them back (S4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Forbidden, Invalid, check_all
from stockwright.commit import commit, insist, new_event, unchanged
from stockwright.events.catalogue import ReservationCreated
from stockwright.products.model import check_reference
from stockwright.request import BY_SYSTEM
from stockwright.reservations import customer_hold_records as holds_records
from stockwright.reservations import model as rules
from stockwright.reservations import records
from stockwright.reservations.allocation import free_expired, load_and_allocate
from stockwright.reservations.hold_limits import HoldLimits
from stockwright.reservations.model import ITEMS_MAX, STATUSES, Reservation, ReservationItem
from stockwright.stock.allocating import summed
from stockwright.stock.booking import book, check_one_step, move
from stockwright.stock.lookup import Named, choose_to_hold
from stockwright.stock.model import Wanted, by_variant, check_quantity, moved_fields, release, reserve, ship
from stockwright.store.batch import Batch, retried
from stockwright.store.merging import list_newest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stockwright.base.actor import Actor
    from stockwright.context import App
    from stockwright.request import Request
    from stockwright.reservations.hold_limits import CustomerHolds
    from stockwright.reservations.model import ReservationStatus
    from stockwright.stock.model import Allocations


class Reserve(Struct, frozen=True):
    """Units to hold, all or nothing, for `minutes` (1..1440); `order_id` is the client's own name for it.

    `given` is how a request names the items' products and variants, where it is not by their ids alone.
    """

    items: Sequence[Wanted]
    order_id: str = ""
    minutes: int = rules.MINUTES_DEFAULT
    given: Sequence[Named] = ()

    @property
    def named(self) -> Sequence[Named]:
        """The products asked for, as the request names them."""
        return self.given or [
            Named(item.variant_id, None, line, f"items[{line}].productId") for line, item in enumerate(self.items)
        ]


class ListReservations(Struct, frozen=True):
    """The caller's own reservations; an admin may see all."""

    status: ReservationStatus | None = None
    everybody: bool = False
    limit: int = 20
    after: str | None = None


async def reserve_stock(app: App, request: Request, command: Reserve) -> Reservation:
    """Hold every unit asked for, or change nothing."""
    if not 1 <= len(command.items) <= ITEMS_MAX:
        raise Invalid.field("items", f"must hold 1 to {ITEMS_MAX} items")
    check_all(
        *(partial(check_quantity, item.quantity, f"items[{line}].quantity") for line, item in enumerate(command.items)),
        lambda: check_reference(command.order_id, "orderId"),
        lambda: rules.expiry(0, command.minutes),
    )
    limits = _limits(app)
    reservation_id = app.ids.new("res")

    async def attempt() -> Reservation:
        chosen = await choose_to_hold(app, command.named)
        wanted = summed(
            Wanted(each.variant_id, item.quantity, item.location)
            for each, item in zip(chosen, command.items, strict=True)
        )
        holds = None
        if request.actor.is_customer:
            limits.check_lasting(0, rules.expiry(0, command.minutes))
            holds = (await holds_records.load_customer_holds(app.store, request.actor.id)).at(app.clock.now())
            holds.check({each.variant_id: each.quantity for each in wanted}, limits)
        stocks, allocations = await load_and_allocate(app, request, wanted)
        check_one_step(app, allocations)
        now = app.clock.now()
        held = Reservation(
            id=reservation_id,
            owner_id=request.actor.id,
            order_id=command.order_id,
            items=tuple(
                ReservationItem(
                    stocks[variant_id].product_id,
                    stocks[variant_id].sku,
                    sum(allocation.values()),
                    allocation,
                    stocks[variant_id].own_variant,
                )
                for variant_id, allocation in allocations.items()
            ),
            status="ACTIVE",
            created_at=now,
            expires_at=rules.expiry(now, command.minutes),
            updated_at=now,
            counted=holds is not None,
        )
        batch = Batch()
        records.put_reservation(batch, held)
        if holds is not None:
            holds_records.put_customer_holds(batch, holds.with_hold(held.id, held.expires_at, held.units))
        move(batch, allocations, reserve, app.clock.now())
        batch.append(
            new_event(
                app,
                request,
                ReservationCreated(order_id=held.order_id, expires_at=held.expires_at, **moved_fields(held.items)),
                held.id,
            )
        )
        held = replace(held, version=1)
        await commit(app, request, batch, held)
        return held

    return await retried(attempt)


async def get_reservation(app: App, request: Request, reservation_id: str) -> Reservation:
    """Get a reservation that is the actor's own (admins and machines with the scope reach all)."""
    held = await records.get_reservation(app.store, reservation_id)
    _must_reach(request.actor, held)
    return held


async def list_reservations(
    app: App, request: Request, command: ListReservations
) -> tuple[list[Reservation], str | None]:
    """List reservations, newest first; those of one status as stored, or of all."""

    def read(
        owner_id: str | None, status: ReservationStatus | None, limit: int
    ) -> Awaitable[tuple[list[Reservation], str | None]]:
        return records.page_of_reservations(
            app.store, owner_id=owner_id, status=status, after=command.after, limit=limit
        )

    return await list_newest(
        read, None if command.everybody else request.actor.id, command.status, STATUSES, command.limit
    )


async def confirm_reservation(
    app: App, request: Request, reservation_id: str, expected_version: int | None = None
) -> Reservation:
    """Use the hold: its units leave as a SALE. Again is fine; expired or cancelled is 409.

    Where the shop does not let customers do so, it is Forbidden for them.
    """

    def decide(held: Reservation) -> Reservation | None:
        if request.actor.is_customer and not app.settings.customer_confirm:
            raise Forbidden("This shop does not let customers confirm reservations; place an order instead")
        after = rules.confirm(held, app.clock.now())
        # What staff or a machine uses of a customer's hold is not the customer's use.
        return after if after is None or request.actor.is_customer else replace(after, counted=False)

    def book_sale(batch: Batch, held: Reservation, allocations: Allocations) -> None:
        move(batch, allocations, ship, app.clock.now())
        reference = held.order_id or held.id
        book(app, request, batch, allocations, by_variant(held.items), "SALE", sign=-1, reference=reference)

    return await _change(app, request, reservation_id, decide, book_sale, expected_version)


async def cancel_reservation(
    app: App, request: Request, reservation_id: str, expected_version: int | None = None
) -> Reservation:
    """Give the hold up: its units go back where they came from. Again is fine; a used one is 409."""

    def decide(held: Reservation) -> Reservation | None:
        return rules.cancel(held, app.clock.now())

    def give_back(batch: Batch, _: Reservation, allocations: Allocations) -> None:
        move(batch, allocations, release, app.clock.now())

    return await _change(app, request, reservation_id, decide, give_back, expected_version)


async def extend_reservation(
    app: App,
    request: Request,
    reservation_id: str,
    minutes: int = rules.MINUTES_DEFAULT,
    expected_version: int | None = None,
) -> Reservation:
    """Hold on for `minutes` from now; an expired hold cannot be brought back (409).

    A customer's can last no longer than the shop's limit after it was made (HoldLimit).
    """
    rules.expiry(0, minutes)

    def decide(held: Reservation) -> Reservation | None:
        after = rules.extend(held, app.clock.now(), minutes)
        limits = _limits(app)
        if request.actor.is_customer:
            limits.check_lasting(held.created_at, after.expires_at)
        # What staff let last longer than a customer could is not counted as the customer's any more.
        return replace(after, counted=held.counted and limits.allows_lasting(held.created_at, after.expires_at))

    return await _change(app, request, reservation_id, decide, lambda *_: None, expected_version)


async def clean_up(app: App, request: Request) -> int:
    """End every hold that is due, by hand; returns how many (S4)."""
    cleaned = await free_expired(app, request)
    # Each hold ended in its own commit; this one only keeps the answer for the request's key.
    await commit(app, request, Batch(), cleaned)
    return cleaned


async def expire_due(app: App) -> int:
    """End every hold that is due; returns how many. The sweeper's work."""
    return await free_expired(app, BY_SYSTEM)


async def _change(
    app: App,
    request: Request,
    reservation_id: str,
    decide: Callable[[Reservation], Reservation | None],
    apply: Callable[[Batch, Reservation, Allocations], None],
    expected_version: int | None,
) -> Reservation:
    async def attempt() -> Reservation:
        held = await records.get_reservation(app.store, reservation_id)
        _must_reach(request.actor, held)
        insist(expected_version, held)
        after = decide(held)
        if after is None:
            return await unchanged(app, request, held)
        batch = Batch()
        records.put_reservation(batch, after)
        if held.counted:
            await _count_change(app, batch, after)
        apply(batch, held, dict(held.allocations))
        moved = moved_fields(() if after.row.holds else held.items)
        change = after.row.changed_by(order_id=held.order_id, **moved)
        batch.append(new_event(app, request, change, held.id))
        after = replace(after, version=held.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def _count_change(app: App, batch: Batch, after: Reservation) -> None:
    """Count a step of a customer's reservation in the same commit."""
    now = app.clock.now()
    holds = (await holds_records.load_customer_holds(app.store, after.owner_id)).at(now)
    holds_records.put_customer_holds(batch, _with_change(holds, after))


def _with_change(holds: CustomerHolds, after: Reservation) -> CustomerHolds:
    counts_as = after.row.counts_as if after.counted else "nothing"
    match counts_as:
        case "hold":
            return holds.with_hold(after.id, after.expires_at, after.units)
        case "use":
            return holds.with_use(after.id, after.updated_at, after.units)
        case "nothing":
            return holds.without(after.id)
    assert_never(counts_as)


def _limits(app: App) -> HoldLimits:
    settings = app.settings
    return HoldLimits(settings.hold_reservations_max, settings.hold_units_max, settings.hold_hours_max)


def _must_reach(actor: Actor, held: Reservation) -> None:
    if "reservations" not in actor.scopes:
        actor.must_reach(held.owner_id, "reservation")
