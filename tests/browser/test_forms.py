"""What is typed is not lost, what is wrong is shown at its field, and money is in its own currency."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop
from tests.browser.test_accounts import sign_in

LEAVE = "Leave without saving?"


def test_a_product_that_is_not_saved_is_not_left_without_a_question(open_page: OpenPage, shop: Shop) -> None:
    known = shop.product("Bread Knife", 3)
    page = open_page(shop, f"/admin/products/{known['id']}", shop.admin)
    name = page.get_by_label("Name", exact=True)
    name.fill("Bread Saw")
    page.get_by_role("link", name="Inventory").first.click()
    page.get_by_role("dialog", name=LEAVE).get_by_role("button", name="Keep editing").click()
    expect(name).to_have_value("Bread Saw")
    assert page.url.endswith(known["id"])
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_event("dialog")
    expect(name).to_have_value("Bread Saw")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save").click()
    # Saved: nothing is lost any more, so nothing is asked.
    page.wait_for_url("**/admin/products")
    assert shop.ask("GET", f"/products/{known['id']}")["name"] == "Bread Saw"
    page.goto(f"{shop.url}/admin/products/{known['id']}")
    name.fill("Bread Axe")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("dialog", name=LEAVE).get_by_role("button", name="Discard the changes").click()
    page.wait_for_url("**/admin/products")
    assert shop.ask("GET", f"/products/{known['id']}")["name"] == "Bread Saw"


DIALOGS = [
    ("/admin/locations", "Add a location", "Name"),
    ("/admin/api-keys", "New API key", "Name"),
    ("/admin/inventory?search={sku}", "Adjust {name}", "Reason"),
    ("/admin/orders/{order}", "Cancel order", "Why? (optional)"),
    ("/admin/orders/{packed}", "Return", "Reason (optional)"),
    ("/orders/{order}", "Cancel order", "Why? (optional)"),
]


@pytest.mark.parametrize(("path", "opens", "field"), DIALOGS)
def test_a_dialog_with_something_typed_asks_before_it_closes(
    open_page: OpenPage, shop: Shop, path: str, opens: str, field: str
) -> None:
    jug, kim = shop.product("Water Jug", 9), shop.person()
    order, packed = (shop.order(jug, 1, who=kim) for _ in range(2))
    for each in (order, packed):
        shop.reaches(each["id"], "CONFIRMED")
    shop.ask("POST", f"/orders/{packed['id']}/pack", {})
    facts = {"sku": jug["sku"], "name": jug["name"], "order": order["id"], "packed": packed["id"]}
    page = open_page(shop, path.format_map(facts), shop.admin)
    page.get_by_role("button", name=opens.format_map(facts)).first.click()
    text = page.get_by_role("dialog").get_by_label(field, exact=True)
    text.fill("Something")
    leave = page.get_by_role("dialog", name=LEAVE)
    page.keyboard.press("Escape")
    leave.get_by_role("button", name="Keep editing").click()
    expect(text).to_have_value("Something")
    expect(leave).to_have_count(0)
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^(Cancel|Keep it)$")).click()
    leave.get_by_role("button", name="Discard the changes").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Untouched it closes at once.
    page.get_by_role("button", name=opens.format_map(facts)).first.click()
    expect(text).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


# ---- what is wrong --------------------------------------------------------------------------------------------------


def fill_product(page: Page, sku: str) -> None:
    page.get_by_label("Name", exact=True).fill("Bench Vice")
    page.get_by_label("Description").fill("It holds what is worked on.")
    page.get_by_label("Category").select_option("other")
    page.get_by_label("Price").fill("12.50")
    page.get_by_label("Currency").fill("USD")
    page.get_by_label("SKU").fill(sku)


def test_a_taken_sku_is_reported_at_its_field(visit: Open, shop: Shop) -> None:
    taken = shop.product("Hand Drill", 3)
    page = visit(shop, shop.admin, refusals=(409,)).page("/admin/products/new")
    fill_product(page, taken["sku"])
    page.get_by_role("button", name="List the product").click()
    sku = page.get_by_label("SKU")
    expect(sku).to_be_focused()
    expect(sku).to_have_attribute("aria-invalid", "true")
    expect(sku).to_have_accessible_description(re.compile("already exists"))
    expect(page.get_by_text(re.compile("^Request "))).to_have_count(0)


def test_the_first_of_several_wrong_fields_has_the_focus(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/products/new", shop.admin)
    fill_product(page, "x")
    page.get_by_label("Description").fill("short")
    page.get_by_role("button", name="List the product").click()
    expect(page.get_by_label("Description")).to_be_focused()
    expect(page.get_by_label("SKU")).to_have_attribute("aria-invalid", "true")


def test_a_wrong_password_gets_a_clear_message(visit: Open, shop: Shop) -> None:
    kim = shop.person()
    page = visit(shop, refusals=(401,)).page("/login")
    page.get_by_label("E-mail").fill(kim)
    page.get_by_label("Password", exact=True).fill("Not-The-Password-1")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("Request")).to_have_count(0)


# ---- where one lands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "lands"), [("/login", "/admin"), ("/login?from=/products", "/admin"), ("/login?next=/cart", "/cart")]
)
def test_an_admin_signs_in_to_the_back_office(open_page: OpenPage, shop: Shop, start: str, lands: str) -> None:
    page = open_page(shop, start)
    sign_in(page, shop.admin, shop.password(shop.admin))
    page.wait_for_url(f"{shop.url}{lands}")


def test_a_customer_goes_back_to_the_page_they_looked_at(open_page: OpenPage, shop: Shop) -> None:
    mat, kim = shop.product("Door Mat", 3), shop.person()
    page = open_page(shop, f"/products/{mat['id']}")
    page.get_by_role("banner").get_by_role("link", name="Sign in").first.click()
    sign_in(page, kim, shop.password(kim))
    page.wait_for_url(f"**/products/{mat['id']}")


# ---- money ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "price", "typed", "shown"),
    [("JPY", 1250, "1250", "¥1,250"), ("EUR", 1250, "12.50", "€12.50"), ("KWD", 12_500, "12.500", "KWD 12.500")],
)
def test_the_shop_s_own_currency_is_used_everywhere(
    open_page: OpenPage, shop: Shop, currency: str, price: int, typed: str, shown: str
) -> None:
    made = shop.product("Silk Fan", 3, currency=currency, price=price)
    page = open_page(shop, "/admin/till", shop.admin)
    total = page.get_by_role("definition").filter(has_text=currency if currency == "KWD" else shown[0])
    expect(total).to_be_visible()
    expect(page.get_by_text("US$0.00")).to_have_count(0)
    page.goto(f"{shop.url}/admin/products/new")
    expect(page.get_by_label("Currency")).to_have_value(currency)
    page.goto(f"{shop.url}/admin/products?search={made['sku']}")
    expect(page.get_by_role("cell", name=re.compile(shown.replace(" ", r"\s")))).to_be_visible()
    page.get_by_role("link", name=made["name"]).click()
    expect(page.get_by_label("Price", exact=True)).to_have_value(typed)


def test_a_second_currency_is_noticed_when_it_is_added(open_page: OpenPage, shop: Shop) -> None:
    tea, jam = shop.product("Oolong Tea", 5, currency="EUR"), shop.product("Plum Jam", 5)
    page = open_page(shop, f"/products/{tea['id']}", shop.person())
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="Cart, 1 unit")).to_be_visible()
    page.goto(f"{shop.url}/products/{jam['id']}")
    page.get_by_role("button", name="Add to cart").click()
    dialog = page.get_by_role("dialog", name="Start a new cart?")
    expect(dialog).to_contain_text(f"{jam['name']} is priced in USD, and your cart is in EUR")
    dialog.get_by_role("button", name="Keep my cart").click()
    expect(page.get_by_role("button", name="Add to cart")).to_be_focused()
    page.get_by_role("button", name="Add to cart").click()
    dialog.get_by_role("button", name="Start a new cart").click()
    expect(page.get_by_role("link", name="Cart, 1 unit")).to_be_visible()
    page.goto(f"{shop.url}/cart")
    expect(page.get_by_role("link", name=jam["name"])).to_be_visible()
    expect(page.get_by_role("link", name=tea["name"])).to_have_count(0)


def test_a_picture_needs_an_https_address(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/products/new", shop.admin)
    picture = page.get_by_label("Picture address")
    picture.fill("http://shop.example/chair.png")
    picture.blur()
    wrong = page.get_by_text("An address that begins with https://")
    expect(wrong).to_be_visible()
    picture.fill("")
    expect(wrong).to_have_count(0)


def test_an_internationalized_email_address_is_validated_by_the_server(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/password/forgot")
    page.get_by_label("E-mail").fill("jörg@bücher.example")
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_url("**/password/reset")
