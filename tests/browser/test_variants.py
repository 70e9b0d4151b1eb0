"""Variants in the web app: made, chosen, sold to the last unit; a shared stock that is spread over them."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop
from tests.browser.test_buying import order_id_of
from tests.browser.visit import PHONE, note
from tests.pictures import picture

OPTIONS = [{"name": "color", "values": ["coral", "mint"]}, {"name": "size", "values": ["S", "M"]}]


def shirt(shop: Shop, *, prices: tuple[int | None, ...] = (None, None, None, None), **left: int) -> dict[str, Any]:
    """A shirt in two colors and two sizes: `coral_S=1`; what is not named is sold out."""
    combinations = [{"color": color, "size": size} for color in ("coral", "mint") for size in ("S", "M")]
    variants = [
        {"options": each, "quantity": left.get("_".join(each.values()), 0), "lowStockThreshold": 0, "price": price}
        for each, price in zip(combinations, prices, strict=True)
    ]
    return shop.product("Linen Shirt", 0, options=OPTIONS, variants=variants)


def left_of(shop: Shop, product: dict[str, Any]) -> dict[str, int]:
    return {" ".join(each["options"].values()): each["availableStock"] for each in shop.stock(product)["variants"]}


def choice(page: Page, name: str) -> Locator:
    return page.get_by_label("Order", exact=True).get_by_role("radio", name=name)


def test_a_product_with_two_options_is_made(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/admin/products/new", shop.admin)
    for label, text in (("Name", "Canvas Shoe"), ("Description", "A shoe to walk in."), ("Price", "40")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("SKU", exact=True).fill("SHOE")
    page.get_by_label("Currency").fill("USD")
    for number, (name, values) in enumerate((("color", "red, blue"), ("size", "40, 41"))):
        page.get_by_role("button", name="Add an option").click()
        page.get_by_label("Option", exact=True).nth(number).fill(name)
        page.get_by_label("Values, with commas between").nth(number).fill(values)
    rows = page.get_by_role("list", name="Variants").get_by_role("listitem")
    expect(rows).to_have_count(4)
    expect(page.get_by_label("Units in stock")).to_have_count(0)
    for row, units in enumerate((3, 0, 1)):
        rows.nth(row).get_by_label("Units", exact=True).fill(str(units))
    rows.nth(1).get_by_label("Own price").fill("45.50")
    page.get_by_role("button", name="Leave out Blue, 41").click()
    rows.nth(2).get_by_label("SKU").fill("x")
    expect(page.get_by_text("3 variants, 4 units in all.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(rows.nth(2).get_by_text("3 to 50 characters")).to_be_visible()
    expect(rows.nth(2).get_by_label("SKU")).to_be_focused()
    rows.nth(2).get_by_label("SKU").fill("SHOE-B")
    page.get_by_role("button", name="List the product").click()
    page.wait_for_url("**/admin/products")
    (made,) = shop.ask("GET", "/products?search=SHOE-RED")["items"]
    assert [(each["sku"], each["price"], each["quantity"]) for each in made["variants"]] == [
        ("SHOE-RED-40", 4000, 3),
        ("SHOE-RED-41", 4550, 0),
        ("SHOE-B", 4000, 1),
    ]


def test_variants_are_changed_added_and_removed(open_page: OpenPage, shop: Shop) -> None:
    made = shirt(shop, coral_S=2, mint_M=1)
    for _ in range(2):
        shop.send_picture(made, picture())
    page = open_page(shop, f"/admin/products/{made['id']}", shop.admin)
    rows = page.get_by_role("list", name="Variants").get_by_role("listitem")
    expect(rows).to_have_count(4)
    page.get_by_role("button", name="Change Coral, M").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Own price").fill("31")
    dialog.get_by_label("Units available").fill("6")
    dialog.get_by_role("radio", name="Picture 2").check(force=True)
    dialog.get_by_role("button", name="Save").click()
    expect(rows.nth(1).get_by_text("6 left")).to_be_visible()
    expect(rows.nth(1).get_by_text("US$31.00")).to_be_visible()
    page.get_by_role("button", name="Add a variant").click()
    dialog.get_by_label("Color").fill("sage")
    dialog.get_by_label("Size").fill("M")
    dialog.get_by_label("Units available").fill("4")
    dialog.get_by_role("button", name="Add the variant").click()
    expect(rows).to_have_count(5)
    page.get_by_role("button", name="Remove Mint, S").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(rows).to_have_count(4)
    # What is typed in the form is saved all the same: the variants' changes are not somebody else's.
    page.get_by_label("Brand").fill("Own make")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/admin/products")
    now = shop.ask("GET", f"/products/{made['id']}")
    assert (now["brand"], left_of(shop, made)) == ("Own make", {"coral S": 2, "coral M": 6, "mint M": 1, "sage M": 4})
    assert now["variants"][1]["imageId"] == now["images"][1]["id"]


def test_a_buyer_chooses_a_variant_and_gets_its_last_unit(visit: Open, shop: Shop) -> None:
    made = shirt(shop, prices=(None, None, None, 3100), coral_S=2, coral_M=0, mint_M=1)
    kim = shop.person()
    page = visit(shop, kim, viewport=PHONE).page(f"/products/{made['id']}")
    order = page.get_by_label("Order", exact=True)
    expect(choice(page, "Coral 2 left")).to_be_checked()
    expect(choice(page, "M sold out in Coral")).to_be_visible()
    # A sold-out one is marked, and can be looked at.
    choice(page, "M sold out in Coral").check(force=True)
    expect(order.get_by_text("This one is sold out.")).to_be_visible()
    expect(page.get_by_role("button", name="Order now")).to_have_count(0)
    # By keyboard, as radio buttons are.
    choice(page, "Coral sold out in M").focus()
    page.keyboard.press("ArrowRight")
    expect(choice(page, "Mint 1 left")).to_be_checked()
    expect(order.get_by_text("US$31.00")).to_be_visible()
    expect(page.get_by_text("LINE-").first).to_contain_text("-MINT-M")
    page.get_by_role("button", name="Add to cart").click()
    expect(note(page, f"{made['name']} (Mint, M) is in your cart")).to_be_visible()
    choice(page, "S sold out in Mint").check(force=True)
    choice(page, "Coral 2 left").check(force=True)
    page.get_by_role("button", name="Add to cart").click()
    page.goto(f"{shop.url}/cart")
    lines = page.get_by_role("main").get_by_role("listitem")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("Mint, M")
    # One is all there is of it.
    expect(lines.nth(0).get_by_role("button", name="One more")).to_be_disabled()
    expect(lines.nth(1).get_by_role("button", name="One more")).to_be_enabled()
    page.get_by_role("button", name="Place order").click()
    order_id = order_id_of(page)
    expect(page.get_by_text("Mint, M")).to_be_visible()
    shop.reaches(order_id, "CONFIRMED")
    assert left_of(shop, made) == {"coral S": 1, "coral M": 0, "mint S": 0, "mint M": 0}


def test_the_slower_of_two_buyers_of_a_variants_last_unit_chooses_another(visit: Open, shop: Shop) -> None:
    made = shirt(shop, coral_S=5, mint_S=1)
    path = f"/products/{made['id']}"
    faster, slower = visit(shop, shop.person()).page(path), visit(shop, shop.person(), refusals=(409,)).page(path)
    for page in (faster, slower):
        choice(page, "Mint 1 left").check(force=True)
        expect(page.get_by_role("button", name="Order now")).to_be_enabled()
    faster.get_by_role("button", name="Order now").click()
    order_id_of(faster)
    slower.get_by_role("button", name="Order now").click()
    expect(choice(slower, "Mint sold out")).to_be_checked()
    choice(slower, "Coral 5 left").check(force=True)
    slower.get_by_role("button", name="Order now").click()
    order_id_of(slower)
    assert left_of(shop, made) == {"coral S": 4, "coral M": 0, "mint S": 0, "mint M": 0}


def test_a_shared_stock_is_spread_over_its_variants(visit: Open, shop: Shop) -> None:
    phone = shop.product("Shared Phone", 9, options={"color": ["coral", "mint"]})
    kim = shop.person()
    hold = {"items": [{"productId": phone["id"], "quantity": 2}]}
    held = shop.ask("POST", "/reservations", hold)
    page = visit(shop, shop.admin, refusals=(409,)).page(f"/admin/products/{phone['id']}")
    page.get_by_role("button", name="Give each its own stock").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("7 of 7 units left to give out")).to_be_visible()
    expect(dialog.get_by_text("2 units of it are reserved.")).to_be_visible()
    give = dialog.get_by_role("button", name="Give out the stock")
    expect(give).to_be_disabled()
    dialog.get_by_label("Units of Coral").fill("8")
    expect(dialog.get_by_text("1 too many: there are 7 units")).to_be_visible()
    dialog.get_by_role("button", name="Same for all").click()
    give.click()
    # A hold does not say of which color it is.
    expect(dialog.get_by_text("2 units are reserved, and a hold does not say of which variant")).to_be_visible()
    expect(dialog.get_by_role("link", name=re.compile("Reservation"))).to_be_visible()
    shop.ask("POST", f"/inventory/reservation/{held['id']}/cancel")
    give.click()
    expect(dialog.get_by_text("The variants get 7 units")).to_be_visible()
    expect(dialog.get_by_text("2 of 9 units left to give out")).to_be_visible()
    dialog.get_by_label("Units of Coral").fill("6")
    dialog.get_by_label("SKU of Mint").fill(f"{phone['sku']}-M")
    give.click()
    rows = page.get_by_role("list", name="Variants").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("6 left")
    assert left_of(shop, phone) == {"coral": 6, "mint": 3}
    assert shop.ask("GET", f"/products/{phone['id']}")["variants"][1]["sku"] == f"{phone['sku']}-M"
    page = visit(shop, kim).page(f"/products/{phone['id']}")
    expect(choice(page, "Mint 3 left")).to_be_visible()


def test_the_back_office_names_variants(visit: Open, shop: Shop) -> None:
    made = shirt(shop, coral_S=4, mint_M=2)
    name = f"{made['name']} (color: mint, size: M)"
    mint = made["variants"][3]
    shop.ask("POST", "/reservations", {"items": [{"variantId": mint["id"], "quantity": 1}]})
    page = visit(shop, shop.admin).page(f"/admin/inventory?search={made['sku']}")
    expect(page.get_by_role("row").filter(has_text=made["name"])).to_have_count(4)
    page.get_by_role("button", name=f"Adjust {name}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Units more or less").fill("3")
    dialog.get_by_role("button", name="Found").click()
    dialog.get_by_role("button", name="Adjust", exact=True).click()
    expect(page.get_by_role("row").filter(has_text=mint["sku"])).to_contain_text("4")
    assert left_of(shop, made)["mint M"] == 4
    page.get_by_role("row").filter(has_text=mint["sku"]).get_by_role("button", name="available: why?").click()
    expect(dialog.get_by_text(name)).to_be_visible()
    expect(dialog.get_by_text(re.compile("Reservation"))).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(f"{shop.url}/admin/movements?product={mint['id']}")
    expect(page.get_by_role("button", name="Show all products").locator("..")).to_contain_text(name)
    expect(page.get_by_role("row")).to_have_count(3)
    page.goto(f"{shop.url}/admin/reservations")
    expect(page.get_by_role("row").filter(has_text=mint["sku"])).to_contain_text("Mint, M")
