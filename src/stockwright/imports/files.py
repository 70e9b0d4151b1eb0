"""Files of sales of the past: the products in them, and the orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.imports.orders import import_sales
from stockwright.imports.profiles import ONLINE_RETAIL, ProfileWanted, is_online_retail
from stockwright.imports.reader import read_table
from stockwright.imports.report import ImportReport
from stockwright.imports.retail import import_sold_products

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockwright.context import App
    from stockwright.imports.model import OnError
    from stockwright.imports.reader import Table
    from stockwright.request import Request

OUR_PRODUCTS: Final = ("sku",)
WANTED: Final[Mapping[ProfileWanted, Sequence[Sequence[str]]]] = {
    "auto": [OUR_PRODUCTS, ONLINE_RETAIL],
    "stockwright": [OUR_PRODUCTS],
    "online-retail": [ONLINE_RETAIL],
}


def is_of_sales(content: bytes, profile: ProfileWanted) -> bool:
    """Return whether products are to be made of a file of sales; refuses a file that is of no wanted kind."""
    return profile != "stockwright" and is_online_retail(read_table(content, WANTED[profile]))


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
