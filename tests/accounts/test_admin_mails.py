"""Alerts: those of one minute to one recipient are one message, and none is lost or makes another."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from stockwright.accounts.admin_mails import ADDRESSES_MAX, OPERATIONS, OVERDUE_SECONDS, alert
from stockwright.accounts.digests import ENTRIES_MAX, Address, Entry, load_digests, put_digest
from stockwright.base.errors import TryLater
from stockwright.base.event import Event
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch
from tests.around import World, a_world, parts_of
from tests.conftest import Clock

ADMIN = "admin@example.com"
OPS = Address("email", ADMIN)
PHONE = "+1 555 0100"


def fact(number: int) -> Event:
    return Event(f"evt_{number}", "dead_letter.created", f"dlq_{number}", 0)


def entry(number: int) -> Entry:
    return Entry(f"line {number}.", f"text {number}.", f"dlq_{number}")


async def alerted(world: World, number: int, *addresses: Address) -> bool:
    """Let an alert's handler run once; whether it still waits."""
    try:
        await alert(world.app, fact(number), OPERATIONS, entry(number), addresses or (OPS,))
    except TryLater:
        return True
    return False


async def test_eight_failures_of_a_minute_are_one_mail_that_names_each(world: World) -> None:
    world.warehouse.status = 400
    orders = [await world.order() for _ in range(8)]
    await world.wait_until_handled()
    assert world.mailbox.subjects(ADMIN) == ["ALERT: 8 events were given up"]
    text, html = parts_of(world.mailbox.to(ADMIN)[0])
    letters = await world.letters("warehouse")
    assert len(letters) == 8
    for value in (*(order.id for order in orders), *(letter.id for letter in letters)):
        assert value in text
        assert value in html
    [notification] = [each for each in await world.notifications("email") if each.to == ADMIN]
    assert (notification.status, notification.about) == ("SENT", "operations")


async def test_alerts_wait_while_the_mail_server_is_down_and_one_goes_out_when_it_works_again(
    tmp_path: Path, clock: Clock
) -> None:
    async with a_world(tmp_path, clock, alert_group_seconds=60, retry_delay_seconds=60) as world:
        world.mailbox.down()
        world.warehouse.status = 400
        for hour in range(6):
            await world.order()
            for _ in range(4):
                await world.tried()
                world.clock.advance(seconds=900)
            if hour % 2:
                await world.restarted(crashed=hour == 3)
        letters = await world.letters()
        assert {letter.handler for letter in letters} == {"warehouse", "order-confirmation"}
        assert len(await world.events("dead_letter.created")) == len(letters) == 12
        assert [each.status for each in await world.notifications("email") if each.to == ADMIN] == ["WAITING"]

        world.mailbox.up()
        world.clock.advance(seconds=60)
        await world.tried()
        assert world.mailbox.subjects(ADMIN) == ["ALERT: 12 events were given up"]
        assert [each.status for each in await world.notifications("email") if each.to == ADMIN] == ["SENT"]
        assert await world.waiting() == set()


async def test_products_that_fall_short_in_one_minute_are_one_mail_and_one_sms(world: World) -> None:
    lamp = await world.product(12)
    for product_id, units in ((world.product_id, -21), (lamp.product.id, -3)):
        await change_stock(world.app, BY_SYSTEM, ChangeStock(product_id, units, "ADJUSTMENT"))
    await world.wait_until_handled()
    assert world.mailbox.subjects(ADMIN) == ["Stock Alert: 2 changes that need a look"]
    [sms] = await world.notifications("sms")
    assert sms.body.endswith("is below threshold (and 1 more alerts)")
    assert (sms.to, sms.status) == (PHONE, "KEPT")


