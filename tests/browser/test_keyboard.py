"""Without a mouse: the focus comes back from everything that opens, and a scanner's keys are a scan everywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Open, OpenPage
from tests.browser.pages import OPENED, Opened
from tests.browser.shop import Shop
from tests.browser.test_pages import LOADED, things  # noqa: F401  a fixture
from tests.browser.visit import DESKTOP, PHONE, note
from tests.proving import SECONDS

# A scanner's keys, wherever the focus is, each faster than any hand.
SCAN = """(code) => [...code, "Enter"].forEach((key) => (document.activeElement ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""
PHONE_ONLY = {"palette", "back-office"}
WAYS: list[Any] = [
    pytest.param(opened, size, id=f"{opened.name}-{name}")
    for opened in OPENED
    for name, size in (("phone", PHONE), ("desk", DESKTOP))
    if (size is PHONE if opened.name in PHONE_ONLY else size is DESKTOP or SECONDS)
]
"""Short: each once, at a desk where it is there; long: on a phone too."""


@pytest.mark.parametrize(("opened", "size"), WAYS)
def test_focus_returns_to_the_control_that_opened_a_dialog(
    open_page: OpenPage,
    demo: Shop,
    things: dict[str, str],  # noqa: F811
    opened: Opened,
    size: ViewportSize,
) -> None:
    page = open_page(demo, opened.path.format_map(things), opened.who, viewport=size)
    for role, name in opened.clicks:
        page.get_by_role(role, name=name).filter(visible=True).first.focus()
        page.keyboard.press("Enter")
    role, name = opened.shows
    page.get_by_role(role, name=name).filter(visible=True).first.wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role(role, name=name).filter(visible=True)).to_have_count(0)
    # What a menu opened is closed into the menu's own button.
    role, name = opened.clicks[0]
    expect(page.get_by_role(role, name=name).filter(visible=True).first).to_be_focused()


def test_tab_stays_in_a_dialog_and_escape_leads_back_to_its_button(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/locations", shop.admin)
    opener = page.get_by_role("button", name="Add a location").first
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Add a location")
    first = dialog.get_by_label("Name", exact=True)
    expect(first).to_be_focused()
    # The page behind is hidden from readers, too.
    expect(page.get_by_role("heading", level=1)).to_have_count(0)
    for key in ("Tab", "Shift+Tab"):
        met = 0
        for _ in range(20):
            page.keyboard.press(key)
            met += 1
            expect(dialog.locator(":focus")).to_have_count(1)
            if first.evaluate("node => node === document.activeElement"):
                break
        assert 4 <= met < 20, key
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_toast_and_its_undo_are_reached_by_keyboard(open_page: OpenPage, shop: Shop) -> None:
    shop.ask("POST", "/categories", {"name": "orchard"})
    page = open_page(shop, "/admin/categories", shop.admin)
    page.get_by_role("button", name="Remove Orchard").focus()
    page.keyboard.press("Enter")
    expect(note(page, "Orchard is removed")).to_be_visible()
    page.keyboard.press("F8")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Orchard")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_the_palette_gives_the_focus_back_and_a_command_may_take_it(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/inventory", shop.admin)
    ready(page)
    link = page.get_by_role("link", name="New product").first
    link.focus()
    open_palette(page)
    page.keyboard.press("Escape")
    expect(link).to_be_focused()
    open_palette(page)
    page.keyboard.type("Search this page")
    expect(page.get_by_role("option", name="Search this page")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search by name or SKU")).to_be_focused()


def test_the_row_that_comes_next_has_the_focus_when_a_dialog_removed_its_own(open_page: OpenPage, shop: Shop) -> None:
    for name in ("Gate", "Yard"):
        shop.ask("POST", "/api-keys", {"name": name, "scopes": ["metrics"]})
    page = open_page(shop, "/admin/api-keys", shop.admin)
    page.get_by_role("button", name="Revoke Yard").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Revoke it").focus()
    page.keyboard.press("Enter")
    expect(note(page, "The key is revoked")).to_be_visible()
    # Its place stays as long as the keyboard is there, and the next Tab is at the next row.
    expect(page.locator("tr[data-gone]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Revoke Gate")).to_be_focused()


# ---- the scanner ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/admin", "/admin/orders", "/admin/inventory", "/admin/products/new"])
def test_a_scan_opens_its_product_and_presses_no_shortcut(open_page: OpenPage, shop: Shop, path: str) -> None:
    # Its first letters are the shortcut of a new product.
    made = shop.product("Night Lamp", 3, sku=f"np-gt{shop.product('Spare Bulb', 1)['sku']}")
    page = open_page(shop, path, shop.admin)
    ready(page)
    page.evaluate("document.activeElement.blur()")
    page.evaluate(SCAN, made["sku"])
    page.wait_for_url(f"**/admin/products/{made['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(made["name"])


def test_a_scan_that_finds_nothing_says_so_and_stays(visit: Open, shop: Shop) -> None:
    page = visit(shop, shop.admin, refusals=(404,)).page("/admin/inventory")
    ready(page)
    page.evaluate(SCAN, "gt-0000?")
    expect(note(page, "Nothing has the code gt-0000?")).to_be_visible()
    assert page.url.endswith("/admin/inventory")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_scan_into_a_field_is_typed_there(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/inventory", shop.admin)
    search = page.get_by_label("Search by name or SKU")
    search.focus()
    page.keyboard.type("lamp-1234", delay=2)
    page.keyboard.press("Enter")
    expect(search).to_have_value("lamp-1234")
    expect(page).to_have_url(re.compile(r"/admin/inventory\?search=lamp-1234$"))


def test_a_shortcut_of_two_keys_works_at_any_typing_speed(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/inventory", shop.admin)
    ready(page)
    page.keyboard.type("gl")
    page.wait_for_url("**/admin/low-stock")


# ---- finding --------------------------------------------------------------------------------------------------------


def test_the_slash_searches_the_page_or_opens_the_palette_and_stays_in_the_back_office(
    open_page: OpenPage, shop: Shop
) -> None:
    page = open_page(shop, "/admin/inventory", shop.admin)
    ready(page)
    page.keyboard.press("/")
    expect(page.get_by_label("Search by name or SKU")).to_be_focused()
    page.goto(f"{shop.url}/admin/locations")
    expect(page.get_by_role("heading", level=1)).to_have_text("Locations")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Command palette")).to_be_visible()


def test_in_the_back_office_the_palette_finds_products_users_and_an_order_by_its_number(
    open_page: OpenPage, shop: Shop
) -> None:
    # Hidden from buyers: the shop's own page would not show it.
    stool, kim = shop.product("Milking Stool", 3, status="INACTIVE"), shop.person()
    order = shop.order(shop.product("Milk Churn", 3), 1, who=kim)
    page = open_page(shop, "/admin", shop.admin)
    find(page, stool["sku"], stool["name"])
    page.wait_for_url(f"**/admin/products/{stool['id']}")
    find(page, order["number"], f"Order {order['number']}")
    page.wait_for_url(f"**/admin/orders/{order['id']}")
    find(page, kim, kim)
    page.wait_for_url("**/admin/users?search=*")
    expect(page.get_by_role("cell", name=f"Kim Berg {kim}")).to_be_visible()
    # The box at the top finds what one edits, too.
    box = page.get_by_role("searchbox", name="Search products")
    box.fill(stool["name"])
    box.press("Enter")
    page.wait_for_url("**/admin/products?search=*")


def ready(page: Page) -> None:
    """The page's own code is there, and listens."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_function(LOADED)


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Command palette").get_by_role("combobox")).to_be_focused()


def find(page: Page, text: str, option: str) -> None:
    ready(page)
    open_palette(page)
    page.keyboard.type(text)
    expect(page.get_by_role("option", name=option)).to_be_visible()
    page.keyboard.press("Enter")
