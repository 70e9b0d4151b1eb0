"""Sales on the wire."""

from __future__ import annotations

from stockwright.base.instant import iso
from stockwright.http.rules import Wire, first_given, rule
from stockwright.products.wire import ChosenColor, ChosenOptions, Code, Id, Reference, Sku
from stockwright.sales.line_wire import Lines, OrderLineView, check_code_alone, check_one_form, line_views
from stockwright.sales.model import Sale
from stockwright.stock.wire import LocationId, Units


class SaleBody(Wire):
    """One product as `productId` (or `variantId`, `sku`, or a scanned `code`) and `quantity`, or `items`."""

    product_id: Id | None = None
    variant_id: Id | None = None
    sku: Sku | None = None
    code: Code | None = None
    quantity: Units | None = None
    color: ChosenColor = None
    options: ChosenOptions | None = None
    items: Lines | None = None
    location: LocationId | None = None
    reference: Reference = ""

    @rule()
    def _is_of_one_form(self) -> None:
        chosen = {"options": self.options, "color": self.color}
        if self.code is not None:
            check_code_alone(productId=self.product_id, variantId=self.variant_id, sku=self.sku)
        product = first_given(self.product_id, self.variant_id, self.sku, self.code)
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


def sale_view(sale: Sale, *, costs: bool = False) -> SaleView:
    """Show a sale, and what its goods had cost the shop only with `costs`."""
    return SaleView(
        id=sale.id,
        sale_id=sale.id,
        items=line_views(sale.lines, costs=costs),
        total_amount=sale.total_cents,
        currency=sale.currency,
        sold_by=sale.sold_by,
        reference=sale.reference,
        created_at=iso(sale.created_at),
    )
