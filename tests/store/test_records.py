"""What every record's access pattern does where things are gone, or change under it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

import stockwright
from stockwright.accounts.model import Account, Code
from stockwright.base.errors import Busy, NotFound
from stockwright.base.record import ItemKind, Record
from stockwright.context import App
from stockwright.events.records import find_dead_letter, get_dead_letter
from stockwright.orders.records import get_order
from stockwright.reservations.records import get_reservation
from stockwright.sales.records import get_sale
from stockwright.stock.model import Location
from stockwright.stock.records import get_stock
from stockwright.store.batch import ATTEMPTS_MAX, Batch, Stale, retried
from stockwright.store.idempotency import UsedKey, complete_idempotency, find_idempotency, put_idempotency
from stockwright.store.parsing import WrongItemError, is_of
from stockwright.store.port import Item, Key, Put, Store, Write, body_of
from stockwright.store.sqlite.codec import encode


@pytest.mark.parametrize("get", [get_dead_letter, get_order, get_reservation, get_sale, get_stock])
async def test_a_missing_item_is_refused(app: App, get: Any) -> None:
    with pytest.raises(NotFound):
        await get(app.store, "nothing")
    assert await find_dead_letter(app.store, "nothing") is None


async def test_a_decision_that_always_conflicts_is_given_up() -> None:
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
        assert isinstance(first.body, UsedKey)
        await self._store.commit([Put(first.key, replace(first.body, answer={"whose": "the other's"}), first.expect)])
        await self._store.commit(writes)


async def test_the_first_completed_answer_stays(app: App) -> None:
    batch = Batch()
    put_idempotency(batch, "somebody#key", "hash", None, None)
    await batch.commit(app.store)
    overtaken: Any = Overtaken(app.store)
    await complete_idempotency(overtaken, "somebody#key", {"whose": "ours"}, None)
    await complete_idempotency(app.store, "somebody#key", {"whose": "late"}, None)
    assert await find_idempotency(app.store, "somebody#key") == UsedKey("hash", {"whose": "the other's"}, version=2)


async def test_an_answer_with_an_unknown_outcome_is_not_stored(app: App) -> None:
    await complete_idempotency(app.store, "nobody#key", {"whose": "nobody's"}, None)
    assert await find_idempotency(app.store, "nobody#key") is None


# ---- each kind of item has its record --------------------------------------------------------

for each in pkgutil.walk_packages(stockwright.__path__, "stockwright."):
    # The functions' modules read their settings where they are loaded; engines know items, and no kinds of them.
    if not each.name.startswith(("stockwright.cloud.", "stockwright.store.")):
        importlib.import_module(each.name)
RECORDS = {record.KIND: record for record in Record.__subclasses__()}
KEYS: dict[ItemKind, Key] = {
    kind: (record.PARTITION or f"{kind}#1", record.SORTS[0] if record.SORTS else kind)
    for kind, record in RECORDS.items()
} | {"LOCATION": ("LOCATIONS", "ORDER"), "MOVEMENT": ("PRODUCT#chair", "MOVEMENT#mov_1")}


def test_every_kind_of_item_has_one_record() -> None:
    assert sorted(record.KIND for record in Record.__subclasses__()) == sorted(get_args(ItemKind))


@pytest.mark.parametrize("kind", KEYS)
def test_a_record_refuses_the_items_of_every_other_kind(kind: ItemKind) -> None:
    """Also one that was read as its own record before, which stays with the item."""
    for other, record in RECORDS.items():
        item = Item(KEYS[kind], 1, {}, parsed=object())
        if other == kind:
            assert is_of(record, item.key)
            continue
        with pytest.raises(WrongItemError, match=f"{record.__name__} reads {other} items, not "):
            item.read(record)


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_can_be_read_at_all(kind: ItemKind) -> None:
    """Its fields' types are imported where it is defined, not for the type checker alone."""
    assert msgspec.json.Decoder(RECORDS[kind])


@pytest.mark.parametrize("as_read", ["json", "a body", "the record"])
def test_a_record_is_read_as_it_was_written_with_the_version_of_its_item(as_read: str) -> None:
    location = Location("shop", "The shop", priority=3, created_at=7, version=4)
    content: Any = {"json": encode(location), "a body": body_of(location), "the record": location}[as_read]
    item = Item(("LOCATIONS", "shop"), 5, content)
    assert item.read(Location) == replace(location, version=5)
    assert item.read(Location) is item.read(Location)
    assert item.body == {
        "id": "shop",
        "name": "The shop",
        "priority": 3,
        "active": True,
        "createdAt": 7,
        "shortagesKnown": False,
    }


def test_a_field_that_a_record_needs_is_missed() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `name`"):
        Item(("LOCATIONS", "shop"), 1, {"id": "shop"}).read(Location)


def test_a_record_shows_no_secret() -> None:
    code = Code("the hash of a code", 7)
    account = Account("acc_1", "a@example.com", password_hash="the hash of a password", codes={"reset": code})
    assert "hash of" not in repr(account)
    assert "a@example.com" in repr(account)
