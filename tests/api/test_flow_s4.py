"""S4's workflows 10.1 to 10.10, with its own bodies and its foreign product ids."""

from __future__ import annotations

import pytest

from stockwright.context import App
from tests.api.asking import Client
from tests.api.conftest import AsKey
from tests.conftest import Clock, without_hold_limits

LAPTOP = "692cc529439b2ea96b10e98b"
PHONE = "692cc53c439b2ea96b10e98e"


@pytest.fixture
async def opened(admin: Client) -> None:
    """10.1: two levels of foreign products."""
    for product_id, sku, units in ((LAPTOP, "MBP-16-M3MAX-001", 50), (PHONE, "IPHONE-15-PRO-001", 100)):
        body = {"productId": product_id, "sku": sku, "initialStock": units, "location": "Warehouse A"}
        answer = await admin.post("/inventory/initialize", body)
        assert answer.status == 201
        assert (answer.data["productId"], answer.data["availableStock"]) == (product_id, units)
        assert (await admin.post("/inventory/initialize", body)).refusal == (409, "ALREADY_EXISTS")


async def levels(client: Client, product_id: str = LAPTOP) -> tuple[int, int, int]:
    data = (await client.get(f"/inventory/product/{product_id}")).data
    return data["availableStock"], data["reservedStock"], data["totalStock"]


async def reserve(client: Client, quantity: int = 1, **more: object) -> str:
    body = {"quantity": quantity, "orderId": "test-order-123", "expirationMinutes": 15, **more}
    answer = await client.post(f"/inventory/product/{LAPTOP}/reserve", body)
    assert answer.status == 201
    reservation_id: str = answer.data["reservationId"]
    return reservation_id


@pytest.mark.usefixtures("opened")
async def test_anybody_reads_the_stock_by_id_and_by_sku(nobody: Client) -> None:
    by_id = (await nobody.get(f"/inventory/product/{LAPTOP}")).data

    assert by_id == (await nobody.get("/inventory/sku/MBP-16-M3MAX-001")).data
    assert by_id["locations"][0]["location"] == "Warehouse A"
    assert (await nobody.get("/inventory/product/none")).refusal == (404, "NOT_FOUND")
    assert (await nobody.get("/inventory/sku/none")).refusal == (404, "NOT_FOUND")


@pytest.mark.usefixtures("opened")
async def test_a_second_level_keeps_thresholds_that_it_does_not_set(admin: Client) -> None:
    body = {"productId": LAPTOP, "sku": "MBP-16-M3MAX-001"}
    first = {"location": "B", "lowStockThreshold": 5, "reorderPoint": 100, "reorderQuantity": 200}
    for more, thresholds in ((first, (5, 100, 200)), ({"location": "C", "lowStockThreshold": 7}, (7, 100, 200))):
        data = (await admin.post("/inventory/initialize", body | more)).data
        assert (data["lowStockThreshold"], data["reorderPoint"], data["reorderQuantity"]) == thresholds


@pytest.mark.usefixtures("opened")
async def test_a_cart_is_checked_as_a_whole_and_line_by_line(nobody: Client) -> None:
    cart = [{"productId": LAPTOP, "quantity": 2}, {"productId": PHONE, "quantity": 5}]

    checked = (await nobody.post("/inventory/check-availability", {"items": cart})).data
    assert checked["available"] is True
    assert [line["available"] for line in checked["items"]] == [True, True]

    too_many = [*cart, {"productId": LAPTOP, "quantity": 49}, {"productId": "none", "quantity": 1}]
    checked = (await nobody.post("/inventory/check-availability", {"items": too_many})).data
    assert checked["available"] is False
    assert {line["productId"]: (line["requested"], line["available"]) for line in checked["items"]} == {
        LAPTOP: (51, False), PHONE: (5, True), "none": (1, False),
    }  # fmt: skip
    many = {"items": [{"productId": LAPTOP, "quantity": 1}] * 101}
    assert (await nobody.post("/inventory/check-availability", many)).fields == {"items"}
    assert (await nobody.post("/inventory/check-availability", {"items": []})).fields == {"items"}


