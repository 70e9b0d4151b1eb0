"""What a first visit brings over the wire, and that nothing jumps."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.shop import Shop

BYTES_MAX = 200 * 1024
SHIFTS_MAX = 0.01
# Counts what moved without anybody having touched it.
WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
# The page, its code, styles and letters; what the shop has to sell comes on top.
TRANSFERRED = """() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
  .filter(({ name }) => !new URL(name).pathname.startsWith("/api/"))
  .reduce((sum, { transferSize }) => sum + transferSize, 0)"""


def test_the_first_load_of_the_shop_is_light_and_nothing_jumps(visit: Open, demo: Shop) -> None:
    for path, ready in (("/", "New on the shelf"), ("/products", "All products")):
        room = visit(demo)
        room.context.add_init_script(WATCH_SHIFTS)
        page: Page = room.page(path)
        expect(page.get_by_text(ready).first).to_be_visible()
        expect(page.get_by_role("article").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert 20_000 < page.evaluate(TRANSFERRED) <= BYTES_MAX, path
        assert page.evaluate("window.shifted") <= SHIFTS_MAX, path
