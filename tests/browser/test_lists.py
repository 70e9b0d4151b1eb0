"""Lists of the back office: sorted by the server, steady under the pointer, there again after an outage; and paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stockwright.base.ids import number_of
from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop
from tests.browser.test_desk import row
from tests.browser.visit import DESKTOP, PHONE, a_visit

TOP = "node => Math.round(node.getBoundingClientRect().top)"


# ---- sorting --------------------------------------------------------------------------------------------------------


def names(page: Page) -> list[str]:
    return page.get_by_role("cell").locator("a.font-medium").all_inner_texts()


def test_a_column_sorts_the_whole_list(open_page: OpenPage, shop: Shop) -> None:
    first, last = shop.product("Aaa First", 1, price=1), shop.product("Zzz Last", 1, price=99_999_999)
    for _ in range(26):
        shop.product("Middle Thing", 1)
    page = open_page(shop, "/admin/products", shop.admin)
    # Neither is among the rows that the page shows before.
    expect(page.get_by_role("link", name="Middle Thing").first).to_be_visible()
    assert not {first["name"], last["name"]} & set(names(page))
    for column, direction, found in (
        ("Product", "ascending", first),
        ("Product", "descending", last),
        ("Price", "ascending", first),
        ("Price", "descending", last),
    ):
        page.get_by_role("columnheader", name=column).get_by_role("button").click()
        expect(page.get_by_role("columnheader", name=column)).to_have_attribute("aria-sort", direction)
        expect(page.get_by_role("row").nth(1)).to_contain_text(found["name"])
    page.get_by_role("columnheader", name="Price").get_by_role("button").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Middle Thing")
    page.get_by_label("Sort", exact=True).select_option("oldest")
    expect(page).to_have_url(re.compile("sort=oldest"))
    expect(page.get_by_role("row").nth(1)).not_to_contain_text("Middle Thing")


@pytest.mark.parametrize("name", ["inventory", "low-stock", "orders?view=DELIVERED", "movements", "users"])
def test_no_column_offers_what_the_server_does_not_sort(open_page: OpenPage, demo: Shop, name: str) -> None:
    page = open_page(demo, f"/admin/{name}", demo.admin)
    expect(page.get_by_role("columnheader").first).to_be_visible()
    expect(page.get_by_role("columnheader").get_by_role("button")).to_have_count(0)


# ---- steady ---------------------------------------------------------------------------------------------------------


def to_pack(page: Page) -> Locator:
    return page.get_by_role("region", name="To pack").get_by_role("listitem")


def three_orders(shop: Shop, **fields: object) -> list[str]:
    for waiting in shop.ask("GET", "/orders?scope=all&status=CONFIRMED&limit=100")["items"]:
        shop.ask("POST", f"/orders/{waiting['id']}/pack", {})
    made = shop.product("Garden Gnome", 50)
    kim = shop.person()
    orders = [shop.order(made, 1, who=kim)["id"] for _ in range(3)]
    for each in orders:
        shop.reaches(each, "CONFIRMED")
    return orders


def test_a_second_click_on_the_same_spot_packs_no_other_order(open_page: OpenPage, shop: Shop) -> None:
    orders = three_orders(shop)
    page = open_page(shop, "/admin/orders", shop.admin)
    top = page.get_by_role("button", name=f"Pack {number_of(orders[-1])}")
    below = page.get_by_role("button", name=f"Pack {number_of(orders[-2])}")
    expect(below).to_be_visible()
    before = below.evaluate(TOP)
    box = top.bounding_box()
    assert box is not None
    spot = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*spot)
    shop.reaches(orders[-1], "PACKED")
    expect(page.get_by_role("button", name=f"Deliver {number_of(orders[-1])}")).to_be_visible()
    # A new order comes meanwhile: it waits.
    later = shop.order(shop.product("Garden Dwarf", 5), 1, who=shop.person())["id"]
    shop.reaches(later, "CONFIRMED")
    with page.expect_response(lambda answer: "status=CONFIRMED" in answer.url):
        page.mouse.click(*spot)
    page.mouse.click(*spot)
    assert below.evaluate(TOP) == before
    assert page.url.endswith("/admin/orders")
    page.mouse.move(1, 1)
    expect(page.get_by_role("button", name=f"Pack {number_of(later)}")).to_be_visible()
    expect(to_pack(page).filter(has_text="Moved on")).to_have_count(0)
    assert [shop.ask("GET", f"/orders/{each}")["status"] for each in orders] == ["CONFIRMED", "CONFIRMED", "PACKED"]


def test_packing_by_keyboard_keeps_the_focus_in_its_row(open_page: OpenPage, shop: Shop) -> None:
    orders = three_orders(shop)
    page = open_page(shop, "/admin/orders", shop.admin)
    page.get_by_role("button", name=f"Pack {number_of(orders[-1])}").focus()
    page.keyboard.press("Enter")
    expect(to_pack(page).filter(has_text="Moved on")).to_be_focused()
    # Another press does nothing; Tab goes on to the next order.
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=number_of(orders[-2]))).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=f"Pack {number_of(orders[-2])}")).to_be_focused()
    shop.reaches(orders[-1], "PACKED")
    assert shop.ask("GET", f"/orders/{orders[-2]}")["status"] == "CONFIRMED"


# ---- what lists say -------------------------------------------------------------------------------------------------


def test_a_movement_shows_its_product_and_the_total_after_it(open_page: OpenPage, shop: Shop) -> None:
    oil = shop.product("Linseed Oil", 5)
    shop.ask("PATCH", f"/inventory/product/{oil['id']}/stock", {"type": "RESTOCK", "quantity": 7, "reason": "Fresh"})
    page = open_page(shop, "/admin/movements?type=RESTOCK", shop.admin)
    expect(row(page, oil["sku"]).first).to_contain_text(oil["name"])
    expect(row(page, oil["sku"]).first).to_contain_text(re.compile(r"\+7\s*12"))


def test_the_chosen_options_are_shown_at_every_line(open_page: OpenPage, shop: Shop) -> None:
    shirt = shop.product("Linen Shirt", 9, options={"color": ["ivory", "coral"]})
    kim = shop.person()
    lines = {"items": [{"productId": shirt["id"], "quantity": 1, "options": {"color": "coral"}}]}
    order = shop.ask("POST", "/orders", lines, who=kim)["id"]
    shop.reaches(order, "CONFIRMED")
    shop.ask("POST", "/sales", lines)
    page = open_page(shop, "/admin/orders", shop.admin)
    expect(to_pack(page).filter(has_text=number_of(order))).to_contain_text("Coral")
    page.goto(f"{shop.url}/admin/till")
    sale = page.get_by_role("button", name="Linen Shirt").first
    expect(sale).to_contain_text("(Coral)")
    sale.click()
    expect(page.get_by_role("dialog", name="Receipt")).to_contain_text("Coral")
    page.goto(f"{shop.url}/admin/orders/{order}")
    page.emulate_media(media="print")
    expect(page.get_by_text(re.compile("Coral · SKU"))).to_be_visible()
    page.goto(f"{shop.url}/admin/orders?view=CANCELLED")
    shop.ask("POST", f"/orders/{order}/cancel", {})
    page.reload()
    expect(row(page, number_of(order))).to_contain_text("(Coral)")


# ---- paper, and a phone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/admin/orders/{}", "/orders/{}", "/admin/inventory?search=Garden", "/admin/movements"]
)
def test_printed_pages_have_no_controls(open_page: OpenPage, shop: Shop, path: str) -> None:
    order = three_orders(shop)[0]
    page = open_page(shop, path.format(order), shop.admin)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text(re.compile("Garden Gnome|GARD-")).filter(visible=True).first).to_be_visible()
    page.emulate_media(media="print")
    for name in ("Cancel order", "Mark as packed", "Export", "Adjust", "More for", "Copy", "Next"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_text(re.compile("Garden Gnome|GARD-")).filter(visible=True).first).to_be_visible()


@pytest.mark.parametrize("scroll", [0, 260, 520])
def test_a_toast_covers_no_control_on_a_phone(open_page: OpenPage, shop: Shop, scroll: int) -> None:
    pot = shop.product("Clay Pot", 9)
    page = open_page(shop, f"/products/{pot['id']}", shop.person(), viewport=PHONE, has_touch=True)
    button = page.get_by_role("button", name="Add to cart")
    expect(button).to_be_enabled()
    button.evaluate("(node, by) => { node.scrollIntoView({ block: 'end' }); scrollBy(0, by) }", scroll)
    button.tap()
    note = page.get_by_label("Notifications").get_by_role("listitem")
    expect(note).to_be_visible()
    total = page.get_by_role("region", name="Order").get_by_text("US$25.00").last
    for used in (button, page.get_by_role("button", name="Order now"), total):
        assert apart(note, used)


def apart(one: Locator, other: Locator) -> bool:
    first, second = one.bounding_box(), other.bounding_box()
    assert first is not None
    assert second is not None
    return first["y"] + first["height"] <= second["y"] or second["y"] + second["height"] <= first["y"]


def test_a_toast_does_not_cover_the_bar_at_the_bottom(visit: Open, shop: Shop) -> None:
    room = visit(shop, shop.admin, viewport=PHONE, has_touch=True, refusals=(404,))
    page = room.page("/admin/till")
    page.get_by_label("Product name or code").fill("No Such Thing")
    page.keyboard.press("Enter")
    note = page.get_by_label("Notifications").get_by_role("listitem")
    expect(note).to_be_visible()
    assert apart(note, page.get_by_role("navigation", name="Back office, pages at hand"))


# ---- an outage ------------------------------------------------------------------------------------------------------


def test_while_the_server_is_down_the_navigation_stays_and_the_page_recovers_by_itself(
    browser: Browser, tmp_path: Path
) -> None:
    shop = Shop(tmp_path)
    room = a_visit(browser, shop, shop.admin, (), viewport=DESKTOP)
    try:
        crate = shop.product("Apple Crate", 3)
        page = room.page("/admin/locations")
        expect(page.get_by_role("heading", level=1)).to_have_text("Locations")
        # Neither the page's code nor its data can be had now.
        room.context.set_offline(True)
        sidebar = page.get_by_role("navigation", name="Back office", exact=True)
        sidebar.get_by_role("link", name="Inventory").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(sidebar).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        room.context.set_offline(False)
        expect(page.get_by_role("button", name=f"Adjust {crate['name']}")).to_be_visible()
        expect(sidebar).to_be_visible()
    finally:
        room.context.close()
        shop.close()


# ---- exports --------------------------------------------------------------------------------------------------------


def test_an_export_holds_the_filtered_list(open_page: OpenPage, shop: Shop) -> None:
    pear, plum = shop.product("Pear Tree", 4), shop.product("Plum Tree", 4)
    shop.ask("PATCH", f"/inventory/product/{pear['id']}/stock", {"type": "RESTOCK", "quantity": 2, "reason": "Spring"})
    order = shop.order(plum, 1, who=shop.person())["id"]
    for path, there, absent in (
        (f"products?search={pear['sku']}", pear["sku"], plum["sku"]),
        (f"inventory?search={plum['sku']}", plum["sku"], pear["sku"]),
        ("movements?type=RESTOCK", pear["sku"], plum["sku"]),
        ("orders", order, "no such order"),
        ("orders?view=DELIVERED", "", order),
    ):
        page = open_page(shop, f"/admin/{path}", shop.admin)
        with page.expect_download() as taken:
            page.get_by_role("button", name="Export").click()
        text = taken.value.path().read_text(encoding="utf-8-sig")
        assert there in text, path
        assert absent not in text, path
        page.close()