@pytest.mark.usefixtures("opened")
async def test_a_hold_is_answered_as_documented_and_used_by_its_owner(
    alice: Client, bob: Client, admin: Client
) -> None:
    answer = await alice.post(
        f"/inventory/product/{LAPTOP}/reserve", {"quantity": 1, "orderId": "test-order-123", "expirationMinutes": 15}
    )
    found = {"productId": LAPTOP, "orderId": "test-order-123", "quantity": 1, "status": "ACTIVE"}
    assert {**answer.data, **found} == answer.data
    assert answer.data.keys() >= {"reservationId", "createdAt", "expiresAt"}
    assert await levels(alice) == (49, 1, 50)

    path = f"/inventory/reservation/{answer.data['reservationId']}"
    assert (await bob.post(f"{path}/confirm")).refusal == (403, "FORBIDDEN")
    for _ in range(2):
        assert (await alice.post(f"{path}/confirm")).data["status"] == "CONFIRMED"
        assert await levels(alice) == (49, 0, 49)
    refused = await alice.post(f"{path}/cancel")
    assert refused.refusal == (409, "RESERVATION_NOT_ACTIVE")
    assert refused.details == {"status": "CONFIRMED"}
    sale = (await admin.get(f"/inventory/product/{LAPTOP}/movements")).data["items"][0]
    assert (sale["type"], sale["quantity"], sale["balanceAfter"]) == ("SALE", -1, 49)


@pytest.mark.usefixtures("opened")
async def test_a_hold_is_released_once(alice: Client) -> None:
    path = f"/inventory/reservation/{await reserve(alice, 5)}"

    for _ in range(2):
        assert (await alice.post(f"{path}/cancel")).data["status"] == "CANCELLED"
        assert await levels(alice) == (50, 0, 50)
    assert (await alice.post(f"{path}/confirm")).refusal == (409, "RESERVATION_NOT_ACTIVE")


@pytest.mark.usefixtures("opened")
async def test_a_machine_with_the_scope_reserves_and_confirms(as_key: AsKey, alice: Client) -> None:
    machine = await as_key("reservations")
    hold = await reserve(alice)

    assert (await machine.post(f"/inventory/reservation/{hold}/confirm")).data["status"] == "CONFIRMED"
    assert (await machine.post(f"/inventory/reservation/{await reserve(machine)}/cancel")).status == 200
    assert (await (await as_key("sales")).post(f"/inventory/product/{LAPTOP}/reserve", {"quantity": 1})).status == 403


@pytest.mark.usefixtures("opened")
async def test_a_restock_is_booked_with_its_reference(admin: Client) -> None:
    body = {"quantity": 25, "type": "RESTOCK", "reference": "Purchase Order #PO-2024-001"}

    after = (await admin.patch(f"/inventory/product/{LAPTOP}/stock", body)).data

    assert (after["availableStock"], after["totalStock"]) == (75, 75)
    ledger = (await admin.get(f"/inventory/product/{LAPTOP}/movements")).data["items"]
    assert [(each["type"], each["quantity"], each["balanceAfter"]) for each in ledger] == [
        ("RESTOCK", 25, 75), ("INITIAL", 50, 50),
    ]  # fmt: skip
    assert ledger[0]["reference"] == "Purchase Order #PO-2024-001"
    assert ledger[0]["requestId"].startswith("req_")


@pytest.mark.usefixtures("opened")
async def test_an_adjustment_never_takes_more_than_available(admin: Client) -> None:
    path = f"/inventory/product/{LAPTOP}/stock"

    assert (await admin.patch(path, {"quantity": -51, "type": "ADJUSTMENT"})).refusal == (409, "INSUFFICIENT_STOCK")
    assert (await admin.patch(path, {"quantity": -1, "type": "RESTOCK"})).fields == {"quantity"}
    assert (await admin.patch(path, {"quantity": 0, "type": "ADJUSTMENT"})).fields == {"quantity"}
    assert (await admin.patch(path, {"quantity": 1, "type": "THEFT"})).fields == {"type"}
    assert await levels(admin) == (50, 0, 50)


