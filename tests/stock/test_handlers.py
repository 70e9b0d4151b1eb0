"""A shortage is announced once, when it begins, and again only after it had ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.catalog.inventory import ChangeStock, Initialize, Transfer, change_stock, initialize, transfer
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.orders.usecases import cancel_order
from stockwright.request import BY_SYSTEM
from stockwright.reservations.usecases import Reserve, reserve_stock
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.usecases import Sell, record_sale
from stockwright.stock.alert_records import load_marks
from stockwright.stock.location_records import put_location
from stockwright.stock.locations import ChangeLocation, add_location, change_location, list_locations
from stockwright.stock.model import Wanted
from stockwright.store.batch import Batch
from stockwright.sweeper import sweep
from tests.around import GOOD, World, a_world, parts_of, subject_of
from tests.conftest import Clock
from tests.registered import registered

ADMIN = "admin@example.com"
BOTH = "Stock Alert: 2 changes that need a look"
LOW = "Low Stock Alert: Product Wireless Keyboard is below threshold"
OUT = "Out of Stock Alert: Product Wireless Keyboard has no units left"
BACK = "Stock Replenished: Product Wireless Keyboard is back at or above its threshold"


async def change(world: World, quantity: int, kind: str = "ADJUSTMENT") -> None:
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, quantity, kind))  # type: ignore[arg-type]
    await world.wait_until_handled()


async def stock_events(world: World) -> list[str]:
    """The names of the stock's events, in the order of the log."""
    names = ("stock.low", "stock.out", "stock.replenished")
    return [event.name for event in await world.events("stock.") if event.name in names]


async def test_falling_below_the_threshold_sends_the_mail_and_sms_of_s0(world: World) -> None:
    await change(world, -20)
    assert await stock_events(world) == []
    await change(world, -1)
    [event] = await world.events("stock.low")
    assert event.subject == world.product_id
    assert dict(event.data) == {
        "sku": "KB-1",
        "name": "Wireless Keyboard",
        "available": 9,
        "threshold": 10,
        "reorder": 50,
    }
    [mail] = world.mailbox.to(ADMIN)
    assert mail["Subject"] == LOW
    text, _ = parts_of(mail)
    for words in (LOW, "KB-1", "Available:  9", "Threshold:  10", "Reorder:    50"):
        assert words in text
    [sms] = await world.notifications("sms")
    assert (sms.to, sms.body, sms.status) == ("+1 555 0100", LOW, "KEPT")


async def test_low_stock_is_announced_once_until_stock_recovers(world: World) -> None:
    await change(world, -21)
    await change(world, -2)
    await change(world, +2)
    await change(world, -1)
    assert await stock_events(world) == ["stock.low"]
    await change(world, +2)
    assert await stock_events(world) == ["stock.low", "stock.replenished"]
    await change(world, -1)
    assert await stock_events(world) == ["stock.low", "stock.replenished", "stock.low"]
    assert world.mailbox.subjects(ADMIN) == [LOW, LOW, BACK]
    assert [each.body for each in await world.notifications("sms")] == [LOW, LOW]


async def test_selling_out_is_announced_too_and_again_after_a_restock(world: World) -> None:
    await change(world, -30)
    assert await stock_events(world) == ["stock.low", "stock.out"]
    await change(world, +5)
    assert await stock_events(world) == ["stock.low", "stock.out"]
    await change(world, -5)
    assert await stock_events(world) == ["stock.low", "stock.out", "stock.out"]
    await change(world, +10)
    assert await stock_events(world) == ["stock.low", "stock.out", "stock.out", "stock.replenished"]
    # Both shortages of one change are one mail, or two, as they come; each is in one of them.
    mails = "".join(text.replace("\r\n", "\n") for text, _ in map(parts_of, world.mailbox.to(ADMIN)))
    assert [mails.count(f"{line}\n\nSKU") for line in (LOW, OUT, BACK)] == [1, 2, 1]


async def test_orders_sales_holds_and_their_ends_all_count(world: World) -> None:
    order = await world.order(21)
    await world.wait_until_handled()
    await cancel_order(world.app, world.alice, order.id)
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low", "stock.replenished"]

    await record_sale(world.app, BY_SYSTEM, Sell([LineWanted(21, world.product_id)]))
    await world.wait_until_handled()
    await change(world, 21, "RESTOCK")
    assert await stock_events(world) == ["stock.low", "stock.replenished"] * 2

    await reserve_stock(world.app, world.alice, Reserve([Wanted(world.product_id, 21)], minutes=1))
    await world.wait_until_handled()
    world.clock.advance(minutes=1)
    assert await sweep(world.app) == 1
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low", "stock.replenished"] * 3


async def test_a_threshold_that_is_raised_or_lowered_counts_as_a_crossing(world: World) -> None:
    await update_product(world.app, BY_SYSTEM, UpdateProduct(world.product_id, thresholds={"low_stock": 31}))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low"]
    await update_product(world.app, BY_SYSTEM, UpdateProduct(world.product_id, thresholds={"low_stock": 30}))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low", "stock.replenished"]


