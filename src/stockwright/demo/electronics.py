"""How the demo's electronics look: sound, cameras, watches, and what is in a home."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockwright.demo.devices import INK, STEEL
from stockwright.demo.studio import WHITE, Mask, Point, color, curve, darker, lighter, mirrored, mix

if TYPE_CHECKING:
    from stockwright.demo.devices import Shades
    from stockwright.demo.studio import Scene


def headphones(scene: Scene, shades: Shades) -> None:
    """Headphones over the ears."""
    base = shades[0]
    scene.ground(50, 67, 26)
    band = [(28 + 0.0, 46), (27, 30), (34, 15), (50, 9), (66, 15), (73, 30), (72, 46)]
    arc = curve(band, closed=False)
    scene.body(Mask().line(arc, 4.6), base, "round", 0.3, 1.8)
    inner = [(x, y + 1.4) for x, y in curve([(35, 15), (50, 10.4), (65, 15)], closed=False)]
    scene.body(Mask().line(inner, 3), darker(base, share=0.35), "down", 0.3, 0.4)
    for x, turn in ((27.5, 6), (72.5, -6)):
        cushion = Mask().oval(x + (4 if x < 50 else -4), 50, 7.4, 13.4).turned(turn, (x, 50))  # noqa: PLR2004
        scene.body(cushion, darker(base, share=0.5), "round", 0.25, 1)
        cup = Mask().oval(x, 50, 9.4, 14.6).turned(turn, (x, 50))
        scene.body(cup, base, "diagonal", 0.34, 1.4)
        scene.rim(cup, 0.6)
        scene.solid(
            Mask().oval(x - 0.6, 49.4, 5.2, 8.6).turned(turn, (x, 50)), lighter(base, share=0.08), "diagonal", 0.2
        )


def earbuds(scene: Scene, shades: Shades) -> None:
    """Earbuds before their case."""
    base = shades[1 % len(shades)]
    scene.ground(50, 64, 26, 2.6)
    scene.body(Mask().box(33, 14, 34, 26, 9), darker(base, share=0.08), "down", 0.18, 1.6)
    box = Mask().box(31, 30, 38, 33, 11)
    scene.body(box, base, "right", 0.2, 1.4)
    scene.rim(box, 0.9)
    scene.glow(50, 47, 1.6, 1.6, color("#7fe0a4"), 0.9)
    for x, way in ((21.0, 1), (79.0, -1)):
        scene.body(Mask().box(x - 2 + way * 1.5, 42, 4, 20, 2).turned(way * 6, (x, 50)), base, "right", 0.22, 1)
        bud = Mask().polygon(curve([(x - 6, 38), (x, 32), (x + 6, 37), (x + 5, 45), (x - 1, 48), (x - 6, 44)]))
        scene.body(bud, base, depth=0.3, lift=0.8)
        scene.solid(Mask().oval(x + way * 4.6, 39.4, 2.7, 3.3), color("#3c4048"), depth=0.35)


def round_speaker(scene: Scene, shades: Shades) -> None:
    """A small speaker like a pebble."""
    base = shades[0]
    scene.ground(50, 63, 27, 3)
    body = Mask().polygon(curve([(23, 44), (28, 27), (50, 20), (72, 27), (77, 44), (70, 59), (50, 63), (30, 59)]))
    scene.body(body, base, depth=0.36, lift=1.4)
    mesh = Mask()
    for row in range(16):
        for column in range(24):
            mesh.oval(24 + column * 2.3 + (row % 2) * 1.15, 28 + row * 2, 0.5, 0.5)
    within = Mask().polygon(curve([(27, 45), (31, 34), (50, 30), (69, 34), (73, 45), (67, 57), (50, 60), (33, 57)]))
    scene.paint(mesh.both(within), darker(base, share=0.7), darker(base, share=0.35))
    scene.shine(body, curve([(33, 30), (48, 23), (62, 26), (48, 29), (36, 37)]), 0.35, 1)
    scene.body(
        Mask().line(curve([(74, 36), (84, 40), (82, 52), (74, 50)], closed=False), 1.3), color("#5b4633"), lift=0.7
    )


def wood_speaker(scene: Scene, shades: Shades) -> None:
    """A large speaker of wood."""
    base = shades[0]
    scene.ground(50, 68, 22, 2.6)
    case = Mask().box(32, 6, 36, 62, 2.2)
    scene.body(case, base, "right", 0.2, 2)
    for grain in range(11):
        x = 33.5 + grain * 3.4
        points = curve([(x, 6), (x + 0.9, 26), (x - 0.7, 46), (x + 0.5, 68)], closed=False)
        scene.shade(case, points, 0.16, 0.25, 0.5)
    scene.rim(case, 0.5)
    for y, r in ((20, 7.4), (45, 13)):
        scene.body(Mask().oval(50, y, r, r), color("#2a2623"), "diagonal", 0.3, 0.7)
        scene.solid(Mask().oval(50, y, r * 0.82, r * 0.82), color("#3b3735"), "diagonal", 0.35)
        scene.solid(Mask().oval(50, y, r * 0.34, r * 0.34), color("#c08d55"), "diagonal", 0.4)
    for x in (36, 60):
        scene.solid(Mask().box(x, 68, 4, 2.4), INK)


def camera(scene: Scene, shades: Shades) -> None:
    """A camera with its lens."""
    base = mix(shades[0], (44, 46, 50), 0.6)
    scene.ground(50, 63, 34, 2.8)
    scene.body(Mask().box(38, 12, 22, 12, 2.6), STEEL, "down", 0.3, 1)
    for x, w in ((22, 9), (66, 11)):
        scene.body(Mask().box(x, 15, w, 6, 1.4), STEEL, "right", 0.4, 0.8)
    scene.body(Mask().box(17, 20, 66, 42, 4.6), STEEL, "down", 0.24, 1.8)
    grip = Mask().box(17, 27, 66, 27, 1)
    scene.solid(grip, base, "down", 0.12)
    _lens(scene, (49, 41), 19)
    scene.solid(Mask().oval(72, 24, 1.6, 1.6), color("#c23b36"), depth=0.4)


def _lens(scene: Scene, center: Point, r: float) -> None:
    """Glass in rings."""
    x, y = center
    for share, tone in ((1, "#2c2f35"), (0.86, "#50545c"), (0.8, "#1b1d22"), (0.62, "#33373f"), (0.56, "#0d1016")):
        ring = Mask().oval(x, y, r * share, r * share)
        if share == 1:
            scene.body(ring, color(tone), depth=0.35, lift=1.4)
        else:
            scene.solid(ring, color(tone), depth=0.3)
    glass = Mask().oval(x, y, r * 0.5, r * 0.5)
    scene.paint(glass, color("#141c3c"), color("#5a6cc0"))
    scene.glow(x - r * 0.18, y - r * 0.2, r * 0.24, r * 0.2, color("#d9e4ff"), 0.85)
    scene.glow(x + r * 0.18, y + r * 0.22, r * 0.2, r * 0.14, color("#c06ac0"), 0.5)


def lens(scene: Scene, _: Shades) -> None:
    """A lens alone."""
    scene.ground(52, 65, 27, 2.8)
    barrel = Mask().polygon([(42, 14), (76, 19), (76, 57), (42, 62)])
    scene.body(barrel, color("#34373d"), "down", 0.3, 1.6)
    for x in (52, 60, 68):
        scene.shade(barrel, [(x, 12), (x, 63)], 0.5, 0.2, 1)
    _lens(scene, (40, 38), 25)


def tripod(scene: Scene, _: Shades) -> None:
    """A tripod."""
    for x in (24, 52, 78):
        scene.ground(x, 69.5, 4, 1)
    for foot in (78, 24, 52):
        scene.body(Mask().line([(50, 27), ((50 + foot) / 2, 48)], 3.4), color("#33363c"), "right", 0.35, 1)
        scene.body(Mask().line([((50 + foot) / 2, 48), (foot, 68)], 2.1), color("#6a6f78"), "right", 0.35, 1)
        scene.body(Mask().oval((50 + foot) / 2, 48, 2.3, 1.7), color("#e0663c"), lift=0.4)
    scene.body(Mask().box(46.6, 14, 6.8, 15, 2), color("#42464d"), "round", 0.4, 1)
    scene.body(Mask().oval(50, 15, 5.4, 4.6), color("#2b2e33"), depth=0.4, lift=1)
    scene.body(Mask().box(41, 7, 18, 4.6, 1.2), color("#55595f"), "down", 0.3, 0.9)


def watch(scene: Scene, shades: Shades) -> None:
    """A watch with its strap."""
    strap = shades[1 % len(shades)]
    scene.ground(50, 71, 13, 1.6)
    for points in (
        mirrored([(42.4, 24), (42, 12), (43.4, 3), (47, 2)]),
        mirrored([(42.4, 50), (42, 62), (43.4, 71), (47, 72)]),
    ):
        scene.body(Mask().polygon(points), strap, "round", 0.28, 1.2)
    for hole in range(4):
        scene.solid(Mask().oval(50, 57 + hole * 3.6, 0.7, 1), darker(strap, share=0.6))
    scene.body(Mask().box(64.4, 33, 3.4, 7.6, 1.4), STEEL, "down", 0.35, 0.6)
    case = Mask().box(34, 20, 32, 34, 9)
    scene.body(case, STEEL, depth=0.3, lift=1.8)
    scene.rim(case, 0.9)
    face = Mask().box(36, 22, 28, 30, 7.2)
    scene.solid(face, color("#0c0e13"), depth=0.1)
    for r, tone, end in ((10.6, "#ff5a6e", 300), (8.1, "#a9f04f", 230), (5.6, "#43dcf0", 270)):
        points = [(50 + r * math.sin(math.radians(a)), 37 - r * math.cos(math.radians(a))) for a in range(0, end, 6)]
        scene.solid(Mask().line(points, 1.7), color(tone), depth=0.12)
    scene.shine(face, [(52, 22), (64, 22), (64, 44)], 0.14, 0.6)


def band(scene: Scene, shades: Shades) -> None:
    """A band for the wrist."""
    base = shades[1 % len(shades)]
    scene.ground(50, 63, 27, 2.6)
    ring = [(50 + 27 * math.cos(a / 20), 40 + 20 * math.sin(a / 20)) for a in range(127)]
    scene.body(Mask().line(ring, 8.6), base, "down", 0.34, 1.6)
    scene.solid(Mask().line([(x, y - 1.4) for x, y in ring[64:126]], 5), darker(base, share=0.42), "right", 0.2)
    case = Mask().polygon(curve([(34, 51), (50, 54), (66, 51), (67, 64), (50, 68), (33, 64)], steps=8))
    scene.body(case, color("#23262d"), "round", 0.3, 0.8)
    for number, tone in enumerate(("#9af4b0", "#ffffff", "#ff7b86")):
        scene.solid(Mask().box(42.5 + number * 6, 59.6, 4, 1.5, 0.7), color(tone), depth=0.05)


def lamp(scene: Scene, _: Shades) -> None:
    """A lamp that glows."""
    scene.ground(50, 66, 20, 2.6)
    scene.body(
        Mask().polygon(curve([(36, 60), (50, 58), (64, 60), (65, 65), (50, 67), (35, 65)], steps=8)),
        color("#d8c1a0"),
        "round",
        0.3,
    )
    scene.glow(50, 35, 62, 52, color("#ffd98a"), 0.75)
    globe = Mask().oval(50, 35, 24, 24)
    scene.paint(globe, color("#f3b765"), color("#fff8e4"), "diagonal")
    scene.glow(46, 29, 22, 20, WHITE, 0.85)
    scene.rim(globe, 0.5)


def bulbs(scene: Scene, _: Shades) -> None:
    """Three bulbs."""
    for x, y in ((27, 31), (73, 31), (50, 35)):
        scene.ground(x, y + 31, 8, 1.6)
        scene.glow(x, y - 6, 30, 30, color("#ffdf9a"), 0.55)
        socket = Mask().box(x - 5, y + 11, 10, 19, 2.4)
        scene.body(socket, STEEL, "round", 0.4, 1)
        for turn in range(4):
            scene.shade(socket, [(x - 5, y + 17 + turn * 3.4), (x + 5, y + 15.6 + turn * 3.4)], 0.4, 0.2, 0.7)
        glass = Mask().polygon(
            curve(
                [
                    (x - 4.6, y + 13),
                    (x - 8, y + 5),
                    (x - 12, y - 7),
                    (x, y - 19),
                    (x + 12, y - 7),
                    (x + 8, y + 5),
                    (x + 4.6, y + 13),
                ]
            )
        )
        scene.paint(glass, color("#f2cf86"), color("#fffaf0"))
        scene.rim(glass, 0.6)
        scene.glow(x - 4, y - 9, 8, 10, WHITE, 0.9)


def thermostat(scene: Scene, _: Shades) -> None:
    """A thermostat on a wall."""
    ring = Mask().oval(50, 37, 27, 27)
    scene.body(ring, color("#e6e8ea"), depth=0.3, lift=3)
    scene.rim(ring, 0.9)
    scene.body(Mask().oval(50, 37, 23.4, 23.4), color("#15181d"), depth=0.12, lift=0.4)
    for tick in range(41):
        a = math.radians(-220 + tick * 6.5)
        tone = color("#f08a4b") if tick < 26 else color("#3f454f")  # noqa: PLR2004
        inner, outer = (17.5, 20.6)
        line = [(50 + r * math.cos(a), 37 + r * math.sin(a)) for r in (inner, outer)]
        scene.solid(Mask().line(line, 0.6), tone, depth=0.05)
    # 21, in segments.
    for points in ([(41, 30), (47, 30), (47, 37), (41, 37), (41, 44), (47, 44)], [(55, 30), (55, 44)]):
        scene.solid(Mask().line(points, 1.7), WHITE, depth=0.02)
    scene.solid(Mask().oval(60.5, 30.6, 1.6, 1.6), WHITE, depth=0.02)
    scene.solid(Mask().oval(60.5, 30.6, 0.8, 0.8), color("#15181d"), depth=0.02)


def projector(scene: Scene, _: Shades) -> None:
    """A small projector and its light."""
    scene.ground(56, 62, 24, 2.8)
    ray = Mask().polygon([(38, 38), (4, 14), (4, 66), (38, 48)])
    scene.paint(ray, color("#ffffff"), color("#fff3c8"), "right", 0.42)
    case = Mask().box(34, 25, 46, 36, 7)
    scene.body(case, color("#eceef0"), "down", 0.18, 1.8)
    scene.rim(case, 0.9)
    _lens(scene, (47, 43), 10.5)
    for y in range(5):
        scene.solid(Mask().box(64, 34 + y * 4.2, 11, 1.5, 0.7), color("#a6abb1"), depth=0.1)
    scene.glow(44, 40, 9, 9, WHITE, 0.8)
