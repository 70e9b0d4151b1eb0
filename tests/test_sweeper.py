"""The sweeper's duties: of each, somebody must notice that it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright import sweeper
from stockwright.base.errors import Busy
from stockwright.base.long_work import STEP_ROWS
from stockwright.context import App
from stockwright.store.port import ABSENT, Put, Write
from stockwright.store.sqlite.engine import SqliteStore
from stockwright.sweeper import make_sweeper, sweep
from tests.conftest import Clock


async def old_records(app: App, clock: Clock, count: int) -> None:
    """Records as every keyed request leaves one, of which the time is over soon."""
    ends = clock.now() // 1000 + 60
    for start in range(0, count, 50):
        await app.store.commit(
            [Put(("IDEMPOTENCY", f"{number}"), {}, ABSENT, ttl=ends) for number in range(start, min(start + 50, count))]
        )


async def left(app: App) -> int:
    return len((await app.store.query("IDEMPOTENCY", limit=10_000)).items)


@pytest.fixture
def embedded(engine: str) -> None:
    if engine != "sqlite":
        pytest.skip("DynamoDB removes by itself what has expired")


@pytest.mark.usefixtures("embedded")
async def test_one_sweep_removes_everything_expired_and_nothing_else(app: App, clock: Clock) -> None:
    await old_records(app, clock, 2 * STEP_ROWS + 100)
    await app.store.commit([Put(("IDEMPOTENCY", "young"), {}, ABSENT, ttl=clock.now() // 1000 + 3600)])
    await app.store.commit([Put(("IDEMPOTENCY", "for ever"), {}, ABSENT)])
    await sweep(app)
    assert await left(app) == 2 * STEP_ROWS + 102
    clock.advance(minutes=2)
    await sweep(app)
    assert await left(app) == 2


@pytest.mark.usefixtures("embedded")
async def test_a_purge_is_one_commit_for_many_records(app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    await old_records(app, clock, 2 * STEP_ROWS)
    clock.advance(minutes=2)
    commits = 0
    commit = SqliteStore.commit

    async def counted(self: SqliteStore, writes: Sequence[Write]) -> None:
        nonlocal commits
        commits += 1
        await commit(self, writes)

    monkeypatch.setattr(SqliteStore, "commit", counted)
    assert await sweeper.purge_due(app) == 2 * STEP_ROWS
    assert commits == 2


@pytest.mark.usefixtures("embedded")
async def test_a_record_that_is_renewed_while_it_is_purged_stays(app: App, clock: Clock) -> None:
    await old_records(app, clock, 3)
    clock.advance(minutes=2)
    store: Any = app.store
    find = store._reading.find_expired

    def found_then_renewed(*arguments: int) -> list[Any]:
        deletes: list[Any] = find(*arguments)
        store._writer.execute("UPDATE item SET version=version+1 WHERE pk='IDEMPOTENCY' AND sk='1'")
        store._cache.clear()
        return deletes

    store._reading.find_expired = found_then_renewed
    assert await store.purge(clock.now() // 1000) == 2
    assert await left(app) == 1


class Refusing:
    """A store that cannot answer one question of the sweep."""

    def __init__(self, store: Any, word: str) -> None:
        self._store, self._word = store, word
        self.purged = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def query(self, partition: str, **options: Any) -> Any:
        if partition.startswith(self._word):
            raise Busy
        return await self._store.query(partition, **options)

    async def purge(self, *arguments: Any) -> Any:
        self.purged.set()
        return await self._store.purge(*arguments)


@pytest.mark.usefixtures("embedded")
async def test_a_failing_duty_of_the_sweeper_does_not_stop_the_others(app: App, clock: Clock) -> None:
    await old_records(app, clock, 10)
    clock.advance(minutes=2)
    store: Any = Refusing(app.store, "")
    with pytest.raises(Busy):
        await sweep(replace(app, store=store))
    assert store.purged.is_set()
    assert await left(app) == 0


async def test_the_sweeper_runs_regularly_also_after_a_failed_sweep(app: App, clock: Clock) -> None:
    store: Any = Refusing(app.store, "")
    failures = []

    class Log:
        def exception(self, event: str) -> None:
            failures.append(event)

    running = make_sweeper(replace(app, store=store, log=Log()), every_seconds=0)
    await running.start()
    try:
        for _ in range(2):
            store.purged.clear()
            await store.purged.wait()
    finally:
        await running.stop()
    assert failures
    assert set(failures) == {"sweep failed"}
