"""A small photo studio for the demo's pictures: a backdrop, light from the upper left, soft shadows, and materials.

Places are in units of a picture of 100 × 75; colours are (red, green, blue).
"""

from __future__ import annotations

import colorsys
import math
from functools import cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Color = tuple[int, int, int]
Point = tuple[float, float]
Ramp = Literal["down", "right", "round", "diagonal", "flat"]
UNIT: Final = 10
"""Pixels; everything is drawn larger than it is shown, which smooths its edges."""
SIZE: Final = (100 * UNIT, 75 * UNIT)
WIDTHS: Final = (320, 800)
SMALLER: Final = 6
"""What is blurred is blurred in an image that is so many times smaller."""
QUALITY: Final = 76
WHITE: Final = (255, 255, 255)
BLACK: Final = (0, 0, 0)


def mix(one: Color, other: Color, share: float) -> Color:
    """Mix a colour with so much of another (0 to 1)."""
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return r, g, b


lighter: Final = partial(mix, other=WHITE)
darker: Final = partial(mix, other=(12, 14, 22))


def color(text: str) -> Color:
    """Read `#rrggbb`."""
    r, g, b = ImageColor.getrgb(text)[:3]
    return r, g, b


def tint(hue: float, lightness: float, saturation: float) -> Color:
    """Make a colour from a hue (0 to 1)."""
    r, g, b = (round(255 * each) for each in colorsys.hls_to_rgb(hue % 1, lightness, saturation))
    return r, g, b


def _within(left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
    """Keep a part of the picture inside it."""
    return max(0, left), max(0, top), min(SIZE[0], right), min(SIZE[1], bottom)


@cache
def _ramp(kind: Ramp) -> Image.Image:
    """Return shades of light across a surface, as 64 × 64 pixels of 0 (dark) to 255 (light)."""
    shade: dict[str, Callable[[float, float], float]] = {
        "down": lambda _, y: 1 - y,
        "right": lambda x, _: 1 - x,
        "diagonal": lambda x, y: 1 - (x + y) / 2,
        # A cylinder that stands: bright a third of the way, dark at both edges.
        "round": lambda x, _: max(0.0, math.cos((x - 0.33) * 2.35)) ** 1.25,
        "flat": lambda _, __: 0.5,
    }
    image = Image.new("L", (64, 64))
    image.putdata([round(255 * shade[kind](x / 63, y / 63)) for y in range(64) for x in range(64)])
    return image


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = 10) -> list[Point]:
    """Return a smooth line through points (Catmull-Rom)."""
    count = len(points)
    found = []
    for index in range(count if closed else count - 1):
        before, start, end, after = (
            points[(index + step) % count] if closed else points[min(max(index + step, 0), count - 1)]
            for step in (-1, 0, 1, 2)
        )
        for step in range(steps):
            t = step / steps
            found.append(
                (
                    _between(before[0], start[0], end[0], after[0], t),
                    _between(before[1], start[1], end[1], after[1], t),
                )
            )
    return found if closed else [*found, points[-1]]


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def mirrored(half: Sequence[Point], axis: float = 50) -> list[Point]:
    """Complete a left half, from top to bottom, by its mirror image."""
    return [*half, *((2 * axis - x, y) for x, y in reversed(half))]


class Mask:
    """A shape: what is painted, or casts a shadow."""

    def __init__(self) -> None:
        self.image = Image.new("L", SIZE)
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Sequence[Point], fill: int = 255) -> Mask:
        """Add a polygon."""
        self._draw.polygon([(x * UNIT, y * UNIT) for x, y in points], fill=fill)
        return self

    def box(self, x: float, y: float, w: float, h: float, radius: float = 0) -> Mask:
        """Add a box with round corners."""
        place = (x * UNIT, y * UNIT, (x + w) * UNIT, (y + h) * UNIT)
        self._draw.rounded_rectangle(place, radius * UNIT, fill=255)
        return self

    def oval(self, x: float, y: float, rx: float, ry: float, fill: int = 255) -> Mask:
        """Add an oval around a point."""
        self._draw.ellipse([(x - rx) * UNIT, (y - ry) * UNIT, (x + rx) * UNIT, (y + ry) * UNIT], fill=fill)
        return self

    def line(self, points: Sequence[Point], width: float) -> Mask:
        """Add a line with round ends and joints."""
        places = [(x * UNIT, y * UNIT) for x, y in points]
        self._draw.line(places, fill=255, width=max(1, round(width * UNIT)), joint="curve")
        for x, y in (points[0], points[-1]):
            self.oval(x, y, width / 2, width / 2)
        return self

    def turned(self, degrees: float, center: Point = (50, 37.5)) -> Mask:
        """Turn it around a point, clockwise."""
        made = Mask()
        place = (center[0] * UNIT, center[1] * UNIT)
        made.image = self.image.rotate(-degrees, Image.Resampling.BICUBIC, center=place)
        return made

    def both(self, other: Mask) -> Mask:
        """Keep what is in another shape too."""
        made = Mask()
        made.image = ImageChops.multiply(self.image, other.image)
        return made


