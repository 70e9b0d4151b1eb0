"""Files of sales of the past: the products in them, and the orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.imports.orders import import_sales
from stockwright.imports.profiles import profiles_of, wanted_headings
from stockwright.imports.reader import heading_key, read_table
from stockwright.imports.report import ImportReport
from stockwright.imports.retail import ONLINE_RETAIL, import_sold_products

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.context import App
    from stockwright.imports.model import OnError
    from stockwright.imports.reader import Table
    from stockwright.request import Request


def is_of_sales(content: bytes, profile: str) -> bool:
    """Return whether products are to be made of a file of sales; refuses a file that is of no wanted kind."""
    if profile not in {"auto", "online-retail"}:
        return False
    others = wanted_headings(profiles_of("products", "add")) if profile == "auto" else []
    table = read_table(content, [*others, ONLINE_RETAIL])
    return {heading_key(each) for each in table.headings}.issuperset(map(heading_key, ONLINE_RETAIL))


async def import_sold(
    app: App,
    request: Request,
    content: bytes,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    on_error: OnError = "stop",
    dry_run: bool = False,
) -> tuple[ImportReport, Table]:
    """Make the products of a file of sales; returns what was done, and the file as read."""
    table = read_table(content, [ONLINE_RETAIL])
    report = ImportReport("online-retail", rows=len(table.rows), on_error=on_error, dry_run=dry_run)
    await import_sold_products(app, request, table, report, progress)
    return report.finish(), table


async def import_orders(
    app: App,
    request: Request,
    content: bytes,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    on_error: OnError = "stop",
    dry_run: bool = False,
) -> tuple[ImportReport, Table]:
    """Place and ship every invoice of a file, and book its credit notes; returns what was done, and the file."""
    table = read_table(content, [ONLINE_RETAIL])
    report = ImportReport("online-retail", rows=len(table.rows), on_error=on_error, dry_run=dry_run)
    await import_sales(app, request, table, report, progress)
    return report.finish(), table
