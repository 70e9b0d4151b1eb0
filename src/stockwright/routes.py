"""The route table, whole."""

from __future__ import annotations

from typing import Final

from stockwright.accounts import address_routes as addresses
from stockwright.accounts import routes as accounts
from stockwright.catalog import inventory_routes as inventory
from stockwright.catalog import picture_routes as pictures
from stockwright.catalog import routes as catalog
from stockwright.catalog import scan_routes as scans
from stockwright.catalog import variant_routes as variants
from stockwright.counts import routes as counts
from stockwright.exports import routes as exports
from stockwright.http.route import Route
from stockwright.imports import routes as imports
from stockwright.operations import routes as operations
from stockwright.operations import system_routes as system
from stockwright.orders import routes as orders
from stockwright.products import routes as products
from stockwright.reports import routes as reports
from stockwright.reservations import routes as reservations
from stockwright.retention import routes as retention
from stockwright.sales import routes as sales
from stockwright.settings import routes as settings
from stockwright.shipping import routes as shipping
from stockwright.stock import routes as stock
from stockwright.uploads import routes as uploads

ROUTES: Final[tuple[Route, ...]] = (
    *system.ROUTES,
    *accounts.ROUTES,
    *addresses.ROUTES,
    *catalog.ROUTES,
    *pictures.ROUTES,
    *variants.ROUTES,
    *products.ROUTES,
    *inventory.ROUTES,
    *scans.ROUTES,
    *stock.ROUTES,
    *counts.ROUTES,
    *reservations.ROUTES,
    *orders.ROUTES,
    *sales.ROUTES,
    *operations.ROUTES,
    *reports.ROUTES,
    *exports.ROUTES,
    *imports.ROUTES,
    *retention.ROUTES,
    *settings.ROUTES,
    *uploads.ROUTES,
    *shipping.ROUTES,
)
