"""What every record's access pattern does where things are gone, or change under it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Sequence
from typing import Any, get_args

import pytest

import stockwright
from stockwright.base.errors import Busy, NotFound
from stockwright.context import App
from stockwright.events.records import find_dead_letter, get_dead_letter
from stockwright.orders.records import get_order
from stockwright.reservations.records import get_reservation
from stockwright.sales.records import get_sale
from stockwright.stock.records import get_stock
from stockwright.store.batch import ATTEMPTS_MAX, Batch, Stale, retried
from stockwright.store.idempotency import complete_idempotency, find_idempotency, put_idempotency
from stockwright.store.parsing import ItemKind, WrongItemError, is_of
from stockwright.store.port import Item, Put, Store, Write


@pytest.mark.parametrize("get", [get_dead_letter, get_order, get_reservation, get_sale, get_stock])
async def test_what_is_not_there_is_refused(app: App, get: Any) -> None:
    with pytest.raises(NotFound):
        await get(app.store, "nothing")
    assert await find_dead_letter(app.store, "nothing") is None


async def test_a_decision_that_is_always_too_late_is_given_up() -> None:
    tries = 0

    async def attempt() -> None:
        nonlocal tries
        tries += 1
        raise Stale

    with pytest.raises(Busy, match="Too many concurrent changes to the same record"):
        await retried(attempt)
    assert tries == ATTEMPTS_MAX


class Overtaken:
    """A store in which somebody else is faster, once it was read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, keys: Sequence[Any]) -> Any:
        return await self._store.get(keys)

    async def commit(self, writes: Sequence[Write]) -> None:
        first = writes[0]
        assert isinstance(first, Put)
        await self._store.commit([Put(first.key, {**first.body, "answer": {"whose": "the other's"}}, first.expect)])
        await self._store.commit(writes)


async def test_the_first_completed_answer_stays(app: App) -> None:
    batch = Batch()
    put_idempotency(batch, "somebody#key", "hash", None, None)
    await batch.commit(app.store)
    overtaken: Any = Overtaken(app.store)
    await complete_idempotency(overtaken, "somebody#key", {"whose": "ours"}, None)
    await complete_idempotency(app.store, "somebody#key", {"whose": "late"}, None)
    assert await find_idempotency(app.store, "somebody#key") == ("hash", {"whose": "the other's"})


async def test_an_answer_of_which_nothing_is_known_is_not_kept(app: App) -> None:
    await complete_idempotency(app.store, "nobody#key", {"whose": "nobody's"}, None)
    assert await find_idempotency(app.store, "nobody#key") is None


# ---- each kind of item has its parser --------------------------------------------------------

RECORDS = [
    importlib.import_module(each.name)
    for each in pkgutil.walk_packages(stockwright.__path__, "stockwright.")
    # The functions' modules read their settings where they are loaded; engines know items, and no kinds of them.
    if not each.name.startswith(("stockwright.cloud.", "stockwright.store."))
]
PARSERS = {
    parser.kind: parser
    for module in RECORDS
    for parser in vars(module).values()
    if inspect.isfunction(parser) and hasattr(parser, "kind") and parser.__module__ == module.__name__
}
KEYS = {
    kind: {
        "CATEGORY": ("CATEGORIES", "chairs"),
        "DIGEST": ("DIGEST#stock", "email#1"),
        "LOCATION": ("LOCATIONS", "ORDER"),
        "MOVEMENT": ("PRODUCT#chair", "MOVEMENT#mov_1"),
        "STOCK": ("PRODUCT#chair", "STOCK"),
    }.get(kind, (f"{kind}#1", kind))
    for kind in get_args(ItemKind)
}


def test_every_kind_of_item_has_its_parser_and_every_parser_its_kind() -> None:
    assert sorted(PARSERS) == sorted(get_args(ItemKind))
    for module in RECORDS:
        for name, found in vars(module).items():
            if inspect.isfunction(found) and found.__module__ == module.__name__:
                takes = next(iter(inspect.signature(found).parameters.values()), None)
                if takes is not None and takes.annotation == "Item":
                    assert hasattr(found, "kind"), (module.__name__, name)


@pytest.mark.parametrize("kind", KEYS)
def test_a_parser_refuses_the_items_of_every_other_kind(kind: ItemKind) -> None:
    """Also one that its own parser has read before, and what came of it is kept with the item."""
    for parser_kind, parser in PARSERS.items():
        item = Item(KEYS[kind], 1, {}, parsed="what its own parser read")
        if parser_kind == kind:
            assert is_of(kind, item.key)
            continue
        with pytest.raises(WrongItemError, match=f"{parser.__name__} reads {parser_kind} items, not "):
            parser(item, *((),) * (len(inspect.signature(parser).parameters) - 1))
