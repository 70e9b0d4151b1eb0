"""The README's pictures, of the demo shop as it runs: `make pictures` writes docs/pictures/."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.pages import ADMIN, CUSTOMER
from tests.browser.shop import Shop
from tests.browser.test_pages import LOADED, PAINTED
from tests.browser.visit import a_visit
from tests.needs import ROOT, program

FOLDER = ROOT / "docs" / "pictures"
DESK = {"width": 1280, "height": 890}
TALL = {"width": 1440, "height": 1010}
PHONE = {"width": 390, "height": 950}
# Twice as many dots as points: letters stay sharp where a page shows them smaller.
DOTS = 2
QUALITY = 86
BYTES_MAX = 120_000


def take(page: Page, name: str) -> None:
    """Keep what the window shows now, as WebP."""
    page.evaluate(PAINTED)
    page.wait_for_function(LOADED)
    page.evaluate(PAINTED)
    shot = {"format": "webp", "quality": QUALITY, "optimizeForSpeed": False}
    found = page.context.new_cdp_session(page).send("Page.captureScreenshot", shot)
    picture = base64.b64decode(found["data"])
    assert len(picture) <= BYTES_MAX, f"{name} has {len(picture):,} bytes"
    (FOLDER / f"{name}.webp").write_bytes(picture)
    print(f"docs/pictures/{name}.webp  {len(picture):,} bytes")


def take_all(browser: Browser, shop: Shop) -> None:
    def opened(path: str, ready: str, who: str | None, **options: Any) -> Page:
        visit = a_visit(browser, shop, who, (), device_scale_factor=DOTS, **{"viewport": DESK, **options})
        page = visit.page(path)
        page.get_by_text(ready).filter(visible=True).first.wait_for()
        return page

    take(opened("/products?category=electronics", "Electronics", CUSTOMER), "shop")
    overview = opened("/admin", "Orders to pack and deliver", ADMIN, viewport=TALL)
    overview.get_by_text("Live", exact=True).wait_for()
    overview.locator(".recharts-bar-rectangle").first.wait_for()
    take(overview, "overview")
    stock = opened("/admin/inventory?search=AC-", "65 W Charger", ADMIN)
    stock.get_by_role("row").filter(has_text="65 W").get_by_role("button", name="available: why?").click()
    stock.get_by_text("By location").wait_for()
    take(stock, "why")
    found = shop.ask("GET", "/products?search=Nordlicht%2014")["items"][0]
    take(opened(f"/products/{found['id']}", "Add to cart", CUSTOMER, viewport=PHONE, color_scheme="dark"), "phone")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shop = Shop(Path(folder), demo=True)
        chromium = program("chromium", "chromium-browser", "google-chrome")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--force-color-profile=srgb", "--hide-scrollbars"]
        )
        take_all(browser, shop)
        browser.close()
        shop.close()


if __name__ == "__main__":
    main()
