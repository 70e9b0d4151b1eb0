"""The demo's pictures: each product has one, drawn by us, small, and loaded with the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockwright.catalog.pictures import AddPicture, attach_picture
from stockwright.context import App
from stockwright.demo import pictures
from stockwright.demo.catalog import goods
from stockwright.demo.pictures import draw, painter_of, read_picture
from tests.conftest import ADMIN, Product
from tests.pictures import opened

pytestmark = pytest.mark.one_engine


def test_each_product_of_the_demo_has_something_that_draws_it() -> None:
    drawn = [painter_of(good) for good in goods()]
    assert len(drawn) == len(goods())
    assert len(set(drawn)) > 40


@pytest.mark.parametrize("sku", ["PH-AUR-12", "AC-KEY-75", "CL-JAC-D", "FO-PAS-B", "EL-BUL-3"])
def test_a_drawing_is_small_and_the_same_each_time(sku: str) -> None:
    [good] = [each for each in goods() if each.sku == sku]
    files = draw(good)
    assert {width: opened(file).size for width, file in files.items()} == {320: (320, 240), 800: (800, 600)}
    assert len(files[320]) < 8_000
    assert len(files[800]) < 30_000
    assert draw(good) == files


async def test_what_was_not_drawn_is_left_out_and_what_was_is_a_picture_like_any_other(
    app: App, product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "FOLDER", tmp_path / "drawn")
    assert read_picture("PH-AUR-12") == {}
    (tmp_path / "drawn").mkdir()
    [good] = [each for each in goods() if each.sku == "OT-GFT-50"]
    pictures._write(tmp_path / "drawn", good)
    made = await product()
    command = AddPicture(product_id=made.product.id, alt=good.name)
    shown = (await attach_picture(app, ADMIN, command, read_picture(good.sku))).found.product.images
    assert [(each.widths, each.alt) for each in shown] == [((320, 800), "Gift Card")]
