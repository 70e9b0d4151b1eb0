"""Long work beside short work: of what may read or write much, no turn of the event loop has more than a step.

Counted are rows, not seconds: those that all of it together has read, or has had written, between two turns of a
client that only waits for the next one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from stockwright.audit.rollups import rebuild
from stockwright.base.long_work import STEP_ROWS
from stockwright.catalog.backfill import backfill
from stockwright.exports.spreadsheet import csv_parts
from stockwright.exports.usecases import COLUMNS, Exported, export
from stockwright.operations.feed import REPLAY_MAX, Feed
from stockwright.products.categories import rename_category
from stockwright.reservations.usecases import expire_due
from stockwright.retention.aging import remove_aged
from stockwright.retention.erasing import erase_account, go_on_erasing
from stockwright.routes import ROUTES
from stockwright.store.batch import Batch
from stockwright.store.progress import FORMAT, Progress, load_progress, put_progress
from stockwright.sweeper import purge_due
from tests.api.large import Metered, a_shop
from tests.api.scene import ADMIN, Scene
from tests.conftest import ADMIN as AS_ADMIN

pytestmark = pytest.mark.one_engine

SIZE: Final = 600
"""Of each thing in the shop: products, levels, movements, orders of each status, holds, messages, events."""
READ_MAX: Final = 3 * STEP_ROWS
"""A step's rows, and what is read beside each: a product's stock and its part of the totals."""
WRITTEN_MAX: Final = 4 * STEP_ROWS
"""A step's rows, what goes with each, and its events."""
DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "long-work.md"


class Turns:
    """The most rows read and written in one turn of the loop, and how many turns there were."""

    def __init__(self, store: Metered) -> None:
        self._store = store
        self.read = self.written = self.turns = 0

    async def watch(self) -> None:
        """Look at each turn."""
        while True:
            read, written = self._store.rows, self._store.written
            await asyncio.sleep(0)
            self.read = max(self.read, self._store.rows - read)
            self.written = max(self.written, self._store.written - written)
            self.turns += 1


@asynccontextmanager
async def watched(store: Metered) -> AsyncIterator[Turns]:
    turns = Turns(store)
    watching = asyncio.create_task(turns.watch())
    await asyncio.sleep(0)
    try:
        yield turns
    finally:
        await asyncio.sleep(0)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def ask(path: str, method: str = "GET") -> Callable[[Scene], Awaitable[None]]:
    async def run(scene: Scene) -> None:
        asked = re.sub(r"{(\w+)}", lambda part: scene.ids["product" if "roduct" in path else part[1]], path)
        answer = await scene.clients[ADMIN].ask(method, asked)
        assert answer.status in {200, 409}, answer.response.text

    return run


async def replay(scene: Scene) -> None:
    (first,) = await scene.app.store.tail(limit=1)
    (last,) = await scene.app.store.tail(limit=1, reverse=True)
    feed, count = Feed(scene.app), int(last.position) - int(first.position)
    assert STEP_ROWS < count <= REPLAY_MAX

    async def yes() -> bool:
        return True

    async def follow(number: int) -> None:
        async with aclosing(await feed.open(f"usr_{number}", yes, first.position)) as parts:
            text = b""
            while text.count(b"event: ") < count:
                text += await anext(parts)

    await asyncio.gather(*[follow(number) for number in range(3)])


async def fill_again(scene: Scene) -> None:
    for name in FORMAT:
        batch = Batch()
        put_progress(batch, name, Progress(version=(await load_progress(scene.app.store, name)).version))
        await batch.commit(scene.app.store)
    while not await backfill(scene.app):
        pass


async def age(scene: Scene) -> None:
    scene.clock.advance(days=500)
    while await remove_aged(scene.app):
        pass


async def expire(scene: Scene) -> None:
    scene.clock.advance(days=1)
    await expire_due(scene.app)


async def purge(scene: Scene) -> None:
    scene.clock.advance(days=10)
    await purge_due(scene.app)


async def erase(scene: Scene) -> None:
    await erase_account(scene.app, AS_ADMIN, scene.ids["bob"])
    while not await go_on_erasing(scene.app):
        pass


async def rename(scene: Scene) -> None:
    await rename_category(scene.app, AS_ADMIN, "electronics", "gadgets")


