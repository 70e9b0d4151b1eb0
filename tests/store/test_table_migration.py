"""A table that a former release wrote is read at once, and upgraded beside orders, however often that is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import boto3
import pytest

from stockwright.app import build
from stockwright.audit.usecases import audit
from stockwright.base.errors import Misconfigured
from stockwright.config import Settings
from stockwright.context import App
from stockwright.orders.records import get_order, order_key
from stockwright.orders.usecases import PlaceOrder, cancel_order, place_order
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.records import get_stock
from stockwright.store import migrations
from stockwright.store.copying import DynamoDbSide, SqliteSide, copy
from stockwright.store.dynamodb import connecting
from stockwright.store.dynamodb.codec import image_of_put, is_of_shop, key_image, row_of_image
from stockwright.store.dynamodb.connecting import connect, format_of_mark
from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.dynamodb.entries import OWN, image_with_entries
from stockwright.store.dynamodb.layout import Layout
from stockwright.store.migrations import FORMAT, MARK, upgrade
from stockwright.store.migrations.dynamodb import TableUpgrade
from stockwright.store.port import Put
from stockwright.store.sqlite.codec import row_of
from stockwright.store.sqlite.schema import ROWS
from tests.aws.dynamodb_local import REGION, environment, open_table
from tests.conftest import ALICE, Clock, bare_app
from tests.formats import FORMER, known, unpack


@pytest.fixture(params=[FORMER[-1]])
def number(request: pytest.FixtureRequest) -> str:
    """The format before this one: what readers accept."""
    return str(request.param)


def products_of(row: Put) -> set[str]:
    """Return the products that an item is about."""
    partition, _, name = row.key[0].partition("#")
    if partition in {"PRODUCT", "NOTIFICATION"}:
        return {name}
    body = row.body
    lines = [body, *body.get("lines", ()), *(body["items"] if partition == "RESERVATION" else ())]
    return {each["productId"] for each in lines if "productId" in each}


@pytest.fixture
async def table(number: str, tmp_path: Path) -> AsyncIterator[DynamoDbStore]:
    """A table that holds what the former release stored of three products, item by item, and no mark."""
    path = unpack(number, tmp_path / "data")
    ours = set(known(number)["products"].values())
    with closing(apsw.Connection(str(path))) as connection:
        rows = [row_of(each) for each in connection.execute(ROWS, ("", "", 10_000_000))]
    rows = [row for row in rows if products_of(row) <= ours]
    store = open_table(str(tmp_path))
    side = DynamoDbSide(store)
    side._write([image_of_put(row) for row in rows])
    yield store
    await side.close()


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "PAGE", 15)


@pytest.fixture
async def app(table: DynamoDbStore, tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    shop = await bare_app(tmp_path, clock, "dynamodb")
    yield shop
    await shop.store.close()


def reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead this process to the folder's table, as the environment leads a command."""
    for name, value in {**environment(str(folder)), "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    # It keeps the credentials of the first caller.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def mark(store: DynamoDbStore) -> dict[str, Any] | None:
    found: dict[str, Any] | None = store.client.get_item(TableName=store.table, Key=key_image(MARK)).get("Item")
    return found


def images(store: DynamoDbStore) -> list[dict[str, Any]]:
    pages = store.client.get_paginator("scan").paginate(TableName=store.table, ConsistentRead=True)
    return [image for page in pages for image in page["Items"]]


def left(store: DynamoDbStore) -> int:
    """Count what is still as the former release wrote it."""
    return sum(
        upgrade(row := row_of_image(image)) is not None or (OWN not in image and bool(entries_of_row(row)))
        for image in images(store)
        if is_of_shop(image)
    )


def entries_of_row(row: Put) -> list[dict[str, Any]]:
    return image_with_entries(row, Layout(), "n")[1]


def step(store: DynamoDbStore) -> bool:
    """Take one step in a run of its own, as after an interruption; returns whether that was the last."""
    with closing(TableUpgrade(store)) as run:
        if not run.done:
            run.step()
        return run.done


async def test_this_release_serves_a_table_of_the_former_format_at_once(
    app: App, table: DynamoDbStore, number: str
) -> None:
    shop = known(number)
    for status, order in shop["orders"].items():
        assert (await get_order(app.store, order)).status == status
    bench = shop["products"]["bench"]
    before = await get_stock(app.store, bench)
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(2, bench)]))
    await cancel_order(app, ALICE, order.id)
    assert (await get_stock(app.store, bench)).available == before.available
    await place_order(app, ALICE, PlaceOrder([LineWanted(1, bench)]))
    assert mark(table) is None, "nobody has upgraded it"
    assert left(table) > 50


