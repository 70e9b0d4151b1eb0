"""What happens after each step of an order: who is mailed, who is called, and that it happens once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.actor import Actor
from stockwright.base.errors import Permanent
from stockwright.base.event import Event
from stockwright.base.instant import iso
from stockwright.commit import new_event
from stockwright.events.catalogue import OrderEvent, OrderPacked, OrderPlaced
from stockwright.handlers import REACTIONS
from stockwright.notifications.sending import send, send_and_record
from stockwright.notifications.texts import date, money, plain_html
from stockwright.orders.model import Order
from stockwright.orders.returns import ReturnItem
from stockwright.orders.usecases import (
    PlaceOrder,
    ReturnOrder,
    cancel_order,
    confirm_order,
    deliver_order,
    pack_order,
    place_order,
    return_order,
)
from stockwright.request import BY_SYSTEM, Request
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.records import get_stock, page_of_movements
from tests.around import World, a_world, parts_of, subject_of
from tests.conftest import Clock
from tests.registered import registered

ALICE = "alice@example.com"


async def placed(world: World) -> Event:
    [event] = await world.events("order.placed")
    return event


async def test_a_placed_order_is_confirmed_once_its_mail_went_out(world: World) -> None:
    order = await world.order(2)
    await world.wait_until_handled()
    assert await world.status(order) == "CONFIRMED"
    [mail] = world.mailbox.to(ALICE)
    assert subject_of(mail) == f"Order Confirmation - #{order.id}"
    assert mail["From"] == "Shop <shop@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = parts_of(mail)
    assert text.replace("\r\n", "\n") == (
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n"
        "         ORDER CONFIRMATION\n"
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n\n"
        "Thank you for your purchase!\n\n"
        "ORDER DETAILS\n"
        "───────────────────────────────────────\n"
        f"Order ID:    {order.id}\n"
        f"Number:      {order.number}\n"
        "Date:        Tuesday, November 14, 2023, 10:13 PM UTC\n\n"
        "ITEMS\n"
        "───────────────────────────────────────\n"
        "Wireless Keyboard\n"
        "Quantity:    2\n"
        "Unit Price:  $79.99\n"
        "Total:       $159.98\n\n"
        "SUMMARY\n"
        "───────────────────────────────────────\n"
        "Total Amount: $159.98\n"
        "Status:       CONFIRMED\n\n"
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n"
    )
    for text in (order.id, "Wireless Keyboard", "$79.99", "$159.98", "CONFIRMED"):
        assert text in html
    [sent] = await world.notifications("email")
    assert (sent.to, sent.status, sent.about, sent.event_id) == (ALICE, "SENT", order.id, (await placed(world)).id)


async def test_the_warehouse_gets_the_units_to_pick_and_their_locations(world: World) -> None:
    order = await world.order(2)
    await world.wait_until_handled()
    [(headers, body)] = world.warehouse.calls
    assert (headers["authorization"], headers["x-api-key"]) == ("warehouse-key", "warehouse-key")
    assert headers["idempotency-key"] == (await placed(world)).id
    assert headers["content-type"] == "application/json"
    assert body == {
        "type": "pick_list",
        "orderId": order.id,
        "orderNumber": order.number,
        "contact": {"email": ALICE},
        "createdAt": "2023-11-14T22:13:20.000Z",
        "items": [
            {
                "lineId": "line_1",
                "productId": world.product_id,
                "sku": "KB-1",
                "name": "Wireless Keyboard",
                "quantity": 2,
                "options": {},
            }
        ],
        "locations": {world.product_id: {"default": 2}},
    }
    assert world.delivery.calls == []


async def test_each_further_step_is_mailed_and_a_packed_order_waits_for_its_delivery(world: World) -> None:
    order = await world.order(3)
    await world.wait_until_handled()
    await pack_order(world.app, BY_SYSTEM, order.id)
    await world.wait_until_handled()
    [(headers, body)] = world.delivery.calls
    assert headers["authorization"] == "delivery-key"
    assert body == {
        "type": "delivery_request",
        "orderId": order.id,
        "orderNumber": order.number,
        "contact": {"email": ALICE},
        "customerEmail": ALICE,
        "items": [{"lineId": "line_1", "sku": "KB-1", "name": "Wireless Keyboard", "quantity": 3, "options": {}}],
    }
    await deliver_order(world.app, BY_SYSTEM, order.id)
    await return_order(world.app, BY_SYSTEM, ReturnOrder(order.id, [ReturnItem(1, "KB-1")]))
    await world.wait_until_handled()
    assert world.mailbox.subjects(ALICE) == [
        f"Order Confirmation - #{order.id}",
        f"Order Delivered - #{order.id}",
        f"Order Packed - #{order.id}",
        f"Return Received - #{order.id}",
    ]
    assert len(world.delivery.calls) == len(world.warehouse.calls) == 1


async def test_a_cancelled_order_is_mailed(world: World) -> None:
    order = await world.order()
    await world.wait_until_handled()
    await cancel_order(world.app, world.alice, order.id)
    await world.wait_until_handled()
    assert world.mailbox.subjects(ALICE) == [f"Order Cancelled - #{order.id}", f"Order Confirmation - #{order.id}"]


async def test_without_a_configured_partner_nothing_is_posted(tmp_path: Path, clock: Clock) -> None:
    async with a_world(tmp_path, clock, warehouse_url=None, delivery_url=None) as world:
        order = await world.order()
        await world.wait_until_handled()
        await pack_order(world.app, BY_SYSTEM, order.id)
        await world.wait_until_handled()
        assert world.warehouse.calls == world.delivery.calls == []
        assert await world.letters() == []


async def test_a_partner_without_an_api_key_is_called_without_one(tmp_path: Path, clock: Clock) -> None:
    async with a_world(tmp_path, clock, warehouse_api_key=None) as world:
        await world.order()
        await world.wait_until_handled()
        [(headers, _)] = world.warehouse.calls
        assert not {"authorization", "x-api-key"} & set(headers)


async def test_an_order_placed_with_an_api_key_is_confirmed_without_mail(world: World) -> None:
    machine = Request(Actor("key_1", "key", scopes=frozenset({"sales"})))
    order = await place_order(world.app, machine, PlaceOrder([LineWanted(1, world.product_id)]))
    await world.wait_until_handled()
    await pack_order(world.app, BY_SYSTEM, order.id)
    await world.wait_until_handled()
    assert world.mailbox.mails == []
    assert await world.letters() == []


async def test_with_only_the_local_mailbox_messages_are_stored_for_admins(tmp_path: Path, clock: Clock) -> None:
    async with a_world(tmp_path, clock, smtp_url=None) as world:
        order = await world.order()
        await world.wait_until_handled()
        assert await world.status(order) == "CONFIRMED"
        assert world.mailbox.mails == []
        [sent] = await world.notifications("email")
        assert (sent.to, sent.status, sent.subject) == (ALICE, "KEPT", f"Order Confirmation - #{order.id}")
        assert "Wireless Keyboard" in sent.body
        assert "<html" in sent.html


# ---- the same event again ----------------------------------------------------------------------


async def test_an_event_that_is_handled_again_has_one_effect(world: World) -> None:
    order = await world.order(2)
    await world.wait_until_handled()
    await pack_order(world.app, BY_SYSTEM, order.id)
    await deliver_order(world.app, BY_SYSTEM, order.id)
    await world.wait_until_handled()
    mails, events = len(world.mailbox.mails), len(await world.events())
    calls = len(world.delivery.calls)

    for reaction in REACTIONS:
        for event in await world.events():
            if event.name in reaction.events:
                await reaction.run(world.app, event)

    assert len(world.mailbox.mails) == mails
    assert len(await world.events()) == events
    assert len(world.delivery.calls) == calls
    assert (await get_stock(world.app.store, world.product_id)).total == 28


async def test_two_handlers_of_a_confirmation_at_once_confirm_once_with_one_mail(world: World) -> None:
    await world.dispatcher.stop()
    order = await world.order(2)
    event = await placed(world)

    await asyncio.gather(*[registered("order-confirmation").run(world.app, event) for _ in range(8)])

    assert await world.status(order) == "CONFIRMED"
    assert len({mail["Message-ID"] for mail in world.mailbox.to(ALICE)}) == 1
    assert [each.status for each in await world.notifications("email")] == ["SENT"]
    assert len(await world.events("order.confirmed")) == 1
    movements, _ = await page_of_movements(world.app.store, world.product_id, limit=100)
    assert sorted((each.type, each.quantity) for each in movements) == [("INITIAL", 30), ("SALE", -2)]


async def unmailed(world: World) -> tuple[Order, Event]:
    """Place an order whose confirmation the mail server does not take yet; nobody else tries."""
    await world.dispatcher.stop()
    order = await world.order()
    event = await placed(world)
    world.mailbox.answer = "451 later"
    with pytest.raises(Exception, match="later"):
        await registered("order-confirmation").run(world.app, event)
    return order, event


async def test_a_failing_second_handler_does_not_hide_that_the_mail_was_sent(world: World) -> None:
    """A mail that is recorded as failed by a slower twin is still recorded as sent."""
    order, event = await unmailed(world)
    assert [each.status for each in await world.notifications()] == ["FAILED"]
    world.mailbox.answer = "250 OK"
    await registered("order-confirmation").run(world.app, event)
    [sent] = await world.notifications()
    assert (sent.status, sent.error) == ("SENT", "")
    assert await world.status(order) == "CONFIRMED"


async def test_a_crash_between_sending_a_mail_and_recording_it_sends_the_same_mail_again(world: World) -> None:
    await world.dispatcher.stop()
    order = await world.order()
    event = await placed(world)
    message = ("email", ALICE, "-", "-", "")
    notification = await send(world.app, event, "order-confirmation", message)  # type: ignore[arg-type]
    assert notification is not None

    await registered("order-confirmation").run(world.app, event)

    first, second = world.mailbox.to(ALICE)
    assert first["Message-ID"] == second["Message-ID"]
    assert await world.status(order) == "CONFIRMED"


async def test_a_mail_that_was_sent_already_only_confirms_the_order(world: World) -> None:
    await world.dispatcher.stop()
    order = await world.order()
    event = await placed(world)
    message = ("email", ALICE, "-", "-", "")
    await send_and_record(world.app, event, "order-confirmation", message)  # type: ignore[arg-type]
    await registered("order-confirmation").run(world.app, event)
    assert len(world.mailbox.to(ALICE)) == 1
    assert await world.status(order) == "CONFIRMED"


async def test_an_outdated_event_changes_nothing(world: World) -> None:
    """Packed before the pick list went out, delivered before its delivery was asked for, cancelled before its mail."""
    await world.dispatcher.stop()
    order = await world.order()
    await pack_order(world.app, BY_SYSTEM, order.id)
    [packed] = await world.events("order.packed")
    await registered("warehouse").run(world.app, await placed(world))
    await deliver_order(world.app, BY_SYSTEM, order.id)
    await registered("delivery-service").run(world.app, packed)
    other = await world.order()
    await cancel_order(world.app, BY_SYSTEM, other.id)
    await registered("order-confirmation").run(world.app, (await world.events("order.placed"))[1])
    assert world.warehouse.calls == world.delivery.calls == world.mailbox.mails == []


@pytest.mark.parametrize("steps", [[confirm_order], [pack_order], [pack_order, deliver_order]])
async def test_an_order_with_a_later_status_still_gets_its_confirmation_mail(world: World, steps: list[Any]) -> None:
    order, event = await unmailed(world)
    for step in steps:
        await step(world.app, BY_SYSTEM, order.id)
    status, events = await world.status(order), len(await world.events())
    world.mailbox.answer = "250 OK"
    for _ in range(2):
        await registered("order-confirmation").run(world.app, event)
    assert world.mailbox.subjects(ALICE) == [f"Order Confirmation - #{order.id}"]
    assert [each.status for each in await world.notifications("email")] == ["SENT"]
    assert (await world.status(order), len(await world.events())) == (status, events)


async def test_an_order_that_is_confirmed_by_payment_while_its_mail_is_under_way_keeps_the_record(
    world: World,
) -> None:
    await world.dispatcher.stop()
    order = await world.order()
    world.mailbox.seconds = 0.2
    mailing = asyncio.create_task(registered("order-confirmation").run(world.app, await placed(world)))
    await asyncio.sleep(0.05)
    await confirm_order(world.app, BY_SYSTEM, order.id)
    await mailing
    assert [each.status for each in await world.notifications()] == ["SENT"]
    assert len(await world.events("order.confirmed")) == 1


# ---- for good, or to be tried again ------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "of"),
    [
        ("order-confirmation", OrderPlaced),
        ("order-mail", OrderPacked),
        ("warehouse", OrderPlaced),
        ("delivery-service", OrderPacked),
    ],
)
async def test_an_event_of_a_deleted_order_is_a_permanent_failure(
    world: World, handler: str, of: type[OrderEvent]
) -> None:
    data = of(user_id="usr_1", user_email=ALICE, total_amount=1, currency="USD", products=[])
    with pytest.raises(Permanent, match="ord_gone is gone"):
        await registered(handler).run(world.app, new_event(world.app, BY_SYSTEM, data, "ord_gone"))


@pytest.mark.parametrize("data", [{}, {"userId": 7}])
async def test_an_event_with_the_data_of_another_is_a_permanent_failure(world: World, data: dict[str, object]) -> None:
    with pytest.raises(Permanent, match=r"the data of order\.placed cannot be read: .*`"):
        await registered("warehouse").run(world.app, Event("evt_1", "order.placed", "ord_1", 0, data))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
async def test_a_refusal_by_a_partner_becomes_a_dead_letter(world: World, status: int) -> None:
    await world.dispatcher.stop()
    await world.order()
    world.warehouse.status = status
    with pytest.raises(Permanent, match=str(status)):
        await registered("warehouse").run(world.app, await placed(world))


@pytest.mark.parametrize("status", [302, 408, 409, 425, 500, 502, 503])
async def test_a_temporary_failure_of_a_partner_is_retried(world: World, status: int) -> None:
    await world.dispatcher.stop()
    await world.order()
    world.warehouse.status = status
    with pytest.raises(RuntimeError, match=str(status)):
        await registered("warehouse").run(world.app, await placed(world))


# ---- words -------------------------------------------------------------------------------------


def test_money_is_written_as_people_read_it() -> None:
    assert [money(cents, currency) for cents, currency in ((123450, "USD"), (5, "EUR"), (7999, "SEK"))] == [
        "$1,234.50",
        "€0.05",
        "SEK 79.99",
    ]
    assert money(123450, "JPY") == "¥123,450"
    assert [money(12345, currency) for currency in ("KWD", "XOF", "HUF", "CLF", "UGX")] == [
        "KWD 12.345",
        "XOF 12,345",
        "HUF 123.45",
        "CLF 1.2345",
        "UGX 12,345",
    ]
    assert (money(7, "KWD"), money(0, "USD")) == ("KWD 0.007", "$0.00")
    assert (money(-150, "USD"), money(-5, "KWD")) == ("-$1.50", "-KWD 0.005")
    assert money(9_007_199_254_740_993, "USD") == "$90,071,992,547,409.93"


def test_dates_in_mails_are_written_as_in_s2() -> None:
    assert date(1_705_327_200_000) == "Monday, January 15, 2024, 2:00 PM UTC"
    assert date(1_705_276_800_000) == "Monday, January 15, 2024, 12:00 AM UTC"
    assert iso(1_705_327_200_007) == "2024-01-15T14:00:00.007Z"


def test_names_never_become_markup() -> None:
    assert "<b>" not in plain_html("<b>bold</b>\n\n& more")
    assert "&lt;b&gt;bold" in plain_html("<b>bold</b>\n\n& more")


async def test_names_and_options_are_escaped_in_html_and_plain_in_text(world: World) -> None:
    lamp = await world.product(name='<img src=x onerror="1">', options={"color": ["red", "blue"]})
    line = LineWanted(1, lamp.product.id, options={"color": "red"})
    await place_order(world.app, world.alice, PlaceOrder([line]))
    await world.wait_until_handled()
    text, html = parts_of(world.mailbox.to(ALICE)[0])
    assert '<img src=x onerror="1"> (color: red)' in text
    assert "<img" not in html
    assert "&lt;img src=x onerror=&quot;1&quot;&gt; (color: red)</td>" in html


async def test_each_return_is_mailed_with_what_came_back(world: World) -> None:
    await world.dispatcher.stop()
    order = await world.order(5)
    await pack_order(world.app, BY_SYSTEM, order.id)
    for units, reason in ((1, "too <loud>"), (2, "")):
        await return_order(world.app, BY_SYSTEM, ReturnOrder(order.id, [ReturnItem(units, "KB-1")], reason=reason))
    for event in await world.events("order.returned"):
        await registered("order-mail").run(world.app, event)
    first, second = (parts_of(mail) for mail in world.mailbox.to(ALICE))
    assert "Returned: 1 × KB-1: too <loud>\n" in first[0].replace("\r\n", "\n")
    assert "Returned: 1 × KB-1: too &lt;loud&gt;" in first[1]
    assert "Returned: 2 × KB-1\n" in second[0].replace("\r\n", "\n")


async def test_movements_of_a_confirmation_name_the_buyer_and_the_request_of_the_order(world: World) -> None:
    world.alice = replace(world.alice, id="req-of-alice")
    await world.order(2)
    await world.wait_until_handled()
    movements, _ = await page_of_movements(world.app.store, world.product_id)
    [sale] = [each for each in movements if each.type == "SALE"]
    assert (sale.actor, sale.request_id, sale.balance_after) == (world.alice.actor.id, "req-of-alice", 28)
    [confirmed] = await world.events("order.confirmed")
    assert (confirmed.actor, confirmed.request_id) == (world.alice.actor.id, "req-of-alice")
