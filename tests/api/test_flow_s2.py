"""S2's contract: its bodies as documented, and its manual test script."""

from __future__ import annotations

from stockwright.context import App
from stockwright.orders.usecases import confirm_order
from stockwright.request import BY_SYSTEM
from tests.api.asking import INSTANT, Client
from tests.api.conftest import KEYBOARD, Made


async def test_the_documented_script_works_from_creating_to_deleting(app: App, admin: Client, alice: Client) -> None:
    made = (await admin.post("/products", KEYBOARD)).data
    assert (await alice.get(f"/products/{made['id']}")).data["quantity"] == 50

    order = (await alice.post("/orders", {"productId": made["id"], "quantity": 2})).data
    assert order["status"] == "PENDING"
    assert (await alice.get(f"/products/{made['id']}")).data["quantity"] == 48

    # The confirmation mail's own step is tested where mail is sent.
    await confirm_order(app, BY_SYSTEM, order["id"])
    assert (await alice.get(f"/orders/{order['id']}")).data["status"] == "CONFIRMED"
    for step in ("pack", "deliver"):
        assert (await admin.post(f"/orders/{order['id']}/{step}")).status == 200

    deleted = await admin.delete(f"/products/{made['id']}")
    assert deleted.data == {"message": "Product deleted successfully", "deletedId": made["id"]}
    assert (await alice.get(f"/products/{made['id']}")).error == {"code": "NOT_FOUND", "message": "Product not found"}
    assert (await alice.get(f"/orders/{order['id']}")).data["productName"] == "Wireless Keyboard"


async def test_a_created_product_is_answered_as_documented(admin: Client) -> None:
    answer = await admin.post("/products", KEYBOARD)

    assert answer.status == 201
    assert {**answer.data, **KEYBOARD, "isLowStock": False} == answer.data
    assert answer.data.keys() >= {"id", "createdAt", "updatedAt", "createdBy"}
    assert INSTANT.fullmatch(answer.data["createdAt"])


async def test_each_broken_rule_of_a_product_is_reported_with_its_field(admin: Client) -> None:
    wrong = {
        "name": "ab",
        "description": "too short",
        "category": "cars",
        "price": 0,
        "quantity": -1,
        "sku": "x",
        "imageUrl": "no-url",
    }
    for name, value in wrong.items():
        answer = await admin.post("/products", {**KEYBOARD, name: value})
        assert answer.refusal == (400, "VALIDATION_ERROR"), name
        assert answer.error["message"] == "Validation failed"
        assert answer.fields == {name}


async def test_all_missing_fields_are_reported_at_once(admin: Client) -> None:
    answer = await admin.post("/products", {})

    assert answer.fields == {"name", "price"}


async def test_a_price_is_a_positive_whole_number_of_cents(admin: Client) -> None:
    for price in (0, -1, 1.5, "7999", None, True, 10**13, 2**63):
        answer = await admin.post("/products", {**KEYBOARD, "price": price})
        assert answer.refusal == (400, "VALIDATION_ERROR"), price
        assert answer.fields == {"price"}, price


async def test_a_sku_is_sold_by_one_product_only(admin: Client) -> None:
    await admin.post("/products", KEYBOARD)

    assert (await admin.post("/products", KEYBOARD)).refusal == (409, "ALREADY_EXISTS")
    assert (await admin.post("/products", {**KEYBOARD, "sku": "kb-mech-001"})).refusal == (409, "ALREADY_EXISTS")


async def test_an_update_changes_the_given_fields_only(admin: Client, made: Made) -> None:
    product = await made()

    for method in (admin.put, admin.patch):
        after = (await method(f"/products/{product['id']}", {"price": 8999, "quantity": 45})).data
        assert {**after, "price": 7999, "quantity": 50, "stockQuantity": 50, "totalStock": 50} == {
            **product, "version": after["version"], "stockVersion": after["stockVersion"],
            "updatedAt": after["updatedAt"], "lastUpdated": after["updatedAt"],
        }  # fmt: skip


async def test_the_list_of_products_filters_searches_and_has_pages(admin: Client, alice: Client, made: Made) -> None:
    names = ["Wireless Keyboard", "USB Mouse", "keyboard tray", "Shirt"]
    for name in names:
        await made(name=name, category="clothing" if name == "Shirt" else "electronics")

    found = (await alice.get("/products", search="KEYBOARD")).data
    assert {item["name"] for item in found["items"]} == {"Wireless Keyboard", "keyboard tray"}
    assert found["count"] == 2
    assert found["nextToken"] is None
    assert [item["name"] for item in (await alice.get("/products", category="clothing")).data["items"]] == ["Shirt"]
    assert (await alice.get("/products", search="kb-002")).data["items"][0]["name"] == "USB Mouse"