async def test_a_table_is_upgraded_during_orders_and_interruptions_after_every_page(
    app: App, table: DynamoDbStore, number: str
) -> None:
    bench, lamp = (known(number)["products"][each] for each in ("bench", "lamp"))
    available = (await get_stock(app.store, lamp)).available
    done, ordered, ended = 0, 0, False

    async def buy() -> None:
        nonlocal ordered
        while not ended:
            order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, lamp), LineWanted(1, bench)]))
            await cancel_order(app, ALICE, order.id)
            if ordered < 10:
                await place_order(app, ALICE, PlaceOrder([LineWanted(1, lamp)]))
                ordered += 1

    buyers = asyncio.create_task(buy())
    while not await asyncio.to_thread(step, table):
        done += 1
        assert not buyers.done(), buyers.result()
    ended = True
    await buyers

    assert done >= 3
    assert ordered >= 1
    assert (await get_stock(app.store, lamp)).available == available - ordered
    assert left(table) == 0
    found = mark(table)
    assert found is not None
    assert row_of_image(found).body == {"format": FORMAT}
    report = await audit(app)
    # The folder's event log is not in this table: only the numbers are held to each other.
    assert [drift for drift in report.drifts if "event" not in drift.rule] == []
    assert step(table), "a second run has nothing to do"


