"""Lines of orders and sales on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from stockwright.base.errors import Invalid
from stockwright.http.rules import REQUIRED, Wire, contradiction, is_given, rule
from stockwright.products.wire import ChosenColor, ChosenOptions, Code, Id, Sku
from stockwright.sales.lines import LINES_MAX, OrderLine, line_id
from stockwright.stock.wire import Units


class LineBody(Wire):
    """One line: a product or variant by id, SKU or scanned `code`, a quantity (or `count`), and the chosen options."""

    aliases = (("product_id", "id"), ("quantity", "count"))
    needs = (("product_id", "id", "variant_id", "sku", "code"), ("quantity", "count"))

    product_id: Id | None = None
    id: Id | None = None
    variant_id: Id | None = None
    sku: Sku | None = None
    code: Code | None = None
    """a barcode, else a SKU, else an id; it stands alone"""
    quantity: Units | None = None
    count: Units | None = None
    color: ChosenColor = None
    options: ChosenOptions | None = None

    @rule()
    def _code_stands_alone(self) -> None:
        if self.code is not None:
            check_code_alone(productId=self.product_id, id=self.id, variantId=self.variant_id, sku=self.sku)


Lines = Annotated[list[LineBody], Meta(min_length=1, max_length=LINES_MAX)]


class OrderLineView(Wire):
    """One line, as it was ordered; `lineId` identifies it within its order or sale."""

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
    variant_id: str | UnsetType = UNSET
    """of a variant with stock of its own"""
    cost: int | UnsetType = UNSET
    """what a unit had cost the shop, where that was known; for those who may change products"""
    tax_rate: int | UnsetType = UNSET
    """in hundredths of a percent, where the product had one"""


def check_code_alone(**beside: object) -> None:
    """Refuse other names of a product beside a scanned code."""
    given = [name for name, value in beside.items() if is_given(value)]
    if given:
        raise contradiction("code", *given)


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


def line_views(lines: Iterable[OrderLine], *, costs: bool) -> list[OrderLineView]:
    """Show the lines of an order or sale, and what their goods had cost the shop only with `costs`."""
    return [_line_view(number, line, costs=costs) for number, line in enumerate(lines)]


def _line_view(number: int, line: OrderLine, *, costs: bool) -> OrderLineView:
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
        variant_id=line.own_variant,
        cost=line.cost_cents if costs else UNSET,
        tax_rate=line.tax_rate,
    )
