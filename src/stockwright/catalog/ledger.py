"""The ledger as people look at it: movements, newest first, with the total of their level after each.

The commit stores that total with the movement wherever it knows it. Movements of former releases, and those
that DynamoDB adds up by itself, lack it: theirs is worked out from a newer one, or from the levels now, where
that takes no more than BACK_MAX movements; else it is not shown. So a list costs what its page costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from stockwright.base.errors import NotFound
from stockwright.products import records as product_records
from stockwright.stock import records as stock_records
from stockwright.stock.booking import BOOKING_MS
from stockwright.stock.lookup import products_of_variants
from stockwright.stock.model import Movement, of_variant
from stockwright.store.paging import fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.context import App


class MovementView(Struct, frozen=True):
    """A movement, the total of its level after it (None where it cannot be known), and its product's name."""

    movement: Movement
    balance_after: int | None
    name: str | None = None


class MovementFilter(Struct, frozen=True):
    """Which movements to list; `since` and `until` are ms, `until` exclusive."""

    product_id: str | None = None
    """A product, or a variant by its own id."""
    variant_id: str | None = None
    type: str | None = None
    location: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 20
    after: str | None = None


BACK_MAX: Final = 200
PRODUCTS_MAX: Final = 10
"""So many products of a page are looked back at for balances that are not stored."""
LOOKS_MAX: Final = 3
CARRIED_BYTES_MAX: Final = 600
SEPARATOR: Final = "\x1f"
LEVEL_SEPARATOR: Final = "\x1e"
Totals = dict[str, int]
"""Location (of a variant's own stock, with its id before it) → the total of its level."""


async def list_movements(app: App, wanted: MovementFilter) -> tuple[list[MovementView], str | None]:
    """List movements, newest first, of one product (404 where it never existed) or of the whole shop.

    Ids are ordered by time, nearly, so `since` and `until` bound the ids that are read.
    """
    if wanted.product_id is not None:
        wanted = await _of_product(app, wanted, wanted.product_id)
    after, carried = _position(wanted.after)
    found, following = await _read(app, replace(wanted, after=after))
    products = await product_records.load_products(app.store, {each.product_id for each in found}, deleted_too=True)
    balances, left = await _balances(app, wanted, found, carried)
    views = [
        MovementView(
            each,
            balances.get(each.id),
            products[each.product_id].name_of(each.own_variant) if each.product_id in products else None,
        )
        for each in _in_order(found)
    ]
    return views, None if following is None else _token(following, left)


async def _of_product(app: App, wanted: MovementFilter, product_id: str) -> MovementFilter:
    """Hold a filter to a product that exists, or existed; an id that is a variant's own names that variant."""
    if product_id in await product_records.load_products(app.store, [product_id], deleted_too=True):
        return wanted
    of_variant = (await products_of_variants(app, [product_id])).get(product_id)
    if of_variant is None or wanted.variant_id not in {None, product_id}:
        raise NotFound("Product not found")
    return replace(wanted, product_id=of_variant, variant_id=product_id)


async def _read(app: App, wanted: MovementFilter) -> tuple[list[Movement], str | None]:
    """Read a page; it may be short though more follows, where little passes the filters."""
    prefix = "MOVEMENT#" if wanted.product_id is not None else ""

    async def read(*, after: str | None, limit: int) -> tuple[list[tuple[str, Movement]], str | None]:
        found, following = await stock_records.page_of_movements(
            app.store,
            wanted.product_id,
            where={
                name: value
                for name, value in (
                    ("type", wanted.type),
                    ("location", wanted.location),
                    ("variantId", wanted.variant_id),
                )
                if value
            },
            low="" if wanted.since is None else app.ids.first("mov", wanted.since - BOOKING_MS),
            high="" if wanted.until is None else app.ids.first("mov", wanted.until + BOOKING_MS),
            limit=limit,
            after=None if after is None else f"{prefix}{after}",
        )
        return [(each.id, each) for each in found], following and following.removeprefix(prefix)

    async def choose(found: list[Movement]) -> list[Movement | None]:
        since, until = wanted.since, wanted.until
        return [
            each if (since is None or each.at >= since) and (until is None or each.at < until) else None
            for each in found
        ]

    return await fill(read, choose, wanted.limit, wanted.after)