class Scene:
    """One picture."""

    def __init__(self, hue: float) -> None:
        wall, floor = tint(hue, 0.93, 0.34), tint(hue, 0.83, 0.26)
        self.image = ImageOps.colorize(_ramp("down").resize(SIZE, Image.Resampling.BICUBIC), floor, wall)
        self.glow(42, 26, 46, 34, WHITE, 0.6)

    def paint(self, mask: Mask, dark: Color, light: Color, ramp: Ramp = "diagonal", share: float = 1) -> None:
        """Paint a shape from light to dark."""
        box = mask.image.getbbox()
        if box is None:
            return
        size = (box[2] - box[0], box[3] - box[1])
        shades = _ramp(ramp).resize(size, Image.Resampling.BICUBIC)
        painted = ImageOps.colorize(shades, dark, light, mid=mix(dark, light, 0.55))
        shown = mask.image.crop(box)
        self.image.paste(painted, box[:2], shown if share == 1 else shown.point(lambda value: int(value * share)))

    def solid(self, mask: Mask, base: Color, ramp: Ramp = "diagonal", depth: float = 0.24) -> None:
        """Paint a shape of one material."""
        self.paint(mask, darker(base, share=depth), lighter(base, share=depth), ramp)

    def body(self, mask: Mask, base: Color, ramp: Ramp = "diagonal", depth: float = 0.24, lift: float = 1.6) -> None:
        """Paint a shape of one material that casts a shadow on what is behind it."""
        self.shadow(mask, lift * 0.5, lift, lift * 1.3, 0.34)
        self.solid(mask, base, ramp, depth)

    def shadow(self, mask: Mask, dx: float, dy: float, blur: float, strength: float) -> None:
        """Darken what is behind a shape."""
        self._soft(mask, BLACK, strength, blur, (dx, dy))

    def ground(self, x: float, y: float, rx: float, ry: float = 2.2, strength: float = 0.42) -> None:
        """Darken the floor where something stands."""
        self._soft(Mask().oval(x, y, rx, ry), BLACK, strength, 1.6)
        self._soft(Mask().oval(x, y, rx * 0.92, ry * 0.45), BLACK, strength, 0.6)

    def glow(self, x: float, y: float, rx: float, ry: float, light: Color, strength: float) -> None:
        """Lighten around a point."""
        self._soft(Mask().oval(x, y, rx * 0.6, ry * 0.6), light, strength, rx * 0.3)

    def shine(self, mask: Mask, points: Sequence[Point], strength: float = 0.22, blur: float = 0.5) -> None:
        """Reflect light on a part of a surface."""
        self._soft(Mask().polygon(points), WHITE, strength, blur, inside=mask)

    def shade(
        self, mask: Mask, points: Sequence[Point], strength: float = 0.2, blur: float = 1.2, w: float = 1.6
    ) -> None:
        """Darken a surface along a line, such as a fold."""
        self._soft(Mask().line(points, w), BLACK, strength, blur, inside=mask)

    def rim(self, mask: Mask, strength: float = 0.5, width: float = 0.35) -> None:
        """Catch light along the upper left edge of a surface."""
        moved = ImageChops.offset(mask.image, round(width * UNIT), round(width * UNIT))
        edge = ImageChops.subtract(mask.image, moved).point(lambda value: int(value * strength))
        self.image.paste(WHITE, mask=edge)

    def _soft(
        self,
        mask: Mask,
        light: Color,
        strength: float,
        blur: float,
        moved: Point = (0, 0),
        inside: Mask | None = None,
    ) -> None:
        found = mask.image.getbbox()
        if found is None:
            return
        # Only where it can be seen.
        margin = round((3 * blur + max(map(abs, moved))) * UNIT) + 2 * SMALLER
        box = _within(found[0] - margin, found[1] - margin, found[2] + margin, found[3] + margin)
        size = (box[2] - box[0], box[3] - box[1])
        part = ImageChops.offset(mask.image.crop(box), round(moved[0] * UNIT), round(moved[1] * UNIT))
        small = part.reduce(SMALLER).filter(ImageFilter.GaussianBlur(blur * UNIT / SMALLER))
        soft = small.point(lambda value: int(value * strength)).resize(size, Image.Resampling.BILINEAR)
        shown = soft if inside is None else ImageChops.multiply(soft, inside.image.crop(box))
        self.image.paste(light, box, shown)

    def files(self) -> dict[int, bytes]:
        """Return the picture as WebP in each of the demo's widths, the smallest first."""
        made = {}
        for width in WIDTHS:
            written = BytesIO()
            small = self.image.resize((width, width * 3 // 4), Image.Resampling.LANCZOS, reducing_gap=2.0)
            small.save(written, "WEBP", quality=QUALITY, method=3)
            made[width] = written.getvalue()
        return made
