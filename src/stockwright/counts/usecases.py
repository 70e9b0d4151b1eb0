"""Count sessions: open one, scan or type what is there, look at the differences, book or discard them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, NotFound, check_all
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.base.names import check_direction, clean
from stockwright.commit import commit, new_event, unchanged
from stockwright.counts import records
from stockwright.counts.model import NAME_MAX, SKUS_MAX, CountLine, CountSums, StockCount, new_line
from stockwright.events.catalogue import CountDiscarded, CountOpened
from stockwright.products import category_records
from stockwright.products import records as product_records
from stockwright.products.model import check_text
from stockwright.stock import lookup
from stockwright.stock import records as stock_records
from stockwright.stock.booking import BOOKING_MS
from stockwright.stock.locations import must_exist
from stockwright.stock.lookup import ChosenVariant, Named, every_variant
from stockwright.stock.model import DEFAULT_LOCATION, named_details
from stockwright.stock.stable_read import while_still
from stockwright.store.batch import Batch, retried
from stockwright.store.paging import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.request import Request
    from stockwright.stock.model import Stock


AHEAD_MS: Final = 300_000
"""So far ahead a client's clock may be: a scan from the future counts as one of now."""
PAGES_MAX: Final = 20
"""How many pages of movements are read at most to know the stock at the moment of an older scan."""
LISTED_MAX: Final = 100
"""How many differences are shown with a session; its lines are a list of their own."""


class OpenCount(Struct, frozen=True):
    """What is to be counted at a location: certain SKUs, a category, or everything."""

    location: str = DEFAULT_LOCATION
    name: str = ""
    category: str = ""
    skus: Sequence[str] = ()


class Scan(Struct, frozen=True):
    """So many units of what has this barcode, SKU or id; `at` (ms) is when they were counted, None: now."""

    count_id: str
    code: str
    quantity: int = 1
    at: int | None = None
    recount: bool = False


class CountState(Struct, frozen=True):
    """A session with its sums."""

    count: StockCount
    sums: CountSums
    differences: Sequence[NamedLine] = ()
    """The first lines that differ, where they were asked for."""

    @property
    def version(self) -> int:
        """The session's version."""
        return self.count.version


class NamedLine(Struct, frozen=True):
    """A line with its product's name ("" where the product is gone)."""

    line: CountLine
    name: str


class SheetRow(Struct, frozen=True):
    """A product, or one of its variants, that is to be counted, and its line where somebody has counted it."""

    chosen: ChosenVariant
    line: CountLine | None


async def open_count(app: App, request: Request, command: OpenCount) -> CountState:
    """Open a session; refuses a location, a category or SKUs that do not exist."""
    name = clean(command.name)
    check_all(
        lambda: check_text(name, "name", 0, NAME_MAX),
        lambda: check_direction(name, "name"),
        lambda: _check_filter(command),
    )
    await must_exist(app, command.location)
    category = await _category_named(app, command.category)
    product_ids = await _ids_of(app, command.skus)
    count_id = app.ids.new("cnt")

    async def attempt() -> CountState:
        count = StockCount(
            id=count_id,
            location=command.location,
            name=name,
            category=category,
            product_ids=product_ids,
            created_at=app.clock.now(),
            created_by=request.actor.id,
        )
        batch = Batch()
        records.put_count(batch, count)
        batch.append(new_event(app, request, CountOpened(location=count.location), count.id))
        made = CountState(replace(count, version=1), CountSums())
        await commit(app, request, batch, made)
        return made

    return await retried(attempt)


def _check_filter(command: OpenCount) -> None:
    if command.skus and command.category:
        raise Invalid.field("category", "cannot be given beside skus; a session is of one or of the other")
    if len(command.skus) > SKUS_MAX:
        raise Invalid.field("skus", f"must hold at most {SKUS_MAX:,} SKUs; count the rest in another session")


async def _category_named(app: App, name: str) -> str:
    """Return a category's name as it is written; refuses one that does not exist."""
    if not name:
        return ""
    found = category_records.find_category(await category_records.list_categories(app.store), name)
    if found is None:
        raise Invalid.field("category", "there is no such category")
    return found.name


async def _ids_of(app: App, skus: Sequence[str]) -> tuple[str, ...]:
    """Find the products of SKUs, each once, in their order; refuses those that do not exist, each in its place."""
    found: list[str] = []
    for start in range(0, len(skus), STEP_ROWS):
        named = [
            Named(None, sku, number, f"skus[{number}]")
            for number, sku in enumerate(skus[start : start + STEP_ROWS], start)
        ]
        await lookup.check_known(app, named)
        found += [each.product.id for each in await lookup.load_named(app, named)]
        await give_way()
    return tuple(dict.fromkeys(found))


async def scan(app: App, request: Request, command: Scan) -> NamedLine:
    """Count units: they are added to the variant's line, or with `recount` begin it again.

    What the books say is taken of the moment of the scan: sales before it and after it do not count as differences.
    """

    async def attempt() -> NamedLine:
        count, _ = await records.get_count(app.store, command.count_id)
        count.check_takes_scans()
        at = _moment(app, count, command.at)
        product, stock = await _find_product(app, count, command.code)
        expected = await _total_at(app, stock, count.location, at)
        before = await records.find_line(app.store, count.id, stock.variant_id)
        line = before or new_line(count, stock)
        after = line.with_scan(command.quantity, expected, at, request.actor.id, recount=command.recount)
        batch = Batch()
        records.check_unchanged(batch, count)
        records.put_lines(batch, count.id, [(before, after)])
        made = NamedLine(replace(after, version=after.version + 1), product.name_of(stock.own_variant))
        await commit(app, request, batch, made)
        return made

    return await retried(attempt)


