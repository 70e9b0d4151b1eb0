"""The texts of an order's messages."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from stockwright.notifications.texts import date, money
from stockwright.products.options import describe_options

if TYPE_CHECKING:
    from stockwright.orders.model import Order
    from stockwright.sales.lines import OrderLine


_THICK: Final = "━" * 42
_THIN: Final = "─" * 39


def order_text(heading: str, opening: str, order: Order, status: str) -> str:
    """Write an order in S2's format."""
    lines = "\n".join(_line_text(line, order.currency) for line in order.lines)
    return f"""{_THICK}
         {heading.upper()}
{_THICK}

{opening}

ORDER DETAILS
{_THIN}
Order ID:    {order.id}
Number:      {order.number}
Date:        {date(order.created_at)}

ITEMS
{_THIN}
{lines}

SUMMARY
{_THIN}
{_parts_text(order)}Total Amount: {money(order.total_cents, order.currency)}
Status:       {status}

{_THICK}
"""


def _parts(order: Order) -> list[tuple[str, str]]:
    """Return what the total is made of, where that is more than the lines."""
    amounts = order.amounts
    if amounts is UNSET:
        return []
    parts = [("Subtotal", amounts.goods)]
    if amounts.discount:
        parts.append(("Discount", -amounts.discount))
    if amounts.shipping is not None:
        parts.append((f"Shipping ({amounts.shipping.name})", amounts.shipping.price))
    for tax in amounts.taxes:
        rate = f"{Decimal(tax.rate) / 100:f}".rstrip("0").rstrip(".") if tax.rate % 100 else str(tax.rate // 100)
        parts.append((f"{'Tax' if amounts.tax_added else 'Including tax'} ({rate} %)", tax.amount))
    return [(name, money(amount, order.currency)) for name, amount in parts]


def _parts_text(order: Order) -> str:
    return "".join(f"{name}: {amount}\n" for name, amount in _parts(order))


def _line_text(line: OrderLine, currency: str) -> str:
    return (
        f"{_item(line)}\n"
        f"Quantity:    {line.quantity}\n"
        f"Unit Price:  {money(line.unit_price_cents, currency)}\n"
        f"Total:       {money(line.total_cents, currency)}"
    )


def _item(line: OrderLine) -> str:
    """Name what was bought, with what was chosen of it."""
    return f"{line.name} ({describe_options(line.options)})" if line.options else line.name


def order_html(heading: str, opening: str, order: Order, status: str) -> str:
    """Write the same as HTML that every mail program shows."""
    cell = "padding:6px 12px;border-bottom:1px solid #e5e7eb"
    rows = "".join(
        f'<tr><td style="{cell}">{escape(_item(line))}</td><td style="{cell};text-align:right">{line.quantity}</td>'
        f'<td style="{cell};text-align:right">{money(line.unit_price_cents, order.currency)}</td>'
        f'<td style="{cell};text-align:right">{money(line.total_cents, order.currency)}</td></tr>'
        for line in order.lines
    )
    parts = "".join(f"{escape(name)}: {amount}<br>" for name, amount in _parts(order))
    return f"""<!doctype html>
<html lang="en"><body style="font-family:system-ui,sans-serif;color:#111827;max-width:640px;margin:0 auto;padding:24px">
<h1 style="font-size:20px">{escape(heading)}</h1>
<p>{escape(opening)}</p>
<p>Order ID: <strong>{escape(order.id)}</strong><br>Number: <strong>{escape(order.number)}</strong><br>
Date: {date(order.created_at)}</p>
<table style="border-collapse:collapse;width:100%">
<tr><th style="{cell};text-align:left">Item</th><th style="{cell};text-align:right">Quantity</th>
<th style="{cell};text-align:right">Unit price</th><th style="{cell};text-align:right">Total</th></tr>
{rows}</table>
<p>{parts}Total amount: <strong>{money(order.total_cents, order.currency)}</strong><br>Status: {escape(status)}</p>
</body></html>
"""
