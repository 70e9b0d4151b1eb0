"""Reservations: hold units for a while, then use them or give them back (S4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from stockwright.domain import reservation as rules
from stockwright.domain.errors import Invalid, check_all
from stockwright.domain.product import check_reference
from stockwright.domain.reservation import ITEMS_MAX, Reservation, ReservationItem
from stockwright.domain.stock import Wanted, check_quantity, release, reserve, ship, summed
from stockwright.store.records import reservations as records
from stockwright.store.records.batch import Batch, retried
from stockwright.usecases.commit import commit, insist, new_event, unchanged
from stockwright.usecases.drawing import book, free_expired, load_and_draw, move
from stockwright.usecases.lines import Named, check_can_be_held
from stockwright.usecases.merging import newest
from stockwright.usecases.settling import check_one_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockwright.domain.account import Actor
    from stockwright.domain.stock import Draws
    from stockwright.usecases.context import App

STATUSES = ("ACTIVE", "CONFIRMED", "CANCELLED", "EXPIRED")


@dataclass(frozen=True, slots=True)
class Reserve:
    """Units to hold, all or nothing, for `minutes` (1..1440); `order_id` is the client's own name for it."""

    items: Sequence[Wanted]
    order_id: str = ""
    minutes: int = rules.MINUTES_DEFAULT
    fields: Sequence[str] = ()
    """The field of the request that names each item's product, where it is not `items[n].productId`."""

    @property
    def named(self) -> list[Named]:
        """The products asked for, as the request names them."""
        fields = self.fields or [f"items[{line}].productId" for line in range(len(self.items))]
        return [
            Named(item.product_id, None, line, name)
            for line, (item, name) in enumerate(zip(self.items, fields, strict=True))
        ]


@dataclass(frozen=True, slots=True)
class ListReservations:
    """An asker's own reservations; an admin may see everybody's."""

    status: str | None = None
    everybody: bool = False
    limit: int = 20
    after: str | None = None


async def reserve_stock(app: App, actor: Actor, command: Reserve) -> Reservation:
    """Hold every unit asked for, or change nothing."""
    if not 1 <= len(command.items) <= ITEMS_MAX:
        raise Invalid.field("items", f"must hold 1 to {ITEMS_MAX} items")
    check_all(
        *(partial(check_quantity, item.quantity, f"items[{line}].quantity") for line, item in enumerate(command.items)),
        lambda: check_reference(command.order_id, "orderId"),
        lambda: rules.expiry(0, command.minutes),
    )
    reservation_id = app.ids.new("res")

    async def attempt() -> Reservation:
        wanted = summed(command.items)
        await check_can_be_held(app, command.named)
        stocks, draws = await load_and_draw(app, wanted)
        check_one_step(app, draws)
        now = app.clock.now()
        held = Reservation(
            id=reservation_id,
            owner_id=actor.id,
            order_id=command.order_id,
            items=tuple(
                ReservationItem(product_id, stocks[product_id].sku, sum(drawn.values()), drawn)
                for product_id, drawn in draws.items()
            ),
            status="ACTIVE",
            created_at=now,
            expires_at=rules.expiry(now, command.minutes),
            updated_at=now,
        )
        batch = Batch()
        records.put_reservation(batch, held)
        move(batch, draws, reserve)
        batch.append(
            new_event(
                app,
                actor,
                "reservation.created",
                held.id,
                orderId=held.order_id,
                expiresAt=held.expires_at,
                products=list(draws),
            )
        )
        held = replace(held, version=1)
        await commit(app, batch, held)
        return held

    return await retried(attempt)


async def get_reservation(app: App, actor: Actor, reservation_id: str) -> Reservation:
    """Get a reservation that is the actor's own (admins and machines with the scope reach all)."""
    held = await records.get_reservation(app.store, reservation_id)
    _must_reach(actor, held)
    return held


