"""What an order will come to, with the shop's shipping methods and its rule of tax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from stockwright.base.errors import PriceChanged
from stockwright.orders.amounts import Discount, OrderAmounts, Shipping, amounts_of
from stockwright.settings.records import load_settings
from stockwright.shipping.model import check_use
from stockwright.shipping.records import find_method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.base.address import Address
    from stockwright.sales.lines import OrderLine
    from stockwright.store.port import Store


async def load_amounts(
    store: Store,
    lines: Sequence[OrderLine],
    currency: str,
    discount: Discount | None,
    method_id: str | None,
    address: Address | None,
) -> OrderAmounts | UnsetType:
    """Compute what lines come to; UNSET where nothing is taken off, added or taxed.

    Raises Invalid for a shipping method that the order cannot go by. An order without a method and tax costs no read.
    """
    is_taxed = any(line.tax_rate is not UNSET for line in lines)
    if discount is None and method_id is None and not is_taxed:
        return UNSET
    shipping = None
    if method_id is not None:
        method = await find_method(store, method_id)
        check_use(method, currency, address.country if address else None)
        assert method is not None  # noqa: S101 - checked
        goods = sum(line.total_cents for line in lines)
        price = method.price_for(goods - (discount.of(goods) if discount else 0))
        shipping = Shipping(method.id, method.name, price)
    tax_added = is_taxed and not (await load_settings(store)).prices_include_tax
    return amounts_of(lines, discount, shipping, tax_added=tax_added)


def check_expected(expected_cents: int | None, total_cents: int, currency: str) -> None:
    """Refuse (PriceChanged) another total than the one that the buyer saw."""
    if expected_cents is not None and expected_cents != total_cents:
        raise PriceChanged(
            f"The total is {total_cents}, not {expected_cents}; check the prices and order again",
            {"expectedTotal": expected_cents, "totalAmount": total_cents, "currency": currency},
        )
