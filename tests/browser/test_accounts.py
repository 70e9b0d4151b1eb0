"""Signing up, signing in, and a session that ends in the middle of something."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, Route, expect

from tests.around import GOOD
from tests.browser.conftest import Open, OpenPage
from tests.browser.shop import Shop
from tests.browser.visit import note
from tests.e2e.server import EMAIL, Server


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def test_a_visitor_signs_up_with_the_mailed_code(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/signup?next=/account")
    page.get_by_label("Name (optional)").fill("Ada Lund")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("We have sent a message to ada@example.com")).to_be_visible()
    page.get_by_label("Code").fill(shop.mailed_code("ada@example.com"))
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/account")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ada Lund")


def test_the_first_admin_sets_the_shop_up_and_no_url_contains_the_token(browser: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    del server.env["STOCKWRIGHT_ADMIN_EMAIL"], server.env["STOCKWRIGHT_ADMIN_PASSWORD"]
    server.start()
    try:
        link, token = server.printed(r"(http\S+/setup#token=(\w+))").groups()
        page = browser.new_page()
        addresses: list[str] = []
        page.on("request", lambda request: addresses.extend([request.url, request.headers.get("referer", "")]))
        page.goto(link)
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password", exact=True).fill(GOOD)
        page.get_by_role("button", name="Create the admin account").click()
        page.wait_for_url("**/admin")
        page.context.close()
    finally:
        assert server.stop() == 0
    assert f"{server.url}/api/setup" in addresses
    # The browser's own name of a page holds what follows the #; what it sends ends before it.
    assert [each for each in addresses if token in each.partition("#")[0]] == []


def test_a_wrong_code_is_refused_and_the_right_one_still_works(visit: Open, shop: Shop) -> None:
    page = visit(shop, refusals=(400,)).page("/signup")
    page.get_by_label("E-mail").fill("ben@example.com")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button", name="Create account").click()
    code = shop.mailed_code("ben@example.com")
    page.get_by_label("Code").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/products")


def test_the_owner_of_the_mailbox_keeps_their_password_even_with_the_code_of_another_sign_up(
    visit: Open, shop: Shop
) -> None:
    page = visit(shop).page("/signup")
    page.get_by_label("E-mail").fill("cleo@example.com")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("We have sent a message to cleo@example.com")).to_be_visible()
    shop.ask("POST", "/signup", {"email": "cleo@example.com", "password": "Thief-Horse-66"})
    page.get_by_label("Code").fill(shop.mailed_code("cleo@example.com", 2))
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/products")


def test_a_second_factor_is_set_up_and_asked_for(visit: Open, shop: Shop) -> None:
    kim = shop.person()
    page = visit(shop, kim).page("/account")
    page.get_by_role("button", name="Set it up").click()
    page.get_by_label("Your password").fill(GOOD)
    page.get_by_role("button", name="Continue").click()
    secret = page.get_by_role("main").locator("code").inner_text().replace(" ", "")
    page.get_by_label("Code from the app").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Switch on").click()
    expect(note(page, "The second factor is on")).to_be_visible()
    other = visit(shop, refusals=(401,)).page("/login?next=/account")
    sign_in(other, kim, GOOD)
    # The code that set it up is spent; the next one is good a little early.
    soon = pyotp.TOTP(secret)
    code = other.get_by_label("Code from your authenticator app")
    expect(code).to_be_focused()
    code.fill(soon.at(time.time() + 30))
    other.get_by_role("main").get_by_role("button", name="Sign in").click()
    other.wait_for_url("**/account")

    # The phone is lost: an admin turns it off, and the password alone will do.
    desk = visit(shop, shop.admin).page("/admin/users")
    desk.get_by_role("button", name=f"Change {kim}").click()
    desk.get_by_role("menuitem", name="Turn off the second factor").click()
    desk.get_by_role("dialog").get_by_role("button", name="Turn it off").click()
    expect(note(desk, re.compile("The second factor of .* is off"))).to_be_visible()
    again = visit(shop).page("/login?next=/account")
    sign_in(again, kim, GOOD)
    again.wait_for_url("**/account")


def test_an_expired_token_is_renewed_without_losing_typed_text(visit: Open, shop: Shop) -> None:
    page = visit(shop, shop.person(), refusals=(503,)).page("/account")
    page.get_by_label("Name", exact=True).fill("Kim of the Hills")
    page.evaluate(
        """() => {
          const session = JSON.parse(localStorage["stockwright.session"]);
          const expired = { ...session, expiresAt: 0, idToken: session.idToken + "x" };
          localStorage["stockwright.session"] = JSON.stringify(expired);
          dispatchEvent(new StorageEvent("storage", { key: "stockwright.session" }));
        }"""
    )

    def lose(route: Route) -> None:
        """The server renews it, and a gateway on the way loses the answer."""
        route.fetch()
        route.fulfill(status=503)

    page.route("**/api/token/refresh", lose, times=1)
    with page.expect_response(lambda answer: answer.url.endswith("/api/token/refresh") and answer.ok):
        page.get_by_role("button", name="Save").click()
    expect(note(page, "Your name is saved")).to_be_visible()


def test_a_session_that_was_ended_elsewhere_asks_for_the_password_and_goes_on(visit: Open, shop: Shop) -> None:
    kim = shop.person()
    page = visit(shop, kim, refusals=(401, 412)).page("/account")
    page.get_by_label("Name", exact=True).fill("Kim of the Sea")
    shop.ask("POST", "/signout", {}, who=kim)
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    # A slip beside it, or Escape, gives nothing up.
    page.mouse.click(5, 5)
    page.keyboard.press("Escape")
    dialog.get_by_label("Password", exact=True).fill(GOOD)
    dialog.get_by_role("button", name="Sign in").click()
    # Ending all sessions changed the account: the page says so, and what was typed is still there.
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kim of the Sea")
    page.get_by_role("button", name="Save").click()
    expect(note(page, "Your name is saved")).to_be_visible()


def test_changes_by_somebody_else_are_shown_in_the_form(visit: Open, shop: Shop) -> None:
    kim = shop.person()
    page = visit(shop, kim, refusals=(412,)).page("/account")
    name = page.get_by_label("Name", exact=True)
    expect(name).to_have_value("Kim Berg")
    here = visit(shop, kim).page("/account")
    here.get_by_label("Name", exact=True).fill("Kim on the phone")
    here.get_by_role("button", name="Save").click()
    expect(note(here, "Your name is saved")).to_be_visible()
    name.fill("Kim at the desk")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("changed", re.IGNORECASE))
    expect(name).to_have_value("Kim at the desk")
    page.get_by_role("button", name="Save").click()
    expect(note(page, "Your name is saved")).to_be_visible()


def test_the_dark_theme_stays_after_a_reload(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(shop, "/")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitem", name="Dark").click()
    page.reload()
    # Before the app runs: the theme is there at the first paint.
    assert page.evaluate("document.documentElement.className") == "dark"
    assert json.loads(page.evaluate("JSON.stringify(localStorage['stockwright.theme'])")) == "dark"


def test_the_palette_finds_pages_actions_and_products(open_page: OpenPage, shop: Shop) -> None:
    kettle = shop.product("Copper Kettle", 3)
    page = open_page(shop, "/", shop.person())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Command palette")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("sun")
    expect(palette.get_by_role("option", name="Sign out")).to_be_hidden()
    palette.get_by_role("combobox").fill(kettle["name"])
    expect(palette.get_by_role("option", name=kettle["name"])).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=kettle["name"])).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/orders")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
