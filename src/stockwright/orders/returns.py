"""Which lines of an order a return is about: by line id, or by product or SKU with its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from stockwright.base.errors import Invalid
from stockwright.base.names import same_sku
from stockwright.orders.model import ReturnedLine
from stockwright.products.options import describe_options, same_choice
from stockwright.sales.lines import line_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.orders.model import Order
    from stockwright.sales.lines import OrderLine


class ReturnItem(Struct, frozen=True):
    """Units that came back. Everything given narrows down the lines it can mean; at least one of the names is given."""

    quantity: int
    name: str | None = None
    """A product's or variant's id, or a SKU: the one that the line was sold under, or the present one."""
    line_id: str | None = None
    options: Mapping[str, Any] | None = None


def find_returned_lines(
    order: Order, items: Sequence[ReturnItem], variant_ids: Mapping[str, str]
) -> list[ReturnedLine]:
    """Spread the returned units over the lines that each item means, the first lines first.

    `variant_ids` are the variants that bear the items' names as their SKU now. Raises Invalid with one
    entry per wrong item: no such line, several lines that are not equal (their ids are listed), or more
    units than can still be returned.
    """
    left = [line.quantity - line.returned for line in order.lines]
    found, wrong = list[ReturnedLine](), list[dict[str, str]]()
    for position, item in enumerate(items):
        numbers = [number for number, line in enumerate(order.lines) if _is_meant(item, number, line, variant_ids)]
        problem = _problem(order, item, numbers)
        if problem:
            wrong.append({"field": f"items[{position}]", "message": problem})
            continue
        missing = item.quantity
        for number in numbers:
            taken = min(missing, left[number])
            if taken:
                left[number] -= taken
                missing -= taken
                found.append(ReturnedLine(number, taken))
        if missing:
            message = f"only {item.quantity - missing} of {_name(item)} can still be returned"
            wrong.append({"field": f"items[{position}].quantity", "message": message})
    if wrong:
        raise Invalid(details=wrong)
    return found


def _is_meant(item: ReturnItem, number: int, line: OrderLine, variant_ids: Mapping[str, str]) -> bool:
    if item.line_id is not None and item.line_id != line_id(number):
        return False
    if item.name is not None and not (
        item.name in {line.variant_id, line.product_id}
        or same_sku(item.name, line.sku)
        or variant_ids.get(item.name) in {line.variant_id, line.product_id}
    ):
        return False
    if item.options is None:
        return True
    if not item.options:
        return not line.options
    return all(name in line.options and same_choice(line.options[name], item.options[name]) for name in item.options)


def _problem(order: Order, item: ReturnItem, numbers: Sequence[int]) -> str:
    """Say why these lines cannot be what an item means; "" where they can."""
    if not numbers:
        every = _listed(order, range(len(order.lines)))
        return f"the order has no line of {_name(item)}; its lines are {every}"
    first = order.lines[numbers[0]]
    if any(_differ(first, order.lines[number]) for number in numbers[1:]):
        return f"{_name(item)} is on several different lines; name one by lineId: {_listed(order, numbers)}"
    return ""


def _differ(one: OrderLine, other: OrderLine) -> bool:
    return (one.variant_id, one.unit_price_cents, one.options) != (
        other.variant_id,
        other.unit_price_cents,
        other.options,
    )


_LISTED_MAX = 20


def _listed(order: Order, numbers: Sequence[int]) -> str:
    listed = ", ".join(f"{line_id(number)} = {_described(order.lines[number])}" for number in numbers[:_LISTED_MAX])
    more = len(numbers) - _LISTED_MAX
    return f"{listed} and {more} more" if more > 0 else listed


def _described(line: OrderLine) -> str:
    options = f" ({describe_options(line.options)})" if line.options else ""
    return f"{line.quantity} × {line.sku}{options} at {line.unit_price_cents}"


def _name(item: ReturnItem) -> str:
    name = item.name or item.line_id or ""
    return f"{name} ({describe_options(item.options)})" if item.options else name
