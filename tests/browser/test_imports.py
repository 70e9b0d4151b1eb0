"""Files in the back office: looked at, booked, and undone with a few clicks."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.shop import Shop


def choose(page: Page, name: str, text: str) -> None:
    file = FilePayload(name=name, mimeType="text/csv", buffer=text.encode())
    page.get_by_label("Drop a file here").set_input_files(file)


def test_products_are_looked_at_booked_and_undone(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/imports", shop.admin)
    choose(
        page, "lamps.csv", "sku;name;priceDecimal;available\nIMP-1;A desk lamp;49,90;5\nIMP-2;A floor lamp;99,00;3\n"
    )
    expect(page.get_by_text("split at semicolons")).to_be_visible()
    expect(page.get_by_role("table", name="What the file changes")).to_contain_text("A desk lamp")
    assert shop.ask("GET", "/products?search=IMP-1")["items"] == []

    page.get_by_role("button", name="Book 2 products").click()
    expect(page.get_by_text("Booked", exact=True).first).to_be_visible()
    assert len(shop.ask("GET", "/products?search=IMP-")["items"]) == 2

    page.get_by_role("button", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo 2 rows").click()
    expect(page.get_by_text("2 rows were undone")).to_be_visible()
    assert shop.ask("GET", "/products?search=IMP-1")["items"] == []

    page.get_by_role("button", name="Import a file").click()
    expect(page.get_by_role("table", name="Imports, newest first")).to_contain_text("lamps.csv")


def test_wrong_rows_are_shown_and_the_others_can_be_booked(open_page: OpenPage, shop: Shop) -> None:
    globe = shop.product("Import Globe", 4)
    sku = globe["sku"]
    page = open_page(shop, "/admin/imports", shop.admin)
    page.get_by_label("The file has").select_option("stock")
    choose(page, "count.csv", f'sku,quantity\n{sku},6\n{sku},"1,000"\nNOBODY,1\n')
    table = page.get_by_role("table", name="Refused rows")
    expect(table).to_contain_text("thousands separator")
    expect(table).to_contain_text("no product has this SKU")
    expect(page.get_by_role("button", name="Book 1 rows")).to_be_disabled()

    page.get_by_label("If a row is wrong").select_option("skip")
    page.get_by_role("button", name="Book 1 rows").click()
    expect(page.get_by_role("button", name="Import a file")).to_be_visible()
    expect(page.get_by_role("button", name="as a file to correct")).to_be_visible()
    assert shop.stock(globe)["availableStock"] == 10


def test_a_file_that_cannot_be_read_says_why(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/imports", shop.admin, refusals=(400,))
    choose(page, "broken.csv", 'sku,name\n"A,1\n')
    expect(page.get_by_role("alert")).to_contain_text("never closed")
