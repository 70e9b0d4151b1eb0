"""The stream of events: one reader of the log for all, bounded replays, bounded queues, and the right to read."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import Busy, RateLimited
from stockwright.base.event import Event
from stockwright.context import App
from stockwright.operations import feed as feeds
from stockwright.operations.feed import RESET, Feed, Stream
from stockwright.store.batch import Batch
from stockwright.store.retention import LogStart, put_log_start
from tests.api.asking import Client
from tests.api.conftest import Made
from tests.patience import PATIENCE_SECONDS


class CountingStore:
    """The real store, counting how often the log is read."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.tails = 0

    def __getattr__(self, name: str) -> Any:
        self.tails += name == "tail"
        return getattr(self._store, name)


async def happen(app: App, count: int, name: str = "thing.done", subject: str = "thing") -> None:
    batch = Batch()
    for number in range(count):
        batch.append(Event(app.ids.new("evt"), name, subject, app.clock.now(), {"n": number}))
    await batch.commit(app.store)


async def yes() -> bool:
    return True


async def opened(feed: Feed, account: str = "usr_1", may: Any = yes, after: str | None = None) -> AsyncIterator[bytes]:
    return await feed.open(account, may, after)


async def until(parts: AsyncIterator[bytes], fits: Callable[[bytes], bool]) -> bytes:
    """Read until what came fits; all of it."""
    text = b""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not fits(text):
            text += await anext(parts)
    return text


def events_in(text: bytes) -> Counter[str]:
    return Counter(line[7:].decode() for line in text.splitlines() if line.startswith(b"event: "))


@pytest.fixture
def feed(app: App, asgi: Any, engine: str) -> Feed:
    if engine != "sqlite":
        pytest.skip("the log of the cloud's engine stays seconds behind")
    return Feed(app)


async def test_many_streams_share_one_reader_of_the_log(feed: Feed, app: App) -> None:
    async def reads(streams: int) -> int:
        counting = CountingStore(app.store)
        app.store, store = counting, app.store  # type: ignore[assignment]
        following = [await opened(feed, f"usr_{number}") for number in range(streams)]
        for parts in following:
            await until(parts, lambda text: b"retry" in text)
        started = counting.tails
        for round_ in range(3):
            await happen(app, 2)
            texts = [await until(parts, lambda text: events_in(text)["thing.done"] == 2) for parts in following]
            assert len(set(texts)) == 1, round_
        for parts in following:
            await parts.aclose()  # type: ignore[attr-defined]
        app.store = store
        return counting.tails - started

    one, many = await reads(1), await reads(50)

    # A reader that is woken may look once more than there are rounds.
    assert many <= one + 3


async def test_a_few_streams_send_in_one_turn_of_the_loop(
    feed: Feed, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "STREAMS_AT_ONCE", 10)
    sent, most = 0, 0

    async def follow(parts: AsyncIterator[bytes]) -> None:
        nonlocal sent
        await until(parts, lambda text: b"thing.done" in text)
        sent += 1

    async def watch() -> None:
        nonlocal most
        while True:
            before = sent
            await asyncio.sleep(0)
            most = max(most, sent - before)

    following = [await opened(feed, f"usr_{number}") for number in range(60)]
    tasks = [asyncio.create_task(follow(parts)) for parts in following]
    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await happen(app, 1)
    await asyncio.gather(*tasks)
    watching.cancel()
    assert sent == 60
    assert most <= 20
    for parts in following:
        await parts.aclose()  # type: ignore[attr-defined]


async def test_missed_events_are_encoded_once_for_all_who_missed_them(
    feed: Feed, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Event] = []
    line_of = feeds.line_of
    monkeypatch.setattr(feeds, "line_of", lambda event: (written.append(event), line_of(event))[1])
    await happen(app, 1)
    first = (await app.store.tail(limit=1))[0].position
    await happen(app, 150)
    texts = []
    for number in range(5):
        async with aclosing(await opened(feed, f"usr_{number}", after=first)) as parts:  # type: ignore[type-var]
            texts.append(await until(parts, lambda text: events_in(text)["thing.done"] == 150))
    assert len(set(texts)) == 1
    assert len(written) == 150


async def test_an_event_that_was_stored_again_is_sent_as_it_is_now(feed: Feed, app: App) -> None:
    await happen(app, 2)
    first, second = await app.store.tail(limit=2)
    for said in (b'"n":1', b'"n":0'):
        async with aclosing(await opened(feed, after=first.position)) as parts:  # type: ignore[type-var]
            assert said in await until(parts, lambda text: b"thing.done" in text)
        await app.store.rewrite([replace(second, data={"n": 0})])


