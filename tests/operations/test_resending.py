"""A message is sent again when an admin asks for it: the same one, once for each request."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from stockwright.accounts.sign_up import SignUp, confirm_sign_up, forgot_password, issue_code, sign_up
from stockwright.base.errors import Conflict, NotFound, Permanent
from stockwright.base.event import Event
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.commit import new_event
from stockwright.events.catalogue import NotificationResendRequested
from stockwright.handlers import REACTIONS
from stockwright.notifications.records import (
    Notification,
    find_notification,
    get_notification,
    message_id,
    notification_key,
    put_notification,
)
from stockwright.operations.resend_handler import HANDLER
from stockwright.operations.resending import resend
from stockwright.operations.usecases import redrive
from stockwright.orders.mails import with_texts
from stockwright.orders.usecases import cancel_order, pack_order
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch
from tests.around import GOOD, World, a_world, parts_of, subject_of
from tests.conftest import VISITOR, Clock
from tests.registered import registered

ALICE = "alice@example.com"
BOB = "bob@example.com"


async def confirmed(world: World) -> Notification:
    """Place an order and let its confirmation go out."""
    await world.order(2)
    await world.wait_until_handled()
    [notification] = [each for each in await world.notifications("email") if each.to == ALICE]
    return notification


async def requested(world: World) -> tuple[Notification, Event]:
    """Request a message again that nobody sends yet."""
    first = await confirmed(world)
    await world.dispatcher.stop()
    again = await resend(world.app, BY_SYSTEM, first.id)
    [event] = await world.events(NotificationResendRequested.event_name)
    return again, event


async def now(world: World, notification: Notification) -> Notification:
    return await get_notification(world.app.store, notification.id)


async def test_the_same_message_goes_out_again_under_a_record_that_is_linked_to_the_first(world: World) -> None:
    first = await confirmed(world)
    again = await resend(world.app, BY_SYSTEM, first.id)
    assert (again.status, again.resend_of) == ("WAITING", first.id)
    await world.wait_until_handled()

    sent, repeated = world.mailbox.to(ALICE)
    assert (subject_of(repeated), parts_of(repeated)) == (subject_of(sent), parts_of(sent))
    assert repeated["Message-ID"] != sent["Message-ID"]
    record = await now(world, again)
    [event] = await world.events(NotificationResendRequested.event_name)
    assert (record.status, record.error, record.event_id, record.about) == ("SENT", "", event.id, first.about)
    assert (event.subject, event.data) == (again.id, {"resendOf": first.id, "about": first.about})
    assert [each for each in await world.notifications("email") if each.id == first.id] == [first]


async def test_each_request_sends_one_message_and_all_are_linked_to_the_first(world: World) -> None:
    first = await confirmed(world)
    second = await resend(world.app, BY_SYSTEM, first.id)
    await world.wait_until_handled()
    third = await resend(world.app, BY_SYSTEM, second.id)
    await world.wait_until_handled()
    assert len(world.mailbox.to(ALICE)) == 3
    assert (third.id != second.id, third.resend_of) == (True, first.id)


async def test_handlers_of_one_request_at_once_and_later_send_one_mail(world: World) -> None:
    again, event = await requested(world)
    await asyncio.gather(*[registered(HANDLER).run(world.app, event) for _ in range(4)])
    mails = world.mailbox.to(ALICE)[1:]
    assert len({mail["Message-ID"] for mail in mails}) == 1
    await registered(HANDLER).run(world.app, event)
    assert len(world.mailbox.to(ALICE)[1:]) == len(mails)
    assert (await now(world, again)).status == "SENT"


async def test_a_failed_message_is_retried_and_finally_a_dead_letter_that_can_be_redriven(world: World) -> None:
    first = await confirmed(world)
    world.mailbox.answer = "451 later"
    again = await resend(world.app, BY_SYSTEM, first.id)
    await world.wait_until(lambda letters: any(each.handler == "notification-resend" for each in letters))
    failed = await now(world, again)
    assert failed.status == "FAILED"
    assert "later" in failed.error

    world.mailbox.answer = "250 OK"
    [letter] = await world.letters("notification-resend")
    await redrive(world.app, BY_SYSTEM, letter.id)
    await world.wait_until_handled()
    assert (await now(world, again)).status == "SENT"
    assert len(world.mailbox.to(ALICE)) == 2


async def test_a_message_waits_while_the_mail_server_asks_for_fewer_mails(world: World) -> None:
    first = await confirmed(world)
    world.mailbox.answer = "451 too many mails"
    again = await resend(world.app, BY_SYSTEM, first.id)
    await world.tried()
    waiting = await now(world, again)
    assert waiting.status == "WAITING"
    assert "too many" in waiting.error
    with pytest.raises(Conflict, match="still waiting"):
        await resend(world.app, BY_SYSTEM, again.id)

    world.mailbox.answer = "250 OK"
    world.clock.advance(minutes=2)
    await world.wait_until_handled()
    assert ((await now(world, again)).status, await world.letters()) == ("SENT", [])


async def test_a_message_that_failed_is_sent_again(world: World) -> None:
    world.mailbox.refusals[ALICE] = "550 no such mailbox"
    first = await confirmed(world)
    assert first.status == "FAILED"
    world.mailbox.refusals.clear()
    again = await resend(world.app, BY_SYSTEM, first.id)
    await world.wait_until_handled()
    assert [(each.id, each.status) for each in await world.notifications("email") if each.to == ALICE] == [
        (again.id, "SENT"),
        (first.id, "FAILED"),
    ]


async def test_with_only_the_local_mailbox_a_message_sent_again_stays_there(tmp_path: Path, clock: Clock) -> None:
    async with a_world(tmp_path, clock, smtp_url=None) as world:
        first = await confirmed(world)
        again = await resend(world.app, BY_SYSTEM, first.id)
        await world.wait_until_handled()
        [record, _] = await world.notifications("email")
        assert (record.id, record.status, record.body, record.html) == (again.id, "KEPT", first.body, first.html)


async def test_the_texts_of_a_mail_about_an_order_are_written_when_somebody_looks(world: World) -> None:
    first = await confirmed(world)
    stored = await get_notification(world.app.store, first.id)
    assert (stored.template, stored.subject, stored.body, stored.html) == ("order-confirmation", "", "", "")
    [mail] = world.mailbox.to(ALICE)
    assert subject_of(mail) == first.subject
    assert [part.replace("\r\n", "\n") for part in parts_of(mail)] == [first.body, first.html]
    former, gone = replace(first, template="", data={}), replace(stored, about="ord_gone")
    shown = await with_texts(world.app, [former, gone, stored])
    assert shown[0] == former
    assert shown[1].body == "The order ord_gone of this message no longer exists."
    assert shown[2] == first


async def test_alerts_by_sms_and_mail_are_sent_again(world: World) -> None:
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, -21, "ADJUSTMENT"))
    await world.wait_until_handled()
    for channel, status in (("sms", "KEPT"), ("email", "SENT")):
        [first] = await world.notifications(channel)
        again = await resend(world.app, BY_SYSTEM, first.id)
        await world.wait_until_handled()
        record = await now(world, again)
        assert (record.channel, record.to, record.body, record.status) == (channel, first.to, first.body, status)


# ---- refused -----------------------------------------------------------------------------------


async def test_an_unknown_message_cannot_be_sent_again(world: World) -> None:
    with pytest.raises(NotFound):
        await resend(world.app, BY_SYSTEM, "ntf_nothing")


@pytest.mark.parametrize("delivers", [True, False])
async def test_no_message_about_an_account_is_sent_again(tmp_path: Path, clock: Clock, delivers: bool) -> None:
    async with a_world(tmp_path, clock, **({} if delivers else {"smtp_url": None})) as world:
        world.app.mail.delivers = True
        await sign_up(world.app, VISITOR, SignUp(BOB, GOOD, "Bob"))
        await world.wait_until_handled()
        [event] = await world.events("account.verification_requested")
        _, code = await issue_code(world.app, event.subject, "confirmation")
        await confirm_sign_up(world.app, VISITOR, BOB, code)
        await sign_up(world.app, VISITOR, SignUp(BOB, GOOD, "Bob"))
        await forgot_password(world.app, VISITOR, BOB)
        await world.wait_until_handled()
        messages, before = await world.notifications(), len(await world.events())
        named = {event.name for event in await world.events("account.")}
        [handled] = [each.events for each in REACTIONS if each.name == "account-mail"]
        assert handled <= named, "an account's mail that is not in this test"
        assert len(messages) == len(handled)
        for notification in messages:
            with pytest.raises(Conflict, match="about an account cannot be sent again"):
                await resend(world.app, BY_SYSTEM, notification.id)
        assert (len(await world.events()), len(await world.notifications())) == (before, len(messages))


async def test_a_message_about_an_order_that_was_cancelled_since_is_not_sent_again(world: World) -> None:
    first = await confirmed(world)
    world.clock.advance(seconds=1)
    await cancel_order(world.app, BY_SYSTEM, first.about)
    await world.wait_until_handled()
    with pytest.raises(Conflict, match="was cancelled after this message"):
        await resend(world.app, BY_SYSTEM, first.id)
    [about_the_end] = [each for each in await world.notifications("email") if each.id != first.id]
    await resend(world.app, BY_SYSTEM, about_the_end.id)
    await world.wait_until_handled()
    assert world.mailbox.subjects(ALICE)[:2] == [f"Order Cancelled - #{first.about}"] * 2


async def test_an_order_that_is_cancelled_before_its_message_goes_out_again_stops_it(world: World) -> None:
    again, event = await requested(world)
    world.clock.advance(seconds=1)
    await cancel_order(world.app, BY_SYSTEM, again.about)
    for _ in range(2):
        with pytest.raises(Permanent, match="was cancelled after this message"):
            await registered(HANDLER).run(world.app, event)
    assert len(world.mailbox.to(ALICE)) == 1
    failed = await now(world, again)
    assert (failed.status, failed.error.startswith("The order")) == ("FAILED", True)


async def test_a_message_of_an_order_with_a_later_status_is_still_sent_again(world: World) -> None:
    again, event = await requested(world)
    world.clock.advance(seconds=1)
    await pack_order(world.app, BY_SYSTEM, again.about)
    await registered(HANDLER).run(world.app, event)
    assert len(world.mailbox.to(ALICE)) == 2


@pytest.mark.parametrize("handler", ["order-confirmation", "order-mail"])
async def test_a_message_about_a_deleted_order_is_not_sent_again(world: World, handler: str) -> None:
    batch = Batch()
    notification = message_id("evt_1", handler, ALICE)
    put_notification(
        batch,
        Notification(
            id=notification,
            channel="email",
            to=ALICE,
            subject="-",
            body="-",
            status="SENT",
            event_id="evt_1",
            about="ord_gone",
            created_at=0,
        ),
    )
    await batch.commit(world.app.store)
    with pytest.raises(Conflict, match="ord_gone of this message no longer exists"):
        await resend(world.app, BY_SYSTEM, notification)


async def test_a_request_without_its_record_is_a_permanent_failure(world: World) -> None:
    data = NotificationResendRequested(resend_of="ntf_0", about="ord_1")
    with pytest.raises(Permanent, match="ntf_gone is gone"):
        await registered(HANDLER).run(world.app, new_event(world.app, BY_SYSTEM, data, "ntf_gone"))
    assert await find_notification(world.app.store, "ntf_gone") is None


async def test_after_the_first_message_has_aged_out_one_of_a_cancelled_order_is_not_sent_again(world: World) -> None:
    again, _ = await requested(world)
    first = await get_notification(world.app.store, again.resend_of)
    sent = replace(await now(world, again), status="SENT")
    batch = Batch()
    put_notification(batch, sent)
    batch.delete(notification_key(first.id), first.version)
    await batch.commit(world.app.store)
    assert (await resend(world.app, BY_SYSTEM, sent.id)).resend_of == first.id
    world.clock.advance(minutes=1)
    await cancel_order(world.app, BY_SYSTEM, sent.about)
    with pytest.raises(Conflict, match="was cancelled after this message"):
        await resend(world.app, BY_SYSTEM, sent.id)
