"""The shop's settings over HTTP."""

from __future__ import annotations

from stockwright.context import App
from tests.api.asking import Client
from tests.api.conftest import KEYBOARD


async def test_settings_are_read_and_changed_with_versions(admin: Client) -> None:
    first = await admin.get("/settings")
    assert first.data == {
        "shopName": "Stockwright", "logo": None, "currency": "USD", "timeZone": "UTC", "pricesIncludeTax": True,
        "receiptLines": [], "alertEmails": [], "alertPhones": [], "fixed": {}, "version": 0, "updatedAt": None,
    }  # fmt: skip
    assert first.response.headers["etag"] == '"0"'
    change = {"shopName": "Green Leaf", "logo": "https://shop.example/logo.png", "receiptLines": ["Thank you!"]}
    changed = await admin.patch("/settings", change, headers={"if-match": '"0"'}, key="k")
    assert (changed.data["shopName"], changed.data["version"]) == ("Green Leaf", 1)
    again = await admin.patch("/settings", change, headers={"if-match": '"0"'}, key="k")
    assert again.response.headers["idempotency-replayed"] == "true"
    late = await admin.patch("/settings", {"shopName": "Tree"}, headers={"if-match": '"0"'})
    assert late.refusal == (412, "VERSION_CONFLICT")
    assert late.json["error"]["details"]["current"]["shopName"] == "Green Leaf"
    assert (await admin.patch("/settings", {"logo": None})).data["logo"] is None
    assert (await admin.get("/settings", headers={"if-none-match": '"2"'})).status == 304


async def test_every_wrong_field_of_a_change_is_named(admin: Client) -> None:
    answer = await admin.patch(
        "/settings", {"shopName": "", "currency": "XXX", "receiptLines": ["x" * 65], "timeZone": 7}
    )
    assert answer.refusal == (400, "VALIDATION_ERROR")
    fields = [each["field"] for each in answer.json["error"]["details"]]
    assert fields == ["shopName", "currency", "timeZone", "receiptLines[0]"]


async def test_what_the_environment_sets_is_shown_with_its_variable(admin: Client, app: App) -> None:
    before = (await admin.get("/settings")).response.headers["etag"]
    app.settings = app.settings.changed(alert_emails=("fixed@shop.example",))
    found = await admin.get("/settings")
    assert found.data["alertEmails"] == ["fixed@shop.example"]
    assert found.data["fixed"] == {"alertEmails": "STOCKWRIGHT_ALERT_EMAILS"}
    etag = found.response.headers["etag"]
    assert etag != before
    assert (await admin.patch("/settings", {"shopName": "Leaf"}, headers={"if-match": etag})).status == 200
    refused = await admin.patch("/settings", {"alertEmails": []})
    assert refused.refusal == (400, "VALIDATION_ERROR")


async def test_everybody_sees_the_public_part_alone(admin: Client, nobody: Client) -> None:
    await admin.patch("/settings", {"shopName": "Leaf", "currency": "EUR", "timeZone": "Europe/Berlin"})
    found = await nobody.get("/settings/public")
    assert found.data == {
        "shopName": "Leaf", "logo": None, "currency": "EUR", "timeZone": "Europe/Berlin", "pricesIncludeTax": True,
    }  # fmt: skip
    assert (await nobody.get("/settings")).status == 401


async def test_a_product_without_a_currency_is_in_the_shops(admin: Client) -> None:
    await admin.patch("/settings", {"currency": "EUR"})
    assert (await admin.post("/products", KEYBOARD)).data["currency"] == "EUR"
