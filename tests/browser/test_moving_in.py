"""A shop moves in from Shopify or WooCommerce: 300 products with variants and pictures, in at most ten clicks."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Open
from tests.browser.shop import Shop
from tests.imports.moving import shopify, variants_of, woocommerce
from tests.imports.pictures import drawn

PRODUCTS = 300
CLICKS_MAX, CLICKS_OF_UNDOING_MAX = 10, 3
COUNT_HANDS = """
addEventListener("click", (event) => {
  if (event.isTrusted) sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
}, true);
addEventListener("keydown", () => { sessionStorage.keys = Number(sessionStorage.keys ?? 0) + 1; }, true);
"""
CHOOSING = 1
"""In the system's own window, where a file is chosen by a click and opened."""


class Pictures(http.server.BaseHTTPRequestHandler):
    """Answers every address with a small picture of its own."""

    def do_GET(self) -> None:
        body = drawn((sum(self.path.encode()) % 256, 90, 140), (48, 48))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def pictures() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def new_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop that may fetch pictures from this machine."""
    made = Shop(tmp_path_factory.mktemp("moving"), settings={"allow_private_addresses": "on"})
    yield made
    made.close()


def hands(page: Page) -> tuple[int, int]:
    """Clicks and keys so far."""
    return tuple(page.evaluate("[Number(sessionStorage.clicks ?? 0), Number(sessionStorage.keys ?? 0)]"))


def articles(shop: Shop) -> int:
    """How many products the shop has of the files."""
    count, token = 0, ""
    while True:
        page = shop.ask("GET", f"/products?search=Article&limit=100{token}")
        count += len(page["items"])
        if page["nextToken"] is None:
            return count
        token = f"&nextToken={page['nextToken']}"


@pytest.mark.parametrize("write", [shopify, woocommerce])
def test_three_hundred_products_move_in_and_out_again(
    visit: Open, new_shop: Shop, pictures: str, write: Callable[[int, str], bytes]
) -> None:
    visitor = visit(new_shop, new_shop.admin)
    visitor.context.add_init_script(COUNT_HANDS)
    page = visitor.page("/admin")
    page.get_by_role("link", name="Imports").click()
    content = write(PRODUCTS, pictures)
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Drop a file here").click()
    chooser.value.set_files(FilePayload(name=f"{write.__name__}.csv", mimeType="text/csv", buffer=content))
    expect(page.get_by_text(f"in the columns of {'Shopify' if write is shopify else 'WooCommerce'}")).to_be_visible()
    page.get_by_role("button", name=f"Book {PRODUCTS} products").click()
    expect(page.get_by_text(f"{PRODUCTS} pictures were fetched.")).to_be_visible(timeout=300_000)
    clicks, keys = hands(page)
    assert clicks + CHOOSING <= CLICKS_MAX
    assert keys == 0

    assert articles(new_shop) == PRODUCTS
    (eight,) = [each for each in new_shop.ask("GET", "/products?search=Article+8&limit=100")["items"]
                if each["name"] == "Article 8"]  # fmt: skip
    assert (eight["description"], eight["price"], len(eight["images"])) == ("The 8th article.", 1150, 1)
    assert len(eight["variants"]) == len(variants_of(8)) == 6
    assert [each["quantity"] for each in eight["variants"]] == list(range(8, 14))

    page.get_by_role("button", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Undo {PRODUCTS} rows").click()
    expect(page.get_by_text(f"{PRODUCTS} rows were undone")).to_be_visible(timeout=300_000)
    assert hands(page)[0] - clicks <= CLICKS_OF_UNDOING_MAX
    assert articles(new_shop) == 0


def test_the_columns_of_any_other_file_are_named_once(visit: Open, new_shop: Shop) -> None:
    visitor = visit(new_shop, new_shop.admin)
    page = visitor.page("/admin/imports")
    content = b"Artikelnummer;Bezeichnung;VK;Bestand;Farbe\nHX-1;A hex nut;0,40;500;zinc\n"
    file = FilePayload(name="nuts.csv", mimeType="text/csv", buffer=content)
    page.get_by_label("Drop a file here").set_input_files(file)
    expect(page.get_by_role("heading", name="What are the columns?")).to_be_visible()
    expect(page.get_by_label("VK")).to_have_value("priceDecimal")
    page.get_by_label("Farbe").select_option("type")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Book 1 products").click()
    expect(page.get_by_role("button", name="Import a file")).to_be_visible()
    assert [each["type"] for each in new_shop.ask("GET", "/products?search=HX-1")["items"]] == ["zinc"]

    page.get_by_role("button", name="Import a file").click()
    page.get_by_label("Drop a file here").set_input_files(file)
    expect(page.get_by_text("As you said when you imported such a file last.")).to_be_visible()
    expect(page.get_by_label("Farbe")).to_have_value("type")
