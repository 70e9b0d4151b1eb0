"""Posting a count session: its differences are booked as ADJUSTMENTs, line by line, each exactly once.

The work is resumed by asking again, after whatever interrupted it: the session stays POSTING until all is booked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.errors import Conflict, InsufficientStock, NotFound, Refused
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.catalog.inventory import book_changes
from stockwright.commit import commit, new_event, unchanged
from stockwright.counts import records
from stockwright.counts.model import CountLine, NotScanned, StockCount, new_line
from stockwright.counts.usecases import CountState, page_to_count
from stockwright.events.catalogue import CountPosted
from stockwright.request import Request
from stockwright.reservations.allocation import releasing_expired
from stockwright.stock import records as stock_records
from stockwright.stock.model import check_change
from stockwright.store.batch import Batch, Stale, retried

if TYPE_CHECKING:
    from stockwright.context import App


POSTING_MS: Final = 20_000
"""So long one request goes on posting; the answer then says POSTING, and asking again goes on."""
REASON: Final = "Counted"


async def post_count(app: App, request: Request, count_id: str, not_scanned: NotScanned = "keep") -> CountState:
    """Book every difference at the session's location, and end the session; a POSTED one stays as it is.

    With `zero`, products that are counted here and that nobody scanned are taken for not there. A difference that
    cannot be booked, because its units were promised or sold meanwhile, stays on its line with the reason.
    """
    count = await _begin(app, count_id, not_scanned)
    until = app.clock.now() + POSTING_MS
    if count.status == "POSTING":
        work = Request(request.actor, request.id)
        count = await _add_lines_of_not_scanned(app, count, until)
        if count.filled_to == "" and await _book_lines(app, work, count, until):
            return await _end(app, request, count.id)
    return await unchanged(app, request, CountState(*await records.get_count(app.store, count_id)))


async def _begin(app: App, count_id: str, not_scanned: NotScanned) -> StockCount:
    """Let no more scans in; return the session as it is then."""

    async def attempt() -> StockCount:
        count, _ = await records.get_count(app.store, count_id)
        if count.status == "DISCARDED":
            raise Conflict("The count was discarded: nothing of it can be booked", {"status": count.status})
        if count.status != "OPEN":
            return count
        filled_to = None if not_scanned == "zero" else ""
        begun = replace(count, status="POSTING", not_scanned=not_scanned, filled_to=filled_to)
        batch = Batch()
        records.put_count(batch, begun)
        await batch.commit(app.store)
        return replace(begun, version=count.version + 1)

    return await retried(attempt)


async def _add_lines_of_not_scanned(app: App, count: StockCount, until: int) -> StockCount:
    """Give each product that nobody scanned a line of nothing, page by page; return the session as it is then."""
    while count.filled_to != "" and app.clock.now() < until:
        products, following = await page_to_count(app, count, limit=STEP_ROWS // 4, after=count.filled_to)
        ids = [variant_id for each in products for variant_id in each.variant_ids]
        known = await records.load_lines(app.store, count.id, ids)
        stocks = await stock_records.load_stocks(app.store, [each for each in ids if each not in known])
        now = app.clock.now()
        totals = [(stock, stock.level_or_new(count.location).total) for stock in stocks.values()]
        lines = [
            replace(new_line(count, stock), expected=total, first_expected=total, first_at=now, last_at=now)
            for stock, total in totals
            if total
        ]
        after = replace(count, filled_to=following or "")
        room = app.store.writes_max // 2
        try:
            while len(lines) > room:
                # A product may have very many variants.
                piece, lines, batch = lines[:room], lines[room:], Batch()
                records.put_lines(batch, count.id, [(None, line) for line in piece])
                await batch.commit(app.store)
            batch = Batch()
            records.put_lines(batch, count.id, [(None, line) for line in lines])
            records.put_count(batch, after)
            await batch.commit(app.store)
        except Stale:
            # Somebody else posts the same session.
            count, _ = await records.get_count(app.store, count.id)
            continue
        count = replace(after, version=count.version + 1)
        await give_way()
    return count


async def _book_lines(app: App, request: Request, count: StockCount, until: int) -> bool:
    """Book the lines that are not booked yet; returns whether all are."""
    after = None
    while app.clock.now() < until:
        page, after = await records.page_of_lines(app.store, count.id, after=after, limit=STEP_ROWS)
        for _, line in page:
            if line.difference and line.posted is None and not line.refused:
                await _book_line(app, request, count, line)
        if after is None:
            return True
        await give_way()
    return False


async def _book_line(app: App, request: Request, count: StockCount, line: CountLine) -> None:
    """Book a line's difference, and write on the line that it was, in one commit; or write why it cannot be."""

    async def attempt() -> None:
        stock = await stock_records.get_stock(app.store, line.variant_id)
        if not stock.levels:
            raise NotFound("Product not found")
        check_change(stock, count.location, line.difference)
        batch = Batch()
        reason = f"{REASON}: {count.name}" if count.name else REASON
        changes = {count.location: line.difference}
        book_changes(app, request, batch, stock, changes, "ADJUSTMENT", reason=reason, reference=count.id)
        records.put_lines(batch, count.id, [(line, replace(line, posted=line.difference))])
        try:
            await batch.commit(app.store)
        except Stale:
            # Where another request posts the same session, that one has booked the line.
            now = await records.find_line(app.store, count.id, line.variant_id)
            if now == line:
                raise

    try:
        await releasing_expired(app, request, [line.variant_id], attempt)
    except Refused as refused:
        batch = Batch()
        records.put_lines(batch, count.id, [(line, replace(line, refused=_reason(refused)))])
        await batch.commit_once(app.store)


def _reason(refused: Refused) -> str:
    if isinstance(refused, InsufficientStock):
        return f"Only {refused.details['available']} units are available now; the others are promised or were sold"
    if isinstance(refused, NotFound):
        return "Its stock is closed: the product or variant was deleted, or its stock was spread over variants"
    return str(refused)


async def _end(app: App, request: Request, count_id: str) -> CountState:
    """End the session; the request's key is used by this commit, since its answer is known only now."""

    async def attempt() -> CountState:
        count, sums = await records.get_count(app.store, count_id)
        if count.status != "POSTING":
            return await unchanged(app, request, CountState(count, sums))
        batch = Batch()
        ended = replace(count, status="POSTED", ended_at=app.clock.now(), ended_by=request.actor.id)
        records.put_count(batch, ended)
        posted = CountPosted(
            location=count.location, lines=sums.lines, over=sums.over, under=sums.under, refused=sums.refused
        )
        batch.append(new_event(app, request, posted, count.id))
        result = CountState(replace(ended, version=count.version + 1), sums)
        await commit(app, request, batch, result)
        return result

    return await retried(attempt)
