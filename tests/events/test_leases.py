"""Several processes handle the events of one shop: each shard is one's at a time, and goes on when that one dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from stockwright.adapters.leases import Leases
from stockwright.app import build, close, running
from stockwright.base.shards import SHARDS, shard_of
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.dispatcher import Dispatcher
from stockwright.events.records import load_all_cursors
from stockwright.operations.backups import list_backups
from tests.events.test_delivery import Handler, append_events, until
from tests.patience import PATIENCE_SECONDS


class Worker:
    """One of several processes of a shop, with a store and handlers of its own."""

    def __init__(self, app: App, number: int, count: int = 2) -> None:
        self.app = app
        self.leases = Leases(app.settings.data_dir, number, count)
        self.handler = Handler("tester")
        self.dispatcher = Dispatcher(app, [self.handler.reaction], self.leases)

    async def stop(self) -> None:
        await self.dispatcher.stop()
        self.leases.close()

    async def die(self) -> None:
        """End without a word, as a killed process does: its locks are free, its cursors stay as they were."""
        for task in [*self.dispatcher._loops, *self.dispatcher._following, *self.dispatcher._work]:
            task.cancel()
        self.leases.close()

    @property
    def begun(self) -> int:
        return sum(len(lane.ahead) for lane in self.dispatcher._followers[0].lanes.values())

    @property
    def shards(self) -> set[int]:
        return set(self.dispatcher._followers[0].lanes)


@pytest.fixture
async def apps(tmp_path: Path) -> AsyncIterator[list[App]]:
    made = [await build(Settings(data_dir=tmp_path / "data", log_level="error")) for _ in range(2)]
    yield made
    for app in made:
        await close(app)


async def is_handled(app: App) -> bool:
    """Whether every shard's cursor is at the end of the log."""
    head = (await app.store.tail(limit=1, reverse=True))[0].position
    return set((await load_all_cursors(app.store))["tester"].positions) == {head}


async def until_handled(app: App) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_handled(app):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_each_event_is_handled_by_the_worker_that_has_its_shard(apps: list[App]) -> None:
    workers = [Worker(app, number) for number, app in enumerate(apps)]
    for worker in workers:
        await worker.dispatcher.start()
    assert [worker.shards for worker in workers] == [set(range(0, SHARDS, 2)), set(range(1, SHARDS, 2))]
    await append_events(apps[0], count=200)
    await until_handled(apps[1])
    events = {event.subject: shard_of(event) for event in await apps[0].store.tail(limit=1000)}
    for number, worker in enumerate(workers):
        assert worker.handler.seen
        assert {events[subject] % 2 for subject in worker.handler.seen} == {number}
    assert len(workers[0].handler.seen) + len(workers[1].handler.seen) == 200
    assert [await worker.dispatcher.lag() for worker in workers] == [0, 0]
    for worker in workers:
        await worker.stop()


async def test_the_shards_of_a_worker_that_died_are_taken_over_and_given_back(apps: list[App]) -> None:
    workers = [Worker(app, number) for number, app in enumerate(apps)]
    for worker in workers:
        await worker.dispatcher.start()
    workers[1].handler.all_blocked = asyncio.Event()
    await append_events(apps[0], count=100)
    await until(lambda: workers[1].begun > 10)
    await workers[1].die()
    await until_handled(apps[0])
    assert len(set(workers[0].handler.seen)) == 100
    assert workers[0].shards == set(range(SHARDS))

    again = Worker(apps[1], 1)
    await again.dispatcher.start()
    await until(lambda: again.shards == set(range(1, SHARDS, 2)))
    assert workers[0].shards == set(range(0, SHARDS, 2))
    await append_events(apps[0], count=100)
    await until_handled(apps[0])
    assert again.handler.seen
    for worker in (workers[0], again):
        await worker.stop()


async def test_a_shard_is_given_back_only_when_what_was_begun_has_ended(apps: list[App]) -> None:
    first = Worker(apps[0], 0)
    await first.dispatcher.start()
    await until(lambda: len(first.shards) == SHARDS)
    first.handler.all_blocked = asyncio.Event()
    await append_events(apps[0], count=40)
    await until(lambda: first.begun == 40)
    second = Worker(apps[1], 1)
    await second.dispatcher.start()
    await asyncio.sleep(1)
    assert second.shards == set()
    first.handler.all_blocked.set()
    await until(lambda: second.shards == set(range(1, SHARDS, 2)))
    await until_handled(apps[0])
    assert second.handler.seen == []
    for worker in (first, second):
        await worker.stop()


async def test_of_several_workers_one_sweeps_and_writes_backups_until_it_ends(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", log_level="error", backup_every=timedelta(hours=1))
    apps = [await build(settings) for _ in range(3)]
    leases = [Leases(settings.data_dir, number, len(apps)) for number in range(len(apps))]
    swept = [0] * len(apps)

    def counting(number: int) -> Callable[..., Awaitable[int]]:
        purge = apps[number].store.purge

        async def counted(*arguments: int) -> int:
            swept[number] += 1
            return await purge(*arguments)

        return counted

    for number, app in enumerate(apps):
        app.store.purge = counting(number)  # type: ignore[attr-defined]
    async with AsyncExitStack() as first, AsyncExitStack() as others:
        await first.enter_async_context(running(apps[0], leases[0]))
        for app, lease in zip(apps[1:], leases[1:], strict=True):
            await others.enter_async_context(running(app, lease))
        await until(lambda: swept[0] >= 2 and len(list_backups(settings)) == 1)
        assert swept[1:] == [0, 0]
        await first.aclose()
        leases[0].close()
        await until(lambda: sum(swept[1:]) >= 2)
        assert 0 in swept[1:]
        assert len(list_backups(settings)) == 1
    for lease, app in zip(leases, apps, strict=True):
        lease.close()
        await close(app)


def test_a_lease_is_one_workers_until_it_gives_it_back(tmp_path: Path) -> None:
    first, second = Leases(tmp_path, 0, 2), Leases(tmp_path, 1, 2)
    assert first.take("sweeper")
    assert first.take("sweeper")
    assert not second.take("sweeper")
    assert not second.is_there(0)
    assert first.announce()
    assert second.is_there(0)
    first.close()
    assert second.take("sweeper")
    assert not second.is_there(0)
    second.close()
