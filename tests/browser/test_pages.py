"""Every page, in both themes, at a desk and on a phone: axe finds nothing, it has its headings, it fits.

Short: light at a desk, dark on a phone, which shows both widths and both themes once. Long: each in each.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.browser.pages import ADMIN, CUSTOMER, OPENED, PAGES, Opened, Shown
from tests.browser.shop import Shop
from tests.browser.visit import DESKTOP, PHONE
from tests.needs import ROOT, file
from tests.proving import SECONDS

PICTURES = ROOT / "test-results" / "pages"
# In the dark only the colours are other ones.
AXE = """(only) => axe.run(document, {
  resultTypes: ["violations"], ...(only && { runOnly: { type: "rule", values: only } })
}).then(({ violations }) => violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target + " " + node.failureSummary).join("; ")}`))"""
# What is shown to those who see: one first heading, none left out on the way down, no control without a name.
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1]))"""
LOADED = """() => !document.querySelector(".animate-shimmer, [aria-busy=true]")
  && document.getAnimations().every(({ playState, effect }) =>
       playState !== "running" || effect.getTiming().iterations === Infinity)"""
THEMED = """(dark) => document.documentElement.classList.contains("dark") === dark
  && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
WAYS: list[tuple[str, Literal["light", "dark"]]] = [("desk", "light"), ("phone", "dark")]
if SECONDS:
    WAYS = [("desk", "light"), ("desk", "dark"), ("phone", "light"), ("phone", "dark")]
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="package")
def things(demo: Shop) -> dict[str, str]:
    """What the paths of the table name."""
    of_hers = demo.ask("GET", "/orders?limit=100", who=CUSTOMER)["items"]
    goods = demo.ask("GET", "/products?limit=100")["items"]
    levels = demo.ask("GET", "/inventory?limit=100")["items"]
    return {
        "product": next(each["id"] for each in goods if each["options"] and each["quantity"] > 5),
        "variants": next(each["id"] for each in goods if each["sku"] == "PH-AUR-12P"),
        "sold_out": next(each["productId"] for each in levels if each["availableStock"] == 0),
        "order": next(each["id"] for each in of_hers if each["status"] == "DELIVERED" and len(each["items"]) > 1),
        "open": demo.ask("GET", "/orders?scope=all&status=CONFIRMED&limit=1")["items"][0]["id"],
        "cancelled": next(each["id"] for each in of_hers if each["status"] == "CANCELLED"),
    }


def a_cart(demo: Shop) -> list[dict[str, Any]]:
    goods = [each for each in demo.ask("GET", "/products?limit=100")["items"] if each["quantity"] > 5][:3]
    fields = ("sku", "name", "category", "imageUrl", "price", "currency")
    return [
        {"productId": each["id"], "options": {}, "quantity": number, **{name: each[name] for name in fields}}
        for number, each in enumerate(goods, 1)
    ]


def look_at(page: Page, name: str, only: list[str] | None, *, whole: bool = True) -> list[str]:
    """Everything that is wrong with the page as it shows now; its picture is saved."""
    page.wait_for_function(LOADED)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)
    wrong = [f"{name}: {each}" for each in page.evaluate(AXE, only)]
    levels: list[int] = page.evaluate(HEADINGS)
    if levels.count(1) != 1 or any(below - above > 1 for above, below in pairwise(levels)):
        wrong.append(f"{name}: its headings are {levels}")
    wrong += too_wide(page, name)
    if not page.title().endswith("Stockwright"):
        wrong.append(f"{name}: the tab says {page.title()!r}")
    return wrong


def too_wide(page: Page, name: str) -> list[str]:
    page.evaluate(PAINTED)
    over: int = page.evaluate(TOO_WIDE)
    return [f"{name}: {over} px wider than the window"] if over > 0 else []


def every_way(page: Page, shown: Shown) -> list[str]:
    """Look at it in each theme and width, without loading it again: as one turns a phone or dims a room."""
    wrong = []
    for width, theme in WAYS:
        page.set_viewport_size(DESKTOP if width == "desk" else PHONE)
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(THEMED, arg=theme == "dark")
        # All of axe where the layout is another one, the colours alone where only they are.
        only = ["color-contrast"] if SECONDS and theme == "dark" else None
        wrong += look_at(page, f"{shown.name}-{width}-{theme}", only)
    # WCAG's narrowest window, a tablet, and a small laptop beside the sidebar.
    for narrow in (320, 768, 1024):
        page.set_viewport_size({"width": narrow, "height": 800})
        wrong += too_wide(page, f"{shown.name} at {narrow} px")
    return wrong


@pytest.mark.parametrize("shown", PAGES, ids=[shown.name for shown in PAGES])
def test_every_page_is_accessible(visit: Open, demo: Shop, things: dict[str, str], shown: Shown) -> None:
    storage = {"stockwright.cart": a_cart(demo)} if shown.who == CUSTOMER else {}
    room = visit(demo, shown.who, refusals=(404,), storage=storage)
    room.context.add_init_script(file("web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    page = room.page(shown.path.format_map(things))
    page.get_by_text(shown.ready).filter(visible=True).first.wait_for()
    wrong = every_way(page, shown)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("opened", OPENED, ids=[opened.name for opened in OPENED])
def test_every_dialog_is_accessible(visit: Open, demo: Shop, things: dict[str, str], opened: Opened) -> None:
    room = visit(demo, opened.who, viewport=PHONE)
    room.context.add_init_script(file("web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    page = room.page(opened.path.format_map(things))
    for role, name in opened.clicks:
        page.get_by_role(role, name=name).first.click()
    role, name = opened.shows
    page.get_by_role(role, name=name).first.wait_for()
    wrong: list[str] = []
    for theme, only in (("light", None), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(THEMED, arg=theme == "dark")
        wrong += look_at(page, f"opened-{opened.name}-{theme}", only, whole=False)
    assert not wrong, "\n".join(wrong)


def test_every_page_of_the_back_office_is_tested_here() -> None:
    """A page that the app knows and this table does not would never be looked at."""
    looked_at = {
        shown.path.partition("?")[0].removeprefix("/admin").strip("/") for shown in PAGES if shown.who == ADMIN
    }
    assert {path for path in _admin_paths() if ":" not in path} <= looked_at


def _admin_paths() -> list[str]:
    tables = [ROOT / "web/src/pages/admin" / name for name in ("desk-pages.ts", "stock-pages.ts")]
    return [path for table in tables for path in re.findall(r'^\s+path: "([^"]*)"', table.read_text(), re.MULTILINE)]
