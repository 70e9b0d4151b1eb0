"""Who and where an order is for: addresses, notes, the total that the buyer saw, and saved addresses."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.accounts.address_book import ADDRESSES_MAX
from stockwright.context import App
from tests.api.asking import Client

HOME = {"name": "Alice A.", "line1": "Hafenstr. 7", "postalCode": "20359", "city": "Hamburg", "country": "DE"}
WORK = {
    "name": "Alice A.",
    "company": "Acme Inc.",
    "line1": "1 Main St",
    "line2": "Suite 5",
    "postalCode": "62704",
    "city": "Springfield",
    "region": "IL",
    "country": "US",
    "phone": "+1 555 010 0100",
}
Made = Any


async def ordered(client: Client, made: Made, **more: Any) -> Any:
    product = await made(quantity=9, price=500)
    return await client.post("/orders", {"productId": product["id"], "quantity": 2, **more})


async def test_an_order_keeps_whom_and_where_it_is_for(alice: Client, made: Made) -> None:
    given = {"shippingAddress": HOME, "billingAddress": WORK, "note": " Ring twice ", "locale": "de-DE"}
    order = (await ordered(alice, made, **given)).data
    assert (order["shippingAddress"], order["billingAddress"]) == (HOME, WORK)
    assert (order["note"], order["locale"]) == ("Ring twice", "de-DE")
    assert (await alice.get(f"/orders/{order['id']}")).data == order
    assert (await alice.get("/orders")).data["items"] == [order]


async def test_an_order_without_any_of_it_shows_and_stores_nothing_of_it(app: App, alice: Client, made: Made) -> None:
    order = (await ordered(alice, made)).data
    assert not {"shippingAddress", "billingAddress", "note", "locale", "tags"} & order.keys()
    key = (f"ORDER#{order['id']}", "ORDER")
    assert "details" not in (await app.store.get([key]))[key].body


async def test_an_address_is_written_in_one_way(alice: Client, made: Made) -> None:
    given = {**HOME, "name": " Alice   A. ", "country": "de", "line2": "", "company": None}
    assert (await ordered(alice, made, shippingAddress=given)).data["shippingAddress"] == HOME


async def test_every_wrong_field_of_both_addresses_is_reported_at_once(alice: Client, made: Made) -> None:
    answer = await ordered(
        alice,
        made,
        shippingAddress={"name": "", "line1": "x", "country": "DE", "postalCode": "1", "phone": "none"},
        billingAddress={"country": "XX", "line1": 5},
        note=7,
        locale="Klingon!",
        email="nobody",
        expectedTotal=-1,
    )
    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.fields == {
        "shippingAddress.name",
        "shippingAddress.postalCode",
        "shippingAddress.city",
        "shippingAddress.phone",
        "billingAddress.name",
        "billingAddress.line1",
        "billingAddress.country",
        "note",
        "locale",
        "email",
        "expectedTotal",
    }


async def test_another_total_than_the_expected_one_is_refused_with_the_new_one(alice: Client, made: Made) -> None:
    answer = await ordered(alice, made, expectedTotal=999)
    assert answer.refusal == (409, "PRICE_CHANGED")
    assert answer.details == {"expectedTotal": 999, "totalAmount": 1000, "currency": "USD"}
    assert (await alice.get("/orders")).data["items"] == []
    assert (await ordered(alice, made, expectedTotal=1000)).status == 201


async def test_staff_order_for_an_account_and_for_somebody_without_one(
    alice: Client, bob: Client, admin: Client, made: Made
) -> None:
    for_bob = (await ordered(admin, made, email="BOB@example.com")).data
    assert for_bob["userEmail"] == "bob@example.com"
    assert [each["actor"] for each in for_bob["timeline"]] == [(await admin.get("/users/me")).data["id"]]
    assert (await bob.get(f"/orders/{for_bob['id']}")).status == 200
    for_guest = [(await ordered(admin, made, email="guest@example.com")).data for _ in range(2)]
    assert {each["userEmail"] for each in for_guest} == {"guest@example.com"}
    found = await admin.get("/orders", scope="all", search="guest@example.com")
    assert [each["id"] for each in found.data["items"]] == [each["id"] for each in reversed(for_guest)]
    assert (await alice.get(f"/orders/{for_guest[0]['id']}")).refusal == (403, "FORBIDDEN")
    assert (await admin.get("/orders")).data["items"] == []


async def test_a_customer_orders_for_nobody_else(alice: Client, made: Made) -> None:
    assert (await ordered(alice, made, email="bob@example.com")).fields == {"email"}
    order = (await ordered(alice, made, email=" Alice@example.com ")).data
    assert order["userEmail"] == "alice@example.com"
    assert (await alice.get(f"/orders/{order['id']}")).status == 200


# ---- changes ----------------------------------------------------------------------------------


async def test_staff_change_note_address_and_tags(alice: Client, admin: Client, made: Made) -> None:
    order = (await ordered(alice, made, shippingAddress=HOME, note="Ring twice")).data
    path = f"/orders/{order['id']}"
    changed = await admin.patch(path, {"shippingAddress": WORK, "tags": ["Fragile", " fragile", "gift"]})
    assert (changed.data["shippingAddress"], changed.data["note"]) == (WORK, "Ring twice")
    assert changed.data["tags"] == ["Fragile", "gift"]
    assert changed.data["version"] == order["version"] + 1
    # The tags are the shop's own.
    assert "tags" not in (await alice.get(path)).data
    assert "tags" not in (await alice.get("/orders")).data["items"][0]
    emptied = await admin.patch(path, {"shippingAddress": None, "note": "", "tags": []})
    assert not {"shippingAddress", "note", "tags"} & emptied.data.keys()
    [events] = [[each["data"]["fields"] for each in (await admin.get("/events", name="order.changed")).data["items"]]]
    assert sorted(map(sorted, events)) == [["note", "shippingAddress", "tags"], ["shippingAddress", "tags"]]


async def test_a_change_of_nothing_is_no_change(alice: Client, admin: Client, made: Made) -> None:
    order = (await ordered(alice, made, note="Ring twice")).data
    for body in ({}, {"note": " Ring twice "}, {"shippingAddress": None}):
        assert (await admin.patch(f"/orders/{order['id']}", body)).data["version"] == order["version"]


async def test_an_address_is_not_changed_once_the_order_is_packed(alice: Client, admin: Client, made: Made) -> None:
    order = (await ordered(alice, made, shippingAddress=HOME)).data
    path = f"/orders/{order['id']}"
    await admin.post(f"{path}/pack")
    assert (await admin.patch(path, {"shippingAddress": WORK})).refusal == (409, "CONFLICT")
    assert (await admin.patch(path, {"note": "Left at the door"})).data["shippingAddress"] == HOME


async def test_a_change_is_held_to_the_version_that_was_read(alice: Client, admin: Client, made: Made) -> None:
    order = (await ordered(alice, made)).data
    path = f"/orders/{order['id']}"
    assert (await admin.patch(path, {"note": "x", "expectedVersion": 7})).refusal == (412, "VERSION_CONFLICT")
    assert (await admin.patch(path, {"note": "x", "expectedVersion": order["version"]})).status == 200
    assert (await alice.patch(path, {"note": "y"})).refusal == (403, "FORBIDDEN")


@pytest.mark.parametrize("with_note", [False, True])
async def test_a_request_sent_again_gets_its_first_answer_though_staff_changed_the_order(
    alice: Client, admin: Client, made: Made, *, with_note: bool
) -> None:
    product = await made(quantity=9)
    body = {"productId": product["id"], "quantity": 1, **({"note": "Ring twice"} if with_note else {})}
    first = await alice.ask("POST", "/orders", body, key="k-1")
    path = f"/orders/{first.data['id']}"
    packed = None
    for step in ("note", "pack"):
        if step == "pack":
            packed = await admin.ask("POST", f"{path}/pack", {}, key="k-2")
        else:
            await admin.patch(path, {"note": "Left at the door", "tags": ["late"]})
    await admin.patch(path, {"note": "Another"})
    again = await alice.ask("POST", "/orders", body, key="k-1")
    assert again.replayed
    assert again.data == first.data
    assert packed is not None
    assert (await admin.ask("POST", f"{path}/pack", {}, key="k-2")).data == packed.data


# ---- saved addresses --------------------------------------------------------------------------


async def test_addresses_are_saved_changed_and_removed(alice: Client, bob: Client) -> None:
    assert (await alice.get("/users/me/addresses")).data == {"items": [], "count": 0, "nextToken": None}
    home, work = [(await alice.post("/users/me/addresses", each)).data for each in (HOME, WORK)]
    assert {name: home[name] for name in HOME} == HOME
    listed = (await alice.get("/users/me/addresses")).data
    assert listed["items"] == [work, home]
    path = f"/users/me/addresses/{work['id']}"
    changed = (await alice.patch(path, {"line2": None, "company": "", "phone": "555 010 0199"})).data
    assert "line2" not in changed
    assert "company" not in changed
    assert changed["phone"] == "555 010 0199"
    for ask in (bob.patch(path, {"line2": "x"}), bob.delete(path)):
        assert (await ask).refusal == (404, "NOT_FOUND")
    assert (await bob.get("/users/me/addresses")).data["items"] == []
    await alice.delete(path)
    assert (await alice.get("/users/me/addresses")).data["items"] == [home]
    assert (await alice.delete(path)).status == 404


async def test_a_changed_address_is_checked_as_a_whole(alice: Client) -> None:
    home = (await alice.post("/users/me/addresses", HOME)).data
    path = f"/users/me/addresses/{home['id']}"
    assert (await alice.patch(path, {"country": "US"})).fields == {"region"}
    assert (await alice.patch(path, {"postalCode": ""})).fields == {"postalCode"}
    assert (await alice.patch(path, {"name": None})).fields == {"name"}
    assert (await alice.get("/users/me/addresses")).data["items"] == [home]


async def test_so_many_addresses_can_be_saved_and_no_more(alice: Client) -> None:
    for _ in range(ADDRESSES_MAX):
        assert (await alice.post("/users/me/addresses", HOME)).status == 201
    assert (await alice.post("/users/me/addresses", HOME)).refusal == (409, "CONFLICT")


async def test_a_language_is_kept_with_the_account(alice: Client) -> None:
    me = (await alice.get("/users/me")).data
    assert me["locale"] == ""
    changed = (await alice.patch("/users/me", {"locale": "pt-BR"})).data
    assert (changed["locale"], changed["name"]) == ("pt-BR", me["name"])
    assert (await alice.patch("/users/me", {"locale": "a_b"})).fields == {"locale"}
    assert (await alice.patch("/users/me", {})).fields == {"name"}
