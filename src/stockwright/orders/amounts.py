"""What an order comes to: goods, discount, shipping, tax, total. Frozen at placing, in minor units of its currency.

All rounding is here: half up, to whole minor units. A discount is spread over the lines in proportion to their
amounts, to the unit; tax is computed once for each rate, from the sum of what has that rate.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, UnsetType

from stockwright.base.errors import Invalid
from stockwright.base.money import round_half_up, sum_amounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.sales.lines import OrderLine

RATE_WHOLE: Final = 10_000
"""A tax rate of 100 %: rates are hundredths of a percent."""
REASON_MAX: Final = 200


class Discount(Struct, frozen=True):
    """What staff take off the goods: an amount, or a percentage; one of the two is given."""

    reason: str
    amount_cents: int | None = None
    percent: int | None = None

    def of(self, goods_cents: int) -> int:
        """Return the discount on goods of this amount; raises Invalid where it is more than that."""
        if self.percent is not None:
            return round_half_up(Decimal(goods_cents * self.percent) / 100)
        amount = self.amount_cents or 0
        if amount > goods_cents:
            raise Invalid.field("discount.amount", f"must be at most the goods' {goods_cents}, not {amount}")
        return amount


class Shipping(Struct, frozen=True, rename="camel"):
    """The method that an order goes by, as it was when the order was placed."""

    method: str
    name: str
    price: int


class Tax(Struct, frozen=True):
    """The tax of one rate (hundredths of a percent), and what it was computed from."""

    rate: int
    base: int
    amount: int


class OrderAmounts(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The parts of an order's total. `taxes` are contained in the prices, or added where `tax_added`."""

    goods: int
    discount: int = 0
    discount_reason: str = ""
    shipping: Shipping | None = None
    taxes: tuple[Tax, ...] = ()
    tax_added: bool = False

    @property
    def shipping_cents(self) -> int:
        """What the shipping costs."""
        return self.shipping.price if self.shipping else 0

    @property
    def tax_cents(self) -> int:
        """The sum of the taxes."""
        return sum(each.amount for each in self.taxes)

    @property
    def total_cents(self) -> int:
        """What the buyer pays."""
        added = self.tax_cents if self.tax_added else 0
        return self.goods - self.discount + self.shipping_cents + added


def amounts_of(
    lines: Sequence[OrderLine], discount: Discount | None, shipping: Shipping | None, *, tax_added: bool
) -> OrderAmounts | UnsetType:
    """Compute what an order comes to; UNSET where its total is that of its lines, and nothing is taxed."""
    has_rate = any(line.tax_rate is not UNSET for line in lines)
    if discount is None and shipping is None and not has_rate:
        return UNSET
    goods = sum_amounts(line.total_cents for line in lines)
    less = 0 if discount is None else discount.of(goods)
    amounts = OrderAmounts(
        goods,
        less,
        "" if discount is None else discount.reason,
        shipping,
        _taxes(lines, less, shipping, tax_added=tax_added) if has_rate else (),
        tax_added=tax_added and has_rate,
    )
    sum_amounts([amounts.total_cents])
    return amounts


def _taxes(lines: Sequence[OrderLine], discount: int, shipping: Shipping | None, *, tax_added: bool) -> tuple[Tax, ...]:
    """Compute the tax of each rate. Shipping is taxed as the goods are that make up most of the order."""
    bases: Counter[int] = Counter()
    for line, less in zip(lines, spread(discount, [line.total_cents for line in lines]), strict=True):
        bases[0 if line.tax_rate is UNSET else line.tax_rate] += line.total_cents - less
    if shipping is not None:
        bases[max(bases, key=lambda rate: (bases[rate], rate))] += shipping.price
    return tuple(Tax(rate, base, tax_of(base, rate, added=tax_added)) for rate, base in sorted(bases.items()) if rate)


def tax_of(base_cents: int, rate: int, *, added: bool) -> int:
    """Return the tax of a rate: added to an amount, or contained in it."""
    whole = RATE_WHOLE if added else RATE_WHOLE + rate
    return round_half_up(Decimal(base_cents * rate) / whole)


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights, to the unit; the same each time.

    Each part is what the sum of the weights up to it has, less what was given before.
    """
    whole = sum(weights)
    if not amount or not whole:
        return [0] * len(weights)
    parts, reached, given = list[int](), 0, 0
    for weight in weights:
        reached += weight
        until = round_half_up(Decimal(amount * reached) / whole)
        parts.append(until - given)
        given = until
    return parts


def kept_discounts(lines: Sequence[OrderLine], discount: int, kept: Sequence[int]) -> list[int]:
    """Return the discount on so many units of each line: what it brought in is their price less that.

    Tax that is contained in the price is part of what a line brings in; shipping and added tax are not.
    """
    parts = spread(discount, [line.total_cents for line in lines])
    return [
        round_half_up(Decimal(part * units) / line.quantity)
        for part, units, line in zip(parts, kept, lines, strict=True)
    ]
