"""How the demo's food and what else it sells look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.demo.devices import STEEL
from stockwright.demo.studio import WHITE, Mask, color, curve, darker, lighter, mirrored, mix

if TYPE_CHECKING:
    from stockwright.demo.devices import Shades
    from stockwright.demo.studio import Color, Point, Scene


def _label(scene: Scene, x: float, y: float, w: float, h: float, paper: Color, ink: Color) -> None:
    """A label with a mark and lines of print."""
    face = Mask().box(x, y, w, h, 0.8)
    scene.paint(face, darker(paper, share=0.1), lighter(paper, share=0.3), "round")
    scene.solid(Mask().oval(x + w / 2, y + h * 0.32, w * 0.15, w * 0.15), ink, depth=0.2)
    for number, share in enumerate((0.62, 0.4, 0.5)):
        line = Mask().box(x + w * (1 - share) / 2, y + h * (0.58 + 0.13 * number), w * share, h * 0.055, 0.3)
        scene.solid(line, mix(ink, paper, 0.15 * number), depth=0.05)


def _bag(scene: Scene, paper: Color, label: Color, ink: Color) -> None:
    """A bag with a folded top."""
    scene.ground(50, 68, 22, 2.6)
    bag = Mask().polygon(mirrored([(35, 9), (34, 17), (31.5, 30), (31, 50), (32.5, 67), (50, 68.4)]))
    scene.body(bag, paper, "round", 0.34, 1.8)
    for points in (
        [(38, 20), (36.5, 42), (37.5, 64)],
        [(62, 20), (63.5, 42), (62.5, 64)],
        [(34, 60), (50, 63), (66, 60)],
    ):
        scene.shade(bag, curve(points, closed=False), 0.2, 0.7, 1)
    scene.body(Mask().box(34.4, 7, 31.2, 7, 1), darker(paper, share=0.12), "round", 0.34, 0.8)
    scene.solid(Mask().box(35.4, 11.6, 29.2, 0.9), darker(paper, share=0.4), "round", 0.2)
    _label(scene, 37.5, 25, 25, 27, label, ink)


def espresso(scene: Scene, _: Shades) -> None:
    """Coffee: a dark bag and beans."""
    _bag(scene, color("#33251e"), color("#e9d5b2"), color("#6d3f20"))
    for place in ((22, 66), (28, 69), (76, 67), (82, 65), (71, 70.4), (17, 69.5)):
        _bean(scene, place)


def filter_coffee(scene: Scene, _: Shades) -> None:
    """Coffee: a light bag and beans."""
    _bag(scene, color("#d99d6c"), color("#fdf3e2"), color("#b3592b"))
    for place in ((20, 68), (27, 66), (78, 69), (74, 65.4)):
        _bean(scene, place)


def _bean(scene: Scene, place: Point) -> None:
    x, y = place
    bean = Mask().oval(x, y, 3, 2.1).turned(x * 7 % 50 - 25, place)
    scene.body(bean, color("#5c3720"), depth=0.4, lift=0.5)
    scene.shade(bean, curve([(x - 2.4, y + 0.3), (x, y - 0.4), (x + 2.4, y + 0.3)], closed=False), 0.6, 0.15, 0.5)


def _tin(scene: Scene, base: Color, label: Color, ink: Color) -> None:
    scene.ground(50, 66, 20, 3)
    body = Mask().polygon([*curve([(33, 62), (50, 66.4), (67, 62)], closed=False), (67, 20), (33, 20)])
    scene.body(body, base, "round", 0.4, 1.8)
    _label(scene, 36.5, 29, 27, 27, label, ink)
    scene.body(
        Mask().polygon([*curve([(31.6, 24), (50, 28), (68.4, 24)], closed=False), (68.4, 14), (31.6, 14)]),
        lighter(base, share=0.12),
        "round",
        0.42,
        0.8,
    )
    scene.solid(Mask().oval(50, 14, 18.4, 4.2), lighter(base, share=0.3), "right", 0.2)


def green_tea(scene: Scene, _: Shades) -> None:
    """A tin of green tea with leaves."""
    _tin(scene, color("#4f7a52"), color("#f3f2df"), color("#3e6b43"))
    for x, y in ((20, 66), (26, 69), (75, 68), (81, 65.6)):
        leaf = Mask().polygon(curve([(x - 4, y), (x, y - 2), (x + 4.4, y), (x, y + 1.7)]))
        scene.body(leaf, color("#5f8f4c"), depth=0.35, lift=0.4)


def chamomile(scene: Scene, _: Shades) -> None:
    """A tin of chamomile with flowers."""
    _tin(scene, color("#e3b94f"), color("#fffaf0"), color("#d79b1e"))
    for x, y in ((20, 65), (28, 68.6), (77, 67), (84, 63.6)):
        for dx, dy in ((3, 0), (1.5, 1.6), (-1.5, 1.6), (-3, 0), (-1.5, -1.6), (1.5, -1.6)):
            scene.solid(Mask().oval(x + dx, y + dy, 1.8, 1.2), color("#fdfdf8"), depth=0.1)
        scene.body(Mask().oval(x, y, 1.8, 1.5), color("#f0b429"), depth=0.35, lift=0.3)


def _chocolate(scene: Scene, sleeve: Color, ink: Color) -> None:
    scene.ground(50, 63, 32, 2.4)
    bar = Mask().box(24, 14, 26, 46, 1).turned(-9, (37, 37))
    scene.body(bar, color("#4a2a1b"), depth=0.25, lift=1.6)
    for row in range(6):
        for column in range(3):
            piece = Mask().box(25.4 + column * 8.1, 15.6 + row * 7.4, 7, 6.2, 0.8).turned(-9, (37, 37))
            scene.solid(piece, color("#5f3824"), depth=0.32)
            scene.rim(piece, 0.18)
    paper = Mask().box(44, 12, 31, 50, 1).turned(6, (60, 37))
    scene.body(paper, sleeve, "round", 0.22, 2)
    scene.solid(Mask().box(44, 18, 31, 1.2).turned(6, (60, 37)), color("#d9b36a"), "right", 0.35)
    scene.solid(Mask().box(44, 55, 31, 1.2).turned(6, (60, 37)), color("#d9b36a"), "right", 0.35)
    scene.solid(Mask().oval(60, 32, 7, 7), color("#d9b36a"), depth=0.35)
    scene.solid(Mask().oval(60, 32, 5.8, 5.8), ink, depth=0.15)
    for number, half in enumerate((8, 5, 6.5)):
        line = Mask().box(60 - half, 43 + number * 3.4, half * 2, 1.2, 0.5).turned(6, (60, 37))
        scene.solid(line, color("#ead9b4"), depth=0.05)


def dark_chocolate(scene: Scene, _: Shades) -> None:
    """A bar half out of its paper."""
    _chocolate(scene, color("#2c2a33"), color("#8a4b2d"))


def salt_chocolate(scene: Scene, _: Shades) -> None:
    """The same in blue, with salt."""
    _chocolate(scene, color("#2f6d8c"), color("#e9f2f4"))
    for x, y in ((20, 63), (26, 65.4), (82, 62), (77, 65)):
        scene.body(Mask().box(x, y, 2, 1.7, 0.3).turned(x * 3 % 40, (x, y)), color("#f6f8fa"), depth=0.1, lift=0.3)


def oil(scene: Scene, _: Shades) -> None:
    """A bottle of olive oil."""
    scene.ground(50, 70, 14, 2)
    glass = Mask().polygon(
        mirrored([(46.4, 13), (46.4, 22), (44, 29), (38, 35), (37.4, 42), (37.4, 68), (40, 70), (50, 70.6)])
    )
    scene.body(glass, color("#7c8a2b"), "round", 0.55, 1.6)
    scene.rim(glass, 0.6)
    scene.shine(glass, [(40, 38), (42, 37), (42, 67), (40, 67)], 0.5, 0.4)
    scene.body(Mask().box(45.6, 4.6, 8.8, 10, 1), color("#2e3122"), "round", 0.4, 0.6)
    _label(scene, 38.2, 42, 23.6, 21, color("#f5efdc"), color("#6b7a2c"))
    for x, y in ((24, 66), (30.6, 69), (72, 67.5)):
        scene.body(Mask().oval(x, y, 3.2, 2.6), color("#6d7f34") if x < 50 else color("#3b3248"), depth=0.4, lift=0.5)  # noqa: PLR2004
        scene.glow(x - 1, y - 0.9, 1.4, 1.2, WHITE, 0.5)


def honey(scene: Scene, _: Shades) -> None:
    """A jar of honey."""
    scene.ground(50, 67, 22, 2.8)
    jar = Mask().polygon(mirrored([(36, 22), (32, 27), (31, 35), (31, 58), (33, 65), (50, 67.4)]))
    scene.body(jar, color("#c9791b"), "round", 0.52, 1.8)
    scene.glow(44, 44, 18, 26, color("#ffc65a"), 0.55)
    scene.rim(jar, 0.6)
    scene.shine(jar, [(34.4, 30), (36.6, 29), (36.6, 62), (34.4, 62)], 0.5, 0.4)
    scene.body(Mask().box(34, 11, 32, 12, 2), color("#e6c987"), "round", 0.36, 1)
    _label(scene, 36.4, 35, 27.2, 21, color("#fff6df"), color("#b8731a"))


def pasta(scene: Scene, _: Shades) -> None:
    """A bag of pasta, which shows through a window."""
    scene.ground(50, 68, 22, 2.6)
    bag = Mask().polygon(mirrored([(33, 8), (32, 12), (33.5, 16), (30.6, 36), (31.4, 66), (50, 68)]))
    scene.body(bag, color("#2f5f8a"), "round", 0.32, 1.8)
    scene.solid(Mask().box(33, 8, 34, 5), color("#26506f"), "round", 0.3)
    window = Mask().box(35.6, 36, 28.8, 25, 3)
    scene.solid(window, color("#a97732"), depth=0.2)
    for row in range(6):
        for column in range(5):
            x, y = 37.5 + column * 6.3 + (row % 2) * 2, 38.6 + row * 4.5
            tube = Mask().line([(x - 2.1, y + 1.1), (x + 2.1, y - 1.1)], 2.7).both(window)
            scene.solid(tube, color("#efc873"), "down", 0.3)
    _label(scene, 38, 17, 24, 16, color("#fdf6e3"), color("#2f5f8a"))


def notebook(scene: Scene, shades: Shades) -> None:
    """Notebooks, one on the other."""
    scene.ground(51, 67, 27, 2.6)
    for number, base in enumerate(reversed(shades)):
        turn, center = 10 - number * 8, (50.0, 37.0)
        pages = Mask().box(33, 10, 36.6, 54.6, 1.6).turned(turn, center)
        scene.body(pages, color("#efe8d8"), "right", 0.1, 1.8)
        cover = Mask().box(31.6, 9, 36.6, 54.6, 1.8).turned(turn, center)
        scene.body(cover, base, depth=0.26, lift=0.6)
        scene.rim(cover, 0.4)
        scene.solid(Mask().box(62.4, 9, 1.7, 54.6).turned(turn, center), darker(base, share=0.55), "right", 0.2)
    scene.solid(Mask().line([(42, 63), (41.4, 70)], 1), color("#d9543f"), depth=0.2)


def fountain_pen(scene: Scene, shades: Shades) -> None:
    """A fountain pen and what it wrote."""
    base = shades[-1]
    ink = Mask().line(curve([(13, 58), (22, 46), (27, 58), (36, 50), (41, 60), (52, 57), (62, 62)], closed=False), 0.7)
    scene.solid(ink, color("#28407e"), depth=0.1)
    body = Mask().line([(43, 45), (84, 15)], 6)
    scene.body(body, base, "down", 0.42, 2.2)
    scene.shine(body, [(44, 42), (84, 12.6), (84.8, 13.8), (44.8, 43.4)], 0.4, 0.3)
    scene.solid(Mask().line([(60, 32.6), (61.8, 31.3)], 6.3), color("#d8b25e"), "down", 0.4)
    scene.body(Mask().line([(62, 27), (82, 12.4)], 1.2), color("#d8b25e"), "down", 0.4, 0.7)
    scene.solid(Mask().polygon([(44.6, 47.4), (41.2, 42.8), (36.4, 48), (39, 51)]), color("#2a2c31"), depth=0.3)
    nib = Mask().polygon([(39.4, 51.4), (36, 47.2), (28, 57.6)])
    scene.body(nib, color("#dcb96a"), depth=0.4, lift=0.8)
    scene.shade(nib, [(37, 50), (29, 57)], 0.6, 0.1, 0.3)


def bottle(scene: Scene, shades: Shades) -> None:
    """Bottles of steel."""
    scene.ground(50, 69, 30, 2.4)
    for x, base in ((66, shades[-1]), (34, shades[1 % len(shades)]), (50, shades[0])):
        tall = Mask().polygon(
            mirrored([(x - 4.4, 16), (x - 5, 20), (x - 9, 26), (x - 9.4, 31), (x - 9.4, 67), (x - 7, 69.4)], x)
        )
        scene.body(tall, mix(base, STEEL, 0.1), "round", 0.46, 1.6)
        scene.rim(tall, 0.5)
        scene.shine(tall, [(x - 6.6, 29), (x - 4.8, 28), (x - 4.8, 66), (x - 6.6, 66)], 0.4, 0.5)
        scene.body(Mask().box(x - 5, 7, 10, 9.4, 2), color("#2c2f34"), "round", 0.4, 0.7)


def backpack(scene: Scene, shades: Shades) -> None:
    """A backpack."""
    base = lighter(shades[-1], share=0.08)
    scene.ground(50, 68, 26, 3)
    scene.body(
        Mask().line(curve([(44, 12), (45, 5), (55, 5), (56, 12)], closed=False), 2.2), darker(base, share=0.3), lift=0.8
    )
    bag = Mask().polygon(curve(mirrored([(42, 9), (31, 17), (26, 36), (26, 57), (32, 66), (45, 68)])))
    scene.body(bag, base, "diagonal", 0.32, 2)
    scene.rim(bag, 0.25)
    scene.shade(bag, curve([(29, 33), (36, 20), (50, 15.6), (64, 20), (71, 33)], closed=False), 0.5, 0.2, 0.8)
    pocket = Mask().polygon(curve(mirrored([(40, 38), (32, 41), (31, 52), (33, 61), (43, 63)])))
    scene.body(pocket, lighter(base, share=0.06), "diagonal", 0.26, 1)
    scene.shade(pocket, curve([(33, 45), (50, 42.6), (67, 45)], closed=False), 0.55, 0.2, 0.7)
    scene.body(Mask().box(64.6, 44.4, 1.6, 5, 0.7), color("#d9a441"), lift=0.4)
    scene.body(Mask().box(45, 24, 10, 6, 0.8), color("#8b5e3b"), depth=0.3, lift=0.5)
    for x in (38, 60):
        scene.solid(Mask().box(x, 33, 2.2, 33), darker(base, share=0.32), "right", 0.15)


def planter(scene: Scene, shades: Shades) -> None:
    """A plant in its pot."""
    scene.ground(50, 68, 20, 2.6)
    leaves = ((50, 6, 0), (36, 10, -28), (64, 11, 28), (27, 20, -52), (73, 21, 52), (43, 14, -12), (58, 15, 14))
    for number, (x, y, turn) in enumerate(leaves):
        stem = Mask().line(curve([(50, 46), ((50 + x) / 2, 32), (x, y + 12)], closed=False), 0.9)
        scene.solid(stem, color("#3f6b3c"), depth=0.2)
        leaf = (
            Mask()
            .polygon(curve([(x, y - 4), (x + 6, y + 6), (x + 1, y + 18), (x - 5.4, y + 7)]))
            .turned(turn, (x, y + 10))
        )
        scene.body(leaf, mix(color("#3c7a45"), color("#86b663"), number / 7), depth=0.36, lift=0.8)
        vein = Mask().line([(x, y - 2), (x + 0.4, y + 16)], 0.4).turned(turn, (x, y + 10))
        scene.paint(vein, color("#dcecc0"), color("#dcecc0"), share=0.4)
    pot = Mask().polygon(mirrored([(32, 44), (36, 66), (38, 68.4)]))
    scene.body(pot, shades[0], "round", 0.36, 1.6)
    scene.body(Mask().box(30, 40.6, 40, 7, 1.4), lighter(shades[0], share=0.06), "round", 0.36, 0.8)


def gift_card(scene: Scene, _: Shades) -> None:
    """A card with a ribbon."""
    scene.ground(50, 62, 34, 2)
    under = Mask().box(20, 15, 60, 40, 3.4).turned(9)
    scene.body(under, color("#f4f2ec"), lift=2)
    card = Mask().box(19, 16, 62, 41, 3.4).turned(-4)
    scene.body(card, color("#1f6f54"), "diagonal", 0.4, 2.2)
    scene.rim(card, 0.5)
    for mask in (Mask().box(34, 16, 5, 41), Mask().box(19, 31, 62, 5)):
        scene.body(mask.turned(-4).both(card), color("#e7c56d"), "diagonal", 0.35, 0.5)
    for points in (
        [(37, 33), (27, 22), (22, 28), (27, 34)],
        [(37, 33), (46, 20), (52, 26), (47, 33)],
    ):
        scene.body(Mask().polygon(curve(points)), color("#f0d386"), depth=0.4, lift=0.9)
    scene.body(Mask().oval(37, 32.4, 3.2, 3), color("#d9b152"), depth=0.35, lift=0.7)
    for number, half in enumerate((13, 8)):
        scene.solid(Mask().box(50, 43 + number * 4, half * 1.6, 1.6, 0.7).turned(-4), color("#dff0e6"), depth=0.05)