async def list_reservations(app: App, actor: Actor, command: ListReservations) -> tuple[list[Reservation], str | None]:
    """List reservations, newest first; those of one status as stored, or of all."""
    if not command.everybody:
        return await records.page_of_reservations(
            app.store, owner_id=actor.id, status=command.status, after=command.after, limit=command.limit
        )
    if command.status:
        return await records.page_of_reservations(
            app.store, status=command.status, after=command.after, limit=command.limit
        )
    pages = [
        await records.page_of_reservations(app.store, status=status, after=command.after, limit=command.limit + 1)
        for status in STATUSES
    ]
    return newest(pages, command.limit)


async def confirm_reservation(
    app: App, actor: Actor, reservation_id: str, expected_version: int | None = None
) -> Reservation:
    """Use the hold: its units leave as a SALE. Again is fine; expired or cancelled is 409."""

    def decide(held: Reservation) -> Reservation | None:
        return rules.confirm(held, app.clock.now())

    def book_sale(batch: Batch, held: Reservation, draws: Draws) -> None:
        move(batch, draws, ship)
        skus = {item.product_id: item.sku for item in held.items}
        book(app, actor, batch, draws, skus, "SALE", sign=-1, reference=held.order_id or held.id)

    return await _change(app, actor, reservation_id, decide, book_sale, expected_version)


async def cancel_reservation(
    app: App, actor: Actor, reservation_id: str, expected_version: int | None = None
) -> Reservation:
    """Give the hold up: its units go back where they came from. Again is fine; a used one is 409."""

    def decide(held: Reservation) -> Reservation | None:
        return rules.cancel(held, app.clock.now())

    def give_back(batch: Batch, _: Reservation, draws: Draws) -> None:
        move(batch, draws, release)

    return await _change(app, actor, reservation_id, decide, give_back, expected_version)


async def extend_reservation(
    app: App,
    actor: Actor,
    reservation_id: str,
    minutes: int = rules.MINUTES_DEFAULT,
    expected_version: int | None = None,
) -> Reservation:
    """Hold on for `minutes` from now; an expired hold cannot be brought back (409)."""
    rules.expiry(0, minutes)

    def decide(held: Reservation) -> Reservation | None:
        return rules.extend(held, app.clock.now(), minutes)

    return await _change(app, actor, reservation_id, decide, lambda *_: None, expected_version)


async def clean_up(app: App) -> int:
    """End every hold that is due, by hand; returns how many (S4)."""
    cleaned = await expire_due(app)
    # Each hold ended in its own commit; this one only keeps the answer for the request's key.
    await commit(app, Batch(), cleaned)
    return cleaned


async def expire_due(app: App) -> int:
    """End every hold that is due; returns how many. The sweeper's work."""
    return await free_expired(app)


async def _change(
    app: App,
    actor: Actor,
    reservation_id: str,
    decide: Callable[[Reservation], Reservation | None],
    settle: Callable[[Batch, Reservation, Draws], None],
    expected_version: int | None,
) -> Reservation:
    async def attempt() -> Reservation:
        held = await records.get_reservation(app.store, reservation_id)
        _must_reach(actor, held)
        insist(expected_version, held)
        after = decide(held)
        if after is None:
            return await unchanged(app, held)
        batch = Batch()
        records.put_reservation(batch, after)
        settle(batch, held, dict(held.draws))
        step = "extended" if after.status == "ACTIVE" else after.status.lower()
        products = list(held.draws) if after.status in {"CANCELLED", "EXPIRED"} else []
        batch.append(new_event(app, actor, f"reservation.{step}", held.id, orderId=held.order_id, products=products))
        after = replace(after, version=held.version + 1)
        await commit(app, batch, after)
        return after

    return await retried(attempt)


def _must_reach(actor: Actor, held: Reservation) -> None:
    if "reservations" not in actor.scopes:
        actor.must_reach(held.owner_id, "reservation")
