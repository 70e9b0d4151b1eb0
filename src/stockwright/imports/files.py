"""What a file of products or orders is imported as: its profile is named, or found out by its headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.imports.model import OnError
from stockwright.imports.orders import import_sales
from stockwright.imports.products import import_product_rows
from stockwright.imports.profiles import ONLINE_RETAIL, Profile, ProfileWanted, is_online_retail
from stockwright.imports.reader import read_table
from stockwright.imports.report import ImportReport
from stockwright.imports.retail import import_sold_products

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockwright.context import App
    from stockwright.imports.reader import Table
    from stockwright.request import Request

OUR_PRODUCTS: Final = ("sku",)


async def import_products(
    app: App,
    request: Request,
    content: bytes,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    profile: ProfileWanted = "auto",
    on_error: OnError = "stop",
    dry_run: bool = False,
) -> tuple[ImportReport, Table]:
    """Make and change products; returns what was done, and the file as read."""
    wanted: dict[ProfileWanted, Sequence[Sequence[str]]] = {
        "auto": [OUR_PRODUCTS, ONLINE_RETAIL],
        "stockwright": [OUR_PRODUCTS],
        "online-retail": [ONLINE_RETAIL],
    }
    table = read_table(content, wanted[profile])
    found: Profile = "online-retail" if profile != "stockwright" and is_online_retail(table) else "stockwright"
    report = ImportReport(found, rows=len(table.rows), on_error=on_error, dry_run=dry_run)
    work = import_sold_products if found == "online-retail" else import_product_rows
    await work(app, request, table, report, progress)
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
