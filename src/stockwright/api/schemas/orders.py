"""Orders and sales on the wire (S0, S1, S2, S3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from stockwright.api.envelope import iso
from stockwright.api.rules import REQUIRED, Check, Wire, contradiction, first_given, is_given, rule
from stockwright.api.schemas.common import Id, ListQuery, LocationId, Options, Sku, Text, Units, Version, Versioned
from stockwright.domain.errors import Invalid
from stockwright.domain.free import LINE_BYTES_MAX, check_free
from stockwright.domain.order import LINES_MAX, Order, OrderLine, line_id
from stockwright.domain.order_status import FulfillmentStatus, PlacedStatus, StepName
from stockwright.domain.product import ID_MAX, check_reference
from stockwright.domain.sale import Sale

Reference = Annotated[str, Meta(max_length=ID_MAX), Check(check_reference)]
Chosen = Check(lambda value, field: check_free(value, field, LINE_BYTES_MAX))


class LineBody(Wire):
    """One line as S1, S2 or S3 write it."""

    aliases = (("product_id", "id"), ("quantity", "count"))
    needs = (("product_id", "id", "sku"), ("quantity", "count"))

    product_id: Id | None = None
    id: Id | None = None
    sku: Sku | None = None
    quantity: Units | None = None
    count: Units | None = None
    color: Annotated[Any, Chosen] = None
    options: Annotated[Options, Chosen] | None = None


Lines = Annotated[list[LineBody], Meta(min_length=1, max_length=LINES_MAX)]


class PlaceOrderBody(Wire):
    """S2's one product, S1's `productIds` with one quantity for each of them, or `items`.

    `options` and `color` are those of the one product, or of each of `productIds`.
    """

    product_id: Id | None = None
    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    quantity: Units | None = None
    color: Annotated[Any, Chosen] = None
    options: Annotated[Options, Chosen] | None = None
    items: Lines | None = None
    reference: Reference = ""

    @rule()
    def _is_of_one_form(self) -> None:
        chosen = {"options": self.options, "color": self.color}
        if not is_given(self.product_ids):
            check_one_form(self.items, chosen, productId=self.product_id, quantity=self.quantity)
            return
        beside = {"productId": self.product_id} if is_given(self.product_id) else {}
        if beside and not is_given(self.items):
            raise contradiction("productIds", *beside)
        check_one_form(self.items, chosen, productIds=self.product_ids, **beside, quantity=self.quantity)


class OrderLineView(Wire):
    """One line, frozen at placing; `lineId` names it within its order or sale."""

    line_id: str
    product_id: str
    sku: str
    name: str
    product_name: str
    quantity: int
    price_per_unit: int
    total: int
    options: dict[str, Any]
    returned: int


class StepView(Wire):
    """One entry of an order's timeline."""

    status: StepName
    at: str
    actor: str
    note: str


class OrderView(Wire, omit_defaults=True):
    """An order; the flat fields are those of an order of one line (S2)."""

    id: str
    order_id: str
    user_id: str
    user_email: str
    items: list[OrderLineView]
    total_amount: int
    currency: str
    status: PlacedStatus
    fulfillment_status: FulfillmentStatus
    timeline: list[StepView]
    reference: str
    version: int
    created_at: str
    date_created: str
    """S3's name of `createdAt`"""
    updated_at: str
    product_id: str | None = None
    product_name: str | None = None
    quantity: int | None = None
    price_per_unit: int | None = None


class OrdersQuery(ListQuery):
    """Filters of the orders; `scope=all` is for admins."""

    status: PlacedStatus | None = None
    scope: Literal["own", "all"] = "own"


class CancelBody(Versioned):
    """Why an order is cancelled."""

    reason: Text = ""


class ReturnLine(Wire):
    """Units of one line that came back: named by `lineId`, or by product or SKU, with `options` where lines differ."""

    aliases = (("product_id", "id"),)
    needs = (("line_id", "product_id", "id", "sku"),)

    quantity: Units
    line_id: Id | None = None
    product_id: Id | None = None
    id: Id | None = None
    sku: Sku | None = None
    options: Annotated[Options, Chosen] | None = None


class ReturnBody(Wire):
    """What came back, and whether it goes on the shelf again."""

    items: Annotated[list[ReturnLine], Meta(min_length=1, max_length=LINES_MAX)]
    restock: bool = True
    reason: Text = ""
    expected_version: Version | None = None


class SaleBody(Wire):
    """S0's one product, or `items`."""

    product_id: Id | None = None
    sku: Sku | None = None
    quantity: Units | None = None
    color: Annotated[Any, Chosen] = None
    options: Annotated[Options, Chosen] | None = None
    items: Lines | None = None
    location: LocationId | None = None
    reference: Reference = ""

    @rule()
    def _is_of_one_form(self) -> None:
        chosen = {"options": self.options, "color": self.color}
        product = first_given(self.product_id, self.sku)
        check_one_form(self.items, chosen, productId=product, quantity=self.quantity)


class SaleView(Wire):
    """A sale at the till."""

    id: str
    sale_id: str
    items: list[OrderLineView]
    total_amount: int
    currency: str
    sold_by: str
    reference: str
    created_at: str


def check_one_form(items: object, chosen: Mapping[str, object], **single: object) -> None:
    """Refuse `items` beside a single product's fields, and a single product with one of its fields missing.

    `chosen` are the fields that a single product may have.
    """
    if is_given(items):
        beside = [name for name, value in {**single, **chosen}.items() if is_given(value)]
        if beside:
            raise contradiction("items", *beside)
    else:
        missing = [{"field": name, "message": REQUIRED} for name, value in single.items() if not is_given(value)]
        if missing:
            raise Invalid(details=missing)


def line_views(lines: Iterable[OrderLine]) -> list[OrderLineView]:
    """Show the lines of an order or sale."""
    return [_line_view(number, line) for number, line in enumerate(lines)]


def _line_view(number: int, line: OrderLine) -> OrderLineView:
    return OrderLineView(
        line_id=line_id(number),
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        product_name=line.name,
        quantity=line.quantity,
        price_per_unit=line.unit_price_cents,
        total=line.total_cents,
        options=dict(line.options),
        returned=line.returned,
    )


def order_view(order: Order) -> OrderView:
    """Show an order."""
    only = order.lines[0] if len(order.lines) == 1 else None
    return OrderView(
        id=order.id,
        order_id=order.id,
        user_id=order.user_id,
        user_email=order.user_email,
        items=line_views(order.lines),
        total_amount=order.total_cents,
        currency=order.currency,
        status=order.placed_status,
        fulfillment_status=order.row.fulfillment,
        timeline=[
            StepView(status=step.status, at=iso(step.at), actor=step.actor, note=step.note) for step in order.timeline
        ],
        reference=order.reference,
        version=order.version,
        created_at=iso(order.created_at),
        date_created=iso(order.created_at),
        updated_at=iso(order.updated_at),
        product_id=only.product_id if only else None,
        product_name=only.name if only else None,
        quantity=only.quantity if only else None,
        price_per_unit=only.unit_price_cents if only else None,
    )


def sale_view(sale: Sale) -> SaleView:
    """Show a sale."""
    return SaleView(
        id=sale.id,
        sale_id=sale.id,
        items=line_views(sale.lines),
        total_amount=sale.total_cents,
        currency=sale.currency,
        sold_by=sale.sold_by,
        reference=sale.reference,
        created_at=iso(sale.created_at),
    )