@pytest.mark.usefixtures("opened")
async def test_low_stock_is_listed_with_what_to_order(admin: Client) -> None:
    await admin.patch(f"/inventory/product/{LAPTOP}/stock", {"quantity": -41, "type": "ADJUSTMENT"})

    low = (await admin.get("/inventory/low-stock")).data["items"]

    assert [(each["productId"], each["availableStock"], each["suggestedReorderQuantity"]) for each in low] == [
        (LAPTOP, 9, 50)
    ]


@pytest.mark.usefixtures("opened")
async def test_holds_that_have_expired_are_cleaned_up(admin: Client, alice: Client, clock: Clock) -> None:
    hold = await reserve(alice, 50)
    clock.advance(minutes=15)

    assert (await alice.get(f"/reservations/{hold}")).data["status"] == "EXPIRED"
    refused = await alice.post(f"/inventory/reservation/{hold}/confirm")
    assert (refused.refusal, refused.details) == ((409, "RESERVATION_NOT_ACTIVE"), {"status": "EXPIRED"})
    assert (await admin.post("/inventory/cleanup-expired")).data == {"cleaned": 1}
    assert (await admin.post("/inventory/cleanup-expired")).data == {"cleaned": 0}
    assert await levels(admin) == (50, 0, 50)


@pytest.mark.usefixtures("opened")
async def test_units_of_an_expired_hold_are_available_before_any_sweep(
    alice: Client, bob: Client, clock: Clock
) -> None:
    await reserve(alice, 50)
    clock.advance(minutes=15)

    await reserve(bob, 50)


@pytest.mark.usefixtures("opened")
async def test_a_hold_lasts_from_a_minute_to_a_day(alice: Client) -> None:
    path = f"/inventory/product/{LAPTOP}/reserve"

    for minutes in (0, 1441, -5, "15", 1.5):
        answer = await alice.post(path, {"quantity": 1, "expirationMinutes": minutes})
        assert answer.fields == {"expirationMinutes"}, minutes
    for quantity in (0, -1, 10**10, "1"):
        assert (await alice.post(path, {"quantity": quantity})).fields == {"quantity"}


@pytest.mark.usefixtures("opened")
async def test_many_products_are_held_all_or_nothing(app: App, alice: Client) -> None:
    without_hold_limits(app)
    items = [{"productId": LAPTOP, "quantity": 50}, {"sku": "IPHONE-15-PRO-001", "quantity": 101}]

    answer = await alice.post("/reservations", {"items": items, "orderId": "cart-1"})
    assert answer.refusal == (409, "INSUFFICIENT_STOCK")
    assert [line["sku"] for line in answer.details["lines"]] == ["IPHONE-15-PRO-001"]
    assert await levels(alice) == (50, 0, 50)

    items[1]["quantity"] = 100
    held = (await alice.post("/reservations", {"items": items, "orderId": "cart-1"})).data
    assert (await levels(alice), await levels(alice, PHONE)) == ((0, 50, 50), (0, 100, 100))
    later = (await alice.post(f"/reservations/{held['id']}/extend", {"expirationMinutes": 60})).data
    assert later["expiresAt"] > held["expiresAt"]


async def test_ids_and_skus_of_any_characters_work_in_paths(admin: Client, nobody: Client) -> None:
    for number, product_id in enumerate(("a/b", "ü 1", "50%", "a?b#c", "..", "x" * 128)):
        sku = f"SKU/{number} %2F"
        body = {"productId": product_id, "sku": sku, "initialStock": 1}
        assert (await admin.post("/inventory/initialize", body)).status == 201
        quoted = "".join(f"%{byte:02X}" for byte in product_id.encode())
        assert (await nobody.get(f"/inventory/product/{quoted}")).data["productId"] == product_id
        quoted_sku = "".join(f"%{byte:02X}" for byte in sku.encode())
        assert (await nobody.get(f"/inventory/sku/{quoted_sku}")).data["productId"] == product_id


async def test_explain_shows_how_availability_is_computed(admin: Client, alice: Client, opened: None) -> None:
    hold = await reserve(alice, 3)

    body = (await admin.get(f"/inventory/product/{LAPTOP}/explain")).data

    assert (body["availableStock"], body["held"]) == (47, 3)
    assert [(each["kind"], each["id"], each["quantity"]) for each in body["holds"]] == [("reservation", hold, 3)]
