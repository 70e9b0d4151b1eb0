"""S0's till and stock counts, S1's roles, and S3's way of an order through the warehouse."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.routes import ROUTES
from tests.api.asking import Answer, Client
from tests.api.conftest import KEYBOARD, AsKey, Made

# ---- S0 --------------------------------------------------------------------------------------


async def test_s0_its_field_names_create_a_product(admin: Client) -> None:
    body = {name: value for name, value in KEYBOARD.items() if name != "name"}

    made = (await admin.post("/products", {**body, "productName": "Wireless Keyboard", "threshold": 60})).data

    assert (made["name"], made["lowStockThreshold"], made["isLowStock"]) == ("Wireless Keyboard", 60, True)


async def test_s0_a_count_is_booked_as_the_difference(admin: Client, made: Made) -> None:
    product = await made(quantity=50)

    for field, count, difference in (("stockCount", 44, -6), ("quantity", 47, 3)):
        after = (await admin.put("/stock", {"productId": product["id"], field: count})).data
        assert after["totalStock"] == count
        ledger = (await admin.get(f"/inventory/product/{product['id']}/movements")).data["items"]
        assert (ledger[0]["type"], ledger[0]["quantity"]) == ("ADJUSTMENT", difference)


async def test_s0_a_count_is_never_below_what_is_reserved(admin: Client, alice: Client, made: Made) -> None:
    product = await made(quantity=5)
    await alice.post("/orders", {"productId": product["id"], "quantity": 3})

    assert (await admin.put("/stock", {"productId": product["id"], "quantity": 2})).refusal == (409, "CONFLICT")
    after = (await admin.put("/stock", {"productId": product["id"], "quantity": 3})).data
    assert (after["availableStock"], after["reservedStock"]) == (0, 3)
    assert (await admin.put("/stock", {"productId": product["id"]})).fields == {"quantity"}
    assert (await admin.put("/stock", {"productId": product["id"], "quantity": -1})).fields == {"quantity"}


async def test_s0_a_sale_takes_the_goods_at_once(admin: Client, as_key: AsKey, made: Made) -> None:
    product = await made(quantity=5)

    sale = await (await as_key("sales")).post("/sales", {"productId": product["id"], "quantity": 2})
    assert sale.status == 201
    assert sale.data["totalAmount"] == 2 * 7999
    assert (await admin.get(f"/sales/{sale.data['id']}")).data == sale.data
    assert (await admin.get("/sales")).data["items"] == [sale.data]
    level = (await admin.get(f"/inventory/product/{product['id']}")).data
    assert (level["availableStock"], level["reservedStock"], level["totalStock"]) == (3, 0, 3)
    assert (await admin.post("/sales", {"items": [{"sku": product["sku"], "count": 4}]})).refusal == (
        409, "INSUFFICIENT_STOCK",
    )  # fmt: skip
    assert (await admin.post("/sales", {"items": [{"sku": product["sku"], "count": 3}]})).status == 201


async def test_s0_the_summary_counts_the_shop(alice: Client, made: Made) -> None:
    for quantity in (0, 9, 50):
        await made(quantity=quantity)

    body = (await alice.get("/inventory")).data

    assert {each["status"] for each in body["items"]} == {"OUT", "LOW", "IN_STOCK"}
    units = {"availableStock": 59, "reservedStock": 0, "inactiveStock": 0, "totalStock": 59}
    assert body["totals"] == {"products": 3, "lowStock": 1, "outOfStock": 1, **units}


async def test_s0_the_preflight_of_stock_is_answered(nobody: Client) -> None:
    answer = await nobody.ask("OPTIONS", "/stock", headers={"origin": "http://elsewhere.test"})

    assert answer.status in {200, 204}
    assert "PUT" in answer.headers["allow"]


# ---- S1 --------------------------------------------------------------------------------------


async def test_s1_a_customer_reads_the_catalogue_and_cannot_write_it(alice: Client, made: Made) -> None:
    product = await made()

    assert (await alice.get("/products")).status == 200
    for answer in (
        await alice.post("/products", {**KEYBOARD, "sku": "mine"}),
        await alice.put(f"/products/{product['id']}", {"price": 1}),
        await alice.delete(f"/products/{product['id']}"),
        await alice.put("/stock", {"productId": product["id"], "quantity": 99}),
        await alice.post("/sales", {"productId": product["id"], "quantity": 1}),
    ):
        assert answer.refusal == (403, "FORBIDDEN")


async def test_s1_an_order_of_several_products_is_all_or_nothing(alice: Client, made: Made) -> None:
    first, second = await made(quantity=5), await made(quantity=1, price=100)
    lines = [{"productId": first["id"], "quantity": 2}, {"productId": second["id"], "quantity": 2}]

    assert (await alice.post("/orders", {"items": lines})).refusal == (409, "INSUFFICIENT_STOCK")
    assert (await alice.get(f"/products/{first['id']}")).data["quantity"] == 5
    lines[1]["quantity"] = 1
    order = (await alice.post("/orders", {"items": lines})).data
    assert order["totalAmount"] == 2 * 7999 + 100
    assert [line["quantity"] for line in order["items"]] == [2, 1]
    assert "productId" not in order or order["productId"] is None


async def test_s1_lines_of_one_sku_are_summed_before_anything_is_checked(alice: Client, made: Made) -> None:
    product = await made(quantity=5)
    lines = [{"productId": product["id"], "quantity": 3}, {"sku": product["sku"], "quantity": 3}]

    answer = await alice.post("/orders", {"items": lines})

    assert answer.details["requested"] == 6
    assert (await alice.get(f"/products/{product['id']}")).data["quantity"] == 5


async def test_s1_its_own_form_orders_the_quantity_of_each_product(alice: Client, made: Made) -> None:
    first, second = await made(quantity=5), await made(quantity=3)
    form = {"productIds": [first["id"], second["id"]], "quantity": 2}

    answer = await alice.post("/orders", form)

    assert answer.status == 201
    lines = [(line["productId"], line["quantity"], line["total"]) for line in answer.data["items"]]
    assert lines == [(each["id"], 2, 2 * each["price"]) for each in (first, second)]
    assert answer.data["totalAmount"] == 2 * (first["price"] + second["price"])
    assert "productIds" not in answer.data
    assert [(await alice.get(f"/products/{each['id']}")).data["quantity"] for each in (first, second)] == [3, 1]
    assert (await alice.post("/orders", form)).details["requested"] == 2
    assert (await alice.get(f"/products/{first['id']}")).data["quantity"] == 3


async def test_s1_a_product_id_that_is_listed_twice_orders_two_units(alice: Client, made: Made) -> None:
    product = await made(quantity=5)

    short = await alice.post("/orders", {"productIds": [product["id"]] * 2, "quantity": 3})
    order = await alice.post("/orders", {"productIds": [product["id"]] * 2, "quantity": 2})

    assert (short.refusal, short.details["requested"]) == ((409, "INSUFFICIENT_STOCK"), 6)
    assert [line["quantity"] for line in order.data["items"]] == [2, 2]
    assert (await alice.get(f"/products/{product['id']}")).data["quantity"] == 1


@pytest.mark.parametrize("form", ["productId", "productIds", "items"])
async def test_every_form_of_an_order_accepts_and_checks_options(alice: Client, made: Made, form: str) -> None:
    product = await made(quantity=5, options={"color": ["red", "blue"]})

    async def order(**chosen: Any) -> Answer:
        line = {"productId": product["id"], "quantity": 1, **chosen}
        bodies = {
            "productId": line,
            "productIds": {"productIds": [product["id"]], "quantity": 1, **chosen},
            "items": {"items": [line]},
        }
        return await alice.post("/orders", bodies[form])

    at = "items[0]." if form == "items" else ""
    assert (await order(options={"color": "purple"})).fields == {f"{at}options.color"}
    assert (await order(color="purple")).fields == {f"{at}color"}
    assert (await alice.get(f"/products/{product['id']}")).data["quantity"] == 5
    for chosen in ({"options": {"color": "blue"}}, {"color": 2}, {"color": "Blue"}):
        assert (await order(**chosen)).data["items"][0]["options"] == {"color": "blue"}


async def test_a_sale_of_one_product_accepts_and_checks_options(admin: Client, made: Made) -> None:
    product = await made(quantity=5, options={"color": ["red", "blue"]})
    sale = {"productId": product["id"], "quantity": 1}

    assert (await admin.post("/sales", {**sale, "options": {"color": "purple"}})).fields == {"options.color"}
    assert (await admin.post("/sales", {**sale, "color": "red"})).data["items"][0]["options"] == {"color": "red"}


async def test_a_line_cannot_name_two_products(admin: Client, alice: Client, made: Made) -> None:
    first, second = await made(quantity=5), await made(quantity=5)
    line = {"productId": first["id"], "sku": second["sku"], "quantity": 1}

    assert (await alice.post("/orders", {"items": [line]})).fields == {"items[0].sku"}
    assert (await admin.post("/sales", {"items": [line]})).fields == {"items[0].sku"}
    assert (await admin.post("/sales", line)).fields == {"sku"}
    for each in (first, second):
        assert (await alice.get(f"/products/{each['id']}")).data["quantity"] == 5
    same = {**line, "sku": f" {first['sku'].lower()} "}
    assert (await alice.post("/orders", {"items": [same]})).status == 201


LINES = [{"sku": "any", "quantity": 1}]


@pytest.mark.parametrize(
    ("beside", "wrong"),
    [
        ({"items": LINES, "quantity": None}, {"items", "productIds"}),
        ({"items": LINES}, {"items", "productIds", "quantity"}),
        ({"productId": "any"}, {"productIds", "productId"}),
        ({"productId": 5}, {"productIds", "productId"}),
        ({"productId": "any", "items": LINES}, {"items", "productIds", "productId", "quantity"}),
        ({"quantity": None}, {"quantity"}),
        ({"quantity": 0}, {"quantity"}),
        ({"productIds": []}, {"productIds"}),
        ({"productIds": "any"}, {"productIds"}),
        ({"productIds": ["any"] * 1001}, {"productIds"}),
        ({"productIds": [5, "", "x" * 300, "a\nb"]}, {f"productIds[{number}]" for number in range(4)}),
        ({"productIds": ["none", 5], "quantity": 0}, {"productIds[0]", "productIds[1]", "quantity"}),
        ({"items": LINES, "options": {}, "color": "red"}, {"items", "productIds", "quantity", "options", "color"}),
        ({"options": "red"}, {"options"}),
    ],
)
async def test_s1_errors_of_its_form_are_reported_entry_by_entry(
    alice: Client, made: Made, beside: dict[str, Any], wrong: set[str]
) -> None:
    product = await made(quantity=5)

    answer = await alice.post("/orders", {"productIds": [product["id"]], "quantity": 1, **beside})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert {each["field"] for each in answer.details} - {"items[0].sku"} == wrong
    assert (await alice.get(f"/products/{product['id']}")).data["quantity"] == 5


async def test_s1_unknown_products_are_reported_by_their_entries(alice: Client, made: Made) -> None:
    product = await made(quantity=5)

    answer = await alice.post("/orders", {"productIds": ["none", product["id"], "nor this"], "quantity": 1})

    assert answer.refusal == (404, "NOT_FOUND")
    assert [each["field"] for each in answer.details["lines"]] == ["productIds[0]", "productIds[2]"]
    assert (await alice.get(f"/products/{product['id']}")).data["quantity"] == 5


# ---- S3 --------------------------------------------------------------------------------------


async def test_s3_an_order_goes_from_placed_to_delivered(alice: Client, as_key: AsKey, made: Made) -> None:
    product = await made(options={"color": ["black", "white"]})
    bare = Client(alice.http, (alice.authorization or "").removeprefix("Bearer "))

    placed = (await bare.post("/orders", {"items": [{"id": product["id"], "count": 2, "color": "1"}]})).data
    assert placed["items"][0]["options"] == {"color": "black"}
    assert placed["fulfillmentStatus"] == "placed"

    warehouse, courier = await as_key("orders:pack"), await as_key("orders:deliver")
    assert (await courier.post(f"/orderpacked/{placed['id']}")).refusal == (403, "FORBIDDEN")
    refused = await courier.post(f"/orderdelivered/{placed['id']}")
    assert refused.refusal == (409, "INVALID_TRANSITION")
    assert refused.details == {"from": "PENDING", "to": "DELIVERED"}
    for _ in range(2):
        packed = (await warehouse.post(f"/orderpacked/{placed['id']}")).data
        assert (packed["status"], packed["fulfillmentStatus"]) == ("PACKED", "packed")
    for _ in range(2):
        delivered = (await courier.post(f"/orderdelivered/{placed['id']}")).data
        assert (delivered["status"], delivered["fulfillmentStatus"]) == ("DELIVERED", "delivered")

    assert [step["status"] for step in delivered["timeline"]] == ["PENDING", "CONFIRMED", "PACKED", "DELIVERED"]
    assert (await bare.get(f"/order/{placed['id']}")).data == (await bare.get(f"/orders/{placed['id']}")).data
    assert (await bare.get("/orderslist")).data == (await bare.get("/orders")).data


async def test_s3_anybody_browses_the_storefront(nobody: Client, admin: Client, made: Made) -> None:
    phone = await made(
        name="Galaxy", category="phone", type="smart", brand="samsung", quantity=0, options={"color": ["black", "blue"]}
    )
    await made(name="MacBook", category="computer", type="laptop", brand="apple")
    hidden = await made(name="Hidden", category="phone", status="INACTIVE")

    found = (await nobody.get("/items", category="phone", type="smart", brand="samsung")).data
    assert [item["id"] for item in found["items"]] == [phone["id"]]
    item = (await nobody.get(f"/items/{phone['id']}")).data
    assert (item["title"], item["company"], item["inStock"], item["colors"]) == (
        "Galaxy", "samsung", False, ["black", "blue"],
    )  # fmt: skip
    assert not {"quantity", "availableStock", "lowStockThreshold", "isLowStock"} & item.keys()
    assert (await nobody.get(f"/items/{hidden['id']}")).refusal == (404, "NOT_FOUND")
    assert len((await nobody.get("/items")).data["items"]) == 2
    assert len((await admin.get("/products", status="INACTIVE")).data["items"]) == 1


async def test_an_owner_cancels_until_packed_an_admin_until_delivered(admin: Client, alice: Client, made: Made) -> None:
    product = await made(quantity=10)
    body = {"productId": product["id"], "quantity": 4}
    order = (await alice.post("/orders", body)).data

    await admin.post(f"/orders/{order['id']}/pack")
    refused = await alice.post(f"/orders/{order['id']}/cancel")
    assert (refused.refusal, refused.details) == ((409, "INVALID_TRANSITION"), {"from": "PACKED", "to": "CANCELLED"})
    for _ in range(2):
        assert (await admin.post(f"/orders/{order['id']}/cancel")).data["status"] == "CANCELLED"
    assert (await alice.get(f"/products/{product['id']}")).data["quantity"] == 10

    delivered = (await alice.post("/orders", body)).data
    for step in ("pack", "deliver"):
        await admin.post(f"/orders/{delivered['id']}/{step}")
    assert (await admin.post(f"/orders/{delivered['id']}/cancel")).refusal == (409, "INVALID_TRANSITION")


async def test_a_return_brings_back_at_most_what_was_shipped(admin: Client, alice: Client, made: Made) -> None:
    product = await made(quantity=10)
    order = (await alice.post("/orders", {"productId": product["id"], "quantity": 4})).data
    path, line = f"/orders/{order['id']}/returns", {"productId": product["id"], "quantity": 3}

    assert (await admin.post(path, {"items": [line]})).refusal == (409, "INVALID_TRANSITION")
    for step in ("pack", "deliver"):
        await admin.post(f"/orders/{order['id']}/{step}")
    after = (await admin.post(path, {"items": [line], "reason": "wrong size"})).data
    assert after["items"][0]["returned"] == 3
    assert (await admin.get(f"/products/{product['id']}")).data["quantity"] == 9
    assert (await admin.post(path, {"items": [line]})).refusal == (400, "VALIDATION_ERROR")
    one = {"sku": product["sku"], "quantity": 1}
    assert (await admin.post(path, {"items": [one], "restock": False})).status == 200
    assert (await admin.get(f"/products/{product['id']}")).data["quantity"] == 9
    assert (await alice.post(path, {"items": [one]})).refusal == (403, "FORBIDDEN")


async def test_stock_moves_between_locations(admin: Client, made: Made) -> None:
    product = await made(quantity=10)
    assert (await admin.post("/locations", {"id": "north", "name": "North store", "priority": 5})).status == 201
    body = {"productId": product["id"], "quantity": 4, "from": "default", "to": "north"}

    after = (await admin.post("/inventory/transfer", body)).data
    assert {each["location"]: each["availableStock"] for each in after["locations"]} == {"default": 6, "north": 4}
    ledger = (await admin.get("/inventory/movements", type="TRANSFER")).data["items"]
    assert sorted(each["quantity"] for each in ledger) == [-4, 4]
    assert (await admin.post("/inventory/transfer", {**body, "quantity": 7})).refusal == (409, "INSUFFICIENT_STOCK")
    assert (await admin.post("/inventory/transfer", {**body, "to": "default"})).fields == {"to"}
    assert (await admin.post("/inventory/transfer", {**body, "to": "nowhere"})).refusal == (404, "NOT_FOUND")
    assert (await admin.patch("/locations/north", {"active": False})).data["active"] is False
    assert (await admin.patch("/locations/default", {"active": False})).refusal == (409, "CONFLICT")
    assert (await admin.post("/locations", {"id": "north"})).refusal == (409, "ALREADY_EXISTS")


async def test_categories_are_a_managed_list(admin: Client, alice: Client, made: Made) -> None:
    listed = [each["name"] for each in (await alice.get("/categories")).data["items"]]
    assert set(listed) == {"electronics", "clothing", "food", "other", "phone", "computer", "accessories"}

    assert (await admin.post("/categories", {"name": "Garden"})).data == {"name": "Garden"}
    assert (await admin.post("/categories", {"name": "garden"})).refusal == (409, "ALREADY_EXISTS")
    assert (await made(category=" GARDEN"))["category"] == "Garden"
    assert (await admin.delete("/categories/garden")).refusal == (409, "CONFLICT")
    assert (await admin.delete("/categories/food")).status == 200
    assert (await admin.delete("/categories/food")).refusal == (404, "NOT_FOUND")


# ---- their own bodies, and the names that their clients read ----------------------------------


async def test_s0_its_example_product_is_created_and_read_back(admin: Client, alice: Client) -> None:
    body = {
        "productId": "P-1001", "productName": "Oak chair", "category": "Furniture", "price": 4900, "quantity": 5,
        "threshold": 7,
    }  # fmt: skip
    assert (await admin.post("/products", body)).fields == {"category"}
    await admin.post("/categories", {"name": "Furniture"})

    made = await admin.post("/products", body)

    assert made.status == 201
    assert made.data["id"] == made.data["productId"] == "P-1001"
    assert (made.data["name"], made.data["productName"]) == ("Oak chair", "Oak chair")
    assert (made.data["threshold"], made.data["isLowStock"]) == (7, True)
    assert (made.data["sku"], made.data["description"], made.data["category"]) == (
        "OAK-CHAIR",
        "Oak chair",
        "Furniture",
    )
    assert made.data["lastUpdated"] == made.data["updatedAt"]
    listed = (await alice.get("/products")).data["items"]
    assert [each["productId"] for each in listed] == ["P-1001"]
    assert (await admin.post("/products", body)).refusal == (409, "ALREADY_EXISTS")


async def test_s1_its_example_product_is_created_and_read_back(admin: Client, alice: Client) -> None:
    body = {"productId": "1", "name": "Tea", "price": 350, "stockQuantity": 12}

    made = (await admin.post("/products", body)).data

    assert (made["id"], made["quantity"], made["stockQuantity"]) == ("1", 12, 12)
    assert (made["sku"], made["description"], made["category"]) == ("TEA", "Tea", "other")
    again = (await admin.post("/products", {**body, "productId": "2"})).data
    assert (again["id"], again["sku"]) == ("2", "TEA-2")
    after = (await admin.put("/products/1", {"stockQuantity": 30})).data
    assert (after["stockQuantity"], after["totalStock"]) == (30, 30)
    after = (await admin.put("/products/1", {"name": "Green tea"})).data
    assert (after["name"], after["description"]) == ("Green tea", "Green tea")


async def test_an_id_that_a_client_chose_works_in_every_path(admin: Client) -> None:
    body = {"name": "Oak chair", "price": 4900}
    below = {
        route.path.split("/")[2]
        for route in ROUTES
        if route.path.startswith("/products/") and not route.path.startswith("/products/{")
    }
    assert below
    for wrong in ("", "a b", "a/b", "ä", "x" * 129, "..", *below, "Import", "bulk"):
        answer = await admin.post("/products", {**body, "productId": wrong})
        assert (answer.status, answer.fields) == (400, {"productId"}), wrong
    for good in ("a.b_c~d:e-1", "x" * 128, "692cc53c439b2ea96b10e98e"):
        made = await admin.post("/products", {**body, "productId": good})
        assert (made.status, made.data["id"]) == (201, good)
        assert (await admin.get(f"/products/{good}")).data["id"] == good


async def test_a_product_that_exists_only_as_stock_is_completed(admin: Client, alice: Client) -> None:
    opened = {"productId": "foreign-1", "sku": "F-1", "initialStock": 9, "lowStockThreshold": 2}
    assert (await admin.post("/inventory/initialize", opened)).status == 201
    assert (await alice.get("/products/foreign-1")).status == 404

    made = await admin.post("/products", {"productId": "foreign-1", "productName": "Oak chair", "price": 4900})

    assert made.status == 201
    assert (made.data["sku"], made.data["quantity"], made.data["threshold"]) == ("F-1", 9, 2)
    assert (await alice.get("/products/foreign-1")).data["name"] == "Oak chair"
    ledger = (await admin.get("/inventory/product/foreign-1/movements")).data["items"]
    assert [(each["type"], each["quantity"]) for each in ledger] == [("INITIAL", 9)]
    again = await admin.post("/products", {"productId": "foreign-1", "name": "Oak chair", "price": 4900})
    assert again.refusal == (409, "ALREADY_EXISTS")


async def test_s3_options_match_the_names_of_the_product_in_any_spelling(admin: Client, nobody: Client) -> None:
    options = {"Color": ["coral"], "Storage ": ["128 GB"]}
    product = (await admin.post("/products", {"name": "Phone", "price": 49900, "options": options})).data

    item = (await nobody.get(f"/items/{product['id']}")).data

    assert (item["colors"], item["colorPreference"], item["storage"]) == (["coral"], ["coral"], ["128 GB"])


async def test_s3_answers_have_the_options_and_dates_that_its_clients_read(
    admin: Client, alice: Client, nobody: Client
) -> None:
    options = {"color": ["coral", "mint"], "storage": ["128 GB", "256 GB"]}
    body = {"name": "Phone", "price": 49900, "quantity": 5, "options": options, "brand": "Acme"}
    product = (await admin.post("/products", body)).data

    item = (await nobody.get(f"/items/{product['id']}")).data
    order = (await alice.post("/orders", {"items": [{"id": product["id"], "count": 1, "color": 2}]})).data

    assert (item["colors"], item["colorPreference"]) == (["coral", "mint"], ["coral", "mint"])
    assert (item["storage"], item["company"]) == (["128 GB", "256 GB"], "Acme")
    assert order["dateCreated"] == order["createdAt"]
    plain = (await admin.post("/products", {"name": "Desk", "price": 100})).data
    assert not {"storage", "colorPreference"} & (await nobody.get(f"/items/{plain['id']}")).data.keys()
