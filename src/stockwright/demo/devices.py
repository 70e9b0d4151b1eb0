"""How the demo's devices look: one function for each kind, which draws it in a scene in its colours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stockwright.demo.studio import UNIT, WHITE, Color, Mask, color, curve, darker, lighter, mix

if TYPE_CHECKING:
    from stockwright.demo.studio import Scene

Shades = tuple[Color, ...]
"""The colours that a product is sold in, at least one."""
INK: Final = color("#16181d")
STEEL: Final = color("#c3c8cd")
GLASS: Final = color("#20242c")


def _screen(scene: Scene, mask: Mask, one: Color, other: Color) -> None:
    """Light a display."""
    scene.paint(mask, darker(one, share=0.25), lighter(other, share=0.3))
    box = mask.image.getbbox()
    assert box is not None  # noqa: S101 - it was drawn
    x, y, right, bottom = (each / UNIT for each in box)
    w, h = right - x, bottom - y
    scene.shine(mask, [(x + w * 0.55, y), (x + w, y), (x + w, y + h * 0.75)], 0.2, 0.4)


def phone(scene: Scene, shades: Shades) -> None:
    """Two phones: the back of one, and the display of another before it."""
    back, accent = shades[0], shades[-1]
    scene.ground(50, 67, 24)
    rear = Mask().box(48, 10, 26, 54, 4.4).turned(7, (61, 37))
    scene.body(rear, back, lift=2.2)
    scene.rim(rear, 0.6)
    for place in ((53.5, 17.5), (53.0, 25.5), (60.5, 18.4)):
        lens = Mask().oval(*place, 3.1, 3.1)
        scene.body(lens, darker(back, share=0.35), lift=0.5)
        scene.solid(Mask().oval(*place, 2.1, 2.1), INK)
        scene.glow(place[0] - 0.8, place[1] - 0.8, 1.2, 1.2, WHITE, 0.8)
    front = Mask().box(28, 9, 27, 56, 4.6).turned(-5, (41, 37))
    scene.body(front, mix(back, INK, 0.7), lift=2.4)
    scene.rim(front, 0.7)
    glass = Mask().box(29.2, 10.2, 24.6, 53.6, 3.6).turned(-5, (41, 37))
    _screen(scene, glass, mix(accent, (70, 60, 160), 0.55), mix(accent, (255, 190, 150), 0.45))
    scene.solid(Mask().box(38, 12.2, 7, 1.7, 0.85).turned(-5, (41, 37)), INK, depth=0.05)


def plain_phone(scene: Scene, shades: Shades) -> None:
    """A phone with keys."""
    base = shades[0]
    scene.ground(50, 67, 13)
    case = Mask().box(39, 8, 22, 58, 6)
    scene.body(case, base, "right", 0.16)
    scene.rim(case, 0.8)
    window = Mask().box(41.5, 12, 17, 17, 1.6)
    scene.solid(window, GLASS, depth=0.1)
    _screen(scene, Mask().box(42.5, 13, 15, 15, 0.8), color("#3d7f78"), color("#bfe6cf"))
    for row in range(5):
        for column in range(3):
            key = Mask().box(42 + column * 5.7, 33 + row * 5.9, 4.6, 4.2, 1.5)
            scene.body(key, lighter(base, share=0.2) if row else mix(base, (90, 160, 110), 0.45), "down", 0.18, 0.4)


def flip_phone(scene: Scene, shades: Shades) -> None:
    """A phone that is open at a hinge."""
    base = shades[0]
    scene.ground(50, 68, 16)
    lower = Mask().polygon(curve([(38, 40), (62, 40), (65, 52), (66, 65), (34, 65), (35, 52)]))
    scene.body(lower, base, "down", 0.2)
    for row in range(4):
        for column in range(3):
            scene.body(
                Mask().box(40.5 + column * 6.8, 43.5 + row * 5.2, 5.2, 3.5, 1.4),
                lighter(base, share=0.75),
                "down",
                0.1,
                0.3,
            )
    upper = Mask().box(38, 6, 24, 34, 4.5)
    scene.body(upper, base, "right", 0.2)
    scene.rim(upper, 0.7)
    _screen(scene, Mask().box(40.5, 9, 19, 24, 1.4), color("#2c4d8f"), color("#b4d4f6"))
    scene.body(Mask().box(37, 37.5, 26, 4.5, 2.2), darker(base, share=0.25), "down", 0.3, 0.8)


def laptop(scene: Scene, shades: Shades) -> None:
    """A laptop that is open."""
    base = shades[0]
    scene.ground(50, 63, 40, 2.6)
    lid = Mask().box(21, 11, 58, 39, 2.2)
    scene.body(lid, darker(base, share=0.3), lift=1.2)
    _screen(scene, Mask().box(22.6, 12.6, 54.8, 35, 1), color("#27407d"), color("#f0b69c"))
    hills = Mask().polygon(
        [*curve([(22.6, 40), (36, 33), (50, 39), (64, 30), (77.4, 36)], closed=False), (77.4, 47.6), (22.6, 47.6)]
    )
    scene.paint(hills, color("#1d2b52"), color("#5a5f96"), "down")
    deck = Mask().polygon([(20, 50), (80, 50), (89, 60.5), (11, 60.5)])
    scene.solid(deck, base, "down", 0.14)
    for row in range(4):
        y, spread = 51.2 + row * 1.5, 25 + row * 1.5
        keys = Mask().polygon(
            [(50 - spread, y), (50 + spread, y), (50 + spread + 1, y + 1.1), (50 - spread - 1, y + 1.1)]
        )
        scene.solid(keys, darker(base, share=0.62), depth=0.08)
    scene.solid(Mask().polygon([(41, 57.6), (59, 57.6), (60, 59.9), (40, 59.9)]), darker(base, share=0.12), depth=0.06)
    scene.solid(
        Mask().polygon([(11, 60.5), (89, 60.5), (87.5, 62.6), (12.5, 62.6)]), darker(base, share=0.2), "down", 0.25
    )


def tower(scene: Scene, shades: Shades) -> None:
    """A desktop computer that stands."""
    base = shades[0]
    scene.ground(52, 67, 22, 2.6)
    side = Mask().polygon([(58, 7), (72, 10.5), (72, 63), (58, 67)])
    scene.body(side, darker(base, share=0.25), "right", 0.22)
    front = Mask().polygon([(32, 8.5), (58, 7), (58, 67), (32, 64.5)])
    scene.body(front, base, "right", 0.2, 0.6)
    scene.rim(front, 0.5)
    for fan in (21, 38, 55):
        if fan > 50 and base[0] > 120:  # noqa: PLR2004 - bright ones have two
            continue
        ring = Mask().oval(45, fan, 8.2, 7.6)
        scene.solid(ring, INK, depth=0.1)
        for turn in range(7):
            angle = turn * math.tau / 7
            blade = Mask().line([(45, fan), (45 + 6.4 * math.cos(angle), fan + 6 * math.sin(angle))], 1.9)
            scene.solid(blade.both(ring), color("#363c47"), depth=0.2)
        scene.solid(Mask().oval(45, fan, 1.8, 1.7), color("#59a9a0"), depth=0.3)
        scene.glow(45, fan, 9, 9, color("#58d0c4"), 0.25)


def small_computer(scene: Scene, shades: Shades) -> None:
    """A desktop computer of the size of a book."""
    base = shades[0]
    scene.ground(50, 58, 32, 3)
    top = Mask().polygon(curve([(24, 38), (50, 31), (76, 38), (78, 41), (50, 49), (22, 41)], steps=8))
    front = Mask().polygon([(21.5, 40), (50, 48), (78.5, 40), (78.5, 50), (50, 59.5), (21.5, 50)])
    scene.body(front, darker(base, share=0.15), "round", 0.25)
    scene.solid(top, lighter(base, share=0.15), depth=0.2)
    for x in (32, 37):
        scene.solid(Mask().box(x, 48.4 + (x - 32) * 0.3, 3, 1.2, 0.6), INK, depth=0.05)
    scene.glow(66, 49, 2, 2, WHITE, 0.9)


def tablet(scene: Scene, shades: Shades) -> None:
    """A tablet with its pen."""
    base = shades[0]
    scene.ground(50, 66, 38, 2)
    case = Mask().box(15, 12, 70, 51, 3.6).turned(-3)
    scene.body(case, base, lift=2.2)
    scene.rim(case, 0.8)
    glass = Mask().box(17.5, 14.5, 65, 46, 2).turned(-3)
    _screen(scene, glass, color("#b0527c"), color("#f6cd8f"))
    hill = Mask().polygon(
        [*curve([(17, 48), (34, 38), (52, 46), (70, 36), (84, 44)], closed=False), (84, 62), (17, 62)]
    )
    scene.paint(hill.both(glass), color("#40355f"), color("#8a5b88"), "down")
    stylus(scene, (WHITE,))


def stylus(scene: Scene, shades: Shades) -> None:
    """A pen."""
    pen = Mask().line([(30, 66), (84, 33)], 2.6)
    scene.body(pen, mix(shades[0], (228, 230, 234), 0.5), "down", 0.2, 1.4)
    scene.solid(Mask().polygon([(30.6, 67.2), (29.2, 64.9), (25.6, 68.6)]), color("#54585f"))


def pen_alone(scene: Scene, shades: Shades) -> None:
    """A pen for a tablet, larger."""
    pen = Mask().line([(22, 56), (80, 20)], 4.6)
    scene.body(pen, mix(shades[0], (232, 233, 236), 0.5), "down", 0.22, 2.2)
    scene.solid(Mask().polygon([(23.2, 58), (20.8, 54.2), (14.6, 60.2)]), color("#4b4f57"))
    scene.solid(Mask().line([(70, 26.2), (71.4, 25.4)], 4.7), color("#b9bdc3"))


def charger(scene: Scene, shades: Shades) -> None:
    """A charger with its socket."""
    base = mix(shades[0], (238, 239, 241), 0.4)
    scene.ground(48, 62, 20, 2.6)
    for x in (38, 50):
        scene.body(Mask().box(x, 11, 3.6, 12, 0.8), STEEL, "right", 0.4, 0.8)
    case = Mask().box(30, 21, 34, 41, 6)
    scene.body(case, base, "right", 0.18)
    scene.rim(case, 0.9)
    side = Mask().polygon([(64, 26), (71, 30), (71, 56), (64, 58)])
    scene.solid(side, darker(base, share=0.2), "right", 0.16)
    for y in (33, 44):
        scene.solid(Mask().box(42, y, 10, 3.4, 1.7), color("#3c4047"), depth=0.3)


def powerbank(scene: Scene, shades: Shades) -> None:
    """A battery with its display."""
    base = shades[0]
    scene.ground(50, 66, 17, 2.4)
    case = Mask().box(34, 9, 32, 56, 5.5)
    scene.body(case, base, "round", 0.3)
    scene.rim(case, 0.7)
    scene.solid(Mask().box(44, 9.4, 12, 2.6, 1.3), darker(base, share=0.55), depth=0.1)
    for light in range(4):
        is_on = light < 3  # noqa: PLR2004 - three quarters full
        shown = color("#8ff0b4") if is_on else darker(base, share=0.3)
        scene.solid(Mask().oval(43 + light * 4.6, 56, 1.1, 1.1), shown)
        if is_on:
            scene.glow(43 + light * 4.6, 56, 3, 3, shown, 0.5)


def cable(scene: Scene, shades: Shades) -> None:
    """A cable in a coil."""
    base = shades[-1] if len(shades) > 2 else shades[0]  # noqa: PLR2004 - the most colourful
    for turn in range(5):
        r = 23 - turn * 1.5
        points = [
            (50 + r * math.cos(step / 9) + turn * 0.3, 38 + r * 0.78 * math.sin(step / 9) - turn * 0.5)
            for step in range(58)
        ]
        scene.body(Mask().line(points, 2.1), base, "diagonal", 0.28, 0.9)
    for points, end in (
        (curve([(66, 54), (74, 60), (82, 59)], closed=False), (82.0, 57.2)),
        (curve([(34, 23), (26, 15), (17, 17)], closed=False), (7.0, 15.2)),
    ):
        scene.body(Mask().line(points, 2.1), base, "down", 0.25, 0.9)
        scene.body(Mask().box(*end, 10, 3.8, 1.4), darker(base, share=0.35), "down", 0.3, 1)
    scene.body(Mask().box(91.5, 58, 4, 2.2, 0.9), STEEL, "down", 0.4, 0.5)
    scene.body(Mask().box(3.4, 16, 4, 2.2, 0.9), STEEL, "down", 0.4, 0.5)


def phone_case(scene: Scene, shades: Shades) -> None:
    """Cases for phones, one behind the other."""
    colors = [shades[-1], shades[1 % len(shades)]]
    scene.ground(50, 67, 26)
    for number, base in enumerate(colors):
        x, turn = (50, 9) if number == 0 else (27, -5)
        center = (x + 13, 37)
        case = Mask().box(x, 10, 26, 54, 5.4).turned(turn, center)
        scene.body(case, base, lift=2)
        scene.rim(case, 0.8)
        camera = Mask().box(x + 3, 13, 10, 10, 3.4).turned(turn, center)
        scene.solid(camera, darker(base, share=0.5), "down", 0.12)
        scene.rim(camera, 0.3)


def sleeve(scene: Scene, shades: Shades) -> None:
    """A sleeve of felt."""
    base = shades[0]
    scene.ground(50, 62, 36, 2.4)
    bag = Mask().box(17, 17, 66, 44, 3.4)
    scene.body(bag, base, "down", 0.16, 2)
    flap = Mask().polygon(curve([(17, 19), (50, 15.5), (83, 19), (82, 30), (50, 41), (18, 30)], steps=8))
    scene.body(flap, lighter(base, share=0.1), "down", 0.14, 1)
    scene.body(Mask().oval(50, 36, 2.2, 2.2), color("#9a7a55"), lift=0.5)
    scene.shade(bag, [(18, 58.8), (82, 58.8)], 0.3, 0.3, 0.4)


def mouse(scene: Scene, shades: Shades) -> None:
    """A mouse."""
    base = shades[0]
    scene.ground(50, 60, 25, 3)
    shell = Mask().polygon(curve([(27, 50), (31, 33), (45, 22), (60, 22), (71, 34), (75, 51), (66, 59), (36, 59)]))
    scene.body(shell, base, depth=0.32, lift=1.6)
    scene.rim(shell, 0.5)
    scene.shine(shell, curve([(36, 36), (46, 26), (54, 26), (46, 34), (39, 44)]), 0.35, 1)
    scene.shade(shell, curve([(52, 22), (51, 34), (46, 44)], closed=False), 0.5, 0.25, 0.5)
    scene.body(Mask().box(49.4, 25, 3.6, 9, 1.8), darker(base, share=0.5), "round", 0.4, 0.4)


def keyboard(scene: Scene, shades: Shades) -> None:
    """A mechanical keyboard."""
    base = shades[0]
    scene.ground(50, 58, 43, 2.6)
    case = Mask().box(9, 22, 82, 34, 3.2)
    scene.body(case, base, "down", 0.22, 2)
    scene.rim(case, 0.6)
    for row in range(5):
        widths = [5.2] * 13 if row < 4 else [7, 7, 7, 26, 7, 7, 7]  # noqa: PLR2004
        x = 11.6
        for number, width in enumerate(widths):
            accent = (row, number) in {(0, 0), (2, 12)}
            tone = color("#e2795c") if accent else lighter(base, share=0.78 - 0.04 * (number % 2))
            scene.solid(Mask().box(x, 24.6 + row * 6.1, width - 0.4, 5.2, 1), darker(tone, share=0.22), depth=0.1)
            scene.solid(Mask().box(x + 0.6, 24.9 + row * 6.1, width - 1.6, 4, 0.9), tone, "down", 0.1)
            x += width + (76.8 - sum(widths)) / (len(widths) - 1)


def stand(scene: Scene, shades: Shades) -> None:
    """A stand for a laptop."""
    base = mix(shades[0], STEEL, 0.3)
    scene.ground(50, 64, 30, 2.4)
    scene.body(Mask().polygon([(26, 60), (74, 60), (78, 65), (22, 65)]), base, "down", 0.2)
    scene.body(Mask().polygon([(44, 34), (56, 34), (60, 61), (40, 61)]), darker(base, share=0.12), "right", 0.25)
    plate = Mask().polygon([(22, 20), (78, 20), (84, 36), (16, 36)])
    scene.body(plate, lighter(base, share=0.1), "diagonal", 0.22, 1.6)
    scene.rim(plate, 0.9)
    scene.solid(Mask().polygon([(38, 24), (62, 24), (64, 31), (36, 31)]), darker(base, share=0.35), "down", 0.12)
    for x in (22, 68):
        scene.body(Mask().box(x, 34.4, 10, 4, 1.6), base, "down", 0.3, 0.6)