async def test_thirty_orders_at_once_make_one_alert(world: World) -> None:
    await asyncio.gather(*[world.order() for _ in range(30)])
    await world.wait_until_handled()
    assert sorted(await stock_events(world)) == ["stock.low", "stock.out"]
    assert world.mailbox.subjects(ADMIN) == [BOTH]
    text, _ = parts_of(world.mailbox.to(ADMIN)[0])
    assert text.count(LOW) == text.count(OUT) == 2
    assert await world.letters() == []


async def test_the_same_event_handled_many_times_at_once_makes_one_alert(world: World) -> None:
    await world.dispatcher.stop()
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, -30, "ADJUSTMENT"))
    [event] = await world.events("stock.changed")
    await asyncio.gather(*[registered("stock-watch").run(world.app, event) for _ in range(10)])
    assert await stock_events(world) == ["stock.low", "stock.out"]


class Interrupted:
    """A store in which something else happens just before the first commit."""

    def __init__(self, store: object, before: object) -> None:
        self._store, self._before = store, before

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def commit(self, writes: object) -> None:
        before, self._before = self._before, None
        if before is not None:
            await before()  # type: ignore[operator]
        await self._store.commit(writes)  # type: ignore[attr-defined]


async def test_a_restock_during_the_alert_leaves_no_shortage_marked(world: World) -> None:
    """A mark that nobody takes back would prevent the alert of the next fall."""
    await world.dispatcher.stop()
    app = world.app
    await change_stock(app, BY_SYSTEM, ChangeStock(world.product_id, -30, "ADJUSTMENT"))
    [fell] = await world.events("stock.changed")

    async def restock() -> None:
        await change_stock(app, BY_SYSTEM, ChangeStock(world.product_id, 30, "RESTOCK"))
        await registered("stock-watch").run(app, (await world.events("stock.changed"))[-1])

    interrupted = app.at(app.clock)
    interrupted.store = Interrupted(app.store, restock)  # type: ignore[assignment]
    await registered("stock-watch").run(interrupted, fell)

    mark = (await load_marks(app.store, [world.product_id]))[world.product_id]
    assert (mark.low_since, mark.out_since) == (None, None)
    assert await stock_events(world) == []


async def test_many_products_are_watched_with_a_few_reads(world: World) -> None:
    lamp = await world.product(12)
    await world.wait_until_handled()
    for item in (world.product_id, lamp.product.id):
        await change_stock(world.app, BY_SYSTEM, ChangeStock(item, -5, "ADJUSTMENT"))
    await world.wait_until_handled()
    assert [event.data["name"] for event in await world.events("stock.low")] == ["Desk Lamp"]


async def test_stock_of_a_foreign_product_is_watched_as_well(world: World) -> None:
    await initialize(world.app, BY_SYSTEM, Initialize("foreign-7", "F-7", 12))
    await world.wait_until_handled()
    await change_stock(world.app, BY_SYSTEM, ChangeStock("foreign-7", -5, "ADJUSTMENT"))
    await world.wait_until_handled()
    assert [event.subject for event in await world.events("stock.low")] == ["foreign-7"]


async def test_no_alert_is_sent_for_a_product_that_was_deleted_meanwhile(world: World) -> None:
    await world.dispatcher.stop()
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, -30, "ADJUSTMENT"))
    [event] = await world.events("stock.changed")
    await delete_product(world.app, BY_SYSTEM, world.product_id)
    await registered("stock-watch").run(world.app, event)
    assert await stock_events(world) == []


# ---- who is notified ------------------------------------------------------------------------------


async def test_every_admin_gets_alerts_and_customers_do_not(world: World) -> None:
    await add_account(world.app, BY_SYSTEM, SignUp("second@example.com", GOOD), "admin")
    await change(world, -21)
    assert sorted(mail["To"] for mail in world.mailbox.mails) == [ADMIN, "second@example.com"]


async def test_configured_recipients_get_alerts_instead_of_the_admins(tmp_path: Path, clock: Clock) -> None:
    people = ("store@example.com", "Buyer <buyer@example.com>")
    phones = ("+1 555 0101", "+1 555 0102")
    async with a_world(tmp_path, clock, alert_emails=people, alert_phones=phones) as world:
        await change(world, -21)
        assert sorted(mail["To"] for mail in world.mailbox.mails) == sorted(people)
        assert sorted(each.to for each in await world.notifications("sms")) == list(phones)


async def test_an_unreachable_recipient_does_not_stop_the_alerts_to_others(tmp_path: Path, clock: Clock) -> None:
    async with a_world(tmp_path, clock, alert_emails=("gone@example.com", "here@example.com")) as world:
        world.mailbox.refusals["gone@example.com"] = "550 no such user"
        await change(world, -21)
        assert world.mailbox.subjects("here@example.com").count(LOW) == 1
        assert [each.body for each in await world.notifications("sms")] == [LOW]
        [refused] = [each for each in await world.notifications("email") if each.to == "gone@example.com"]
        assert (refused.status, "no such user" in refused.error) == ("FAILED", True)
        assert await world.letters() == []