async def _find_product(app: App, count: StockCount, code: str) -> tuple[Product, Stock]:
    """Find what a scanned or typed code means, if it is to be counted here, with its stock."""
    named = Named(None, None, 0, "code", code=code)
    try:
        [found] = await lookup.load_named(app, [named])
    except NotFound:
        raise NotFound(f"No product has the code {code!r}", {"code": code}) from None
    chosen = lookup.choose(found, named)
    product, stock = chosen.product, await stock_records.get_stock(app.store, chosen.variant_id)
    if not count.includes(product.id, product.category):
        raise Conflict(
            f"{product.name} is not one of the products that are counted here",
            {"code": code, "productId": product.id},
        )
    return product, stock


def _moment(app: App, count: StockCount, at: int | None) -> int:
    """Return the moment of a scan, which a client may send later (ms)."""
    now = app.clock.now()
    if at is None or now < at <= now + AHEAD_MS:
        return now
    if at > now:
        raise Invalid.field("at", "is in the future: set the clock of the device that scans")
    if at < count.created_at - AHEAD_MS:
        raise Invalid.field("at", "is before the count was opened")
    return at


async def _total_at(app: App, stock: Stock, location: str, at: int) -> int:
    """Return what the books said of a variant's level at a moment: what is there now without what moved since."""
    if at >= app.clock.now():
        return stock.level_or_new(location).total

    async def read(now: Stock) -> int:
        total = now.level_or_new(location).total
        after = None
        for _ in range(PAGES_MAX):
            movements, after = await stock_records.page_of_movements(
                app.store,
                stock.product_id,
                where={"location": location},
                low=app.ids.first("mov", at - BOOKING_MS),
                after=after,
                limit=STEP_ROWS,
            )
            total -= sum([each.quantity for each in movements if each.at > at and each.variant_id == now.variant_id])
            if after is None:
                return total
            await give_way()
        raise Conflict("Too much has moved since this was scanned; scan the product again", named_details(stock))

    return await while_still(partial(stock_records.get_stock, app.store, stock.variant_id), read)


async def get_count(app: App, count_id: str) -> CountState:
    """Get a session with its sums and its first differences."""
    count, sums = await records.get_count(app.store, count_id)
    lines: list[NamedLine] = []
    if sums.differing:
        lines, _ = await list_lines(app, count_id, limit=LISTED_MAX, differing=True)
    return CountState(count, sums, lines)


async def list_counts(app: App, limit: int, after: str | None = None) -> tuple[list[CountState], str | None]:
    """List the sessions with their sums, the newest first."""
    counts, following = await records.page_of_counts(app.store, after=after, limit=limit)
    sums = await records.load_sums(app.store, counts)
    return [CountState(each, sums[each.id]) for each in counts], following


async def list_lines(
    app: App, count_id: str, *, limit: int, after: str | None = None, differing: bool = False
) -> tuple[list[NamedLine], str | None]:
    """List the lines of a session, or those that differ; a page may be short though more follow."""
    await records.get_count(app.store, count_id)

    async def read(*, after: str | None, limit: int) -> tuple[list[tuple[str, CountLine]], str | None]:
        return await records.page_of_lines(app.store, count_id, after=after, limit=limit)

    async def choose(lines: list[CountLine]) -> list[CountLine | None]:
        return [line if line.difference or not differing else None for line in lines]

    lines, following = await fill(read, choose, limit, after, STEP_ROWS if differing else None)
    ids = {line.product_id for line in lines}
    products = await product_records.load_products(app.store, ids, deleted_too=True)
    names = [
        products[each.product_id].name_of(each.own_variant) if each.product_id in products else "" for each in lines
    ]
    return [NamedLine(line, name) for line, name in zip(lines, names, strict=True)], following


async def list_sheet(
    app: App, count_id: str, *, limit: int, after: str | None = None
) -> tuple[list[SheetRow], str | None]:
    """List the products that a session is to count, each with its line: the count sheet."""
    count, _ = await records.get_count(app.store, count_id)
    products, following = await page_to_count(app, count, limit=limit, after=after)
    chosen = [each for product in products for each in every_variant(product)]
    lines = await records.load_lines(app.store, count.id, [each.variant_id for each in chosen])
    return [SheetRow(each, lines.get(each.variant_id)) for each in chosen], following


async def page_to_count(
    app: App, count: StockCount, *, limit: int, after: str | None
) -> tuple[list[Product], str | None]:
    """Read a page of the products that a session is to count, in an order that stays the same."""
    if count.product_ids:
        start = int(after or 0)
        ids = count.product_ids[start : start + limit]
        found = await product_records.load_products(app.store, ids)
        following = str(start + limit) if start + limit < len(count.product_ids) else None
        return [found[each] for each in ids if each in found], following
    where = {"category": count.category} if count.category else None
    return await product_records.page_of_products(app.store, where=where, after=after, limit=limit, reverse=False)


async def discard_count(app: App, request: Request, count_id: str) -> CountState:
    """End an open session without booking anything; one that was discarded stays so."""

    async def attempt() -> CountState:
        count, sums = await records.get_count(app.store, count_id)
        if count.status == "DISCARDED":
            return await unchanged(app, request, CountState(count, sums))
        if count.status != "OPEN":
            raise Conflict(f"The count is {count.status}: it cannot be discarded", {"status": count.status})
        batch = Batch()
        ended = replace(count, status="DISCARDED", ended_at=app.clock.now(), ended_by=request.actor.id)
        records.put_count(batch, ended)
        batch.append(new_event(app, request, CountDiscarded(location=count.location), count.id))
        result = CountState(replace(ended, version=count.version + 1), sums)
        await commit(app, request, batch, result)
        return result

    return await retried(attempt)
