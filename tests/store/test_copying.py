"""A shop moves to the other engine and back: the same items, the same events, and no message sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stockwright.audit.usecases import audit
from stockwright.base.errors import Misconfigured
from stockwright.events.records import load_cursors, put_cursor
from stockwright.orders.usecases import PlaceOrder, pack_order, place_order
from stockwright.products.categories import add_category
from stockwright.products.category_records import list_categories
from stockwright.reservations.usecases import Reserve, reserve_stock
from stockwright.retention.erasure_records import Erasure, list_erasures, put_erasure
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.model import Wanted
from stockwright.store import copying
from stockwright.store.batch import Batch
from stockwright.store.copying import Copied, DynamoDbSide, SqliteSide, copy
from stockwright.store.dynamodb.codec import event_of_image
from stockwright.store.port import Put
from stockwright.store.retention import LogStart, load_log_start, put_log_start
from stockwright.store.sqlite.engine import SqliteStore
from tests.aws.dynamodb_local import open_table
from tests.conftest import ADMIN, ALICE, Clock, Product, bare_app

HANDLERS = ["mail", "warehouse"]


@pytest.fixture
def engine() -> str:
    """The shop that is moved begins on the embedded store."""
    return "sqlite"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PAGE", 20)


@pytest.fixture
async def moved(app: Any, product: Product, tmp_path: Path) -> Path:
    """A shop with a history; its mail handler has had two events, its warehouse handler four."""
    chairs = [(await product(9, options={"color": ["red", "blue"]})).product.id for _ in range(6)]
    order = await place_order(
        app, ALICE, PlaceOrder([LineWanted(2, each, options={"color": "red"}) for each in chairs])
    )
    await pack_order(app, ADMIN, order.id)
    await place_order(app, ALICE, PlaceOrder([LineWanted(1, chairs[0])]))
    await reserve_stock(app, ALICE, Reserve([Wanted(chairs[1], 3)]))
    events = await app.store.tail()
    batch = Batch()
    put_cursor(batch, "mail", events[1].position, 0)
    put_cursor(batch, "warehouse", events[3].position, 0)
    await batch.commit(app.store)
    return tmp_path / "stockwright.db"


async def to_cloud(path: Path, name: str, target: DynamoDbSide | None = None) -> Copied:
    source, target = SqliteSide(path, hold=True), target or DynamoDbSide(open_table(name))
    try:
        return await copy(source, target, HANDLERS)
    finally:
        await source.close()
        await target.close()


def everything(side: Any) -> dict[Any, Put]:
    """Every item but the cursors, as written; a table's maps have no order."""
    rows, after = side.rows(None)
    while after is not None:
        page, after = side.rows(after)
        rows += page
    return {row.key: row for row in rows if row.key[0] != "CURSORS"}


async def story(store: Any) -> list[Any]:
    return [(event.id, event.name, event.at, dict(event.data)) for event in await store.tail(limit=1000)]


async def test_every_item_and_event_is_copied_unchanged(moved: Path, tmp_path: Path, clock: Clock) -> None:
    copied = await to_cloud(moved, str(tmp_path))

    before, after = SqliteSide(moved, hold=False), DynamoDbSide(open_table(str(tmp_path)))
    assert everything(after) == everything(before)
    assert await story(after.store) == await story(before.store)
    assert copied.items == copied.found == before.count() == after.count()
    assert copied.events == len(await story(before.store))
    cloud = await bare_app(tmp_path, clock, "dynamodb")
    assert (await audit(cloud)).drifts == []
    for each in (before, after, cloud.store):
        await each.close()


async def test_a_log_that_begins_later_is_copied_with_the_time_of_its_beginning(
    moved: Path, tmp_path: Path, clock: Clock
) -> None:
    before = SqliteStore(moved)
    events = await before.tail()
    batch = Batch()
    put_log_start(batch, LogStart(events[2].position, clock.now()))
    await batch.commit(before)
    await before.trim(events[2].position)
    await before.close()

    await to_cloud(moved, str(tmp_path))

    cloud = await bare_app(tmp_path, clock, "dynamodb")
    assert [event.id for event in await cloud.store.tail()] == [event.id for event in events[3:]]
    assert await load_log_start(cloud.store) == LogStart("", clock.now(), version=1)
    assert (await audit(cloud)).drifts == []
    await cloud.store.close()


async def test_an_erasure_that_is_not_done_begins_again_in_the_copy(moved: Path, tmp_path: Path) -> None:
    before = SqliteStore(moved)
    batch = Batch()
    put_erasure(batch, Erasure("usr_1", "ada@example.com", "Ada", "events", None, position="7"))
    await batch.commit(before)
    await before.close()
    await to_cloud(moved, str(tmp_path))
    store = open_table(str(tmp_path))
    assert await list_erasures(store) == [Erasure("usr_1", "ada@example.com", "Ada", version=1)]
    await store.close()


async def test_handlers_continue_after_the_events_they_have_handled(moved: Path, tmp_path: Path) -> None:
    before = SqliteStore(moved)
    events = [event.id for event in await before.tail()]
    await before.close()
    await to_cloud(moved, str(tmp_path))

    store = open_table(str(tmp_path))
    cursors = {name: position for name, (position, _) in (await load_cursors(store)).items()}
    assert [event.id for event in await store.tail(cursors["mail"])] == events[2:]
    assert [event.id for event in await store.tail(cursors["warehouse"])] == events[4:]
    images = store.client.scan(TableName=store.table)["Items"]
    news = {event.id for event in map(event_of_image, images) if event is not None}
    assert news == set(events[2:])
    await store.close()


