"""Count sessions: what is scanned beside what the books said at that moment, and differences that are booked once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from stockwright.base.errors import Conflict, Invalid, NotFound
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.context import App
from stockwright.counts import posting
from stockwright.counts.model import CountLine
from stockwright.counts.posting import post_count
from stockwright.counts.usecases import (
    CountState,
    OpenCount,
    Scan,
    discard_count,
    get_count,
    list_counts,
    list_sheet,
    open_count,
)
from stockwright.counts.usecases import (
    list_lines as list_named_lines,
)
from stockwright.counts.usecases import (
    scan as scan_named,
)
from stockwright.request import Idempotency
from stockwright.reservations.usecases import Reserve, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.locations import add_location
from stockwright.stock.model import Wanted
from stockwright.stock.records import get_stock, page_of_movements
from stockwright.store.idempotency import AlreadyDone
from tests.conftest import ADMIN, ALICE, BOB, Clock, Product, Request


async def scan(app: App, request: Request, command: Scan) -> CountLine:
    return (await scan_named(app, request, command)).line


async def list_lines(
    app: App, count_id: str, *, limit: int, after: str | None = None, differing: bool = False
) -> tuple[list[CountLine], str | None]:
    found, following = await list_named_lines(app, count_id, limit=limit, after=after, differing=differing)
    assert all(each.name.startswith("Chair") for each in found)
    return [each.line for each in found], following


async def opened(app: App, **fields: Any) -> str:
    return (await open_count(app, ADMIN, OpenCount(**fields))).count.id


async def sell(app: App, product_id: str, quantity: int) -> None:
    await record_sale(app, ADMIN, Sell([LineWanted(quantity, product_id)]))


@contextlib.contextmanager
def invalid(message: str) -> Iterator[None]:
    with pytest.raises(Invalid) as refused:
        yield
    assert message in refused.value.details[0]["message"]


async def total(app: App, product_id: str) -> int:
    return (await get_stock(app.store, product_id)).total


async def adjustments(app: App, product_id: str) -> list[tuple[int, str, str]]:
    found, _ = await page_of_movements(app.store, product_id)
    return [(each.quantity, each.reference, each.reason) for each in found if each.type == "ADJUSTMENT"]


async def test_what_differs_is_booked_with_the_count_as_its_reference(app: App, product: Product) -> None:
    chair, table, lamp = [(await product(10)).product for _ in range(3)]
    count_id = await opened(app, name="Spring")
    await scan(app, ADMIN, Scan(count_id, chair.sku, 8))
    await scan(app, ADMIN, Scan(count_id, table.id, 13))
    await scan(app, ADMIN, Scan(count_id, lamp.sku, 10))
    found = await get_count(app, count_id)
    assert {(each.line.sku, each.line.difference) for each in found.differences} == {(chair.sku, -2), (table.sku, 3)}
    sums = found.sums
    assert (sums.lines, sums.units, sums.differing, sums.over, sums.under) == (3, 31, 2, 3, 2)

    posted = await post_count(app, ADMIN, count_id)
    assert (posted.count.status, posted.count.ended_by, posted.sums.refused) == ("POSTED", ADMIN.actor.id, 0)
    assert [await total(app, each.id) for each in (chair, table, lamp)] == [8, 13, 10]
    assert await adjustments(app, chair.id) == [(-2, count_id, "Counted: Spring")]
    assert await adjustments(app, lamp.id) == []
    # Asked again, nothing is booked again.
    assert (await post_count(app, ADMIN, count_id)).count == posted.count
    assert await total(app, chair.id) == 8
    with pytest.raises(Conflict, match="POSTED"):
        await scan(app, ADMIN, Scan(count_id, chair.sku))
    with pytest.raises(Conflict, match="POSTED"):
        await discard_count(app, ADMIN, count_id)


async def test_scans_of_all_people_add_up_and_a_recount_begins_again(app: App, product: Product) -> None:
    chair = (await product(10)).product
    count_id = await opened(app)
    await asyncio.gather(*(scan(app, who, Scan(count_id, chair.sku)) for who in (ALICE, BOB) for _ in range(5)))
    [line] = (await list_lines(app, count_id, limit=10))[0]
    assert (line.counted, line.scans, line.difference) == (10, 10, 0)
    assert line.people == {ALICE.actor.id: 5, BOB.actor.id: 5}
    assert (await scan(app, ALICE, Scan(count_id, chair.sku, -3))).counted == 7
    with invalid("counted units -1"):
        await scan(app, ALICE, Scan(count_id, chair.sku, -8))
    again = await scan(app, BOB, Scan(count_id, chair.sku, 9, recount=True))
    assert (again.counted, again.scans, again.people, again.moved_meanwhile) == (9, 1, {BOB.actor.id: 9}, 0)
    assert (await get_count(app, count_id)).sums.units == 9


async def test_sales_beside_a_count_are_no_differences(app: App, product: Product, clock: Clock) -> None:
    chair = (await product(10)).product
    count_id = await opened(app)
    clock.advance(seconds=5)
    await sell(app, chair.id, 2)
    clock.advance(seconds=5)
    line = await scan(app, ADMIN, Scan(count_id, chair.sku, 7))
    assert (line.expected, line.difference) == (8, -1)
    clock.advance(seconds=5)
    await sell(app, chair.id, 4)
    await post_count(app, ADMIN, count_id)
    assert await total(app, chair.id) == 3


async def test_a_scan_that_is_sent_later_is_judged_by_its_own_moment(app: App, product: Product, clock: Clock) -> None:
    chair = (await product(10)).product
    count_id = await opened(app)
    clock.advance(seconds=30)
    await sell(app, chair.id, 1)
    counted_at = clock.advance(seconds=30) or clock.now()
    clock.advance(minutes=4)
    await sell(app, chair.id, 3)
    await change_stock(app, ADMIN, ChangeStock(chair.id, 20, "RESTOCK"))
    line = await scan(app, ADMIN, Scan(count_id, chair.sku, 9, at=counted_at))
    assert (line.expected, line.difference, line.last_at) == (9, 0, counted_at)
    # An older scan that arrives after a newer one is the first of the line, not the last.
    newer = await scan(app, ADMIN, Scan(count_id, chair.sku, 16, recount=True))
    assert newer.expected == 26
    older = await scan(app, ADMIN, Scan(count_id, chair.sku, 10, at=counted_at))
    assert (older.expected, older.first_expected, older.moved_meanwhile, older.counted) == (26, 9, 17, 26)
    with invalid("before the count"):
        await scan(app, ADMIN, Scan(count_id, chair.sku, at=clock.now() - 86_400_000))
    with invalid("future"):
        await scan(app, ADMIN, Scan(count_id, chair.sku, at=clock.now() + 86_400_000))


async def test_only_what_the_count_is_of_can_be_scanned(app: App, product: Product) -> None:
    chair, phone = (await product(10)).product, (await product(10, category="phone")).product
    of_phones, of_chairs = await opened(app, category="Phone"), await opened(app, skus=[chair.sku, chair.sku])
    with pytest.raises(Conflict, match="not one of the products"):
        await scan(app, ADMIN, Scan(of_phones, chair.sku))
    with pytest.raises(Conflict, match="not one of the products"):
        await scan(app, ADMIN, Scan(of_chairs, phone.sku))
    with pytest.raises(NotFound, match="NO-SUCH"):
        await scan(app, ADMIN, Scan(of_chairs, "NO-SUCH"))
    assert [row.chosen.product.id for row in (await list_sheet(app, of_phones, limit=10))[0]] == [phone.id]
    assert [row.chosen.product.id for row in (await list_sheet(app, of_chairs, limit=10))[0]] == [chair.id]
    await scan(app, ADMIN, Scan(of_chairs, chair.sku, 0))
    [row] = (await list_sheet(app, of_chairs, limit=10))[0]
    assert row.line is not None
    assert row.line.counted == 0


async def test_a_count_of_what_does_not_exist_is_refused(app: App, product: Product) -> None:
    chair = (await product(10)).product
    wrong: Sequence[tuple[dict[str, Any], str]] = (
        ({"location": "moon"}, "moon"),
        ({"category": "spaceships"}, "category"),
        ({"skus": [chair.sku, "NO-SUCH"]}, "skus"),
        ({"skus": [chair.sku], "category": "other"}, "beside skus"),
        ({"name": "x" * 101}, "name"),
    )
    for fields, named in wrong:
        with pytest.raises((Invalid, NotFound)) as refused:
            await opened(app, **fields)
        assert named in f"{refused.value} {getattr(refused.value, 'details', '')}"
    assert await list_counts(app, 10) == ([], None)


async def test_what_nobody_scanned_is_left_or_taken_for_not_there(app: App, product: Product) -> None:
    await add_location(app, ADMIN, "attic")
    chair, table, lamp = [(await product(10, category="phone")).product for _ in range(3)]
    stool = (await product(10)).product
    await change_stock(app, ADMIN, ChangeStock(lamp.id, 5, "RESTOCK", location="attic"))
    kept = await opened(app, category="phone")
    await scan(app, ADMIN, Scan(kept, chair.sku, 9))
    await post_count(app, ADMIN, kept)
    assert [await total(app, each.id) for each in (chair, table, lamp)] == [9, 10, 15]

    zero = await opened(app, category="phone")
    await scan(app, ADMIN, Scan(zero, chair.sku, 9))
    state = await post_count(app, ADMIN, zero, "zero")
    assert (state.sums.lines, state.sums.under) == (3, 20)
    # Neither another location nor what is not counted here.
    assert [await total(app, each.id) for each in (chair, table, lamp, stool)] == [9, 0, 5, 10]


async def test_a_difference_that_cannot_be_booked_stays_with_its_reason(app: App, product: Product) -> None:
    chair, table = (await product(10)).product, (await product(10)).product
    count_id = await opened(app)
    await scan(app, ADMIN, Scan(count_id, chair.sku, 3))
    await scan(app, ADMIN, Scan(count_id, table.sku, 3))
    await reserve_stock(app, ALICE, Reserve([Wanted(chair.id, 8)], "cart"))
    state = await post_count(app, ADMIN, count_id)
    assert (state.count.status, state.sums.refused) == ("POSTED", 1)
    lines = {line.product_id: line for line in (await list_lines(app, count_id, limit=10, differing=True))[0]}
    assert (lines[chair.id].posted, "2 units are available" in lines[chair.id].refused) == (None, True)
    assert (lines[table.id].posted, lines[table.id].refused) == (-7, "")
    assert [await total(app, each.id) for each in (chair, table)] == [10, 3]


async def test_posting_that_was_interrupted_anywhere_goes_on_and_books_each_line_once(
    app: App, product: Product
) -> None:
    products = [(await product(10)).product for _ in range(6)]
    count_id = await opened(app)
    for each in products[:4]:
        await scan(app, ADMIN, Scan(count_id, each.sku, 7))
    store: Any = app.store

    class Ends:
        """The real store, until so many commits were made; the last of them may be done all the same."""

        def __init__(self, commits: int, *, done: bool) -> None:
            self.left, self.done = commits, done

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def commit(self, writes: Any) -> None:
            self.left -= 1
            if self.left < 0 and not self.done:
                raise ConnectionError
            await store.commit(writes)
            if self.left < 0:
                raise ConnectionError

    for commits in range(8):
        app.store = Ends(commits, done=bool(commits % 2))  # type: ignore[assignment]
        with contextlib.suppress(ConnectionError):
            await post_count(app, ADMIN, count_id, "zero")
    app.store = store
    state = await post_count(app, ADMIN, count_id, "zero")
    assert state.count.status == "POSTED"
    assert [await total(app, each.id) for each in products] == [7, 7, 7, 7, 0, 0]
    assert [len(await adjustments(app, each.id)) for each in products] == [1] * 6


async def test_posting_stops_after_its_time_and_goes_on_when_asked_again(
    app: App, product: Product, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    chair = (await product(10)).product
    count_id = await opened(app)
    await scan(app, ADMIN, Scan(count_id, chair.sku, 7))
    monkeypatch.setattr(posting, "POSTING_MS", 0)
    assert (await post_count(app, ADMIN, count_id)).count.status == "POSTING"
    with pytest.raises(Conflict, match="POSTING"):
        await scan(app, ADMIN, Scan(count_id, chair.sku))
    monkeypatch.undo()
    assert (await post_count(app, ADMIN, count_id)).count.status == "POSTED"
    assert await total(app, chair.id) == 7


async def test_two_people_may_post_at_once(app: App, product: Product) -> None:
    products = [(await product(10)).product for _ in range(12)]
    count_id = await opened(app)
    for each in products[:8]:
        await scan(app, ADMIN, Scan(count_id, each.sku, 4))
    await asyncio.gather(*(post_count(app, ADMIN, count_id, "zero") for _ in range(4)))
    assert [await total(app, each.id) for each in products] == [4] * 8 + [0] * 4
    assert (await get_count(app, count_id)).count.status == "POSTED"


async def test_a_discarded_count_books_nothing(app: App, product: Product) -> None:
    chair = (await product(10)).product
    count_id = await opened(app)
    await scan(app, ADMIN, Scan(count_id, chair.sku, 3))
    first = await discard_count(app, ADMIN, count_id)
    assert first.count.status == "DISCARDED"
    assert (await discard_count(app, ADMIN, count_id)).count == first.count
    with pytest.raises(Conflict, match="discarded"):
        await post_count(app, ADMIN, count_id)
    assert await total(app, chair.id) == 10


async def test_a_repeated_scan_counts_once(app: App, product: Product) -> None:
    chair = (await product(10)).product
    count_id = await opened(app)

    def keyed() -> Request:
        return Request(ALICE.actor, "req", Idempotency("alice#scan-1", "hash", lambda _: {}))

    await scan(app, keyed(), Scan(count_id, chair.sku, 2))
    with pytest.raises(AlreadyDone):
        await scan(app, keyed(), Scan(count_id, chair.sku, 2))
    [line] = (await list_lines(app, count_id, limit=10))[0]
    assert line.counted == 2


async def test_lists_go_on_from_page_to_page(app: App, product: Product, clock: Clock) -> None:
    products = [(await product(10)).product for _ in range(5)]
    count_id = await opened(app)
    for number, each in enumerate(products):
        await scan(app, ADMIN, Scan(count_id, each.sku, 10 - number % 2))
    lines: list[CountLine] = []
    after = None
    while True:
        page, after = await list_lines(app, count_id, limit=2, after=after)
        lines += page
        if after is None:
            break
    assert sorted(line.product_id for line in lines) == sorted(each.id for each in products)
    differing, _ = await list_lines(app, count_id, limit=10, differing=True)
    assert {line.product_id for line in differing} == {products[1].id, products[3].id}
    clock.advance(seconds=1)
    newer = await opened(app)
    first, after = await list_counts(app, 1)
    rest, none = await list_counts(app, 1, after)

    def ids(found: list[CountState]) -> list[str]:
        return [each.count.id for each in found]

    assert (ids(first), ids(rest), none) == ([newer], [count_id], None)
    assert rest[0].sums.lines == 5
