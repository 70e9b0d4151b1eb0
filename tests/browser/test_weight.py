"""What a first visit brings over the wire, and that nothing jumps; how fast it shows is printed, not checked.

Of the pictures only those in or near the window are loaded, each in the smallest width that fits.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.pages import ADMIN
from tests.browser.shop import Shop
from tests.browser.test_pages import LOADED
from tests.needs import ROOT

FIGURES = ROOT / "test-results" / "figures"
SHIFTS_MAX = 0.01
PICTURES_MAX = 12
# Counts what moved without anybody having touched it, and remembers when the largest thing stood there.
WATCH = """
window.seen = { shifted: 0, largest: 0 };
const watch = (type, look) =>
  new PerformanceObserver((list) => list.getEntries().forEach(look)).observe({ type, buffered: true });
watch("layout-shift", ({ hadRecentInput, value }) => { if (!hadRecentInput) window.seen.shifted += value; });
watch("largest-contentful-paint", ({ startTime }) => { window.seen.largest = startTime; });
"""
# The page, its code, styles and letters by themselves; then what the shop says of itself.
HANDLED_BEFORE = """() => {
  const sum = (entries) => entries.reduce((bytes, { transferSize }) => bytes + transferSize, 0);
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const isData = ({ name }) => new URL(name).pathname.startsWith("/api/");
  const isPicture = ({ name }) => new URL(name).pathname.startsWith("/media/");
  const [page] = performance.getEntriesByType("navigation");
  const [first] = performance.getEntriesByName("first-contentful-paint");
  return {
    codeBytes: sum(all.filter((each) => !isData(each) && !isPicture(each))),
    pictureBytes: sum(all.filter(isPicture)),
    pictures: all.filter(isPicture).map(({ name }) => new URL(name).pathname),
    dataBytes: sum(all.filter(isData)),
    requests: all.length,
    firstPaintMs: Math.round(first.startTime),
    largestPaintMs: Math.round(window.seen.largest),
    loadedMs: Math.round(page.loadEventEnd),
    layoutShift: Math.round(1e4 * window.seen.shifted) / 1e4,
  };
}"""
VISITS: list[Any] = [
    pytest.param("/", None, "New on the shelf", "article", 200, id="landing"),
    pytest.param("/products", None, "All products", "article", 200, id="grid"),
    # With its charts, which no customer loads.
    pytest.param("/admin", ADMIN, "Orders to pack and deliver", ".recharts-bar-rectangle", 400, id="overview"),
]


@pytest.mark.parametrize(("path", "who", "ready", "last", "kilobytes_max"), VISITS)
def test_a_first_visit_loads_little_and_the_layout_does_not_shift(
    visit: Open,
    demo: Shop,
    request: pytest.FixtureRequest,
    path: str,
    who: str | None,
    ready: str,
    last: str,
    kilobytes_max: int,
) -> None:
    room = visit(demo, who)
    room.context.add_init_script(WATCH)
    page = room.page(path)
    expect(page.get_by_text(ready).first).to_be_visible()
    page.locator(last).first.wait_for()
    page.wait_for_function(LOADED)
    if who is None:
        # What is fetched beforehand counts too. (The back office keeps a stream open.)
        page.wait_for_load_state("networkidle")
    found = page.evaluate(HANDLED_BEFORE)
    FIGURES.mkdir(parents=True, exist_ok=True)
    (FIGURES / f"{request.node.callspec.id}.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
    total = found["codeBytes"] + found["dataBytes"] + found["pictureBytes"]
    assert 20_000 < total <= kilobytes_max * 1024, found
    assert len(found["pictures"]) <= PICTURES_MAX, found
    assert {name.rpartition("-")[2] for name in found["pictures"]} <= {"320.webp"}, found
    assert found["layoutShift"] <= SHIFTS_MAX, found
