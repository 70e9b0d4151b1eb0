"""Exports: what a shop has, as CSV files that are written while they are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from stockwright.exports.spreadsheet import CONTENT_TYPE, csv_parts
from stockwright.exports.usecases import Exported, columns_of, export
from stockwright.exports.wire import ExportQuery, InventoryExport, MovementsExport, OrdersExport, ProductsExport
from stockwright.http.route import Answer, Call, route

TAG = "Exports"


def _export(what: Exported) -> Callable[[Call[None, ExportQuery]], Awaitable[Answer]]:
    async def run(call: Call[None, ExportQuery]) -> Answer:
        query: ExportQuery = call.query
        rows = export(call.app, call.request, what, query.selection())
        return Answer(
            stream=csv_parts(columns_of(what, call.request), rows, bom=query.bom),
            content_type=CONTENT_TYPE,
            headers={"content-disposition": f'attachment; filename="{what}.csv"'},
        )

    return run


_EXPORTS: Final[tuple[tuple[Exported, type[ExportQuery], str], ...]] = (
    ("products", ProductsExport, "Export products as CSV, with the filters of their list"),
    ("inventory", InventoryExport, "Export stock levels as CSV, a row per location, with the filters of their list"),
    ("movements", MovementsExport, "Export the movements as CSV, oldest first, with the filters of their list"),
    ("orders", OrdersExport, "Export orders as CSV, a row per line, filtered by status and time"),
)
ROUTES = tuple(
    route(
        "GET", f"/{what}/export", _export(what), summary, TAG, query=query, content_type="text/csv", reads_much="export"
    )
    for what, query, summary in _EXPORTS
)