async def test_a_compressed_stream_says_the_same_as_one_that_is_not(
    feed: Feed, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "COMPRESSED_AT_ONCE", 2000)
    monkeypatch.setattr(feeds, "WAIT_SECONDS", 0.2)
    plain = await opened(feed)
    await until(plain, lambda text: b"retry" in text)
    await happen(app, 5)
    said = await until(plain, lambda text: events_in(text)["thing.done"] == 5)
    first = said.splitlines()[0].decode().partition(" ")[2]
    # A second one comes later, and is sent what it missed, then both are sent the same.
    small = await feed.open("usr_2", yes, first, compressed=True)
    unpack = zlib.decompressobj(31)
    got = unpack.decompress(await anext(small))
    assert got.startswith(b"retry: 2000\nid: ")
    for count in (1, 50):
        await happen(app, count)
        said += await until(plain, lambda text, count=count: events_in(text)["thing.done"] == count)  # type: ignore[misc]
    while events_in(got)["thing.done"] < 55 or b": still here" not in got:
        # Each part can be read as soon as it has come.
        before = got
        got += unpack.decompress(await anext(small))
        assert got != before
    assert events_in(said)["thing.done"] == 56
    assert [line for line in got.splitlines() if line.startswith(b"data: ")] == [
        line for line in said.splitlines() if line.startswith(b"data: ")
    ][1:]
    for parts in (plain, small):
        await parts.aclose()  # type: ignore[attr-defined]


async def test_events_before_the_first_read_are_sent(feed: Feed, app: App) -> None:
    await happen(app, 1, "thing.before")
    async with aclosing(await opened(feed)) as parts:  # type: ignore[type-var]
        await happen(app, 1)
        text = await until(parts, lambda text: b"thing.done" in text)
    assert events_in(text) == {"thing.done": 1}


async def test_an_abandoned_stream_frees_its_slot(
    feed: Feed, app: App, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "STREAMS_OF_ACCOUNT_MAX", 1)
    for _ in range(2):
        parts = await opened(feed)
        with pytest.raises(RateLimited):
            await opened(feed)
        await parts.aclose()  # type: ignore[attr-defined]
        await parts.aclose()  # type: ignore[attr-defined]
    for _ in range(2):
        assert (await admin.ask("HEAD", "/events/stream")).status == 200


async def test_missed_events_are_sent_once_and_in_order(feed: Feed, app: App) -> None:
    await happen(app, 1)
    first = (await app.store.tail(limit=1))[0].position
    await happen(app, 250)
    async with aclosing(await opened(feed, after=first)) as parts:  # type: ignore[type-var]
        text = await until(parts, lambda text: events_in(text)["thing.done"] == 250)
        await happen(app, 1)
        text += await until(parts, lambda text: b"thing.done" in text)
    ids = [int(line[4:]) for line in text.splitlines() if line.startswith(b"id: ")]
    assert ids == sorted(set(ids))
    assert RESET not in events_in(text)


async def test_a_replay_that_is_too_long_ends_with_a_reset_and_continues_from_now(
    feed: Feed, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "REPLAY_MAX", 150)
    await happen(app, 1)
    first = (await app.store.tail(limit=1))[0].position
    await happen(app, 400)
    head = (await app.store.tail(limit=1, reverse=True))[0].position
    async with aclosing(await opened(feed, after=first)) as parts:  # type: ignore[type-var]
        text = await until(parts, lambda text: RESET.encode() in text)
        assert events_in(text)["thing.done"] <= 150
        assert f"id: {head}\nevent: {RESET}\n".encode() in text
        await happen(app, 1, "thing.later")
        assert events_in(await until(parts, lambda text: b"thing.later" in text)) == {"thing.later": 1}


async def test_a_position_of_another_log_gets_a_reset(feed: Feed, app: App) -> None:
    await happen(app, 1)
    async with aclosing(await opened(feed, after="999999")) as parts:  # type: ignore[type-var]
        await until(parts, lambda text: RESET.encode() in text)
        await happen(app, 1, "thing.later")
        await until(parts, lambda text: b"thing.later" in text)