async def test_a_temporary_failure_is_retried_for_the_recipients_not_reached(tmp_path: Path, clock: Clock) -> None:
    people = ("gone@example.com", "busy@example.com", "here@example.com")
    async with a_world(tmp_path, clock, alert_emails=people) as world:
        world.mailbox.refusals = {"gone@example.com": "550 no such user", "busy@example.com": "451 later"}
        await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, -21, "ADJUSTMENT"))
        await world.tried(4)
        assert {each.to: each.status for each in await world.notifications("email")} == {
            "gone@example.com": "FAILED",
            "busy@example.com": "WAITING",
            "here@example.com": "SENT",
        }
        world.mailbox.refusals = {}
        await world.wait_until_handled()
        assert sorted(mail["To"] for mail in world.mailbox.mails) == sorted(people[1:])
        assert {each.to: each.status for each in await world.notifications("email")}["busy@example.com"] == "SENT"
        assert await world.letters() == []


async def test_a_new_admin_between_two_tries_causes_no_duplicate_mail(world: World) -> None:
    await add_account(world.app, BY_SYSTEM, SignUp("busy@example.com", GOOD), "admin")
    world.mailbox.refusals = {"busy@example.com": "451 later"}
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, -21, "ADJUSTMENT"))
    await world.tried(4)
    await add_account(world.app, BY_SYSTEM, SignUp("third@example.com", GOOD), "admin")
    world.mailbox.refusals = {}
    await world.wait_until_handled()
    assert sorted(mail["To"] for mail in world.mailbox.mails) == [ADMIN, "busy@example.com"]


async def test_a_name_with_a_line_break_does_not_break_the_mail(world: World) -> None:
    lamp = await world.product(12, name="Desk Lamp\r\nBcc: thief@example.com")
    await change_stock(world.app, BY_SYSTEM, ChangeStock(lamp.product.id, -5, "ADJUSTMENT"))
    await world.wait_until_handled()
    [mail] = world.mailbox.mails
    assert subject_of(mail) == "Low Stock Alert: Product Desk Lamp Bcc: thief@example.com is below threshold"
    assert mail["Bcc"] is None
    assert await world.letters() == []


async def at_closed(world: World, units: int = 40) -> None:
    """Move every unit of the product to a location of their own."""
    await add_location(world.app, BY_SYSTEM, "closed")
    await initialize(world.app, BY_SYSTEM, Initialize(world.product_id, "KB-1", units, "closed"))
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, -30, "ADJUSTMENT", location="default"))
    await world.wait_until_handled()


async def test_deactivating_and_activating_a_location_changes_which_products_are_low(world: World) -> None:
    await at_closed(world)
    assert await stock_events(world) == []
    await change_location(world.app, BY_SYSTEM, ChangeLocation("closed", active=False))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low", "stock.out"]
    await change_location(world.app, BY_SYSTEM, ChangeLocation("closed", name="Old store"))
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, 1, "RESTOCK", location="closed"))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low", "stock.out"]
    await change_location(world.app, BY_SYSTEM, ChangeLocation("closed", active=True))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low", "stock.out", "stock.replenished"]


async def test_units_that_leave_for_an_inactive_location_can_make_a_shortage(world: World) -> None:
    await add_location(world.app, BY_SYSTEM, "closed")
    await change_location(world.app, BY_SYSTEM, ChangeLocation("closed", active=False))
    await transfer(world.app, BY_SYSTEM, Transfer(world.product_id, 30, "default", "closed"))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.low", "stock.out"]


async def test_shortages_that_an_earlier_release_did_not_count_are_recorded_without_an_alert(world: World) -> None:
    await at_closed(world)
    lamp = await world.product(12)
    # As a former release leaves it: inactive, and its products were never looked at.
    before = next(each for each in await list_locations(world.app) if each.id == "closed")
    batch = Batch()
    put_location(batch, replace(before, active=False))
    await batch.commit(world.app.store)

    await change_stock(world.app, BY_SYSTEM, ChangeStock(lamp.product.id, 1, "RESTOCK"))
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, 1, "RESTOCK", location="closed"))
    await world.wait_until_handled()
    assert await stock_events(world) == []
    mark = (await load_marks(world.app.store, [world.product_id]))[world.product_id]
    assert mark.low_since is not None
    assert mark.out_since is not None
    await change_stock(world.app, BY_SYSTEM, ChangeStock(world.product_id, 20, "RESTOCK", location="default"))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.replenished"]
    await change_stock(world.app, BY_SYSTEM, ChangeStock(lamp.product.id, -5, "ADJUSTMENT"))
    await world.wait_until_handled()
    assert await stock_events(world) == ["stock.replenished", "stock.low"]