async def test_a_copy_to_the_cloud_and_back_is_the_same_shop_and_handles_no_event_again(
    moved: Path, tmp_path: Path
) -> None:
    await to_cloud(moved, str(tmp_path))
    source, target = DynamoDbSide(open_table(str(tmp_path))), SqliteSide(tmp_path / "back.db", hold=False)
    await copy(source, target, HANDLERS)

    first = SqliteSide(moved, hold=False)
    assert everything(target) == everything(first)
    assert await target.store.tail() == await first.store.tail()
    await assert_everybody_has_had_everything(target)
    for each in (source, target, first):
        await each.close()


async def assert_everybody_has_had_everything(side: SqliteSide) -> None:
    cursors = await load_cursors(side.store)
    assert set(cursors) == set(HANDLERS)
    for position, _ in cursors.values():
        assert await side.store.tail(position) == []


async def test_a_shop_copied_from_a_stack_handles_no_earlier_event_again(moved: Path, tmp_path: Path) -> None:
    """A shop that began in the cloud has no cursors: at home, no handler gets the events of the past."""
    await to_cloud(moved, str(tmp_path))
    cloud = open_table(str(tmp_path))
    for name in HANDLERS:
        cloud.client.delete_item(TableName=cloud.table, Key={"pk": {"S": "CURSORS"}, "sk": {"S": name}})
    source, target = DynamoDbSide(cloud), SqliteSide(tmp_path / "back.db", hold=False)
    await copy(source, target, HANDLERS)
    await assert_everybody_has_had_everything(target)
    for each in (source, target):
        await each.close()


async def test_a_shop_whose_process_followed_the_table_continues_at_its_cursors(moved: Path, tmp_path: Path) -> None:
    await to_cloud(moved, str(tmp_path))
    cloud = open_table(str(tmp_path))
    events = await cloud.tail()
    batch = Batch()
    _, version = (await load_cursors(cloud))["mail"]
    put_cursor(batch, "mail", events[4].position, version)
    await batch.commit(cloud)
    source, target = DynamoDbSide(cloud), SqliteSide(tmp_path / "back.db", hold=False)
    await copy(source, target, HANDLERS)
    cursors = await load_cursors(target.store)
    assert {name: position for name, (position, _) in cursors.items()} == {"mail": "5", "warehouse": "4"}
    for each in (source, target):
        await each.close()


class Breaking(DynamoDbSide):
    """A table that is out of reach from the n-th write on, half of which arrived."""

    left = 0

    def _write(self, images: Sequence[dict[str, Any]]) -> None:
        self.left -= 1
        if self.left < 0:
            super()._write(images[: len(images) // 2])
            raise ConnectionError
        super()._write(images)


@pytest.mark.parametrize("writes", [1, 3, 7])
async def test_an_interrupted_copy_resumes(moved: Path, tmp_path: Path, writes: int) -> None:
    breaking = Breaking(open_table(str(tmp_path)))
    breaking.left = writes
    with pytest.raises(ConnectionError):
        await to_cloud(moved, str(tmp_path), breaking)
    copied = await to_cloud(moved, str(tmp_path))

    before, after = SqliteSide(moved, hold=False), DynamoDbSide(open_table(str(tmp_path)))
    assert everything(after) == everything(before)
    assert await story(after.store) == await story(before.store)
    assert copied.items == copied.found == before.count()
    for each in (before, after):
        await each.close()


async def test_a_copy_does_not_overwrite_a_shop(moved: Path, tmp_path: Path) -> None:
    await to_cloud(moved, str(tmp_path))
    with pytest.raises(Misconfigured, match="already contains a shop"):
        await to_cloud(moved, str(tmp_path))


async def test_a_shop_can_be_copied_into_a_new_stack(moved: Path, tmp_path: Path, clock: Clock) -> None:
    """Its functions give the empty table a location and categories; those are the source's then."""
    cloud = await bare_app(tmp_path, clock, "dynamodb")
    home = SqliteSide(moved, hold=False)
    home.remove([("CATEGORIES", "phone")])
    await home.close()
    await to_cloud(moved, str(tmp_path))

    before, after = SqliteSide(moved, hold=False), DynamoDbSide(open_table(str(tmp_path)))
    assert ("CATEGORIES", "phone") not in everything(after)
    assert everything(after) == everything(before)
    for each in (before, after, cloud.store):
        await each.close()


async def test_a_shop_is_copied_from_the_cloud_into_a_new_folder(moved: Path, tmp_path: Path, clock: Clock) -> None:
    await to_cloud(moved, str(tmp_path))
    (tmp_path / "home").mkdir()
    fresh = await bare_app(tmp_path / "home", clock, "sqlite")
    await fresh.store.close()
    source = DynamoDbSide(open_table(str(tmp_path)))
    target = SqliteSide(tmp_path / "home" / "stockwright.db", hold=False)
    await copy(source, target, HANDLERS)
    assert everything(target) == everything(source)
    for each in (source, target):
        await each.close()


async def test_a_copy_does_not_overwrite_a_stack_that_was_used(moved: Path, tmp_path: Path, clock: Clock) -> None:
    cloud = await bare_app(tmp_path, clock, "dynamodb")
    await add_category(cloud, ADMIN, "lamps")
    with pytest.raises(Misconfigured, match="already contains a shop"):
        await to_cloud(moved, str(tmp_path))
    assert "lamps" in {each.name for each in await list_categories(cloud.store)}
    await cloud.store.close()
