"""The pictures of the demo's products, drawn by us: `python -m stockwright.demo.pictures FOLDER` writes them all.

`make setup` does so, and a wheel carries them: loading the demo only copies them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, TypeAlias

from stockwright.demo import clothes, devices, electronics, wares
from stockwright.demo.catalog import Good, goods
from stockwright.demo.devices import Shades
from stockwright.demo.studio import WIDTHS, Scene, color

FOLDER: Final = Path(__file__).with_name("pictures")
"""Where those of a release are; one that was not set up has none."""
Draw: TypeAlias = Callable[[Scene, Shades], None]
_SHADES: Final = {
    "aluminium": "#c5c9cc", "amber": "#c98a2b", "black": "#2b2d31", "blue": "#3d6cc0", "clear": "#e3e9ec",
    "coral": "#ef7d6d", "cream": "#efe4c9", "felt grey": "#8b8f92", "forest": "#2f6146", "graphite": "#53575d",
    "green": "#44855a", "grey": "#93979c", "ivory": "#ece5d3", "lilac": "#bfa7d8", "midnight": "#2a3858",
    "mint": "#a6dcc2", "mixed": "#b98a5a", "moss": "#75854c", "navy": "#2d4272", "night": "#33384a", "oat": "#ddcfb4",
    "olive": "#77754a", "pink": "#eba3b8", "red": "#c8433d", "rose": "#dfa6a0", "rust": "#b65f3a", "sage": "#a3b296",
    "sand": "#d9c49c", "silver": "#cdd1d5", "sky": "#a9cbe8", "slate": "#5f6c79", "steel": "#b3bac0",
    "stone": "#b9b2a6", "teal": "#33898a", "terracotta": "#c06c4b", "walnut": "#7a5538", "warm white": "#f8ecd5",
    "white": "#f1f2f3", "yellow": "#edc64d",
}  # fmt: skip
_PLAIN: Final = ("#9aa3ad",)
_OF_TYPE: Final[Mapping[str, Draw]] = {
    "smart": devices.phone, "laptop": devices.laptop, "desktop": devices.tower, "tablet": devices.tablet,
    "power": devices.charger, "cable": devices.cable, "case": devices.phone_case, "desk": devices.stand,
    "shirt": clothes.tee, "trousers": clothes.trousers, "socks": clothes.socks, "hat": clothes.cap,
    "gift": wares.gift_card,
}  # fmt: skip
_OF_SKU: Final[Mapping[str, Draw]] = {
    "PH-DOT-1": devices.plain_phone, "PH-DOT-FLIP": devices.flip_phone, "PC-MIN-2": devices.small_computer,
    "AC-PWB-10": devices.powerbank, "AC-PWB-20": devices.powerbank, "AC-SLV-14": devices.sleeve,
    "AC-MOU-E": devices.mouse, "AC-MOU-T": devices.mouse, "AC-KEY-75": devices.keyboard,
    "AC-STY-1": devices.pen_alone, "EL-HP-OE": electronics.headphones, "EL-HP-IE": electronics.earbuds,
    "EL-SPK-S": electronics.round_speaker, "EL-SPK-L": electronics.wood_speaker, "EL-CAM-A": electronics.camera,
    "EL-CAM-L35": electronics.lens, "EL-TRI-T": electronics.tripod, "EL-WAT-2": electronics.watch,
    "EL-BND-1": electronics.band, "EL-LMP-D": electronics.lamp, "EL-BUL-3": electronics.bulbs,
    "EL-THM-1": electronics.thermostat, "EL-PRJ-1": electronics.projector, "CL-TEE-S": clothes.striped_tee,
    "CL-SHI-O": clothes.oxford, "CL-SWE-W": clothes.sweater, "CL-HOO-C": clothes.hoodie,
    "CL-JAC-R": clothes.rain_jacket, "CL-JAC-D": clothes.down_jacket, "FO-COF-E": wares.espresso,
    "FO-COF-F": wares.filter_coffee, "FO-TEA-G": wares.green_tea, "FO-TEA-C": wares.chamomile,
    "FO-CHO-7": wares.dark_chocolate, "FO-CHO-M": wares.salt_chocolate, "FO-OIL-O": wares.oil,
    "FO-HON-F": wares.honey, "FO-PAS-B": wares.pasta, "OT-NTB-A5": wares.notebook, "OT-PEN-F": wares.fountain_pen,
    "OT-BOT-S": wares.bottle, "OT-BAG-D": wares.backpack, "OT-PLN-M": wares.planter,
}  # fmt: skip
_HUES: Final = (0.58, 0.08, 0.36, 0.62, 0.95, 0.12, 0.5, 0.72)


def painter_of(good: Good) -> Draw:
    """Return what draws a product."""
    return _OF_SKU.get(good.sku) or _OF_TYPE[good.type]


def draw(good: Good) -> dict[int, bytes]:
    """Draw a product; returns its picture as WebP, width → file."""
    place = [each.sku for each in goods()].index(good.sku)
    scene = Scene(_HUES[place % len(_HUES)])
    shades = tuple(color(_SHADES[each]) for each in good.colors) or tuple(map(color, _PLAIN))
    # Of several phones, not each is black.
    start = place % len(shades)
    shades = (*shades[start:], *shades[:start])
    painter_of(good)(scene, shades)
    return scene.files()


def read_picture(sku: str) -> dict[int, bytes]:
    """Read the picture of a product as it was drawn; empty where none was."""
    files = {width: FOLDER / f"{sku}-{width}.webp" for width in WIDTHS}
    return {width: file.read_bytes() for width, file in files.items() if file.is_file()}


def _write(target: Path, good: Good) -> None:
    for width, file in draw(good).items():
        (target / f"{good.sku}-{width}.webp").write_bytes(file)


def write_all(target: Path) -> None:
    """Draw every product, on all processors."""
    target.mkdir(exist_ok=True)
    with ProcessPoolExecutor() as pool:
        for done in [pool.submit(_write, target, good) for good in goods()]:
            done.result()


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