async def test_an_order_is_answered_as_documented(alice: Client, made: Made) -> None:
    product = await made()

    answer = await alice.post("/orders", {"productId": product["id"], "quantity": 2})

    assert answer.status == 201
    found = {
        "productId": product["id"],
        "productName": "Wireless Keyboard",
        "quantity": 2,
        "pricePerUnit": 7999,
        "totalAmount": 15998,
        "status": "PENDING",
        "userEmail": "alice@example.com",
    }
    assert {**answer.data, **found} == answer.data
    assert answer.data["id"] == answer.data["orderId"]
    assert answer.data["fulfillmentStatus"] == "placed"
    assert INSTANT.fullmatch(answer.data["updatedAt"])


async def test_an_order_of_too_many_units_is_refused_with_the_requested_and_available_numbers(
    alice: Client, made: Made
) -> None:
    product = await made(quantity=3)

    answer = await alice.post("/orders", {"productId": product["id"], "quantity": 5})

    assert answer.refusal == (409, "INSUFFICIENT_STOCK")
    assert answer.error["message"] == "Insufficient stock available"
    assert (answer.details["requested"], answer.details["available"]) == (5, 3)
    assert answer.details["lines"][0]["productId"] == product["id"]
    assert (await alice.get(f"/products/{product['id']}")).data["quantity"] == 3


async def test_the_errors_of_an_order_are_reported_by_field(alice: Client, made: Made) -> None:
    product = await made()

    for body, field in (
        ({"productId": product["id"], "quantity": 0}, "quantity"),
        ({"productId": product["id"], "quantity": "2"}, "quantity"),
        ({"productId": product["id"]}, "quantity"),
        ({"quantity": 1}, "productId"),
        ({}, "productId"),
        ({"items": []}, "items"),
        ({"items": [{"productId": product["id"], "quantity": -1}]}, "items[0].quantity"),
        ({"items": [{"quantity": 1}]}, "items[0].productId"),
    ):
        answer = await alice.post("/orders", body)
        assert answer.refusal == (400, "VALIDATION_ERROR"), body
        assert field in answer.fields, body
    assert (await alice.post("/orders", {"productId": "prd_none", "quantity": 1})).refusal == (404, "NOT_FOUND")


async def test_an_order_is_visible_to_its_owner_and_admins_only(
    admin: Client, alice: Client, bob: Client, made: Made
) -> None:
    product = await made()
    order = (await alice.post("/orders", {"productId": product["id"], "quantity": 1})).data

    answer = await bob.get(f"/orders/{order['id']}")
    assert answer.refusal == (403, "FORBIDDEN")
    assert answer.error["message"] == "You do not have permission to access this order"
    assert (await bob.post(f"/orders/{order['id']}/cancel")).refusal == (403, "FORBIDDEN")
    assert (await bob.get("/orders")).data["items"] == []
    assert (await bob.get("/orders", scope="all")).refusal == (403, "FORBIDDEN")
    assert (await admin.get(f"/orders/{order['id']}")).data["id"] == order["id"]
    assert [each["id"] for each in (await admin.get("/orders", scope="all")).data["items"]] == [order["id"]]
    assert (await alice.get("/orders/ord_none")).error == {"code": "NOT_FOUND", "message": "Order not found"}


async def test_orders_are_listed_newest_first_and_by_status(alice: Client, made: Made) -> None:
    product = await made()
    ids = [(await alice.post("/orders", {"productId": product["id"], "quantity": 1})).data["id"] for _ in range(3)]
    await alice.post(f"/orders/{ids[1]}/cancel", {"reason": "changed my mind"})

    assert [each["id"] for each in (await alice.get("/orders")).data["items"]] == ids[::-1]
    assert [each["id"] for each in (await alice.get("/orders", status="CANCELLED")).data["items"]] == [ids[1]]
    assert (await alice.get("/orders", status="SHIPPED")).fields == {"status"}


async def test_low_stock_is_below_ten_unless_a_threshold_is_set(admin: Client, made: Made) -> None:
    plain, own = await made(quantity=9), await made(quantity=9, lowStockThreshold=5)

    assert (plain["isLowStock"], own["isLowStock"]) == (True, False)
    assert [each["id"] for each in (await admin.get("/products", lowStock="true")).data["items"]] == [plain["id"]]
    assert (await admin.get("/inventory/low-stock")).data["items"][0]["productId"] == plain["id"]


async def test_a_product_with_reserved_stock_cannot_be_deleted(admin: Client, alice: Client, made: Made) -> None:
    product = await made()
    order = (await alice.post("/orders", {"productId": product["id"], "quantity": 1})).data

    assert (await admin.delete(f"/products/{product['id']}")).refusal == (409, "CONFLICT")
    await alice.post(f"/orders/{order['id']}/cancel")
    assert (await admin.delete(f"/products/{product['id']}")).status == 200
    assert (await admin.delete(f"/products/{product['id']}")).refusal == (404, "NOT_FOUND")
