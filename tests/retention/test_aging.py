"""What is old is archived and removed; what must stay, stays; and a crash in between loses and doubles nothing."""

from __future__ import annotations

import gzip
import stat
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stockwright.audit.usecases import audit
from stockwright.base.errors import Busy
from stockwright.base.event import Event
from stockwright.context import App
from stockwright.events import records as handling
from stockwright.events.handling import give_up
from stockwright.events.records import DeadLetter, Retry, put_cursor
from stockwright.notifications.records import Notification, message_id, page_of_notifications, put_notification
from stockwright.orders.usecases import PlaceOrder, pack_order, place_order
from stockwright.reservations.records import page_of_reservations
from stockwright.reservations.usecases import Reserve, cancel_reservation, extend_reservation, reserve_stock
from stockwright.retention import aging
from stockwright.retention.aging import remove_aged
from stockwright.retention.usecases import accept_retention, show_retention
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.model import Wanted
from stockwright.store.batch import Batch
from stockwright.store.port import ABSENT, Append, ConditionFailed, Delete, Put, Write
from stockwright.store.retention import load_log_start
from stockwright.sweeper import sweep
from tests.conftest import ADMIN, ALICE, BOB, Clock, Product, bare_app, hold_to_a_recount

HANDLER = "order-mail"


async def message(app: App, **fields: Any) -> Notification:
    event_id = app.ids.new("evt")
    batch, now = Batch(), app.clock.now()
    made = Notification(
        id=message_id(event_id, HANDLER, "alice@example.com"),
        channel="email",
        to="alice@example.com",
        subject="Order",
        body="It is on its way.",
        html="",
        status="SENT",
        event_id=event_id,
        about="ord_1",
        created_at=now,
    )
    made = replace(made, **fields)
    put_notification(batch, made)
    await batch.commit(app.store)
    return made


async def handle_all(app: App, name: str = HANDLER) -> None:
    """Let one handler have had everything, and those that count."""
    await hold_to_a_recount(app)
    app.handlers = app.handlers | {name}
    cursors = await handling.load_cursors(app.store)
    last = await app.store.tail(limit=1, reverse=True)
    batch = Batch()
    put_cursor(batch, name, last[0].position, cursors.get(name, ("", ABSENT))[1])
    await batch.commit(app.store)


async def happen(app: App) -> None:
    """Append an event that no handler counts."""
    await app.store.commit([Append(Event(app.ids.new("evt"), "account.created", "usr_1", app.clock.now()))])


async def log(app: App) -> list[Event]:
    return await app.store.tail(limit=1000)


async def closed_hold(app: App, product_id: str) -> str:
    held = await reserve_stock(app, BOB, Reserve([Wanted(product_id, 1)]))
    await cancel_reservation(app, BOB, held.id)
    return held.id


def archived(app: App) -> dict[str, list[dict[str, Any]]]:
    """Read every archive file, by its name."""
    folder = app.settings.data_dir / "archive"
    files = sorted(folder.iterdir()) if folder.exists() else []
    return {
        each.name: [msgspec.json.decode(line) for line in gzip.decompress(each.read_bytes()).splitlines()]
        for each in files
    }


def files_of(app: App) -> list[Path]:
    return sorted((app.settings.data_dir / "archive").iterdir())


def ids_of(app: App, kind: str) -> Counter[str]:
    return Counter(line["id"] for name, lines in archived(app).items() if name.startswith(kind) for line in lines)


async def test_a_new_shop_archives_and_removes_what_is_old_and_keeps_orders_and_the_ledger(
    app: App, clock: Clock, product: Product
) -> None:
    chair = (await product(10)).product.id
    order = await place_order(app, ALICE, PlaceOrder([LineWanted(2, chair)]))
    await pack_order(app, ADMIN, order.id)
    hold = await closed_hold(app, chair)
    old = await message(app)
    clock.advance(days=401)
    young = await message(app)
    await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))
    await handle_all(app)
    events = await log(app)

    await sweep(app)

    assert [each.id for each in (await page_of_notifications(app.store))[0]] == [young.id]
    assert (await page_of_reservations(app.store, owner_id=BOB.actor.id))[0] == []
    left = [event.id for event in await log(app)]
    assert left == [event.id for event in events if event.at > clock.now() - 86_400_000]
    assert ids_of(app, "notifications") == Counter([old.id])
    assert ids_of(app, "holds") == Counter([hold])
    assert ids_of(app, "events") == Counter(event.id for event in events if event.id not in left)
    assert set(archived(app)) == {f"{kind}-2023-11.ndjson.gz" for kind in ("events", "holds", "notifications")}
    report = await audit(app)
    assert report.is_clean
    assert report.movements == 2


