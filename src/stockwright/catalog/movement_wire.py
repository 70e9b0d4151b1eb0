"""The ledger on the wire (S4)."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from stockwright.base.instant import iso
from stockwright.base.movements import MovementType
from stockwright.catalog.ledger import MovementView as BalancedMovement
from stockwright.http.rules import Wire
from stockwright.http.wire import Instant, ListQuery
from stockwright.products.wire import Id
from stockwright.stock.model import (
    Movement,
)
from stockwright.stock.wire import LocationFilter


class MovementView(Wire):
    """An entry of the ledger. `balanceAfter`: the total of its level after it, or null if it cannot be computed."""

    id: str
    product_id: str
    sku: str
    location: str
    type: MovementType
    quantity: int
    balance_after: int | None
    name: str | None
    """of the product, in lists"""
    reason: str
    reference: str
    actor: str
    request_id: str
    created_at: str
    variant_id: str | UnsetType = UNSET
    """of a variant with stock of its own"""


class MovementsQuery(ListQuery):
    """Filters of the ledger; times are ISO 8601."""

    variant_id: Id | None = None
    type: MovementType | None = None
    location: LocationFilter | None = None
    since: Instant | None = None
    until: Instant | None = None


def movement_view(movement: Movement, balance_after: int | None, name: str | None = None) -> MovementView:
    """Show an entry of the ledger."""
    return MovementView(
        id=movement.id,
        product_id=movement.product_id,
        sku=movement.sku,
        location=movement.location,
        type=movement.type,
        quantity=movement.quantity,
        balance_after=balance_after,
        name=name,
        reason=movement.reason,
        reference=movement.reference,
        actor=movement.actor,
        request_id=movement.request_id,
        created_at=iso(movement.at),
        variant_id=movement.own_variant,
    )


def balanced_view(found: BalancedMovement) -> MovementView:
    """Show an entry of the ledger, with what its product is called."""
    return movement_view(found.movement, found.balance_after, found.name)