async def import_stock(scene: Scene) -> None:
    rows = "".join(f"KB-{1 + number % 2},1,row {number}\n" for number in range(SIZE))
    text = f"sku,quantity,reason\n{rows}" + "NONE,1,\n" * SIZE
    answer = await scene.clients[ADMIN].post("/inventory/import", text.encode(), onError="skip")
    scene.ids["id"] = answer.data["importId"]
    done = await ended(scene)
    assert (done["created"], done["failed"]) == (SIZE, SIZE)


async def import_products(scene: Scene) -> None:
    rows = "".join(f"ROW-{number},A good thing,100,other\n" for number in range(SIZE))
    answer = await scene.clients[ADMIN].post("/products/import", f"sku,name,price,category\n{rows}".encode())
    scene.ids["id"] = answer.data["importId"]
    assert (await ended(scene))["created"] == SIZE


async def undo_import(scene: Scene) -> None:
    await scene.clients[ADMIN].post(f"/imports/{scene.ids['id']}/undo")
    assert (await ended(scene))["undone"] == SIZE


async def ended(scene: Scene) -> dict[str, Any]:
    """Wait for the import, which may take longer than its request."""
    while True:
        found: dict[str, Any] = (await scene.clients[ADMIN].get(f"/imports/{scene.ids['id']}")).data
        if found["endedAt"]:
            return found
        await asyncio.sleep(0.05)


WORK: Final[dict[str, Callable[[Scene], Awaitable[Any]]]] = {
    **{
        f"GET {path}": ask(path)
        for path in (
            "/products/export",
            "/inventory/export",
            "/movements/export",
            "/orders/export",
            "/reports/summary",
            "/reports/sales",
            "/reports/top-products",
            "/reports/stock-history",
            "/inventory/product/{productId}/explain",
        )
    },
    "GET /events/stream": replay,
    "POST /inventory/import": import_stock,
    "GET /imports/{id}/errors.csv": ask("/imports/{id}/errors.csv"),
    "POST /imports/{id}/undo": undo_import,
    "POST /products/import": import_products,
    "DELETE /products/{id}": ask("/products/{id}", "DELETE"),
    "PATCH /categories/{name}": rename,
    "stockwright rollups rebuild": lambda scene: rebuild(scene.app),
    "backfills": fill_again,
    "expiry of reservations": expire,
    "purge of request records": purge,
    "ageing": age,
    "erasure": erase,
}
OWN_PROCESS: Final = {
    "stockwright audit",
    "stockwright export",
    "stockwright import products",
    "stockwright import stock",
    "stockwright import orders",
    "stockwright backup",
    "stockwright restore",
    "stockwright migrate",
    "stockwright copy",
    "stockwright demo",
}
"""Commands that run beside a server, if at all, and share nothing with it but the file."""


async def test_no_turn_of_the_loop_has_more_than_a_step(tmp_path: Path, engine: str) -> None:
    most: dict[str, tuple[int, int]] = {}
    async with a_shop(tmp_path / "shop", engine, SIZE) as (scene, store):
        for name, work in WORK.items():
            async with watched(store) as turns:
                await work(scene)
            most[name] = turns.read, turns.written
    assert {name: each for name, each in most.items() if each[0] > READ_MAX or each[1] > WRITTEN_MAX} == {}
    # What is counted is what they read.
    assert all(most[f"GET /{what}/export"][0] >= STEP_ROWS for what in COLUMNS)


async def test_many_works_at_once_have_one_step_in_a_turn(tmp_path: Path, engine: str) -> None:
    async def read(what: Exported) -> bytes:
        return b"".join([part async for part in csv_parts(COLUMNS[what], export(scene.app, AS_ADMIN, what))])

    async with a_shop(tmp_path / "shop", engine, SIZE) as (scene, store):
        alone = [await read(what) for what in COLUMNS]
        async with watched(store) as turns:
            found = await asyncio.gather(*[read(what) for what in COLUMNS for _ in range(2)])
    assert turns.read <= READ_MAX
    assert found == [text for text in alone for _ in range(2)]


def test_what_is_long_is_written_down() -> None:
    rows = [line.split("|")[1].strip() for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if "|" in line]
    named = {name for row in rows[2:] for name in re.findall(r"`([^`]+)`", row)}
    assert named == WORK.keys() | OWN_PROCESS


def test_each_route_that_takes_a_slot_is_long_work() -> None:
    assert {f"{route.method} {route.path}" for route in ROUTES if route.reads_much} <= WORK.keys()
