"""Orders and sales on the wire (S0, S1, S2, S3)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from stockwright.accounts.address_wire import AddressBody, AddressView, address_view
from stockwright.base.email import EMAIL_MAX, check_new_email
from stockwright.base.free_fields import WHOLE_MAX
from stockwright.base.instant import iso
from stockwright.base.locale import LOCALE_MAX, check_locale
from stockwright.base.names import check_direction
from stockwright.http.rules import Check, Wire, contradiction, first_given, is_given, rule
from stockwright.http.wire import ListQuery, Search, Text, Version, Versioned
from stockwright.orders.amounts import REASON_MAX, OrderAmounts
from stockwright.orders.details import NOTE_MAX, TAG_MAX, TAGS_MAX, OrderDetails, clean_note, clean_tags
from stockwright.orders.model import Order
from stockwright.orders.status import FulfillmentStatus, PlacedStatus, StepName
from stockwright.products.wire import ChosenColor, ChosenOptions, Id, Reference, Sku
from stockwright.sales.line_wire import Lines, OrderLineView, check_one_form, line_views
from stockwright.sales.lines import LINES_MAX
from stockwright.stock.wire import Units

Note = Annotated[str, Meta(max_length=NOTE_MAX), Check(clean_note)]
Tag = Annotated[str, Meta(min_length=1, max_length=TAG_MAX)]


class DiscountBody(Wire):
    """What is taken off the goods: an `amount` in minor units, or `percent` of them."""

    needs = (("amount", "percent"),)

    reason: Annotated[str, Meta(min_length=1, max_length=REASON_MAX), Check(check_direction)]
    amount: Annotated[int, Meta(ge=1, le=WHOLE_MAX)] | None = None
    percent: Annotated[int, Meta(ge=1, le=100)] | None = None

    @rule()
    def _is_of_one_kind(self) -> None:
        if is_given(self.amount) and is_given(self.percent):
            raise contradiction("amount", "percent")


class PlaceOrderBody(Wire):
    """One product as `productId` or `variantId` and `quantity`, or `productIds` with one quantity for each, or `items`.

    `options` and `color` apply to the one product, or to each of `productIds`.
    """

    product_id: Id | None = None
    variant_id: Id | None = None
    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    quantity: Units | None = None
    color: ChosenColor = None
    options: ChosenOptions | None = None
    items: Lines | None = None
    reference: Reference = ""
    shipping_address: AddressBody | None = None
    billing_address: AddressBody | None = None
    email: Annotated[str, Meta(max_length=EMAIL_MAX), Check(check_new_email)] | None = None
    """whom staff order for; customers may send their own address only"""
    note: Note = ""
    locale: Annotated[str, Meta(max_length=LOCALE_MAX), Check(check_locale)] | None = None
    """the language that the buyer reads, such as `de-AT`"""
    expected_total: Annotated[int, Meta(ge=0, le=WHOLE_MAX)] | None = None
    """refuses any other total: 409 PRICE_CHANGED"""
    shipping_method: Id | None = None
    discount: DiscountBody | None = None
    """for staff"""

    @rule()
    def _is_of_one_form(self) -> None:
        chosen = {"options": self.options, "color": self.color}
        if not is_given(self.product_ids):
            product = first_given(self.product_id, self.variant_id)
            check_one_form(self.items, chosen, productId=product, quantity=self.quantity)
            return
        named = {"productId": self.product_id, "variantId": self.variant_id}
        beside = {name: value for name, value in named.items() if is_given(value)}
        if beside and not is_given(self.items):
            raise contradiction("productIds", *beside)
        check_one_form(self.items, chosen, productIds=self.product_ids, **beside, quantity=self.quantity)


class OrderPatch(Wire):
    """A change of an order by staff: only the given fields change; an address of null is removed."""

    note: Note | None = None
    shipping_address: AddressBody | UnsetType | None = UNSET
    billing_address: AddressBody | UnsetType | None = UNSET
    tags: Annotated[list[Tag], Meta(max_length=TAGS_MAX), Check(clean_tags)] | None = None
    expected_version: Version | None = None


class StepView(Wire):
    """One entry of an order's timeline."""

    status: StepName
    at: str
    actor: str
    note: str


