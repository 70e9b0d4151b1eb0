"""Reports on the wire. Money has one entry per currency, and is never summed over them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Literal, TypedDict

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stockwright.base.time_zone import zone_of
from stockwright.catalog.inventory_wire import TotalsView, totals_view
from stockwright.http.rules import Check, Wire, rule
from stockwright.http.wire import Limit
from stockwright.reports.period import DAYS_MAX, Period, check_days, day_of
from stockwright.reports.revenue import SalesTotals, SoldProduct
from stockwright.reports.stock_reports import Moved, StockHistory, StockValue, Worth
from stockwright.reports.usecases import Range, Ranking, SalesReport, Summary, TopProducts

Zone = Annotated[
    str,
    Meta(max_length=64, description="Time zone of the days, such as Europe/Berlin; the shop's by default"),
    Check(zone_of),
]
Day = Annotated[
    str,
    Meta(max_length=10, description=f"YYYY-MM-DD; both days are included; at most {DAYS_MAX} days"),
    Check(day_of),
]


class RangeQuery(Wire):
    """The days of a report; by default the 30 days up to today."""

    first: Day | None = msgspec.field(default=None, name="from")
    last: Day | None = msgspec.field(default=None, name="to")
    time_zone: Zone | None = None

    def range(self) -> Range:
        """Return what is asked for."""
        return Range(
            None if self.first is None else day_of(self.first, "from"),
            None if self.last is None else day_of(self.last, "to"),
            self.time_zone,
        )

    @rule("first", "last")
    def _ends_in_time(self) -> None:
        if self.first is not None and self.last is not None:
            check_days(day_of(self.first, "from"), day_of(self.last, "to"))


class SalesQuery(RangeQuery):
    """The range, in days or in weeks that begin on Monday."""

    by: Literal["day", "week"] = "day"


class TopProductsQuery(RangeQuery):
    """The ranking: by units, or by revenue or margin in one currency."""

    by: Ranking = "units"
    currency: Annotated[str, Meta(max_length=3)] | None = None
    limit: Limit = 10


class StockHistoryQuery(SalesQuery):
    """One product's history, or the whole shop's."""

    product_id: Annotated[str, Meta(max_length=128)] | None = None


class SummaryQuery(Wire):
    """The time zone in which today begins."""

    time_zone: Zone | None = None


class AmountView(Wire):
    """An amount in minor units of a currency."""

    currency: str
    amount: int


class MarginView(Wire):
    """What is left over the cost of sold goods, in minor units of a currency.

    It is of the goods whose cost was known when they were sold: `revenue` is theirs, and `shareOfRevenue` says how much
    of all revenue that is, in hundredths of a percent (null where nothing was brought in).
    """

    currency: str
    revenue: int
    cost: int
    amount: int
    share_of_revenue: int | None


class SalesTotalsView(Wire):
    """Sales totals: `units` and `revenue` count orders that were not cancelled and sales, less returns."""

    orders: int
    cancelled_orders: int
    sales: int
    units: int
    returned_units: int
    revenue: list[AmountView]
    margin: list[MarginView]


class SalesPart(SalesTotalsView):
    """A day, or the week that begins on it."""

    date: str


class PeriodView(Wire):
    """The days of a report, both included, and their time zone."""

    first: str = msgspec.field(name="from")
    last: str = msgspec.field(name="to")
    time_zone: str


class SalesView(PeriodView):
    """Sales totals of each day or week, and of the whole range."""

    by: str
    items: list[SalesPart]
    total: SalesTotalsView


class TopVariantView(Wire):
    """Sales totals of one of a product's variants."""

    variant_id: str
    sku: str
    name: str
    units: int
    revenue: list[AmountView]
    margin: list[MarginView]


class TopProductView(Wire):
    """Sales totals of one product, and of its variants that have stock of their own."""

    product_id: str
    sku: str
    name: str
    units: int
    revenue: list[AmountView]
    margin: list[MarginView]
    variants: list[TopVariantView] | UnsetType = UNSET


class TopProductsView(PeriodView):
    """The best-selling products, best first."""

    items: list[TopProductView]


class OpenOrdersView(Wire):
    """The number of open orders by status."""

    pending: int
    confirmed: int
    packed: int


class SummaryView(Wire):
    """A summary of the shop."""

    date: str
    time_zone: str
    today: SalesTotalsView
    yesterday: SalesTotalsView
    open_orders: OpenOrdersView
    inventory: TotalsView
    dead_letters: int
    waiting_retries: int


class WorthView(Wire):
    """Units with their value at today's prices (`value`) and costs (`cost`).

    `unpriced` units have no price yet, and `uncosted` ones no cost; they are not in these sums.
    """

    units: int
    unpriced: int
    value: list[AmountView]
    uncosted: int
    cost: list[AmountView]


class LocationWorth(WorthView):
    """Units and their value at one location."""

    location: str


class CategoryWorth(WorthView):
    """Units and their value in one category."""

    category: str


class StockValueView(Wire):
    """The value of the whole stock at today's selling prices, and at cost."""

    total: WorthView
    available: WorthView
    reserved: WorthView
    inactive: WorthView
    locations: list[LocationWorth]
    categories: list[CategoryWorth]