async def test_an_alert_that_is_handled_twice_at_once_is_sent_once(world: World) -> None:
    await world.dispatcher.stop()
    assert any(await asyncio.gather(*[alerted(world, number % 3) for number in range(6)]))
    [digest] = await load_digests(world.app.store, "operations", [OPS])
    assert digest.waiting.count == 3
    world.clock.advance(seconds=2)
    while any(await asyncio.gather(*[alerted(world, number % 3) for number in range(6)])):
        world.clock.advance(seconds=100)
    assert world.mailbox.subjects(ADMIN) == ["ALERT: 3 events were given up"]
    assert await load_digests(world.app.store, "operations", [OPS]) == []


async def test_only_the_alert_that_opened_a_digest_waits_for_it(world: World) -> None:
    await world.dispatcher.stop()
    assert await alerted(world, 1)
    assert not await alerted(world, 2)


async def test_an_alert_that_joins_while_a_message_is_being_sent_goes_into_the_next_one(world: World) -> None:
    await world.dispatcher.stop()
    await alerted(world, 1)
    world.clock.advance(seconds=2)
    world.mailbox.seconds = 0.2
    sending = asyncio.create_task(alerted(world, 1))
    while not world.mailbox.at_once:  # noqa: ASYNC110 - the mail is under way soon
        await asyncio.sleep(0.005)
    await alerted(world, 2)
    assert await sending
    world.clock.advance(seconds=2)
    assert not await alerted(world, 1)
    assert world.mailbox.subjects(ADMIN) == ["line 1.", "line 2."]


async def test_a_message_that_was_taken_before_a_crash_is_sent_again_under_the_same_id(world: World) -> None:
    await world.dispatcher.stop()
    await alerted(world, 1)
    world.clock.advance(seconds=2)
    [before] = await load_digests(world.app.store, "operations", [OPS])
    assert not await alerted(world, 1)
    batch = Batch()
    put_digest(batch, replace(before, version=0))
    await batch.commit(world.app.store)
    assert not await alerted(world, 1)
    first, second = world.mailbox.to(ADMIN)
    assert first["Message-ID"] == second["Message-ID"]
    assert len(await world.notifications("email")) == 1


async def test_a_digest_whose_event_never_came_again_belongs_to_the_next_alert(world: World) -> None:
    await world.dispatcher.stop()
    await alerted(world, 1)
    world.clock.advance(seconds=OVERDUE_SECONDS + 3)
    assert not await alerted(world, 2)
    assert world.mailbox.subjects(ADMIN) == ["ALERT: 2 events were given up"]


async def test_a_flood_is_one_mail_of_bounded_size(world: World) -> None:
    await world.dispatcher.stop()
    for number in range(ENTRIES_MAX + 5):
        await alerted(world, number)
    world.clock.advance(seconds=2)
    assert not await alerted(world, 0)
    assert world.mailbox.subjects(ADMIN) == [f"ALERT: {ENTRIES_MAX + 5} events were given up"]
    text, _ = parts_of(world.mailbox.to(ADMIN)[0])
    assert "- and 5 more: the back office lists them all" in text
    assert text.count("text ") == ENTRIES_MAX


async def test_the_number_of_alerted_people_is_limited_to_one_commit(world: World) -> None:
    await world.dispatcher.stop()
    people = [Address("email", f"ops{number}@example.com") for number in range(ADDRESSES_MAX + 5)]
    await alerted(world, 1, *people)
    world.clock.advance(seconds=2)
    while await alerted(world, 1, *people):
        world.clock.advance(seconds=100)
    assert len({mail["To"] for mail in world.mailbox.mails}) == ADDRESSES_MAX


async def test_a_recipient_that_is_refused_permanently_is_not_retried(world: World) -> None:
    await world.dispatcher.stop()
    world.mailbox.refusals[ADMIN] = "550 no such user"
    await alerted(world, 1)
    world.clock.advance(seconds=2)
    assert not await alerted(world, 1)
    [notification] = await world.notifications("email")
    assert (notification.status, "no such user" in notification.error) == ("FAILED", True)


async def test_an_alert_without_recipients_is_not_created(world: World) -> None:
    await world.dispatcher.stop()
    await alert(world.app, fact(1), OPERATIONS, entry(1), ())
    assert await world.notifications() == []