async def test_a_position_that_is_no_longer_kept_gets_a_reset_and_continues_from_now(feed: Feed, app: App) -> None:
    await happen(app, 5)
    events = await app.store.tail(limit=1000)
    batch = Batch()
    put_log_start(batch, LogStart(events[-2].position, events[-2].at))
    await batch.commit(app.store)
    await app.store.trim(events[-2].position)
    async with aclosing(await opened(feed, after=events[-3].position)) as parts:  # type: ignore[type-var]
        text = await until(parts, lambda text: RESET.encode() in text)
        assert f"id: {events[-1].position}\nevent: {RESET}\n".encode() in text
        assert events_in(text)["thing.done"] == 0
        await happen(app, 1, "thing.later")
        await until(parts, lambda text: b"thing.later" in text)
    async with aclosing(await opened(feed, after=events[-2].position)) as parts:  # type: ignore[type-var]
        text = await until(parts, lambda text: b"thing.later" in text)
        assert events_in(text) == {"thing.done": 1, "thing.later": 1}


async def test_a_slow_reader_of_the_stream_is_dropped_and_delays_nobody(
    feed: Feed, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "QUEUE_BYTES_MAX", 2000)
    async with (
        aclosing(await opened(feed, "slow")) as slow,  # type: ignore[type-var]
        aclosing(await opened(feed, "quick")) as quick,  # type: ignore[type-var]
    ):
        for parts in (slow, quick):
            await until(parts, lambda text: b"retry" in text)
        for _ in range(20):
            await happen(app, 3)
            await until(quick, lambda text: events_in(text)["thing.done"] == 3)
        with pytest.raises(StopAsyncIteration):
            await anext(slow)


def test_the_queue_of_a_stream_is_limited() -> None:
    stream = Stream("usr_1", yes, "")
    for number in range(100):
        stream.push(str(number), b"x" * 100_000)
    assert stream.dropped
    assert stream._bytes <= feeds.QUEUE_BYTES_MAX


async def test_access_is_checked_when_the_account_changes_and_not_at_each_event(feed: Feed, app: App) -> None:
    checks = Counter[str]()
    allowed = {"usr_1": True, "usr_2": True}

    def may(account: str) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            checks[account] += 1
            return allowed[account]

        return check

    async with (
        aclosing(await opened(feed, "usr_1", may("usr_1"))) as one,  # type: ignore[type-var]
        aclosing(await opened(feed, "usr_2", may("usr_2"))) as two,  # type: ignore[type-var]
    ):
        for parts in (one, two):
            await until(parts, lambda text: b"retry" in text)
        for _ in range(10):
            await happen(app, 1)
            for parts in (one, two):
                await until(parts, lambda text: b"thing.done" in text)
        assert checks == {"usr_1": 1, "usr_2": 1}
        allowed["usr_1"] = False
        await happen(app, 1, "account.changed", "usr_1")
        with pytest.raises(StopAsyncIteration):
            await anext(one)
        assert events_in(await until(two, lambda text: b"account" in text)) == {"account.changed": 1}
        assert checks == {"usr_1": 2, "usr_2": 1}


async def test_a_quiet_stream_sends_heartbeats_and_ends_when_access_is_revoked(
    feed: Feed, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "WAIT_SECONDS", 0.01)
    rights = iter([True, False])

    async def may() -> bool:
        return next(rights)

    async with aclosing(await opened(feed, may=may)) as parts:  # type: ignore[type-var]
        text = b"".join([part async for part in parts])
    assert text.count(feeds.STAY) == 1


async def test_the_number_of_streams_is_limited(feed: Feed, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "STREAMS_OF_ACCOUNT_MAX", 2)
    monkeypatch.setattr(feeds, "STREAMS_MAX", 3)
    following = [await opened(feed, account) for account in ("usr_1", "usr_1", "usr_2")]
    for parts in following:
        await anext(parts)
    with pytest.raises(RateLimited):
        await opened(feed, "usr_1")
    with pytest.raises(Busy):
        await opened(feed, "usr_3")
    for parts in following:
        await parts.aclose()  # type: ignore[attr-defined]
    async with aclosing(await opened(feed, "usr_3")) as parts:  # type: ignore[type-var]
        assert await anext(parts)


async def test_a_filtered_list_of_events_reads_a_limited_number_and_continues(
    admin: Client, app: App, made: Made
) -> None:
    product = await made()
    for _ in range(15):
        await happen(app, 90)
    token, pages = None, 0
    while pages == 0 or token is not None:
        query = {"subject": product["id"], "limit": "10"} | ({"nextToken": token} if token else {})
        answer = (await admin.get("/events", **query)).data
        token, pages = answer["nextToken"], pages + 1
        if answer["items"]:
            break
        assert pages < 10
    assert pages > 1
    assert answer["items"][0]["name"] == "product.created"