class StockPart(Wire):
    """Signed units by type of movement; transfers between locations cancel out."""

    date: str
    initial: int
    restocked: int
    sold: int
    returned: int
    adjusted: int
    change: int
    closing_stock: int | None


class StockHistoryView(PeriodView):
    """Movements by day or week; `closingStock` is given for one product only."""

    by: str
    product_id: str | None
    items: list[StockPart]


def sales_view(report: SalesReport) -> SalesView:
    """Show what was sold over time."""
    return SalesView(
        **_period(report.period),
        by=report.by,
        items=[SalesPart(date=day.isoformat(), **_totals_fields(taken)) for day, taken in report.parts],
        total=SalesTotalsView(**_totals_fields(report.total)),
    )


def top_products_view(report: TopProducts) -> TopProductsView:
    """Show what sold most."""
    return TopProductsView(**_period(report.period), items=[_product(product) for product in report.products])


def summary_view(found: Summary) -> SummaryView:
    """Show the shop at a glance."""
    return SummaryView(
        date=found.period.last.isoformat(),
        time_zone=found.period.zone.key,
        today=SalesTotalsView(**_totals_fields(found.today)),
        yesterday=SalesTotalsView(**_totals_fields(found.yesterday)),
        open_orders=OpenOrdersView(
            pending=found.open_orders["PENDING"],
            confirmed=found.open_orders["CONFIRMED"],
            packed=found.open_orders["PACKED"],
        ),
        inventory=totals_view(found.inventory),
        dead_letters=found.dead_letters,
        waiting_retries=found.retries,
    )


def stock_value_view(value: StockValue) -> StockValueView:
    """Show what the stock is worth."""
    return StockValueView(
        total=WorthView(**_worth(value.total)),
        available=WorthView(**_worth(value.available)),
        reserved=WorthView(**_worth(value.reserved)),
        inactive=WorthView(**_worth(value.inactive)),
        locations=[LocationWorth(location=name, **_worth(each)) for name, each in sorted(value.by_location.items())],
        categories=[CategoryWorth(category=name, **_worth(each)) for name, each in sorted(value.by_category.items())],
    )


def stock_history_view(history: StockHistory) -> StockHistoryView:
    """Show how the stock moved."""
    return StockHistoryView(
        **_period(history.period),
        by=history.by,
        product_id=history.product_id,
        items=[_moved(day, moved) for day, moved in history.parts],
    )


class _PeriodFields(TypedDict):
    first: str
    last: str
    time_zone: str


class _TotalsFields(TypedDict):
    orders: int
    cancelled_orders: int
    sales: int
    units: int
    returned_units: int
    revenue: list[AmountView]
    margin: list[MarginView]


class _WorthFields(TypedDict):
    units: int
    unpriced: int
    value: list[AmountView]
    uncosted: int
    cost: list[AmountView]


def _period(period: Period) -> _PeriodFields:
    return {
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "time_zone": period.zone.key,
    }


def _amounts(cents: Counter[str]) -> list[AmountView]:
    return [AmountView(currency=name, amount=amount) for name, amount in sorted(cents.items())]


def _margins(sold: SalesTotals | SoldProduct) -> list[MarginView]:
    return [
        MarginView(
            currency=currency,
            revenue=margin.revenue,
            cost=margin.cost,
            amount=margin.amount,
            share_of_revenue=_share(margin.revenue, sold.cents[currency]),
        )
        for currency, margin in sorted(sold.margins.items())
    ]


def _share(part: int, whole: int) -> int | None:
    """Return a part in hundredths of a percent, rounded half up."""
    return (20_000 * part + whole) // (2 * whole) if whole else None


def _totals_fields(taken: SalesTotals) -> _TotalsFields:
    return {
        "orders": taken.orders,
        "cancelled_orders": taken.cancelled,
        "sales": taken.sales,
        "units": taken.units,
        "returned_units": taken.returned,
        "revenue": _amounts(taken.cents),
        "margin": _margins(taken),
    }


def _worth(worth: Worth) -> _WorthFields:
    return {
        "units": worth.units,
        "unpriced": worth.unpriced,
        "value": _amounts(worth.cents),
        "uncosted": worth.units - worth.costed,
        "cost": _amounts(worth.cost),
    }


def _product(product: SoldProduct) -> TopProductView:
    return TopProductView(
        product_id=product.product_id,
        sku=product.sku,
        name=product.name,
        units=product.units,
        revenue=_amounts(product.cents),
        margin=_margins(product),
        variants=[
            TopVariantView(
                variant_id=part.own_variant,
                sku=part.sku,
                name=part.name,
                units=part.units,
                revenue=_amounts(part.cents),
                margin=_margins(part),
            )
            for part in product.variants
            if part.own_variant is not UNSET
        ]
        or UNSET,
    )


def _moved(day: date, moved: Moved) -> StockPart:
    return StockPart(
        date=day.isoformat(),
        initial=moved.units["INITIAL"],
        restocked=moved.units["RESTOCK"],
        sold=moved.units["SALE"],
        returned=moved.units["RETURN"],
        adjusted=moved.units["ADJUSTMENT"],
        change=moved.change,
        closing_stock=moved.closing,
    )
