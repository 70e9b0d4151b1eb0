"""An admin's day: stock comes in, is counted; orders are packed, delivered and come back; the till sells."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.around import parts_of
from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop, until
from tests.browser.visit import PHONE, note

# A scanner's keys, wherever the cursor is: faster than any hand, also where this machine is slow.
WEDGE = """(code) => [...code, "Enter"].forEach((key) =>
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""

# With the focus on a list of choices, whose browser chooses by the first letter.
WEDGE_ON_A_LIST = """(code) => [...code, "Enter"].forEach((key, index) => {
  const list = document.activeElement;
  list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  if (index > 0) return;
  list.selectedIndex = 1;
  list.dispatchEvent(new Event("change", { bubbles: true }));
})"""


def in_the_inventory(page: Page, shop: Shop, product: dict[str, str]) -> None:
    page.goto(f"{shop.url}/admin/inventory?search={product['sku']}")
    expect(page.get_by_role("button", name=f"Adjust {product['name']}")).to_be_visible()


def choose(page: Page, product: dict[str, str], what: str) -> Locator:
    """Open one of the dialogs of a product in the inventory."""
    page.get_by_role("button", name=f"More for {product['name']}").click()
    page.get_by_role("menuitem", name=re.compile(what)).click()
    return page.get_by_role("dialog")


def test_stock_is_restocked_counted_and_restored_by_undo(open_page: OpenPage, shop: Shop) -> None:
    crate = shop.product("Beech Crate", 5)
    page = open_page(shop, "/admin", shop.admin)
    in_the_inventory(page, shop, crate)
    dialog = choose(page, crate, "Restock")
    expect(dialog.get_by_label("Units that arrived")).to_be_focused()
    dialog.get_by_label("Units that arrived").fill("20")
    # Selected with the mouse, beyond the dialog's edge: that is no click beside it.
    dialog.get_by_label("Units that arrived").hover()
    page.mouse.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    dialog.get_by_role("button", name="Delivery arrived").click()
    dialog.get_by_role("button", name="Restock", exact=True).click()
    expect(dialog).to_be_hidden()
    until(lambda: shop.stock(crate)["totalStock"] == 25)
    dialog = choose(page, crate, "Count")
    dialog.get_by_label("Units counted here").fill("23")
    dialog.get_by_role("button", name="Stocktake").click()
    dialog.get_by_role("button", name="Count", exact=True).click()
    expect(dialog).to_be_hidden()
    until(lambda: shop.stock(crate)["totalStock"] == 23)
    page.get_by_role("button", name="Undo").last.click()
    until(lambda: shop.stock(crate)["totalStock"] == 25)


def test_a_count_that_is_out_of_date_shows_the_current_stock(visit: Open, shop: Shop) -> None:
    jar = shop.product("Honey Jar", 8)
    page = visit(shop, shop.admin, refusals=(412,)).page("/admin")
    in_the_inventory(page, shop, jar)
    dialog = choose(page, jar, "Count")
    dialog.get_by_label("Units counted here").fill("7")
    dialog.get_by_role("button", name="Stocktake").click()
    shop.ask("PATCH", f"/inventory/product/{jar['id']}/stock", {"type": "RESTOCK", "quantity": 4})
    dialog.get_by_role("button", name="Count", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("12 in total, 12 available now")
    expect(dialog.get_by_label("Units counted here")).to_have_value("7")
    dialog.get_by_role("button", name="Count", exact=True).click()
    expect(dialog).to_be_hidden()
    until(lambda: shop.stock(jar)["totalStock"] == 7)


def test_an_order_is_packed_delivered_and_returned(open_page: OpenPage, shop: Shop) -> None:
    board, kim = shop.product("Chess Board", 4), shop.person()
    order = shop.order(board, 2, who=kim)
    shop.reaches(order["id"], "CONFIRMED")
    short = order["number"]
    page = open_page(shop, "/admin/orders", shop.admin)
    page.get_by_role("button", name=f"Pack {short}").click()
    page.get_by_role("button", name=f"Deliver {short}").click()
    shop.reaches(order["id"], "DELIVERED")
    page.goto(f"{shop.url}/admin/orders/{order['id']}")
    page.get_by_role("button", name="Return").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="All units were returned").click()
    dialog.get_by_label("Reason").fill("A knight was missing")
    dialog.get_by_role("button", name="Book 2 units back").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("A knight was missing")).to_be_visible()
    assert shop.stock(board)["availableStock"] == 4


