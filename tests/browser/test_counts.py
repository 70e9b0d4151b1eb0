"""Counting the shelves: scanned and typed, without a connection for a while, then booked in one go."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop, until
from tests.browser.test_staff import WEDGE
from tests.browser.visit import PHONE, note


def begin(page: Page, name: str) -> str:
    page.get_by_role("button", name="New count").first.click()
    dialog = page.get_by_role("dialog", name="New count")
    dialog.get_by_label("Name (optional)").fill(name)
    dialog.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/admin/counts/cnt_*")
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    return page.url.rpartition("/")[2]


def test_shelves_are_scanned_counted_again_and_booked(visit: Open, shop: Shop) -> None:
    crate, jar = shop.product("Beech Crate", 5), shop.product("Honey Jar", 8)
    page = visit(shop, shop.admin, refusals=(404,)).page("/admin/counts")
    begin(page, "Shelf three")
    for _ in range(3):
        page.evaluate(WEDGE, crate["sku"])
    expect(page.get_by_text(f"{crate['sku']}: 3 counted")).to_be_visible()
    page.get_by_label("SKU or code").fill(jar["sku"])
    page.get_by_role("textbox", name="Units").fill("8")
    page.get_by_label("SKU or code").press("Enter")
    expect(page.get_by_text(f"{jar['sku']}: 8 counted")).to_be_visible()
    page.evaluate(WEDGE, "NO-SUCH-CODE")
    refused = page.get_by_role("alert", name="Scans that were refused")
    expect(refused).to_contain_text("NO-SUCH-CODE")
    refused.get_by_role("button", name="Dismiss").click()
    expect(refused).to_be_hidden()

    # A sale meanwhile is no difference: the count is of the moment of its scans.
    shop.ask("POST", "/sales", {"items": [{"productId": jar["id"], "quantity": 2}]})
    page.get_by_role("button", name=f"Count {crate['name']} again").click()
    dialog = page.get_by_role("dialog", name=crate["name"])
    dialog.get_by_role("textbox", name="Units on the shelf").fill("4")
    dialog.get_by_role("button", name="Count", exact=True).click()
    page.get_by_text("Differences", exact=True).click()
    row = page.get_by_role("row").filter(has_text=crate["sku"])
    expect(row).to_contain_text("−1")
    expect(page.get_by_role("row").filter(has_text=jar["sku"])).to_have_count(0)

    page.get_by_role("button", name="Book differences").click()
    page.get_by_role("dialog").get_by_role("button", name="Book", exact=True).click()
    expect(note(page, "All differences are booked")).to_be_visible()
    expect(page.get_by_text("Booked", exact=True)).to_be_visible()
    until(lambda: shop.stock(crate)["totalStock"] == 4)
    assert shop.stock(jar)["totalStock"] == 6
    expect(page.get_by_label("SKU or code")).to_be_hidden()


def test_scans_without_a_connection_wait_in_the_browser_even_over_a_reload(visit: Open, shop: Shop) -> None:
    crate = shop.product("Ash Crate", 5)
    page = visit(shop, shop.admin, viewport=PHONE, has_touch=True, refusals=(503,)).page("/admin/counts")
    begin(page, "Cellar")
    scans = re.compile(r"/api/inventory/counts/.*/scans$")
    # A proxy that has lost its server.
    page.route(scans, lambda route: route.fulfill(status=503, json={}))
    for _ in range(2):
        page.evaluate(WEDGE, crate["sku"])
    expect(page.get_by_text("2 scans wait in this browser")).to_be_visible(timeout=20_000)
    page.reload()
    expect(page.get_by_text("2 scans wait")).to_be_visible()
    page.unroute(scans)
    expect(page.get_by_text(f"{crate['sku']}: 2 counted")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("wait in this browser")).to_be_hidden()


def test_a_count_is_discarded_and_its_sheet_printed(open_page: OpenPage, shop: Shop) -> None:
    crate = shop.product("Elm Crate", 5)
    page = open_page(shop, "/admin/counts", shop.admin)
    begin(page, "Attic")
    page.evaluate(WEDGE, crate["sku"])
    expect(page.get_by_text(f"{crate['sku']}: 1 counted")).to_be_visible()
    page.get_by_role("link", name="Count sheet").click()
    expect(page.get_by_role("row").filter(has_text=crate["sku"])).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_enabled()
    page.get_by_role("link", name="Count", exact=True).click()
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Discarded", exact=True)).to_be_visible()
    assert shop.stock(crate)["totalStock"] == 5
