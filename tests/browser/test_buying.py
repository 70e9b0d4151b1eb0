"""A customer's way through the shop."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop
from tests.browser.visit import PHONE, note


def order_id_of(page: Page) -> str:
    page.wait_for_url(re.compile(r"/orders/ord_"))
    return page.url.rpartition("/")[2]


def sign_in(page: Page, shop: Shop, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(shop.password(email))
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def test_a_customer_finds_a_product_signs_in_and_buys_it(open_page: OpenPage, shop: Shop) -> None:
    lamp = shop.product("Reading Lamp", 10, price=2550)
    kim = shop.person()
    page = open_page(shop, "/products")
    search = page.get_by_role("searchbox", name="Search products")
    search.fill("Reading ")
    expect(page).to_have_url(re.compile("search=Reading$"))
    expect(page.get_by_role("heading", level=1, name="“Reading”")).to_be_visible()
    search.press("End")
    page.keyboard.type(lamp["name"].removeprefix("Reading "))
    page.get_by_role("link", name=lamp["name"], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(lamp["name"])
    page.get_by_role("button", name="One more").click()
    expect(page.get_by_label("Order", exact=True).get_by_text("US$51.00")).to_be_visible()
    page.get_by_role("button", name="Order now").click()
    sign_in(page, shop, kim)
    page.wait_for_url("**/cart")
    page.get_by_role("button", name="Place order").click()
    order = order_id_of(page)
    expect(note(page, "Your order is placed")).to_be_visible()
    # Its confirmation is mailed, and the page shows it without a reload.
    expect(page.get_by_text("The shop has confirmed your order")).to_be_visible()
    shop.reaches(order, "CONFIRMED")
    assert shop.stock(lamp)["availableStock"] == 8
    page.get_by_role("link", name="Your orders").click()
    expect(page.get_by_role("link", name=lamp["name"])).to_be_visible()


def test_several_products_go_into_one_order(open_page: OpenPage, shop: Shop) -> None:
    chair, desk, rug = (shop.product(name, 5, price=1000) for name in ("Oak Chair", "Oak Desk", "Wool Rug"))
    page = open_page(shop, "/", shop.person())
    for each in (chair, desk, rug):
        page.goto(f"{shop.url}/products/{each['id']}")
        page.get_by_role("button", name="Add to cart").click()
        expect(note(page, f"{each['name']} is in your cart")).to_be_visible()
    page.get_by_role("link", name="Cart, 3 units").click()
    page.get_by_role("group", name=f"Quantity of {desk['name']}").get_by_role("button", name="One more").click()
    page.get_by_role("button", name=f"Remove {rug['name']}").click()
    expect(page.get_by_text("US$30.00")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("US$40.00")).to_be_visible()
    page.get_by_role("button", name="Place order").click()
    shop.reaches(order_id_of(page), "CONFIRMED")
    expect(page.get_by_role("link", name="Cart, 0 units")).to_be_visible()
    assert [shop.stock(each)["availableStock"] for each in (chair, desk, rug)] == [4, 3, 4]


def test_the_slower_of_two_browsers_that_order_the_last_unit_gets_a_clear_message(visit: Open, shop: Shop) -> None:
    vase = shop.product("Last Vase", 1)
    path = f"/products/{vase['id']}"
    faster, slower = visit(shop, shop.person()).page(path), visit(shop, shop.person(), refusals=(409,)).page(path)
    expect(slower.get_by_role("button", name="Order now")).to_be_enabled()
    faster.get_by_role("button", name="Order now").click()
    order_id_of(faster)
    slower.get_by_role("button", name="Order now").click()
    expect(slower.get_by_text("Somebody was faster: the last one has just been ordered.")).to_be_visible()
    expect(slower.get_by_text("You can order it here when")).to_be_visible()
    assert shop.stock(vase)["availableStock"] == 0


def test_a_cart_with_too_many_units_is_reduced_to_the_available_ones(visit: Open, shop: Shop) -> None:
    bowl, kim = shop.product("Clay Bowl", 5), shop.person()
    page = visit(shop, kim, refusals=(409,)).page(f"/products/{bowl['id']}")
    quantity = page.get_by_role("group", name="Quantity").get_by_label("Quantity")
    quantity.click()
    quantity.press("End")
    quantity.press("Backspace")
    quantity.press("4")
    expect(quantity).to_have_value("4")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="View cart").click()
    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    shop.order(bowl, 3, who=shop.person())
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Only 2 left")).to_be_visible()
    page.get_by_role("button", name="Reduce to what is available").click()
    page.get_by_role("button", name="Place order").click()
    order_id_of(page)
    assert shop.stock(bowl)["availableStock"] == 0


def test_a_cancelled_order_returns_its_units(open_page: OpenPage, shop: Shop) -> None:
    mug, kim = shop.product("Blue Mug", 3), shop.person()
    order = shop.order(mug, 3, who=kim)
    shop.reaches(order["id"], "CONFIRMED")
    page = open_page(shop, f"/orders/{order['id']}", kim)
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_label("Why? (optional)").fill("Ordered twice")
    page.get_by_role("button", name="Cancel the order").click()
    expect(note(page, "Your order is cancelled")).to_be_visible()
    expect(page.get_by_text("Ordered twice")).to_be_visible()
    assert shop.stock(mug)["availableStock"] == 3


def test_buying_works_on_a_phone(open_page: OpenPage, shop: Shop) -> None:
    pot = shop.product("Tea Pot", 4)
    page = open_page(shop, "/products", shop.person(), viewport=PHONE, is_mobile=True, has_touch=True)
    page.get_by_role("button", name="Search").tap()
    page.get_by_placeholder("Find a page, a command or a product").fill(pot["name"])
    page.get_by_role("option", name=pot["name"]).tap()
    page.get_by_role("button", name="Add to cart").tap()
    page.get_by_role("link", name="Cart, 1 unit").tap()
    page.get_by_role("button", name="Place order").tap()
    order_id_of(page)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_purchase_needs_no_mouse(open_page: OpenPage, shop: Shop) -> None:
    clock = shop.product("Wall Clock", 4)
    page = open_page(shop, "/", shop.person())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(clock["name"])
    page.keyboard.press("Enter")
    found = page.get_by_role("link", name=clock["name"], exact=True)
    expect(page.get_by_role("article")).to_have_count(1)
    tab_to(page, found)
    page.keyboard.press("Enter")
    order_now = page.get_by_role("button", name="Order now")
    expect(order_now).to_be_enabled()
    tab_to(page, page.get_by_role("group", name="Quantity").get_by_label("Quantity"))
    page.keyboard.press("ArrowUp")
    tab_to(page, order_now)
    page.keyboard.press("Enter")
    order_id_of(page)
    assert shop.stock(clock)["availableStock"] == 2


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until the keyboard is there, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError("the keyboard does not get there")
