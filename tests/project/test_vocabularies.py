"""Each vocabulary stands once: what names its members elsewhere holds all of them."""

from __future__ import annotations

from stockwright.orders.status import OPEN
from stockwright.reports.wire import OpenOrdersView


def test_the_summary_counts_every_open_status() -> None:
    assert OpenOrdersView.__struct_fields__ == tuple(status.lower() for status in OPEN)
