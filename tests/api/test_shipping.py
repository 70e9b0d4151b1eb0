"""Shipping methods, and orders with shipping, discount and tax: what they come to stays as it was at placing."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.context import App
from stockwright.shipping.model import METHODS_MAX
from tests.api.asking import Client
from tests.api.scene import HOME, PARCEL
from tests.rollups.recount import assert_exact, count_all

Made = Any
LOCAL = {"name": "Courier", "price": 900, "currency": "USD"}


async def method(admin: Client, **fields: Any) -> Any:
    return (await admin.post("/shipping-methods", {**LOCAL, **fields})).data


async def ordered(client: Client, product: Any, quantity: int = 1, **more: Any) -> Any:
    return await client.post("/orders", {"productId": product["id"], "quantity": quantity, **more})


def parts(order: Any) -> tuple[int, ...]:
    names = ("subtotalAmount", "discountAmount", "shippingAmount", "taxAmount", "totalAmount")
    return tuple(order[name] for name in names)


async def test_methods_are_listed_to_everybody_added_changed_and_removed(nobody: Client, admin: Client) -> None:
    parcel = (
        await admin.post("/shipping-methods", {**PARCEL, "name": " Parcel  post ", "countries": ["de", "AT", "DE"]})
    ).data
    assert parcel["name"] == "Parcel post"
    assert (parcel["countries"], parcel["freeFrom"], parcel["active"]) == (["DE", "AT"], 5_000_000, True)
    assert (await nobody.get("/shipping-methods")).data == {"items": [parcel], "count": 1, "nextToken": None}
    path = f"/shipping-methods/{parcel['id']}"
    changed = (await admin.patch(path, {"price": 590, "freeFrom": None, "countries": [], "active": False})).data
    assert changed == {
        **parcel, "price": 590, "freeFrom": None, "countries": [], "active": False, "version": 2,
    }  # fmt: skip
    assert (await admin.patch(path, {"price": 1, "expectedVersion": 1})).refusal == (412, "VERSION_CONFLICT")
    assert (await admin.patch(path, {})).data == changed
    assert (await admin.delete(path)).status == 200
    assert (await admin.patch(path, {"price": 1})).status == 404
    assert (await nobody.get("/shipping-methods")).data["items"] == []


async def test_every_wrong_field_of_a_method_is_reported(admin: Client) -> None:
    answer = await admin.post(
        "/shipping-methods", {"name": "", "price": -1, "currency": "XXX", "countries": ["DE", "XX"], "freeFrom": "x"}
    )
    assert answer.fields == {"name", "price", "currency", "countries[1]", "freeFrom"}


async def test_there_are_so_many_methods_and_no_more(admin: Client) -> None:
    for _ in range(METHODS_MAX):
        await method(admin)
    assert (await admin.post("/shipping-methods", LOCAL)).refusal == (409, "CONFLICT")


async def test_an_order_without_any_of_it_comes_to_its_lines_and_stores_no_more(
    app: App, alice: Client, made: Made
) -> None:
    order = (await ordered(alice, await made(quantity=9, price=500), 2)).data
    assert parts(order) == (1000, 0, 0, 0, 1000)
    key = (f"ORDER#{order['id']}", "ORDER")
    assert not {"amounts", "taxRate"} & (await app.store.get([key]))[key].body.keys()


async def test_shipping_is_charged_until_the_goods_are_worth_enough(alice: Client, admin: Client, made: Made) -> None:
    keyboard, courier = await made(quantity=9, price=500), await method(admin, freeFrom=1500)
    for quantity, expected in ((2, (1000, 0, 900, 0, 1900)), (3, (1500, 0, 0, 0, 1500))):
        order = (await ordered(alice, keyboard, quantity, shippingMethod=courier["id"])).data
        assert parts(order) == expected
        assert order["shippingMethod"] == {"id": courier["id"], "name": "Courier"}
    # What was placed stays.
    await admin.patch(f"/shipping-methods/{courier['id']}", {"price": 1, "name": "Bicycle", "freeFrom": None})
    assert (await alice.get(f"/orders/{order['id']}")).data["shippingMethod"]["name"] == "Courier"


async def test_a_method_that_the_order_cannot_go_by_is_refused(alice: Client, admin: Client, made: Made) -> None:
    keyboard = await made(quantity=9, price=500)
    euro, parcel, closed = [
        await method(admin, **fields) for fields in ({"currency": "EUR"}, {"countries": ["DE"]}, {"active": False})
    ]
    for named, more, fields in (
        ("shm_unknown", {}, {"shippingMethod"}),
        (closed["id"], {}, {"shippingMethod"}),
        (euro["id"], {}, {"shippingMethod"}),
        (parcel["id"], {}, {"shippingAddress"}),
        (parcel["id"], {"shippingAddress": {**HOME, "country": "AT", "postalCode": "1010"}}, {"shippingMethod"}),
    ):
        answer = await ordered(alice, keyboard, shippingMethod=named, **more)
        assert (answer.status, answer.fields) == (400, fields), named
    assert (await ordered(alice, keyboard, shippingMethod=parcel["id"], shippingAddress=HOME)).status == 201


async def test_tax_is_contained_in_the_price_or_added_as_the_shop_says(
    alice: Client, admin: Client, made: Made
) -> None:
    book, lamp = await made(quantity=9, price=1070, taxRate=700), await made(quantity=9, price=1190, taxRate=1900)
    items = {"items": [{"productId": each["id"], "quantity": 1} for each in (book, lamp)]}
    contained = (await alice.post("/orders", items)).data
    assert parts(contained) == (2260, 0, 0, 260, 2260)
    assert contained["taxes"] == [
        {"rate": 700, "base": 1070, "amount": 70},
        {"rate": 1900, "base": 1190, "amount": 190},
    ]
    assert [each["taxRate"] for each in contained["items"]] == [700, 1900]
    await admin.patch("/settings", {"pricesIncludeTax": False})
    added = (await alice.post("/orders", {**items, "expectedTotal": 2260})).details["totalAmount"]
    assert added == 2260 + 75 + 226
    order = (await alice.post("/orders", {**items, "expectedTotal": added})).data
    assert (parts(order), order["taxAdded"]) == ((2260, 0, 0, 301, 2561), True)
    assert (await alice.get(f"/orders/{contained['id']}")).data == contained


async def test_only_staff_give_a_discount(alice: Client, admin: Client, made: Made) -> None:
    keyboard = await made(quantity=9, price=999)
    given = {"percent": 10, "reason": "The parcel was late"}
    assert (await ordered(alice, keyboard, discount=given)).refusal == (403, "FORBIDDEN")
    order = (await ordered(admin, keyboard, 3, discount=given, email="alice@example.com")).data
    assert parts(order) == (2997, 300, 0, 0, 2697)
    assert order["discountReason"] == "The parcel was late"
    assert (await ordered(admin, keyboard, discount={"amount": 1000, "reason": "x"})).fields == {"discount.amount"}
    for wrong, fields in (
        ({"percent": 10}, {"discount.reason"}),
        ({"reason": "x"}, {"discount.amount"}),
        ({"reason": "", "percent": 101}, {"discount.reason", "discount.percent"}),
    ):
        assert (await ordered(admin, keyboard, discount=wrong)).fields == fields


async def test_reports_count_goods_less_their_discount_to_the_unit_also_after_returns(
    app: App, admin: Client, made: Made
) -> None:
    odd, even = await made(quantity=99, price=333), await made(quantity=99, price=1000)
    courier = await method(admin)
    body = {
        "items": [{"productId": odd["id"], "quantity": 7}, {"productId": even["id"], "quantity": 2}],
        "discount": {"amount": 1000, "reason": "Damaged box"},
        "shippingMethod": courier["id"],
    }
    order = (await admin.post("/orders", body)).data
    assert parts(order) == (4331, 1000, 900, 0, 4231)
    await count_all(app)
    await assert_exact(app)
    await admin.post(f"/orders/{order['id']}/pack")
    for quantity in (1, 3):
        returned = {"items": [{"lineId": "line_1", "quantity": quantity}]}
        assert (await admin.post(f"/orders/{order['id']}/returns", returned)).status == 200
        await count_all(app)
        await assert_exact(app)
    mail = (await admin.get("/orders/export")).response.text
    assert ",4331,1000,900,0,4231," in mail


@pytest.mark.parametrize("added", [False, True])
async def test_a_request_sent_again_gets_its_first_answer(
    alice: Client, admin: Client, made: Made, *, added: bool
) -> None:
    lamp, courier = await made(quantity=9, price=1190, taxRate=1900), await method(admin)
    await admin.patch("/settings", {"pricesIncludeTax": not added})
    body = {"productId": lamp["id"], "quantity": 1, "shippingMethod": courier["id"]}
    first = await alice.ask("POST", "/orders", body, key="k-1")
    await admin.delete(f"/shipping-methods/{courier['id']}")
    await admin.post(f"/orders/{first.data['id']}/pack")
    again = await alice.ask("POST", "/orders", body, key="k-1")
    assert again.replayed
    assert again.data == first.data
