"""Why a product's numbers are what they are, on the wire."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from stockwright.base.ids import number_of
from stockwright.base.instant import iso
from stockwright.catalog.explain import Explanation
from stockwright.catalog.inventory_wire import StockView, stock_fields, variant_stocks
from stockwright.http.rules import Wire


class HoldView(Wire):
    """A reservation or an open order that holds units."""

    kind: str
    id: str
    quantity: int
    locations: dict[str, int]
    status: str
    owner_id: str
    created_at: str
    expires_at: str | None
    variant_id: str | UnsetType = UNSET
    number: str | UnsetType = UNSET
    """of an order"""


class ExplanationView(StockView, kw_only=True):
    """Explain the available quantity: the reservations and orders that hold units."""

    name: str
    held: int
    holds: list[HoldView]
    explanation: str


def explanation_view(explanation: Explanation) -> ExplanationView:
    """Show how the available quantity comes about, in numbers and in one sentence."""
    stock, found = explanation.stock, explanation.found
    return ExplanationView(
        **stock_fields(stock),
        name=found.product.name_of(stock.own_variant),
        variants=variant_stocks(found) if found.of_variants else UNSET,
        held=explanation.held,
        holds=[
            HoldView(
                kind=hold.kind,
                id=hold.id,
                quantity=hold.quantity,
                locations=dict(hold.allocation),
                status=hold.status,
                owner_id=hold.owner_id,
                created_at=iso(hold.since),
                expires_at=None if hold.until is None else iso(hold.until),
                variant_id=hold.own_variant,
                number=number_of(hold.id) if hold.kind == "order" else UNSET,
            )
            for hold in explanation.holds
        ],
        explanation=(
            f"{stock.total} in stock, {stock.reserved} of them reserved by {len(explanation.holds)} "
            f"open order{'s' if len(explanation.holds) != 1 else ''} or reservations"
            f"{f', {stock.inactive} at inactive locations' if stock.inactive else ''}: {stock.available} can be bought."
        ),
    )
