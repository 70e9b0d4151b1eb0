"""Filtered lists, read by the entries of one of the filter's terms instead of the whole list.

The rule: each term of the filter (TERMS_MAX of them) is tried, and what reaches furthest with ENTRIES_MAX entries
answers: it is the rarest, and holds copies of all that is filtered by. A page may then be short, with a position to
go on from. Entries find candidates only: each item is read, and left out if it does not fit. In the order of names
or prices the entries answer where one term has at most SORTED_MAX items; else the list itself is walked along.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from stockwright.store.dynamodb.codec import Wire, from_attribute, item_of_image
from stockwright.store.dynamodb.shards import Found, Range, read_merged
from stockwright.store.dynamodb.terms import (
    ENTRY,
    FIELDS,
    ORDERED,
    beginnings,
    entry_partition,
    fits,
    terms_wanted,
)
from stockwright.store.port import Page, Query

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stockwright.store.dynamodb.calls import Calls
    from stockwright.store.dynamodb.layout import Layout
    from stockwright.store.port import Key

    ReadsImages = Callable[[list[Key]], Awaitable[dict[Key, Wire]]]

TERMS_MAX: Final = 4
ENTRIES_MAX: Final = 200
SORTED_MAX: Final = 100
WALKED_MAX: Final = 250
"""The most items that one query looks at in a list whose entries do not answer it."""


def is_found_by_entries(query: Query, layout: Layout) -> bool:
    """Return whether a query is one of a filtered list that has entries."""
    return (
        layout.has_entries
        and bool(query.where or query.contains)
        and (query.index, query.partition) in ORDERED
        and not (query.begins or query.low or query.high)
    )


async def find(calls: Calls, layout: Layout, query: Query, read: ReadsImages) -> Page | None:
    """Answer a query by entries; None where the list itself is to be walked along."""
    terms = terms_wanted(query)[:TERMS_MAX]
    if not terms:
        return None
    is_by_time = query.index == "list"
    listed = ORDERED[(query.index, query.partition)]
    where = {name: value for name, value in (query.where or {}).items() if name in FIELDS[listed]}
    plain = (
        Query(query.partition, "list", after=query.after, reverse=query.reverse) if is_by_time else Query("", "list")
    )
    wanted = Range("list", "", plain.after or "", plain.after, plain.reverse, where, beginnings(query.contains))
    if not wanted.reverse:
        wanted = Range("list", plain.after or "", "", plain.after, False, where, wanted.contains)
    limit = query.limit if is_by_time else SORTED_MAX
    found = await asyncio.gather(
        *[
            read_merged(calls, layout.partitions("list", entry_partition(listed, term)), wanted, limit, ENTRIES_MAX)
            for term in terms
        ]
    )
    if is_by_time:
        return await _page(_furthest(found, wanted, limit), query, listed, read)
    whole = next((each for each in found if each.following is None), None)
    return None if whole is None else await _sorted_page(whole, query, listed, read)


def _furthest(found: list[Found], wanted: Range, limit: int) -> Found:
    """Return what answers most: a full page, or one that is the last, or else the one that reaches furthest."""
    for each in found:
        if each.following is None or len(each.images) >= limit:
            return each
    return (min if wanted.reverse else max)(found, key=lambda each: each.following or "")


async def _page(found: Found, query: Query, listed: str, read: ReadsImages) -> Page:
    """Load the items of entries, in the entries' order, without those that do not fit any more."""
    items = await _load(found.images, query, listed, read)
    rows = [
        (entry["list_s"]["S"], image)
        for entry in found.images
        if (image := items.pop(_key(entry, listed), None)) is not None and image["list_s"] == entry["list_s"]
    ]
    return Page(
        tuple(item_of_image(image) for _, image in rows), found.following, tuple(position for position, _ in rows)
    )


async def _sorted_page(found: Found, query: Query, listed: str, read: ReadsImages) -> Page:
    """Load all items of entries, and return a page of them in the order of the query's index."""
    sort, after = f"{query.index}_s", query.after
    images = [each for each in (await _load(found.images, query, listed, read)).values() if sort in each]
    images.sort(key=lambda image: image[sort]["S"], reverse=query.reverse)
    if after is not None:
        images = [each for each in images if (each[sort]["S"] < after if query.reverse else each[sort]["S"] > after)]
    page = images[: query.limit]
    sorts = tuple(image[sort]["S"] for image in page)
    return Page(tuple(map(item_of_image, page)), sorts[-1] if len(images) > len(page) else None, sorts)


async def _load(entries: list[Wire], query: Query, listed: str, read: ReadsImages) -> dict[Key, Wire]:
    found = await read([_key(each, listed) for each in entries])
    return {
        key: image
        for key, image in found.items()
        if "list_s" in image and fits(query, from_attribute(image["b"]), image.get("t", {}).get("S", ""))
    }


def _key(entry: Wire, listed: str) -> Key:
    return entry["pk"]["S"].removeprefix(ENTRY), listed