async def _balances(
    app: App, wanted: MovementFilter, found: list[Movement], carried: Totals | None
) -> tuple[dict[str, int], Totals | None]:
    """Return the balance of each movement as far as it is known, and the totals from which the next page goes on."""
    balances = {each.id: each.balance_after for each in found if each.balance_after is not None}
    whole = wanted.product_id is not None and (wanted.type, wanted.since, wanted.until) == (None, None, None)
    if whole and carried is not None:
        return balances | _worked_out(found, carried), carried
    lacking = {each.variant_id: each for each in found if each.id not in balances}
    balances |= await _look_back(app, dict(list(lacking.items())[:PRODUCTS_MAX]))
    if not whole:
        return balances, None
    left: Totals = {}
    for each in _in_order(found):
        if each.id in balances:
            left[_level(each)] = balances[each.id] - each.quantity
    return balances, left


def _level(movement: Movement) -> str:
    """Name the level that a movement is of."""
    own = movement.own_variant
    return movement.location if own is UNSET else f"{own}{LEVEL_SEPARATOR}{movement.location}"


async def _newest(app: App, of: Movement) -> list[Movement]:
    """Read the newest movements of the variant that a movement is of."""
    page = stock_records.page_of_movements(app.store, of.product_id, where=of_variant(of), limit=BACK_MAX)
    return [each for each in (await page)[0] if each.variant_id == of.variant_id]


async def _look_back(app: App, lacking: Mapping[str, Movement]) -> dict[str, int]:
    """Work out the balances of variants' newest movements from their levels now; none where those never rest."""
    balances: dict[str, int] = {}
    moving = list(lacking)
    for _ in range(LOOKS_MAX):
        if not moving:
            break
        before = await stock_records.load_stocks(app.store, moving)
        newest = {each: await _newest(app, lacking[each]) for each in moving}
        after = await stock_records.load_stocks(app.store, moving)
        resting = {each for each in before.keys() & after.keys() if before[each].version == after[each].version}
        for variant_id, movements in newest.items():
            totals: Totals = {}
            if variant_id in resting:
                # A level that is gone, with a product that was deleted, ended with nothing.
                levels = before[variant_id].levels
                totals = {
                    _level(each): levels[each.location].total if each.location in levels else 0 for each in movements
                }
            balances |= _worked_out(movements, totals)
        moving = [each for each in moving if each not in resting]
    return balances


def _worked_out(movements: list[Movement], totals: Totals) -> dict[str, int]:
    """Go back from the totals after the newest movement; a stored balance counts before what is worked out.

    `totals` is left as it was before the oldest one. What would be less than nothing is not known.
    """
    balances: dict[str, int] = {}
    for each in _in_order(movements):
        balance = each.balance_after if each.balance_after is not None else totals.pop(_level(each), None)
        if balance is not None and balance >= 0 and balance - each.quantity >= 0:
            balances[each.id] = balance
            totals[_level(each)] = balance - each.quantity
    return balances


def _in_order(movements: list[Movement]) -> list[Movement]:
    """Put those of one variant whose commits are known into the order of the commits, the newest in front."""
    of_variants: dict[str, list[Movement]] = {}
    for each in movements:
        if each.stock_version is not None:
            of_variants.setdefault(each.variant_id, []).append(each)
    for known in of_variants.values():
        known.sort(key=_commit, reverse=True)
    turns = {variant_id: iter(known) for variant_id, known in of_variants.items()}
    return [each if each.stock_version is None else next(turns[each.variant_id]) for each in movements]


def _commit(movement: Movement) -> tuple[int, str]:
    return (movement.stock_version or 0, movement.id)


def _position(token: str | None) -> tuple[str | None, Totals | None]:
    if token is None:
        return None, None
    after, separator, carried = token.partition(SEPARATOR)
    return after, msgspec.json.decode(carried, type=dict[str, int]) if separator else None


def _token(after: str, totals: Mapping[str, int] | None) -> str:
    carried = msgspec.json.encode(totals).decode() if totals else ""
    return f"{after}{SEPARATOR}{carried}" if carried and len(carried) <= CARRIED_BYTES_MAX else after