async def test_archive_files_are_their_owners_alone(app: App, clock: Clock) -> None:
    await message(app)
    clock.advance(days=91)
    await sweep(app)
    files = files_of(app)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (files[0].parent, *files)] == [0o700, 0o600]


async def test_an_archived_record_holds_all_that_was_stored(app: App, clock: Clock) -> None:
    made = await message(app)
    clock.advance(days=91)
    await remove_aged(app)
    [[line]] = archived(app).values()
    assert line.pop("kind") == "NOTIFICATION"
    assert msgspec.convert(line, Notification) == replace(made, version=0)


async def test_each_month_has_a_file(app: App, clock: Clock) -> None:
    for _ in range(3):
        await message(app)
        clock.advance(days=30)
    clock.advance(days=100)
    await remove_aged(app)
    assert [(name, len(lines)) for name, lines in archived(app).items()] == [
        ("notifications-2023-11.ndjson.gz", 1),
        ("notifications-2023-12.ndjson.gz", 1),
        ("notifications-2024-01.ndjson.gz", 1),
    ]


async def test_a_shop_of_a_former_release_removes_nothing_by_age_until_an_admin_accepts(
    app: App, clock: Clock, product: Product
) -> None:
    await app.store.commit([Delete(("RETENTION", "accepted"), 1)])
    chair = (await product(10)).product.id
    await closed_hold(app, chair)
    await message(app)
    await app.store.commit([Put(("IDEMPOTENCY#key", "-"), {}, ABSENT, ttl=clock.now() // 1000 + 60)])
    clock.advance(days=500)
    await message(app)
    await handle_all(app)
    events = await log(app)

    await sweep(app)

    assert await log(app) == events
    assert len((await page_of_notifications(app.store))[0]) == 2
    assert len((await page_of_reservations(app.store, owner_id=BOB.actor.id))[0]) == 1
    assert archived(app) == {}
    assert (await show_retention(app)).why_not

    accepted = await accept_retention(app, ADMIN)
    assert (accepted.why_not, accepted.accepted and accepted.accepted.by) == ("", ADMIN.actor.id)
    assert await accept_retention(app, ADMIN) == accepted
    await sweep(app)
    assert len((await page_of_notifications(app.store))[0]) == 1
    assert (await page_of_reservations(app.store, owner_id=BOB.actor.id))[0] == []


@pytest.mark.usefixtures("app")
async def test_a_kind_that_is_kept_for_ever_stays(app: App, clock: Clock) -> None:
    app.settings = app.settings.changed(keep_notifications_days=0)
    await message(app)
    clock.advance(days=5000)
    assert await remove_aged(app) == 0


async def test_without_archives_old_records_are_only_removed(app: App, clock: Clock) -> None:
    app.settings = app.settings.changed(archive=False)
    await message(app)
    clock.advance(days=91)
    assert await remove_aged(app) == 1
    assert not (app.settings.data_dir / "archive").exists()


async def test_a_table_without_a_folder_removes_nothing_while_archives_are_on(app: App, clock: Clock) -> None:
    app.settings = app.settings.changed(store="dynamodb", table_name="shop")
    await message(app)
    clock.advance(days=91)
    assert await remove_aged(app) == 0
    assert "STOCKWRIGHT_ARCHIVE=off" in (await show_retention(app)).why_not
    app.settings = app.settings.changed(archive=False)
    assert await remove_aged(app) == 1


# ---- what must stay --------------------------------------------------------------------------


async def test_an_event_stays_until_every_handler_has_had_it(app: App, clock: Clock) -> None:
    await happen(app)
    await handle_all(app, "slow")
    handled = len(await log(app))
    await happen(app)
    await handle_all(app, "quick")
    clock.advance(days=500)
    await happen(app)
    events = await log(app)
    await remove_aged(app)
    assert await log(app) == events[handled:]


async def test_while_no_handler_says_how_far_it_is_every_event_stays(app: App, clock: Clock) -> None:
    await happen(app)
    clock.advance(days=500)
    await happen(app)
    app.handlers = frozenset({"new"})
    events = await log(app)
    await remove_aged(app)
    assert await log(app) == events


async def test_the_newest_event_stays(app: App, clock: Clock) -> None:
    await happen(app)
    await handle_all(app)
    clock.advance(days=500)
    events = await log(app)
    await remove_aged(app)
    assert await log(app) == events[-1:]


async def test_an_event_that_waits_for_a_retry_stays_and_so_do_those_behind_it(app: App, clock: Clock) -> None:
    await happen(app)
    clock.advance(minutes=1)
    await happen(app)
    events = await log(app)
    waiting = events[-1]
    clock.advance(days=500)
    batch = Batch()
    handling.put_retry(batch, Retry(HANDLER, waiting, 1, clock.now(), clock.now()))
    await batch.commit(app.store)
    await happen(app)
    await handle_all(app)
    await remove_aged(app)
    left = await log(app)
    assert waiting.id in {event.id for event in left}
    assert all(event.at >= waiting.at for event in left)
    assert len(left) < len(await log(app)) + len(events)


@pytest.mark.parametrize("waits", ["retry", "dead letter"])
async def test_the_record_of_a_message_stays_while_its_event_may_be_handled_again(
    app: App, clock: Clock, waits: str
) -> None:
    sent = await message(app)
    event = Event(sent.event_id, "order.packed", "ord_1", clock.now())
    batch = Batch()
    if waits == "retry":
        handling.put_retry(batch, Retry(HANDLER, event, 1, clock.now(), clock.now()))
    else:
        letter_id = handling.letter_id(event.id, HANDLER)
        give_up(app, batch, DeadLetter(letter_id, HANDLER, event, "no", 3, clock.now(), clock.now()))
    await batch.commit(app.store)
    clock.advance(days=500)
    assert await remove_aged(app) == 0


async def test_a_message_that_is_still_to_be_sent_stays(app: App, clock: Clock) -> None:
    await message(app, status="WAITING")
    clock.advance(days=500)
    assert await remove_aged(app) == 0


async def test_an_open_hold_and_one_that_was_closed_just_now_stay(app: App, clock: Clock, product: Product) -> None:
    chair = (await product(10)).product.id
    held = await reserve_stock(app, ADMIN, Reserve([Wanted(chair, 1)], minutes=1440))
    for _ in range(31):
        clock.advance(hours=23)
        await extend_reservation(app, ADMIN, held.id, 1440)
    clock.advance(hours=20)
    assert await remove_aged(app) == 0
    await cancel_reservation(app, ADMIN, held.id)
    assert await remove_aged(app) == 0
    clock.advance(days=4)
    assert await remove_aged(app) == 1


async def test_the_audit_still_finds_a_missing_event_after_the_log_has_begun_later(
    app: App, clock: Clock, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    chair = (await product(10)).product.id
    await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))
    await handle_all(app)
    clock.advance(days=401)
    young = await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair)]))
    await remove_aged(app)
    assert (await load_log_start(app.store)).at > 0
    assert (await audit(app)).is_clean
    tail = app.store.tail

    async def without_its_events(*given: Any, **options: Any) -> list[Event]:
        return [event for event in await tail(*given, **options) if event.subject != young.id]

    with monkeypatch.context() as patched:
        patched.setattr(app.store, "tail", without_its_events)
        assert [drift.about for drift in (await audit(app)).drifts] == [f"order {young.id}"]