async def test_an_item_that_changes_under_the_upgrade_is_upgraded_as_it_then_is(
    app: App, table: DynamoDbStore, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = known(number)["orders"]["CONFIRMED"]
    key = order_key(order)
    run = TableUpgrade(table)
    call, raced = TableUpgrade._call, []

    def beside(self: TableUpgrade, name: str, **arguments: Any) -> Any:
        if name == "update_item" and arguments["Key"] == key_image(key) and not raced:
            raced.append(arguments)
            changed = row_of_image(table.client.get_item(TableName=table.table, Key=key_image(key))["Item"])
            put = Put(key, {**changed.body, "reference": "beside"}, changed.expect + 1, changed.indexes)
            table.client.put_item(TableName=table.table, Item=image_of_put(put))
        return call(self, name, **arguments)

    monkeypatch.setattr(TableUpgrade, "_call", beside)
    version = (await app.store.get([key]))[key].version
    while not run.done:
        await asyncio.to_thread(run.step)
    run.close()
    assert raced
    item = (await app.store.get([key]))[key]
    assert (item.version, item.body["reference"], item.body["hasPendingWork"]) == (version + 1, "beside", False)
    assert left(table) == 0


async def test_an_item_that_was_recreated_with_the_same_version_is_left_unchanged(
    table: DynamoDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ("SETUP", "SETUP")
    table.client.put_item(TableName=table.table, Item=image_of_put(Put(key, {"hash": "of before"}, 0)))
    run = TableUpgrade(table)
    call = TableUpgrade._call

    def beside(self: TableUpgrade, name: str, **arguments: Any) -> Any:
        if name == "update_item" and arguments["Key"] == key_image(key):
            new = Put(key, {"hash": "of now", "expiresAt": 7}, 0)
            table.client.put_item(TableName=table.table, Item=image_of_put(new))
        return call(self, name, **arguments)

    monkeypatch.setattr(TableUpgrade, "_call", beside)
    while not run.done:
        await asyncio.to_thread(run.step)
    run.close()
    assert (await table.get([key]))[key].body == {"hash": "of now", "expiresAt": 7}


async def test_a_dry_run_writes_nothing(table: DynamoDbStore) -> None:
    before = images(table)
    with closing(TableUpgrade(table, dry_run=True)) as run:
        while not run.done:
            await asyncio.to_thread(run.step)
    assert images(table) == before
    assert sum(run.progress.changed.values()) == left(table)


async def test_an_upgrade_moves_the_index_entries_of_an_item_too(
    table: DynamoDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next format may need that; this one does not."""
    key = ("THING#1", "THING")
    old = Put(key, {"name": "b"}, 0, {"list": ("THINGS", "b"), "due": ("THINGS", "7")}, "text", 99)
    new = Put(key, {"name": "b"}, 0, {"list": ("THINGS", "new"), "owner": ("THINGS", "o")}, "other", None)
    table.client.put_item(TableName=table.table, Item=image_of_put(old))
    from stockwright.store.migrations import dynamodb as runner

    monkeypatch.setattr(runner, "upgrade", lambda row: new if row.key == key and row != new else None)
    while not await asyncio.to_thread(step, table):
        pass
    image = table.client.get_item(TableName=table.table, Key=key_image(key))["Item"]
    assert row_of_image(image) == new


async def test_a_new_table_has_the_format_mark_and_one_of_format_1_has_not(
    tmp_path: Path, clock: Clock, table: DynamoDbStore
) -> None:
    new = await bare_app(tmp_path / "new", clock, "dynamodb")
    store: Any = new.store
    assert format_of_mark(mark(store)) == FORMAT
    await bare_app(tmp_path, clock, "dynamodb")
    assert format_of_mark(mark(table)) == 1
    await new.store.close()


async def test_a_table_of_a_newer_release_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_table(str(tmp_path))
    reach(tmp_path, monkeypatch)
    store.client.put_item(TableName=store.table, Item=image_of_put(Put(MARK, {"format": FORMAT + 1}, 0)))
    newer = f"data format {FORMAT + 1}, this release reads {FORMAT} at most: use the release that wrote it"
    with pytest.raises(Misconfigured, match=newer):
        await build(Settings(store="dynamodb", table_name=store.table, data_dir=tmp_path))
    with pytest.raises(Misconfigured, match=newer):
        TableUpgrade(store)
    await store.close()


async def test_a_table_that_is_two_formats_old_must_be_upgraded_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_table(str(tmp_path))
    reach(tmp_path, monkeypatch)
    monkeypatch.setattr(connecting, "FORMAT", 3)
    with pytest.raises(Misconfigured, match=f"data format 1, this release uses {FORMAT}: stockwright migrate"):
        connect(store.table)
    await connect(store.table, of_any_format=True).close()
    await store.close()


async def test_a_copy_from_a_table_of_the_former_format_is_in_this_format(
    table: DynamoDbStore, tmp_path: Path, clock: Clock
) -> None:
    source, target = DynamoDbSide(table), SqliteSide(tmp_path / "home.db", hold=False)
    copied = await copy(source, target, [])
    assert copied.items == copied.found == source.count()
    rows, after = target.rows(None)
    while after is not None:
        page, after = target.rows(after)
        rows += page
    assert all(upgrade(row) is None for row in rows)
    assert MARK not in {row.key for row in rows}
    await target.close()


async def test_a_copy_into_a_new_table_marks_it(tmp_path: Path, clock: Clock) -> None:
    shop = await bare_app(tmp_path, clock, "sqlite")
    await shop.store.close()
    source, target = SqliteSide(tmp_path / "stockwright.db", hold=True), DynamoDbSide(open_table(str(tmp_path)))
    copied = await copy(source, target, [])
    assert copied.items == copied.found
    store: Any = target.store
    assert format_of_mark(mark(store)) == FORMAT
    await source.close()
    await target.close()