class ShippingView(Wire):
    """How an order goes, as it was when it was placed."""

    id: str
    name: str


class TaxView(Wire):
    """The tax of one rate (hundredths of a percent), and the amount that it was computed from."""

    rate: int
    base: int
    amount: int


class OrderView(Wire, omit_defaults=True):
    """An order; `productId`, `productName`, `quantity` and `pricePerUnit` are set if it has one line.

    `totalAmount` is subtotal - discount + shipping, and the tax where `taxAdded`; else the prices contain it.
    """

    id: str
    order_id: str
    number: str
    """the number for people, such as `6QF4M-8K2TB`; unique, and found by `search`"""
    user_id: str
    user_email: str
    items: list[OrderLineView]
    subtotal_amount: int
    discount_amount: int
    shipping_amount: int
    tax_amount: int
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
    shipping_address: AddressView | UnsetType = UNSET
    billing_address: AddressView | UnsetType = UNSET
    note: str = ""
    locale: str = ""
    discount_reason: str = ""
    shipping_method: ShippingView | UnsetType = UNSET
    taxes: list[TaxView] | UnsetType = UNSET
    tax_added: bool = False
    tags: list[str] | UnsetType = UNSET
    """the shop's own: only staff see and set them"""


class OrdersQuery(ListQuery):
    """Filters of the orders; `scope=all` is for admins. `search` is a number, an id, or a customer's whole address."""

    status: PlacedStatus | None = None
    scope: Literal["own", "all"] = "own"
    search: Search = ""


class CancelBody(Versioned):
    """Why an order is cancelled."""

    reason: Text = ""


class ReturnLine(Wire):
    """Returned units of one line, by `lineId`, or by product id, variant id or SKU, with `options` if lines differ."""

    aliases = (("product_id", "id"),)
    needs = (("line_id", "product_id", "id", "variant_id", "sku"),)

    quantity: Units
    line_id: Id | None = None
    product_id: Id | None = None
    id: Id | None = None
    variant_id: Id | None = None
    sku: Sku | None = None
    options: ChosenOptions | None = None


class ReturnBody(Wire):
    """Returned lines, and whether their units go back into stock."""

    items: Annotated[list[ReturnLine], Meta(min_length=1, max_length=LINES_MAX)]
    restock: bool = True
    reason: Text = ""
    expected_version: Version | None = None


def order_view(order: Order, *, for_staff: bool = False, costs: bool = False) -> OrderView:
    """Show an order; its tags are for staff, and what its goods had cost the shop is shown only with `costs`."""
    only = order.lines[0] if len(order.lines) == 1 else None
    view = OrderView(
        id=order.id,
        order_id=order.id,
        number=order.number,
        user_id=order.user_id,
        user_email=order.user_email,
        items=line_views(order.lines, costs=costs),
        subtotal_amount=order.total_cents,
        discount_amount=0,
        shipping_amount=0,
        tax_amount=0,
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
    if order.amounts is not UNSET:
        _show_amounts(view, order.amounts)
    if order.details is not UNSET:
        _show_details(view, order.details)
        if for_staff and order.details.tags:
            view.tags = list(order.details.tags)
    return view


def _show_amounts(view: OrderView, amounts: OrderAmounts) -> None:
    view.subtotal_amount, view.discount_amount = amounts.goods, amounts.discount
    view.shipping_amount, view.tax_amount = amounts.shipping_cents, amounts.tax_cents
    view.discount_reason, view.tax_added = amounts.discount_reason, amounts.tax_added
    if amounts.shipping is not None:
        view.shipping_method = ShippingView(id=amounts.shipping.method, name=amounts.shipping.name)
    if amounts.taxes:
        view.taxes = [TaxView(rate=each.rate, base=each.base, amount=each.amount) for each in amounts.taxes]


def _show_details(view: OrderView, details: OrderDetails) -> None:
    if details.shipping_address is not None:
        view.shipping_address = address_view(details.shipping_address)
    if details.billing_address is not None:
        view.billing_address = address_view(details.billing_address)
    view.note, view.locale = details.note, details.locale
