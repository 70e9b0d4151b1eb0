"""One browser and two shops for these tests: one in the middle of its business, one that a test fills itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.around import Mailbox
from tests.browser.shop import Shop
from tests.browser.visit import PATIENCE_MS, Visit, a_visit
from tests.needs import file, program

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    chromium = program("chromium", "chromium-browser", "google-chrome")
    file("src/stockwright/http/static/web/index.html")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop after five busy weeks."""
    shop = Shop(tmp_path_factory.mktemp("demo"), demo=True)
    yield shop
    shop.close()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A new shop, whose mail really goes out."""
    mailbox = Mailbox()
    mailbox.up()
    made = Shop(tmp_path_factory.mktemp("shop"), mailbox=mailbox)
    yield made
    made.close()
    mailbox.down()


Open = Callable[..., Visit]
OpenPage = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Open a browser: `visit(shop, "kim@example.com", refusals=(409,))`; in the end, nothing was wrong in any."""
    visits: list[Visit] = []

    def opened(shop: Shop, who: str | None = None, *, refusals: tuple[int, ...] = (), **options: Any) -> Visit:
        visits.append(a_visit(browser, shop, who, refusals, **options))
        return visits[-1]

    yield opened
    for each in visits:
        each.context.close()
    wrong = [found for each in visits for found in each.wrong]
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def open_page(visit: Open) -> OpenPage:
    """Open a browser at a path: `open_page(shop, "/products", who)`."""

    def opened(shop: Shop, path: str = "/", who: str | None = None, **options: Any) -> Page:
        return visit(shop, who, **options).page(path)

    return opened
