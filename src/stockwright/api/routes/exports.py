"""Exports: what a shop has, as CSV files that are written while they are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from stockwright.api.route import Answer, Call, Route
from stockwright.api.spreadsheet import CONTENT_TYPE, csv_parts
from stockwright.usecases.exports import COLUMNS, Exported, export

TAG = "Exports"


def _export(what: Exported) -> Callable[[Call], Awaitable[Answer]]:
    async def run(call: Call) -> Answer:
        return Answer(
            stream=csv_parts(COLUMNS[what], export(call.app, what)),
            content_type=CONTENT_TYPE,
            headers={"content-disposition": f'attachment; filename="{what}.csv"'},
        )

    return run


_EXPORTS: Final[tuple[tuple[Exported, str], ...]] = (
    ("products", "Every product as CSV"),
    ("inventory", "Every stock level as CSV, a row per location"),
    ("movements", "The whole ledger as CSV, oldest first"),
    ("orders", "Every order as CSV, a row per line"),
)

ROUTES = tuple(
    Route("GET", f"/{what}/export", _export(what), summary, TAG, content_type="text/csv") for what, summary in _EXPORTS
)
