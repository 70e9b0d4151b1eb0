"""Reports: what was sold, what the stock is worth, how it moved, the shop at a glance."""

from __future__ import annotations

from stockwright.http.route import Call, PlainCall, route
from stockwright.reports import stock_reports
from stockwright.reports import usecases as reports
from stockwright.reports.stock_reports import StockHistory, StockValue
from stockwright.reports.usecases import SalesReport, Summary, TopProducts
from stockwright.reports.wire import (
    SalesQuery,
    SalesView,
    StockHistoryQuery,
    StockHistoryView,
    StockValueView,
    SummaryQuery,
    SummaryView,
    TopProductsQuery,
    TopProductsView,
    sales_view,
    stock_history_view,
    stock_value_view,
    summary_view,
    top_products_view,
)

TAG = "Reports"


async def _summary(call: Call[None, SummaryQuery]) -> Summary:
    return await reports.report_summary(call.app, call.query.time_zone)


async def _sales(call: Call[None, SalesQuery]) -> SalesReport:
    query = call.query
    return await reports.report_sales(call.app, query.range(), query.by)


async def _top_products(call: Call[None, TopProductsQuery]) -> TopProducts:
    query = call.query
    return await reports.report_top_products(call.app, query.range(), query.limit, query.by, query.currency)


async def _stock_value(call: PlainCall) -> StockValue:
    return await stock_reports.report_stock_value(call.app)


async def _stock_history(call: Call[None, StockHistoryQuery]) -> StockHistory:
    query = call.query
    return await stock_reports.report_stock_history(call.app, query.range(), query.by, query.product_id)


ROUTES = (
    route("GET", "/reports/summary", _summary, "Summary: today's sales, open orders, stock, dead letters", TAG,
          lambda _, found: summary_view(found), query=SummaryQuery,
          answer=SummaryView, reads_much="report",
          description="Changes are included within a second."),
    route("GET", "/reports/sales", _sales, "Sales by day or by week", TAG,
          lambda _, found: sales_view(found), query=SalesQuery,
          answer=SalesView, reads_much="report",
          description="Orders that were not cancelled and sales at the till, less returns. An order, and what "
          "came back of it, belongs to the day it was placed on. Changes are included within a second."),
    route("GET", "/reports/top-products", _top_products, "Best-selling products", TAG,
          lambda _, found: top_products_view(found), query=TopProductsQuery,
          answer=TopProductsView, reads_much="report",
          description="Ranked by units, or by revenue in one currency. Names and SKUs are those of today. Changes "
          "are included within a second."),
    route("GET", "/reports/stock-value", _stock_value, "Value of the stock at today's prices", TAG,
          lambda _, found: stock_value_view(found), answer=StockValueView),
    route("GET", "/reports/stock-history", _stock_history, "Stock movements by day or by week", TAG,
          lambda _, found: stock_history_view(found), query=StockHistoryQuery,
          answer=StockHistoryView, reads_much="report", errors=(404,)),
)  # fmt: skip