# ---- an end in between -----------------------------------------------------------------------


class Ends:
    """A store whose process ends at some of its commits, before they are written or after."""

    def __init__(self, store: Any, ends: list[str]) -> None:
        self._store, self._ends = store, ends

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Write]) -> None:
        end = self._ends.pop(0) if self._ends else ""
        if end == "before":
            raise Busy
        await self._store.commit(writes)
        if end == "after":
            raise Busy

    async def trim(self, through: str, limit: int = 1000) -> int:
        if self._ends and self._ends.pop(0):
            raise Busy
        return int(await self._store.trim(through, limit))


ENDS = st.lists(st.sampled_from(["", "before", "after"]), max_size=12)


@pytest.mark.one_engine
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ends=ENDS, ages=st.lists(st.integers(0, 200), min_size=1, max_size=12), step=st.integers(3, 5))
async def test_whenever_it_ends_every_record_is_kept_or_archived_once(
    tmp_path_factory: pytest.TempPathFactory, ends: list[str], ages: list[int], step: int
) -> None:
    clock = Clock()
    app = await bare_app(tmp_path_factory.mktemp("shop"), clock)
    made: set[str] = set()
    events: set[str] = set()
    for age in sorted(ages, reverse=True):
        there = app.at(Clock(clock.now() - age * 86_400_000))
        made.add((await message(there)).id)
        event = Event(there.ids.new("evt"), "account.created", "usr_1", there.clock.now())
        await app.store.commit([Append(event)])
        events.add(event.id)
    await handle_all(app)
    app.settings = app.settings.changed(keep_events_days=90)
    store = app.store
    app.store = Ends(store, [*ends])  # type: ignore[assignment]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(aging, "STEP_ROWS", step)
        for _ in range(len(ends) + 1):
            try:
                await remove_aged(app)
            except Busy:
                continue
        app.store = store
        kept = {each.id for each in (await page_of_notifications(app.store, limit=100))[0]}
        in_log = {each.id for each in await log(app)}
        # Until the next step a file may hold more than was removed.
        assert made - kept <= ids_of(app, "notifications").keys()
        assert events - in_log <= ids_of(app, "events").keys()
        clock.advance(days=300)
        await app.store.commit([Append(Event("evt_last", "account.created", "usr_1", clock.now()))])
        await handle_all(app)
        await remove_aged(app)
    assert ids_of(app, "notifications") == Counter(made)
    assert ids_of(app, "events") == Counter(events)
    assert [each.id for each in await log(app)] == ["evt_last"]
    await store.close()