def test_low_stock_is_shown_in_the_shop_and_mailed(open_page: OpenPage, shop: Shop) -> None:
    tea, kim = shop.product("Green Tea", 6, lowStockThreshold=5), shop.person()
    page = open_page(shop, "/admin/inventory", shop.admin)
    in_the_inventory(page, shop, tea)
    shop.order(tea, 2, who=kim)
    page.reload()
    expect(page.get_by_text("Low", exact=True).filter(visible=True).first).to_be_visible()
    mailbox = shop.mailbox
    assert mailbox is not None
    # Alerts of one minute are one mail, whose subject names none of them where there are several.
    until(lambda: any(tea["name"] in text for mail in mailbox.to(shop.admin) for text in parts_of(mail)))


def test_the_till_sells_what_a_scanner_types(open_page: OpenPage, shop: Shop) -> None:
    pen = shop.product("Slate Pencil", 5, price=150)
    page = open_page(shop, "/admin/till", shop.admin)
    expect(page.get_by_text("No product scanned yet")).to_be_visible()
    for _ in range(2):
        page.evaluate(WEDGE, pen["sku"])
        expect(page.get_by_role("group", name=f"Units of {pen['name']}")).to_be_visible()
    expect(page.get_by_label(f"Units of {pen['name']}").get_by_role("textbox")).to_have_value("2")
    page.get_by_role("button", name="Sell", exact=True).click()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt.get_by_text("US$3.00").last).to_be_visible()
    receipt.get_by_role("button", name="Next sale").click()
    assert shop.stock(pen)["availableStock"] == 3


def test_the_till_loses_no_scan_and_remembers_its_location(visit: Open, shop: Shop) -> None:
    pen, ink = shop.product("Goose Quill", 5, price=150), shop.product("Black Ink", 5, price=800)
    page = visit(shop, shop.admin, refusals=(404,)).page("/admin/till")
    location = page.get_by_label("Taken from")
    expect(location.get_by_role("option")).not_to_have_count(1)
    location.focus()
    page.evaluate(WEDGE_ON_A_LIST, pen["sku"])
    expect(page.get_by_role("group", name=f"Units of {pen['name']}")).to_be_visible()
    expect(location).to_have_value("")
    page.reload()
    units = page.get_by_label(f"Units of {pen['name']}").get_by_role("textbox")
    units.click()
    units.press("End")
    units.press("Backspace")
    units.press("2")
    expect(units).to_have_value("2")
    finder = page.get_by_label("Product name or code")
    finder.fill("Nothing Of That Name")
    finder.press("Enter")
    expect(note(page, "Nothing has the code")).to_be_visible()
    expect(finder).to_have_value("Nothing Of That Name")
    # Enter at once, before the list of what was found is there.
    finder.fill(ink["name"])
    finder.press("Enter")
    expect(page.get_by_role("group", name=f"Units of {ink['name']}")).to_be_visible()
    page.get_by_role("button", name="Sell", exact=True).click()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt).to_be_visible()
    page.evaluate(WEDGE, ink["sku"])
    expect(page.get_by_role("group", name=f"Units of {ink['name']}")).to_be_visible()
    expect(receipt).to_be_hidden()
    assert [shop.stock(each)["availableStock"] for each in (pen, ink)] == [3, 4]


def test_the_back_office_works_on_a_phone(open_page: OpenPage, shop: Shop) -> None:
    cup = shop.product("Tin Cup", 5)
    page = open_page(shop, f"/admin/inventory?search={cup['sku']}", shop.admin, viewport=PHONE, has_touch=True)
    page.get_by_role("button", name=f"Adjust {cup['name']}").filter(visible=True).tap()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Units more or less").fill("-1")
    dialog.get_by_role("button", name="Damaged").tap()
    dialog.get_by_role("button", name="Adjust", exact=True).tap()
    until(lambda: shop.stock(cup)["totalStock"] == 4)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
