"""Low stock: one alert when it falls below its threshold, and none again before it was back (S0)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from stockwright.accounts.admin_mails import STOCK, addresses_of_alerts
from stockwright.accounts.admin_mails import alert as send_alert
from stockwright.accounts.digests import Address, Entry
from stockwright.base.long_work import STEP_ROWS
from stockwright.commit import new_event
from stockwright.events.catalogue import (
    LocationChanged,
    OrderEvent,
    ProductCreated,
    ProductDeleted,
    ProductEvent,
    ProductUpdated,
    ReservationChange,
    ReservationCreated,
    SaleRecorded,
    StockAlert,
    StockChanged,
    StockLow,
    StockOut,
    StockReplenished,
)
from stockwright.products.records import load_products
from stockwright.request import BY_SYSTEM, caused_by
from stockwright.settings.usecases import get_settings
from stockwright.stock.alert_records import load_marks, put_mark
from stockwright.stock.location_records import list_locations, put_location
from stockwright.stock.records import load_stocks, page_of_stocks, stock_key, stock_of
from stockwright.stock.totals import count_stocks
from stockwright.store.batch import Batch, Stale, retried
from stockwright.store.paging import pages
from stockwright.store.port import ConditionFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.request import Request
    from stockwright.stock.alert_records import AlertMark
    from stockwright.stock.model import Stock
    from stockwright.store.port import Item, Write


AnyProductEvent = ProductCreated | ProductUpdated | ProductDeleted
Watched = (
    AnyProductEvent
    | LocationChanged
    | StockChanged
    | SaleRecorded
    | ReservationCreated
    | ReservationChange
    | OrderEvent
)


async def watch(app: App, event: Event, data: Watched) -> None:
    """Look at the stock that an event is about."""
    await _watch(app, caused_by(event), [(event, data)])


async def watch_all(app: App, events: Sequence[tuple[Event, Watched]]) -> None:
    """Look at the stock that events are about, no matter what caused them."""
    await _watch(app, BY_SYSTEM, events)


async def _watch(app: App, request: Request, events: Sequence[tuple[Event, Watched]]) -> None:
    """Read the stock again and, if it has crossed its threshold or run out, alert once.

    The mark and the event are one commit, with the mark's version checked: twins do not alert twice.
    The stock's version is checked with them: a mark that came after the next change of the stock
    would stay for good, since nothing would look again.
    """
    await _learn_old_shortages(app)
    variant_ids: dict[str, None] = {}
    switched: set[str] = set()
    for event, data in events:
        if isinstance(data, LocationChanged):
            if data.active is not None:
                switched.add(event.subject)
        elif data.variants is not UNSET:
            variant_ids |= dict.fromkeys(data.variants)
        elif isinstance(data, ProductEvent):
            # With a product a threshold may have changed.
            variant_ids[event.subject] = None
        else:
            variant_ids |= dict.fromkeys(data.products)
    await _look_at(app, request, list(variant_ids))
    for location_id in switched:
        async for stocks in _stocks_at(app, {location_id}):
            await _look_at(app, request, [stock.variant_id for stock in stocks])


async def _look_at(app: App, request: Request, variant_ids: list[str]) -> None:
    """Count these variants, and send the alerts of those whose stock has crossed its threshold, or run out."""
    stocks = await count_stocks(app, variant_ids)
    marks = await load_marks(app.store, variant_ids)
    for variant_id, stock in stocks.items():
        # A stock without levels is closed: of a variant that was removed, or spread over variants.
        if stock.levels and _crossed(stock, marks[variant_id]):
            await _append_alert(app, request, variant_id)


async def _stocks_at(app: App, locations: set[str]) -> AsyncIterator[list[Stock]]:
    """Read the stocks that have units to sell at one of the locations, a page of all stocks at a time."""
    async for page in pages(partial(page_of_stocks, app.store, limit=STEP_ROWS)):
        yield [
            stock
            for stock in page
            if any(location in locations and level.available for location, level in stock.levels.items())
        ]


async def _learn_old_shortages(app: App) -> None:
    """Mark shortages as known, without an alert, that a former release did not count as such.

    It counted what is at an inactive location as available. Done once for each such location.
    """
    locations = await list_locations(app.store)
    unknown = {each.id: each for each in locations if not each.active and not each.shortages_known}
    if not unknown:
        return
    async for stocks in _stocks_at(app, set(unknown)):
        for stock in stocks:
            await _learn_shortage(app, stock.variant_id, list(unknown))
    batch = Batch()
    for location in unknown.values():
        put_location(batch, replace(location, shortages_known=True))
    await batch.commit_once(app.store)


async def _learn_shortage(app: App, variant_id: str, unknown: list[str]) -> None:
    """Mark what a variant is short of only because the units at these locations do not count any more."""

    async def attempt() -> None:
        mark = (await load_marks(app.store, [variant_id]))[variant_id]
        stock = (await load_stocks(app.store, [variant_id])).get(variant_id)
        if stock is None:
            return
        before, now = replace(stock, active=[*stock.active, *unknown]), app.clock.now()
        after = mark
        if stock.is_low and not before.is_low and mark.low_since is None:
            after = replace(after, low_since=now)
        if not stock.available and before.available and mark.out_since is None:
            after = replace(after, out_since=now)
        if after != mark:
            batch = Batch()
            batch.check(stock_key(variant_id), stock.version)
            put_mark(batch, variant_id, after)
            await batch.commit(app.store)

    await retried(attempt)


def _crossed(stock: Stock, mark: AlertMark) -> bool:
    available = stock.available
    is_low, is_out = available < stock.low_stock, available == 0
    return is_low != (mark.low_since is not None) or is_out != (mark.out_since is not None)


async def _append_alert(app: App, request: Request, variant_id: str) -> None:
    async def attempt() -> None:
        # The mark first: it is held to its version, and so to locations that are at least as new.
        mark = (await load_marks(app.store, [variant_id]))[variant_id]
        stock = (await load_stocks(app.store, [variant_id])).get(variant_id)
        products = {} if stock is None else await load_products(app.store, [stock.product_id])
        if stock is None or not stock.levels or stock.product_id not in products or not _crossed(stock, mark):
            return
        product = products[stock.product_id]

        def decision(item: Item | None) -> Sequence[Write]:
            # As the stock is in the commit: so it comes to an end however many buy meanwhile.
            current = None if item is None else stock_of(item, tuple(stock.active))
            return [] if current is None or not current.levels else _alerts(app, request, current, product, mark).writes

        try:
            await app.store.decide(stock_key(variant_id), decision)
        except ConditionFailed as refused:
            raise Stale(f"changed meanwhile: {refused}") from refused

    await retried(attempt)


def _alerts(app: App, request: Request, stock: Stock, product: Product, mark: AlertMark) -> Batch:
    """Return the mark and the alerts of a stock that has crossed its threshold or run out, held to its version."""
    batch = Batch()
    if not _crossed(stock, mark):
        return batch
    now, alerts = app.clock.now(), list[type[StockAlert]]()
    after = mark
    is_out = stock.available == 0
    if stock.is_low and mark.low_since is None:
        after = replace(after, low_since=now)
        alerts.append(StockLow)
    if is_out and mark.out_since is None:
        after = replace(after, out_since=now)
        alerts.append(StockOut)
    if not is_out:
        after = replace(after, out_since=None)
    if not stock.is_low and mark.low_since is not None:
        after = replace(after, low_since=None)
        alerts.append(StockReplenished)
    batch.check(stock_key(stock.variant_id), stock.version)
    put_mark(batch, stock.variant_id, after)
    for each in alerts:
        data = each(
            sku=stock.sku,
            name=product.name_of(stock.own_variant),
            available=stock.available,
            threshold=stock.low_stock,
            reorder=stock.suggested_reorder,
            variant_id=stock.own_variant,
        )
        batch.append(new_event(app, request, data, stock.product_id))
    return batch


async def alert(app: App, event: Event, data: StockLow | StockOut | StockReplenished) -> None:
    """Alert the recipients by mail (or topic) and SMS, in S0's words; no SMS when stock is back."""
    match data:
        case StockLow():
            line = f"Low Stock Alert: Product {data.name} is below threshold"
        case StockOut():
            line = f"Out of Stock Alert: Product {data.name} has no units left"
        case StockReplenished():
            line = f"Stock Replenished: Product {data.name} is back at or above its threshold"
    text = (
        f"{line}\n\nSKU:        {data.sku}\nAvailable:  {data.available}\nThreshold:  {data.threshold}\n"
        f"Reorder:    {data.reorder}\n"
    )
    addresses = await addresses_of_alerts(app, app.settings.low_stock_topic)
    if not isinstance(data, StockReplenished):
        addresses += [Address("sms", phone) for phone in (await get_settings(app)).settings.alert_phones]
    await send_alert(app, event, STOCK, Entry(line, text, event.subject), addresses)