async def test_a_hold_that_changes_between_the_archive_and_the_removal_stays_and_is_archived_once(
    app: App, clock: Clock
) -> None:
    made = await message(app)
    clock.advance(days=91)
    store = app.store

    class Changing(Ends):
        async def commit(self, writes: Sequence[Write]) -> None:
            if any(isinstance(write, Delete) for write in writes):
                raise ConditionFailed([0])
            await self._store.commit(writes)

    app.store = Changing(store, [])  # type: ignore[assignment]
    assert await remove_aged(app) == 0
    app.store = store
    assert await remove_aged(app) == 1
    assert ids_of(app, "notifications") == Counter([made.id])


async def test_a_file_that_was_moved_away_is_begun_again_and_a_cut_one_is_left_alone(app: App, clock: Clock) -> None:
    first = await message(app)
    second = await message(app)
    third = await message(app)
    clock.advance(days=91)

    async def only(notification: Notification) -> None:
        others = [each for each in (first, second, third) if each is not notification]
        batch = Batch()
        for each in others:
            handling.put_retry(batch, Retry(HANDLER, Event(each.event_id, "order.packed", "o", 1), 1, 1, 1))
        await batch.commit(app.store)
        await remove_aged(app)
        batch = Batch()
        for each in others:
            found = await handling.find_retry(app.store, HANDLER, each.event_id)
            assert found is not None
            handling.delete_retry(batch, found)
        await batch.commit(app.store)

    await only(first)
    [file] = files_of(app)
    file.rename(app.settings.data_dir / "elsewhere")
    await only(second)
    assert ids_of(app, "notifications") == Counter([second.id])
    file.write_bytes(file.read_bytes()[:20])
    await only(third)
    assert {each.name for each in files_of(app)} == {file.name, "notifications-2023-11-2.ndjson.gz"}
