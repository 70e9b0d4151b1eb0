"""Access patterns of count sessions: the session, its sums and its lines are one partition."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from stockwright.base.errors import NotFound
from stockwright.counts.model import CountLine, CountSums, StockCount, sums_of
from stockwright.stock.model import by_variant
from stockwright.store.find import find, load
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


def count_key(count_id: str) -> Key:
    """The session's item."""
    return (f"STOCKCOUNT#{count_id}", "STOCKCOUNT")


def sums_key(count_id: str) -> Key:
    """The item of its sums, which each scan moves."""
    return (f"STOCKCOUNT#{count_id}", "COUNTSUMS")


def line_key(count_id: str, variant_id: str) -> Key:
    """The item of what was counted of one variant."""
    return (f"STOCKCOUNT#{count_id}", f"COUNTLINE#{variant_id}")


async def get_count(store: Store, count_id: str) -> tuple[StockCount, CountSums]:
    """Get a session and its sums, or refuse."""
    keys = (count_key(count_id), sums_key(count_id))
    found = await store.get(keys)
    if keys[0] not in found:
        raise NotFound("Count not found")
    sums = found.get(keys[1])
    return found[keys[0]].read(StockCount), CountSums() if sums is None else sums.read(CountSums)


async def find_line(store: Store, count_id: str, variant_id: str) -> CountLine | None:
    """Find what was counted of a variant."""
    return await find(store, line_key(count_id, variant_id), CountLine)


async def load_lines(store: Store, count_id: str, variant_ids: Iterable[str]) -> dict[str, CountLine]:
    """Load the lines of many variants in one call; those that nobody counted are left out."""
    keys = [line_key(count_id, each) for each in variant_ids]
    return by_variant(await load(store, keys, CountLine))


async def page_of_counts(store: Store, *, after: str | None, limit: int) -> tuple[list[StockCount], str | None]:
    """Read the sessions, the newest first."""
    page = await store.query("STOCKCOUNT", index="list", after=after, limit=limit, reverse=True)
    return [item.read(StockCount) for item in page.items], page.next


async def load_sums(store: Store, counts: Iterable[StockCount]) -> dict[str, CountSums]:
    """Load the sums of many sessions in one call."""
    keys = {each.id: sums_key(each.id) for each in counts}
    found = await store.get(list(keys.values()))
    return {each: found[key].read(CountSums) if key in found else CountSums() for each, key in keys.items()}


async def page_of_lines(
    store: Store, count_id: str, *, after: str | None, limit: int
) -> tuple[list[tuple[str, CountLine]], str | None]:
    """Read the lines of a session with their positions, in the order of their variants' ids."""
    page = await store.query(f"STOCKCOUNT#{count_id}", begins="COUNTLINE#", after=after, limit=limit)
    lines = [item.read(CountLine) for item in page.items]
    return list(zip(page.sorts, lines, strict=True)), page.next


def put_count(batch: Batch, count: StockCount) -> None:
    """Write a session, expecting the version that it was loaded with; a new one begins its sums."""
    batch.put(count_key(count.id), count, count.version, {"list": ("STOCKCOUNT", count.id)})
    if count.version == ABSENT:
        batch.put(sums_key(count.id), CountSums(), ABSENT)


def check_unchanged(batch: Batch, count: StockCount) -> None:
    """Hold the commit to the session as it was loaded: nobody has begun to post it meanwhile."""
    batch.check(count_key(count.id), count.version)


def put_lines(batch: Batch, count_id: str, changes: Sequence[tuple[CountLine | None, CountLine]]) -> None:
    """Write lines (before, after), expecting the versions that they were loaded with, and move the sums as they do."""
    deltas: Counter[tuple[str, ...]] = Counter()
    for before, line in changes:
        batch.put(line_key(count_id, line.variant_id), line, line.version)
        former = asdict(sums_of(before))
        for name, value in asdict(sums_of(line)).items():
            deltas[(name,)] += value - former[name]
    moved = {path: delta for path, delta in deltas.items() if delta}
    if moved:
        batch.add(sums_key(count_id), moved, {})
