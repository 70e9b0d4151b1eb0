"""Barcodes and costs in the browser: scanned at the till, typed in the form of a product, summed on the overview."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop, until
from tests.browser.test_staff import WEDGE

UPC = "036000291452"
SHIRT = {
    "barcode": "4006381333931",
    "cost": 900,
    "variants": [
        {"options": {"size": "S"}, "quantity": 4, "barcode": "SHIRT-S"},
        {"options": {"size": "M"}, "quantity": 4, "price": 2700},
    ],
}


def test_a_scanner_finds_products_and_variants_by_their_barcodes(visit: Open, shop: Shop) -> None:
    tin, shirt = shop.product("Tea Tin", 5, price=400, barcode=UPC), shop.product("Linen Shirt", 0, **SHIRT)
    small, medium = f"{shirt['name']} (size: S)", f"{shirt['name']} (size: M)"
    page = visit(shop, shop.admin, refusals=(404,)).page("/admin/till")
    expect(page.get_by_text("No product scanned yet")).to_be_visible()
    # As a UPC, and as the EAN that some scanners make of it.
    for code in (UPC, f"0{UPC}"):
        page.evaluate(WEDGE, code)
        expect(page.get_by_role("group", name=f"Units of {tin['name']}")).to_be_visible()
    expect(page.get_by_label(f"Units of {tin['name']}").get_by_role("textbox")).to_have_value("2")
    page.evaluate(WEDGE, "shirt-s")
    expect(page.get_by_role("group", name=f"Units of {small}")).to_be_visible()
    # What is printed on all sizes has to be chosen from.
    page.evaluate(WEDGE, "4006381333931")
    dialog = page.get_by_role("dialog", name="Which one?")
    dialog.get_by_role("button", name=re.compile(re.escape(medium))).click()
    expect(page.get_by_role("group", name=f"Units of {medium}")).to_be_visible()
    # The same, typed into the field; and a name that several variants have.
    finder = page.get_by_label("Product name or code")
    finder.fill("4006381333931")
    finder.press("Enter")
    dialog.get_by_role("button", name=re.compile(re.escape(medium))).click()
    expect(page.get_by_label(f"Units of {medium}").get_by_role("textbox")).to_have_value("2")
    finder.fill(shirt["name"])
    found = page.get_by_role("list", name="Products found")
    expect(found.get_by_role("button")).to_have_count(2)
    found.get_by_role("button", name=re.compile(re.escape(small))).click()
    page.get_by_role("button", name="Sell", exact=True).click()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt).to_be_visible()
    expect(receipt.get_by_text("cost", exact=False)).to_have_count(0)
    variants = shop.ask("GET", f"/products/{shirt['id']}")["variants"]
    assert [each["quantity"] for each in variants] == [2, 2]
    assert shop.stock(tin)["availableStock"] == 3


def test_a_scan_opens_its_product_in_the_back_office(open_page: OpenPage, shop: Shop) -> None:
    lamp = shop.product("Desk Lamp", 2, barcode="96385074", cost=1000, weightGrams=450, taxRate=1950)
    page = open_page(shop, "/admin/inventory", shop.admin)
    expect(page.get_by_role("heading", name="Inventory")).to_be_visible()
    page.evaluate(WEDGE, "96385074")
    expect(page).to_have_url(re.compile(f"/admin/products/{lamp['id']}$"))
    for label, value in (
        ("Barcode", "96385074"),
        ("Cost of a unit", "10.00"),
        ("Weight in grams", "450"),
        ("Tax rate in percent", "19.5"),
    ):
        expect(page.get_by_label(label)).to_have_value(value)
    expect(page.get_by_text("The margin is 60 % of the price.")).to_be_visible()


def test_the_form_of_a_product_takes_and_clears_what_it_need_not_have(visit: Open, shop: Shop) -> None:
    taken, jar = shop.product("Honey Jar", 2, barcode="JAR-1"), shop.product("Jam Jar", 2, taxRate=700)
    page = visit(shop, shop.admin, refusals=(400, 409)).page(f"/admin/products/{jar['id']}")
    barcode = page.get_by_label("Barcode")
    barcode.fill("4006381333932")
    # As a scanner does: Enter does not send the form.
    barcode.press("Enter")
    page.get_by_label("Cost of a unit").fill("4.20")
    page.get_by_label("Tax rate in percent").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("4006381333931")).to_be_visible()
    barcode.fill("jar-1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"is already that of {taken['name']}")).to_be_visible()
    barcode.fill("JAR-2")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"/admin/products$"))
    saved = shop.ask("GET", f"/products/{jar['id']}")
    assert [saved[each] for each in ("barcode", "cost", "weightGrams", "taxRate")] == ["JAR-2", 420, None, None]


def test_the_overview_shows_the_margin_and_the_stock_at_cost(open_page: OpenPage, shop: Shop) -> None:
    pot = shop.product("Clay Pot", 9, price=3000, cost=1200)
    shop.ask("POST", "/sales", {"productId": pot["id"], "quantity": 2})
    until(lambda: shop.ask("GET", "/reports/summary")["today"]["margin"])
    page = open_page(shop, "/admin", shop.admin)
    expect(page.get_by_text(re.compile(r"Margin .*%.* · Yesterday"))).to_be_visible()
    expect(page.get_by_text(re.compile("at cost")).first).to_be_visible()
    page.get_by_label("What to show").select_option(label="Margin")
    expect(page.get_by_text(re.compile("of the revenue is known|in total; most on")).first).to_be_visible()


def test_a_customer_sees_no_cost_anywhere_on_a_product(open_page: OpenPage, shop: Shop) -> None:
    mug = shop.product("Stone Mug", 3, price=2222, cost=1717)
    page = open_page(shop, f"/products/{mug['id']}", shop.person())
    expect(page.get_by_role("heading", name=mug["name"])).to_be_visible()
    expect(page.get_by_text("17.17")).to_have_count(0)
