"""The route table, whole."""

from __future__ import annotations

from typing import Final

from stockwright.api.route import Route
from stockwright.api.routes import accounts, catalog, exports, inventory, operations, orders, reports, system

ROUTES: Final[tuple[Route, ...]] = (
    *system.ROUTES,
    *accounts.ROUTES,
    *catalog.ROUTES,
    *inventory.ROUTES,
    *orders.ROUTES,
    *operations.ROUTES,
    *reports.ROUTES,
    *exports.ROUTES,
)
