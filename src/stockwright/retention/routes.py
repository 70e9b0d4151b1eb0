"""Retention: see it, accept it."""

from __future__ import annotations

from stockwright.http.route import AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.wire import Empty
from stockwright.retention import usecases as retention
from stockwright.retention.usecases import Retention
from stockwright.retention.wire import RetentionView, retention_view

TAG = "Operations"


async def _retention(call: PlainCall) -> Retention:
    return await retention.show_retention(call.app)


async def _accept(call: Call[Empty, NoQuery]) -> Retention:
    return await retention.accept_retention(call.app, call.request)


def _show(call: AnyCall, found: Retention) -> RetentionView:
    return retention_view(call.app.settings, found)


ROUTES = (
    route("GET", "/retention", _retention, "How long records are kept, and whether older ones are removed", TAG, _show,
          answer=RetentionView,
          description="The settings `STOCKWRIGHT_KEEP_…` say how long. In a shop of a former release nothing but "
          "request records is removed by age until an admin accepts that."),
    route("POST", "/retention/accept", _accept, "Accept that records older than the settings say are removed", TAG,
          _show, body=Empty, answer=RetentionView,
          description="Cannot be taken back; a setting of 0 keeps a kind of record for ever. Unless "
          "`STOCKWRIGHT_ARCHIVE` is off, records are written to archive files before they are removed. Orders, sales "
          "and the ledger are always kept."),
)  # fmt: skip
