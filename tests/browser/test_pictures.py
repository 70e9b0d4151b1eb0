"""Pictures in the browser: added on the form of a product, described, moved, deleted, and shown in the shop."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.shop import Shop
from tests.browser.visit import DESKTOP, PHONE
from tests.pictures import picture

BOTH: list[Any] = [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")]
DROP = """([zone, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
}"""


def files_of(tmp_path: Path, **contents: bytes) -> list[Path]:
    made = []
    for name, content in contents.items():
        made.append(tmp_path / name.replace("_", "."))
        made[-1].write_bytes(content)
    return made


def widths(page: Page, name: str) -> list[str]:
    """Which widths the shown picture of a product may be loaded in."""
    srcset = page.locator(f'article:has-text("{name}") img').first.get_attribute("srcset") or ""
    return [each.strip().split(" ")[1] for each in srcset.split(",")]


@pytest.mark.parametrize("viewport", BOTH)
def test_pictures_are_added_described_moved_and_deleted_on_the_form(
    shop: Shop, open_page: OpenPage, tmp_path: Path, viewport: dict[str, int]
) -> None:
    product = shop.product("Lamp", imageUrl=None)
    page = open_page(
        shop, f"/admin/products/{product['id']}", shop.admin, viewport=viewport, refusals=(400,),
        has_touch=viewport == PHONE, is_mobile=viewport == PHONE,
    )  # fmt: skip
    # A phone offers its camera.
    expect(page.get_by_role("button", name="Take a photo")).to_be_visible(visible=viewport == PHONE)
    expect(page.locator("input[capture=environment]")).to_have_count(1)
    page.get_by_label("Picture files").set_input_files(
        files_of(tmp_path, front_jpg=picture(1700, 1200, "JPEG"), back_png=picture(400, 500))
    )
    pictures = page.get_by_role("list", name="Pictures").get_by_role("listitem")
    expect(pictures).to_have_count(2)
    expect(page.get_by_role("list", name="On their way").get_by_role("listitem")).to_have_count(0)

    # What is none is refused with the reason, and leaves the others as they are.
    page.get_by_label("Picture files").set_input_files(files_of(tmp_path, film_jpg=b"GIF89a no picture"))
    expect(page.get_by_text("must be a JPEG, PNG or WebP picture, not a GIF")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()

    # One is dropped there.
    zone = page.get_by_text("at most 10 MB each").locator("..").element_handle()
    page.evaluate(DROP, [zone, "dropped.webp", "image/webp", base64.b64encode(picture(90, 60, "WEBP")).decode()])
    expect(pictures).to_have_count(3)

    page.get_by_label("Text for picture 3").fill("The lamp at night")
    page.get_by_label("Text for picture 3").press("Enter")
    earlier = page.get_by_role("button", name="Move picture 3 to the front")
    earlier.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text for picture 2")).to_have_value("The lamp at night")
    page.get_by_role("button", name="Delete picture 3").click()
    expect(pictures).to_have_count(2)
    stored = shop.ask("GET", f"/products/{product['id']}")
    assert [(each["widths"], each["alt"]) for each in stored["images"]] == [
        ([320, 800, 1600], ""),
        ([90], "The lamp at night"),
    ]

    # The form is saved as if no picture had been changed meanwhile.
    page.get_by_label("Name", exact=True).fill(f"{product['name']} Deluxe")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/admin/products")
    assert shop.ask("GET", f"/products/{product['id']}")["name"] == f"{product['name']} Deluxe"


@pytest.mark.parametrize("viewport", BOTH)
def test_buyers_see_the_pictures_in_the_grid_and_choose_among_them_on_the_page(
    shop: Shop, open_page: OpenPage, tmp_path: Path, viewport: dict[str, int]
) -> None:
    page = open_page(shop, "/admin/products/new", shop.admin, viewport=viewport)
    name = f"Chair of {viewport['width']}"
    for label, value in {
        "Name": name,
        "Description": "A chair with its pictures.",
        "Price": "49.00",
        "Currency": "USD",
        "SKU": f"CHAIR-{viewport['width']}",
        "Units in stock": "5",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Category").select_option("other")
    page.get_by_label("Picture files").set_input_files(
        files_of(tmp_path, front_jpg=picture(1700, 1200, "JPEG"), side_jpg=picture(1000, 800, "JPEG"))
    )
    page.get_by_role("button", name="List the product").click()
    page.wait_for_url("**/admin/products")

    visitor = open_page(shop, "/products", viewport=viewport)
    card = visitor.locator("article", has_text=name)
    expect(card.locator("img")).to_be_visible()
    assert widths(visitor, name) == ["320w", "800w"]
    visitor.wait_for_function(
        "(name) => [...document.querySelectorAll('article')]"
        ".find((each) => each.textContent.includes(name)).querySelector('img').complete",
        arg=name,
    )
    shown = card.locator("img").evaluate("(image) => image.currentSrc")
    assert shown.endswith("-320.webp" if viewport == DESKTOP else "-800.webp"), shown
    card.get_by_role("link").click()
    thumbnails = visitor.get_by_role("list", name="Pictures").get_by_role("button")
    expect(thumbnails).to_have_count(2)
    large = visitor.locator("main img").first
    before, box = large.get_attribute("src"), large.bounding_box()
    visitor.get_by_role("button", name="Picture 2").press("Enter")
    expect(visitor.get_by_role("button", name="Picture 2")).to_have_attribute("aria-pressed", "true")
    assert large.get_attribute("src") != before
    # Nothing jumps.
    assert large.bounding_box() == box
