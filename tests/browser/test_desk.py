"""The rest of the back office, as staff use it: locations, products, holds, people, keys, and what went wrong."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx2
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop, until
from tests.browser.visit import PHONE, note


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def point_elsewhere(page: Page) -> None:
    """A list keeps the place of what has left it for as long as the pointer is over it."""
    page.mouse.move(1, 1)


def pick(page: Page, menu: str, item: str) -> None:
    page.get_by_role("button", name=menu).click()
    page.get_by_role("menuitem", name=item).click()


def short(thing_id: str) -> str:
    return f"#{thing_id[-6:].upper()}"


def signs_in(shop: Shop, email: str) -> int:
    body = {"email": email, "password": shop.password(email)}
    return httpx2.post(f"{shop.url}/api/signin", json=body).status_code


# One after the other at the same place, as a double click where the second row has come to the first one's place.
CLICK_BOTH = """(buttons) => buttons.forEach((button) =>
  button.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1, clientX: 900, clientY: 300 })))"""


# ---- orders ---------------------------------------------------------------------------------------------------------


def test_an_order_is_packed_from_the_overview_and_cancelled_by_the_shop(open_page: OpenPage, shop: Shop) -> None:
    globe, kim = shop.product("Small Globe", 12), shop.person()
    for waiting in shop.ask("GET", "/orders?scope=all&status=CONFIRMED&limit=100")["items"]:
        shop.ask("POST", f"/orders/{waiting['id']}/pack", {})
    order = shop.order(globe, 3, who=kim)
    later = [shop.order(globe, 1, who=kim) for _ in range(6)]
    for each in (order, *later):
        shop.reaches(each["id"], "CONFIRMED")
    # Of many, those that wait longest are shown.
    page = open_page(shop, "/admin", shop.admin)
    page.get_by_role("button", name=f"Pack {order['number']}").click()
    shop.reaches(order["id"], "PACKED")
    page.goto(f"{shop.url}/admin/orders/{order['id']}")
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_label("Why? (optional)").fill("Fell off the packing table")
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("Fell off the packing table")).to_be_visible()
    assert shop.stock(globe)["availableStock"] == 6
    page.goto(f"{shop.url}/admin/orders?view=CANCELLED")
    expect(row(page, order["number"])).to_contain_text(kim)
    page.get_by_label("Find an order").fill(order["number"].lower().replace("-", " "))
    expect(page.get_by_role("row")).to_have_count(2)
    expect(row(page, order["number"])).to_contain_text("Cancelled")
    page.get_by_label("Find an order").fill(kim)
    expect(row(page, later[0]["number"])).to_be_visible()


def test_one_broken_unit_of_an_order_is_returned(open_page: OpenPage, shop: Shop) -> None:
    plate, kim = shop.product("Soup Plate", 6), shop.person()
    order = shop.order(plate, 3, who=kim)
    shop.reaches(order["id"], "CONFIRMED")
    for step in ("pack", "deliver"):
        shop.ask("POST", f"/orders/{order['id']}/{step}", {})
    page = open_page(shop, f"/admin/orders/{order['id']}", shop.admin)
    page.get_by_role("button", name="Return").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Book 0 units back")).to_be_disabled()
    dialog.get_by_role("button", name="One more").click()
    dialog.get_by_role("switch", name="Return to stock").click()
    dialog.get_by_role("button", name="Damaged on the way").click()
    dialog.get_by_role("button", name="Book 1 unit back").click()
    expect(page.get_by_text("1 returned")).to_be_visible()
    assert shop.stock(plate)["totalStock"] == 3


# ---- stock ----------------------------------------------------------------------------------------------------------


def test_a_location_is_added_stocked_renamed_and_deactivated(visit: Open, shop: Shop) -> None:
    vase = shop.product("Glass Vase", 9)
    page = visit(shop, shop.admin, refusals=(412,)).page("/admin/locations")
    page.get_by_role("button", name="Add a location").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("Enter a name")).to_be_visible()
    dialog.get_by_label("Name", exact=True).fill("Harbour store")
    dialog.get_by_label("Short name").fill("harbour")
    dialog.get_by_label("Priority").fill("500")
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Change Harbour store").click()
    # Somebody else was faster: what is there now is shown, and the second save means it.
    shop.ask("PATCH", "/locations/harbour", {"priority": 400})
    dialog.get_by_label("Name", exact=True).fill("Harbour shop")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("with priority 400")
    dialog.get_by_role("button", name="Save").click()
    expect(row(page, "Harbour shop")).to_contain_text("500")
    page.goto(f"{shop.url}/admin/inventory?search={vase['sku']}")
    pick(page, f"More for {vase['name']}", "Transfer")
    dialog.get_by_label("To", exact=True).select_option("harbour")
    dialog.get_by_label("Units to move").fill("10")
    dialog.get_by_role("button", name="Transfer", exact=True).click()
    expect(dialog.get_by_text("Only 9 can be taken here")).to_be_visible()
    dialog.get_by_label("Units to move").fill("4")
    dialog.get_by_role("button", name="Refill").click()
    dialog.get_by_role("button", name="Transfer", exact=True).click()
    expect(note(page, "moved to Harbour shop")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    until(lambda: [level["totalStock"] for level in shop.stock(vase)["locations"]] in ([9], [9, 0]))
    page.goto(f"{shop.url}/admin/locations")
    page.get_by_role("switch", name="Harbour shop is active").click()
    expect(row(page, "Harbour shop")).to_contain_text("Inactive")
    until(
        lambda: not next(each["active"] for each in shop.ask("GET", "/locations")["items"] if each["id"] == "harbour")
    )


def test_a_hold_is_extended_confirmed_or_released(open_page: OpenPage, shop: Shop) -> None:
    rope = shop.product("Climbing Rope", 9)
    one, other = (
        shop.ask("POST", "/reservations", {"items": [{"productId": rope["id"], "quantity": 2}], "orderId": name})
        for name in ("cart-1", "cart-2")
    )
    ends = datetime.fromisoformat(one["expiresAt"])
    page = open_page(shop, "/admin/reservations", shop.admin)
    page.get_by_role("button", name=f"+15 min for {short(one['id'])}").click()
    expect(note(page, f"{short(one['id'])} is extended")).to_be_visible()
    longer = datetime.fromisoformat(shop.ask("GET", f"/reservations/{one['id']}")["expiresAt"]) - ends
    assert 14 * 60 < longer.total_seconds() < 17 * 60
    page.get_by_role("button", name=f"Confirm {short(one['id'])}").click()
    point_elsewhere(page)
    expect(row(page, short(one["id"]))).to_have_count(0)
    page.get_by_role("button", name=f"Cancel {short(other['id'])}").click()
    point_elsewhere(page)
    expect(row(page, short(other["id"]))).to_have_count(0)
    stock = shop.stock(rope)
    assert (stock["availableStock"], stock["reservedStock"]) == (7, 0)
    page.get_by_text("Confirmed", exact=True).click()
    expect(row(page, short(one["id"]))).to_contain_text("for cart-1")


def test_low_stock_is_restocked_by_the_suggested_or_another_quantity(open_page: OpenPage, shop: Shop) -> None:
    soap = shop.product("Olive Soap", 2, lowStockThreshold=10, reorderPoint=20, reorderQuantity=1200)
    page = open_page(shop, "/admin/low-stock", shop.admin)
    page.get_by_role("button", name=f"Book in 1,200 of {soap['name']}").click()
    expect(note(page, f"1,200 × {soap['name']} booked in")).to_be_visible()
    assert shop.stock(soap)["totalStock"] == 1202
    page.get_by_role("button", name="Undo").click()
    until(lambda: shop.stock(soap)["totalStock"] == 2)
    page.get_by_role("button", name=f"Other… quantity of {soap['name']}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Units that arrived").fill("60")
    dialog.get_by_role("button", name="Delivery arrived").click()
    dialog.get_by_role("button", name="Restock", exact=True).click()
    until(lambda: shop.stock(soap)["totalStock"] == 62)


def test_a_double_click_restocks_once_though_the_next_row_moves_up(open_page: OpenPage, shop: Shop) -> None:
    low = [shop.product(name, 2, lowStockThreshold=10, reorderQuantity=30) for name in ("Lamp Oil", "Wax Candle")]
    page = open_page(shop, "/admin/low-stock", shop.admin)
    buttons = [page.get_by_role("button", name=re.compile(f"Book in .* of {each['name']}")) for each in low]
    for button in buttons:
        expect(button).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.evaluate(CLICK_BOTH, [button.element_handle() for button in buttons])
    expect(note(page, f"{low[0]['name']} booked in")).to_be_visible()
    assert [shop.stock(each)["totalStock"] > 2 for each in low] == [True, False]


def test_the_availability_is_explained_by_orders_and_holds(open_page: OpenPage, shop: Shop) -> None:
    lens, kim = shop.product("Reading Glass", 9), shop.person()
    held = shop.ask("POST", f"/inventory/product/{lens['id']}/reserve", {"quantity": 2, "orderId": "cart-7"}, who=kim)
    page = open_page(shop, f"/admin/inventory?search={lens['sku']}", shop.admin)
    page.get_by_role("button", name="7 available: why?").click()
    why = page.get_by_role("dialog", name="Why are 7 available?")
    expect(why.get_by_role("link", name=f"Reservation {short(held['id'])}")).to_be_visible()
    expect(why.get_by_role("row", name="Default 9 2 7")).to_be_visible()


def test_movements_are_filtered_by_product_type_location_and_day(open_page: OpenPage, shop: Shop) -> None:
    """Days are the reader's own: fourteen hours ahead of Greenwich, they begin fourteen hours earlier."""
    oats = shop.product("Rolled Oats", 5)
    shop.ask("PATCH", f"/inventory/product/{oats['id']}/stock", {"type": "RESTOCK", "quantity": 7, "reason": "Fresh"})
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    page = open_page(shop, "/admin/movements", shop.admin, timezone_id="Pacific/Kiritimati")
    page.get_by_label("Type").select_option("RESTOCK")
    expect(row(page, oats["sku"])).to_have_count(1)
    row(page, oats["sku"]).get_by_role("link", name=oats["sku"]).click()
    # One product's ledger shows the total after each movement.
    expect(row(page, "First stock")).to_contain_text("+5")
    expect(row(page, "Restock")).to_contain_text(re.compile(r"\+7.*12.*Default.*Fresh"))
    page.get_by_label("Location").select_option("default")
    page.get_by_label("From day").fill(today.isoformat())
    page.get_by_label("To day").fill(today.isoformat())
    expect(page).to_have_url(re.compile(f"since={today}.*until={today}"))
    expect(row(page, "Restock")).to_be_visible()
    # Typed by hand: the year comes digit by digit, and each of them makes a day.
    page.get_by_label("From day").click(position={"x": 20, "y": 20})
    page.keyboard.type("02022020", delay=30)
    expect(page).to_have_url(re.compile(r"since=2020-02-02"))
    page.get_by_label("To day").fill("2020-02-02")
    expect(page.get_by_text("No movement matches these filters")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    expect(row(page, "First stock").first).to_be_visible()


def test_the_overview_counts_the_days_of_its_reader(open_page: OpenPage, shop: Shop) -> None:
    brush = shop.product("Shaving Brush", 5, price=123_400)
    shop.ask("POST", "/sales", {"items": [{"productId": brush["id"], "quantity": 2}]})
    zone = ZoneInfo("Pacific/Kiritimati")
    until(lambda: shop.ask("GET", f"/reports/summary?timeZone={zone.key}")["today"]["units"])
    page = open_page(shop, "/admin", shop.admin, timezone_id=zone.key)
    now = datetime.now(zone)
    expect(page.get_by_text(re.compile(f"^{now:%A},? {now.day} {now:%B} {now.year}$"))).to_be_visible()
    body = shop.ask("GET", f"/reports/summary?timeZone={zone.key}")
    (revenue,) = body["today"]["revenue"]
    figure = page.locator("dt", has_text="Revenue today").locator("xpath=..")
    expect(figure).to_contain_text(f"US${revenue['amount'] / 100:,.2f}")
    chart = page.get_by_role("region", name="Sales over time")
    chart.get_by_text("As a table").click()
    last = chart.get_by_role("row").last
    expect(last).to_contain_text(f"{now.day} {now:%b} {now.year}")
    expect(last).to_contain_text(f"US${revenue['amount'] / 100:,.2f}")
    chart.get_by_label("What to show").select_option("units")
    expect(last).to_contain_text(f"{body['today']['units']:,}")


def test_lists_are_exported_as_csv(open_page: OpenPage, shop: Shop) -> None:
    map_, kim = shop.product("City Map", 7), shop.person()
    order = shop.order(map_, 2, who=kim)
    page = open_page(shop, "/admin", shop.admin)
    for what, found in (
        ("inventory", map_["sku"]),
        ("products", map_["name"]),
        ("movements", map_["sku"]),
        ("orders", order["id"]),
    ):
        page.goto(f"{shop.url}/admin/{what}")
        with page.expect_download() as taken:
            page.get_by_role("button", name="Export").click()
        assert re.fullmatch(rf"{what}-\d{{4}}-\d\d-\d\d\.csv", taken.value.suggested_filename)
        assert found in taken.value.path().read_text(encoding="utf-8-sig")


# ---- the catalogue --------------------------------------------------------------------------------------------------


def test_a_category_is_added_removed_and_added_again_unless_it_is_in_use(visit: Open, shop: Shop) -> None:
    shop.product("Spare Part", 1)
    page = visit(shop, shop.admin, refusals=(409,)).page("/admin/categories")
    page.get_by_label("New category").fill("garden")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Remove Garden").click()
    expect(note(page, "Garden is removed")).to_be_visible()
    expect(page.get_by_role("link", name="Garden")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Garden")).to_be_visible()
    page.get_by_role("button", name="Remove Other").click()
    # Refused: it is there again, and the note says why.
    expect(page.get_by_label("Notifications").get_by_text(re.compile("other"))).to_be_visible()
    expect(page.get_by_role("link", name="Other")).to_be_visible()
    assert {"garden", "other"} <= {each["name"] for each in shop.ask("GET", "/categories")["items"]}


def test_a_product_is_listed_edited_by_two_at_once_and_deleted(visit: Open, shop: Shop) -> None:
    page = visit(shop, shop.admin, refusals=(400, 412)).page("/admin/products/new")
    page.get_by_role("button", name="List the product").click()
    expect(page.get_by_text("3 to 200 characters")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Folding Ruler")
    page.get_by_label("Description").fill("Two metres of beech, ten joints of brass.")
    page.get_by_label("Category").select_option("other")
    page.get_by_label("Price").fill("1,234.50")
    page.get_by_label("Currency").fill("USD")
    page.get_by_label("SKU").fill("RULER-2M")
    page.get_by_role("button", name="Add an option").click()
    page.get_by_label("Option", exact=True).fill("color")
    page.get_by_label("Values, with commas between").fill("beech, black")
    page.get_by_role("switch", name="Own stock for each combination").click()
    page.get_by_label("Units in stock").fill("12")
    page.get_by_role("button", name="List the product").click()
    expect(note(page, "Folding Ruler is listed")).to_be_visible()
    (made,) = shop.ask("GET", "/products?search=RULER-2M")["items"]
    assert (made["price"], made["quantity"], made["options"]) == (123_450, 12, {"color": ["beech", "black"]})
    page.get_by_role("link", name="Folding Ruler").click()
    price, description = page.get_by_label("Price", exact=True), page.get_by_label("Description")
    expect(price).to_have_value("1234.50")
    # Somebody else changes two fields meanwhile: one that is changed here too, and one that is not.
    shop.ask("PATCH", f"/products/{made['id']}", {"price": 99_900, "description": "Ten joints, two metres."})
    price.fill("1100")
    page.get_by_role("button", name="Save").click()
    conflict = page.get_by_role("alert", name="Somebody else changed this product")
    expect(conflict).to_contain_text("999.00")
    expect(conflict).to_be_in_viewport()
    expect(description).to_have_value("Ten joints, two metres.")
    conflict.get_by_role("button", name="Price: take theirs").click()
    expect(price).to_have_value("999.00")
    conflict.get_by_role("button", name="Price: keep mine").click()
    page.get_by_role("button", name="Save").click()
    expect(note(page, "Folding Ruler is saved")).to_be_visible()
    assert shop.ask("GET", f"/products/{made['id']}")["price"] == 110_000
    page.get_by_role("link", name="Folding Ruler").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(note(page, "Folding Ruler is deleted")).to_be_visible()
    assert shop.ask("GET", "/products?search=RULER-2M")["items"] == []


# ---- people, keys, and what went wrong ------------------------------------------------------------------------------


def test_an_account_becomes_an_admin_is_disabled_and_enabled_again(open_page: OpenPage, shop: Shop) -> None:
    kim = shop.person()
    page = open_page(shop, "/admin/users", shop.admin)
    pick(page, f"Change {kim}", "Make an admin")
    page.get_by_role("dialog").get_by_role("button", name="Make an admin").click()
    expect(row(page, kim)).to_contain_text("Admin")
    pick(page, f"Change {kim}", "Disable")
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(row(page, kim)).to_contain_text("Disabled")
    assert signs_in(shop, kim) == 401
    pick(page, f"Change {kim}", "Enable")
    page.get_by_role("dialog").get_by_role("button", name="Enable").click()
    expect(row(page, kim)).to_contain_text("Active")
    assert signs_in(shop, kim) == 200


def test_an_api_key_is_shown_once_works_and_is_revoked(open_page: OpenPage, shop: Shop) -> None:
    nail = shop.product("Copper Nail", 5)

    def restocks(key: str) -> int:
        path = f"{shop.url}/api/inventory/product/{nail['id']}/stock"
        return httpx2.patch(path, json={"type": "RESTOCK", "quantity": 1}, headers={"authorization": key}).status_code

    page = open_page(shop, "/admin/api-keys", shop.admin)
    page.get_by_role("button", name="New API key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create the key").click()
    expect(dialog.get_by_text("Choose at least one scope")).to_be_visible()
    dialog.get_by_label("Name").fill("Dock scanner")
    dialog.get_by_label("Change stock").check()
    dialog.get_by_role("button", name="Create the key").click()
    expect(dialog.get_by_text("it cannot be shown again")).to_be_visible()
    key = dialog.locator("figure code").inner_text()
    page.keyboard.press("Escape")
    expect(note(page, "Copy the key first")).to_be_visible()
    assert restocks(key) == 200
    dialog.get_by_role("button", name="Done").click()
    expect(row(page, "Dock scanner")).to_contain_text(f"sw_…{key[-4:]}")
    assert key not in page.content()
    page.get_by_role("button", name="Revoke Dock scanner").click()
    dialog.get_by_role("button", name="Revoke it").click()
    expect(note(page, "The key is revoked")).to_be_visible()
    assert restocks(key) == 401


def test_a_dead_letter_of_a_mail_is_inspected_and_redriven(open_page: OpenPage, shop: Shop) -> None:
    bell, kim, mailbox = shop.product("Door Bell", 5), shop.person(), shop.mailbox
    assert mailbox is not None
    mailbox.refusals[kim] = "550 no such mailbox"
    order = shop.order(bell, 1, who=kim)
    until(lambda: shop.ask("GET", "/dead-letters")["items"])
    page = open_page(shop, "/admin/dead-letters", shop.admin)
    expect(row(page, order["number"])).to_contain_text("no such mailbox")
    row(page, order["number"]).get_by_role("button", name="Confirmation mail to the customer").first.click()
    sheet = page.get_by_role("dialog", name="Confirmation mail to the customer")
    expect(sheet.get_by_text("order.placed")).to_be_visible()
    # Its cause is corrected; now it goes out, and the order is confirmed.
    del mailbox.refusals[kim]
    sheet.get_by_role("button", name="Try again").click()
    expect(note(page, "The event is retried")).to_be_visible()
    point_elsewhere(page)
    shop.reaches(order["id"], "CONFIRMED")
    until(lambda: mailbox.to(kim))
    expect(page.get_by_text("There are no dead letters")).to_be_visible()


# ---- the till -------------------------------------------------------------------------------------------------------

# A camera that sees one code once. The real ones differ only in what they see.
CAMERA = """
if (navigator.mediaDevices) {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 1, 1);
    return canvas.captureStream(5);
  };
}
let seen = 0;
window.BarcodeDetector = class {
  async detect() { return seen++ ? [] : [{ rawValue: "CODE" }]; }
};
"""


def test_the_camera_of_a_phone_scans_and_the_receipt_is_one_page(visit: Open, shop: Shop) -> None:
    chalk = shop.product("Blue Chalk", 9, price=250)
    room = visit(shop, shop.admin, viewport=PHONE, has_touch=True)
    room.context.add_init_script(CAMERA.replace("CODE", chalk["sku"]))
    page = room.page("/admin/till")
    page.get_by_role("button", name="Camera").tap()
    expect(page.get_by_role("dialog").get_by_label("What the camera sees")).to_be_visible()
    expect(page.get_by_role("group", name=f"Units of {chalk['name']}", include_hidden=True)).to_have_count(1)
    page.get_by_role("button", name="Close").tap()
    page.get_by_role("button", name="Sell", exact=True).tap()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt.get_by_text("US$2.50").last).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    expect(receipt.get_by_text("Stockwright")).to_be_visible()
    expect(receipt.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("heading", name="Till", include_hidden=True)).to_be_hidden()
    assert len(re.findall(rb"/Type /Page\b", page.pdf())) == 1


def test_without_a_camera_that_reads_codes_the_till_does_not_offer_one(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/till", shop.admin)
    expect(page.get_by_role("button", name="Sell", exact=True)).to_be_visible()
    assert not page.evaluate("'BarcodeDetector' in window")
    expect(page.get_by_role("button", name="Camera")).to_have_count(0)
