"""Following the event log: a reader that should stop does so, also when events arrive at that moment."""

from __future__ import annotations

import asyncio

import pytest

from stockwright.base.event import Event
from stockwright.store.port import Append, Store


@pytest.mark.parametrize("turns", range(8))
async def test_a_reader_stops_even_if_events_arrive_with_the_stop(store: Store, turns: int) -> None:
    async def follow() -> None:
        position = ""
        while True:
            for event in await store.tail(position, wait_seconds=30):
                position = event.position

    reader = asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    await store.commit([Append(Event("evt_1", "test.happened", "it", 1))])
    for _ in range(turns):
        await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader], timeout=2)

    assert reader.cancelled()
