"""Access patterns of reservations: by id, by owner, by status, and by the instant they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.errors import NotFound
from stockwright.reservations.model import Reservation
from stockwright.store.find import find

if TYPE_CHECKING:
    from stockwright.reservations.model import ReservationStatus
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


def reservation_key(reservation_id: str) -> Key:
    """The reservation's item."""
    return (f"RESERVATION#{reservation_id}", "RESERVATION")


async def get_reservation(store: Store, reservation_id: str) -> Reservation:
    """Get a reservation or refuse."""
    reservation = await find(store, reservation_key(reservation_id), Reservation)
    if reservation is None:
        raise NotFound("Reservation not found")
    return reservation


async def page_of_reservations(
    store: Store,
    *,
    owner_id: str | None = None,
    status: ReservationStatus | None = None,
    high: str = "",
    after: str | None = None,
    limit: int = 20,
    reverse: bool = True,
) -> tuple[list[Reservation], str | None]:
    """Read an owner's reservations (perhaps of one stored status), or everybody's of one status.

    `high` bounds the ids, and so the time.
    """
    if owner_id is not None:
        page = await store.query(
            f"RESERVATION#{owner_id}",
            index="owner",
            where={"status": status} if status else None,
            high=high,
            after=after,
            limit=limit,
            reverse=reverse,
        )
    else:
        page = await store.query(
            f"RESERVATION#{status}", index="list", high=high, after=after, limit=limit, reverse=reverse
        )
    return [item.read(Reservation) for item in page.items], page.next


async def due_reservations(
    store: Store, now: int, *, after: str | None = None, limit: int = 100
) -> tuple[list[Reservation], str | None]:
    """Read ACTIVE reservations whose expiry has come, the longest due first."""
    page = await store.query("RESERVATION", index="due", high=_due(now + 1), after=after, limit=limit)
    return [item.read(Reservation) for item in page.items], page.next


def put_reservation(batch: Batch, held: Reservation) -> None:
    """Write a reservation, expecting the version that it was loaded with."""
    indexes: dict[str, tuple[str, str]] = {
        "owner": (f"RESERVATION#{held.owner_id}", held.id),
        "list": (f"RESERVATION#{held.status}", held.id),
    }
    if held.row.holds:
        indexes["due"] = ("RESERVATION", f"{_due(held.expires_at)}#{held.id}")
    batch.put(
        reservation_key(held.id),
        held,
        held.version,
        indexes,  # type: ignore[arg-type]
    )


def _due(at: int) -> str:
    return f"{at:013d}"
