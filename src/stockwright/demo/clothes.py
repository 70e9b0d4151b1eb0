"""How the demo's clothes look: laid flat, with folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.demo.studio import Mask, color, curve, darker, lighter, mirrored, mix

if TYPE_CHECKING:
    from stockwright.demo.devices import Shades
    from stockwright.demo.studio import Color, Point, Scene

_TEE: list[Point] = [
    (43, 9), (37, 10.6), (27, 15), (15, 27), (23.5, 35.6), (31, 29.4), (31.4, 48), (30.6, 68), (40, 69.4), (50, 69.6),
]  # fmt: skip
_LONG: list[Point] = [
    (43, 8.6), (36, 10.4), (27.6, 14), (22, 27), (17, 50), (15.4, 62), (22.6, 64.6), (26.4, 50), (31.4, 33), (31.4, 52),
    (31, 68), (40, 69.6), (50, 70),
]  # fmt: skip


def _garment(scene: Scene, outline: list[Point], base: Color) -> Mask:
    """Cloth on the floor, with its folds."""
    cloth = Mask().polygon(mirrored(outline))
    scene.shadow(cloth, 1.2, 2.2, 2.2, 0.36)
    scene.solid(cloth, base, "diagonal", 0.16)
    for points in (
        [(36, 30), (40, 46), (38, 66)],
        [(64, 30), (58.6, 48), (62, 67)],
        [(45, 40), (48, 54), (46, 69)],
        [(33, 22), (38, 28), (37, 36)],
        [(67, 22), (63, 28), (64, 36)],
    ):
        scene.shade(cloth, curve(points, closed=False), 0.14, 1.4, 1.8)
    scene.shine(cloth, curve([(40, 26), (44, 40), (42.6, 60), (40, 60), (39.4, 40)]), 0.14, 1.6)
    scene.rim(cloth, 0.25)
    return cloth


def _neck(scene: Scene, base: Color, *, deep: float = 15) -> None:
    opening = Mask().polygon(curve([(42, 9), (50, 7.4), (58, 9), (56, deep - 2), (50, deep), (44, deep - 2)]))
    scene.solid(opening, darker(base, share=0.45), "down", 0.2)
    collar = curve([(42, 9), (44, deep - 2), (50, deep + 0.6), (56, deep - 2), (58, 9)], closed=False)
    scene.body(Mask().line(collar, 1.9), lighter(base, share=0.06), "down", 0.15, 0.4)


def _seams(scene: Scene, cloth: Mask, *lines: list[Point]) -> None:
    for line in lines:
        scene.shade(cloth, line, 0.34, 0.15, 0.4)


def tee(scene: Scene, shades: Shades) -> None:
    """A T-shirt."""
    base = shades[-1]
    cloth = _garment(scene, _TEE, base)
    _neck(scene, base)
    _seams(scene, cloth, [(31, 29.4), (29.6, 15)], [(69, 29.4), (70.4, 15)], [(30.6, 66.4), (69.4, 66.4)])
    _seams(scene, cloth, [(17, 25.6), (25, 33.6)], [(83, 25.6), (75, 33.6)])


def striped_tee(scene: Scene, shades: Shades) -> None:
    """A T-shirt with stripes."""
    base = color("#f3efe6")
    cloth = _garment(scene, _TEE, base)
    stripes = Mask()
    for row in range(12):
        stripes.box(10, 17 + row * 4.5, 80, 1.9)
    scene.paint(stripes.both(cloth), darker(shades[0], share=0.1), lighter(shades[0], share=0.12), "diagonal", 0.94)
    _neck(scene, shades[0])
    _seams(scene, cloth, [(31, 29.4), (29.6, 15)], [(69, 29.4), (70.4, 15)])


def oxford(scene: Scene, shades: Shades) -> None:
    """A shirt with a collar and buttons."""
    base = shades[-1]
    cloth = _garment(scene, _LONG, base)
    _seams(scene, cloth, [(50, 16), (50, 70)], [(53, 17), (53, 70)], [(31.4, 33), (28, 15)], [(68.6, 33), (72, 15)])
    for button in range(6):
        scene.body(Mask().oval(51.5, 22 + button * 8.4, 0.9, 0.9), color("#fbfaf6"), depth=0.3, lift=0.3)
    pocket = Mask().polygon([(57, 28), (65, 28), (65, 36), (61, 38), (57, 36)])
    scene.body(pocket, base, "diagonal", 0.1, 0.4)
    inside = Mask().polygon([(43, 8.4), (57, 8.4), (50, 16)])
    scene.solid(inside, darker(base, share=0.4), "down", 0.2)
    for points in ([(43, 7), (50, 16), (44.6, 20), (38.6, 10.4)], [(57, 7), (50, 16), (55.4, 20), (61.4, 10.4)]):
        scene.body(Mask().polygon(points), lighter(base, share=0.1), "diagonal", 0.14, 0.7)


def sweater(scene: Scene, shades: Shades) -> None:
    """A knitted sweater."""
    base = shades[0]
    cloth = _garment(scene, _LONG, base)
    knit = Mask()
    for column in range(33):
        x = 18 + column * 2
        knit.line([(x, 8), (x, 71)], 0.35)
    scene.paint(knit.both(cloth), darker(base, share=0.3), darker(base, share=0.16), share=0.55)
    for x in (43, 50, 57):
        cable = curve(
            [(x - 1.6, 18), (x + 1.6, 26), (x - 1.6, 34), (x + 1.6, 42), (x - 1.6, 50), (x + 1.6, 58), (x, 64)],
            closed=False,
        )
        scene.body(Mask().line(cable, 1.5).both(cloth), lighter(base, share=0.1), "round", 0.2, 0.4)
    hem = Mask().box(30, 65.4, 40, 5).both(cloth)
    scene.solid(hem, darker(base, share=0.1), "round", 0.16)
    _neck(scene, base, deep=14)


def hoodie(scene: Scene, shades: Shades) -> None:
    """A hoodie with its pocket."""
    base = shades[0]
    hood = Mask().polygon(curve(mirrored([(45, 3.4), (37, 7), (34, 14), (40, 20), (47, 22)])))
    scene.body(hood, darker(base, share=0.08), "diagonal", 0.2, 1.4)
    cloth = _garment(scene, _LONG, base)
    opening = Mask().polygon(curve(mirrored([(45, 7), (40.4, 10), (41, 16), (46, 21)])))
    scene.body(opening, darker(base, share=0.5), "down", 0.24, 0.4)
    pocket = Mask().polygon(mirrored([(41, 46), (36.6, 60), (37, 62), (50, 62)]))
    scene.body(pocket, lighter(base, share=0.04), "diagonal", 0.14, 0.8)
    for x, end in ((46.6, 36), (53.4, 38)):
        scene.body(Mask().line([(x, 20), (x - 0.4, end)], 0.9), color("#f4f2ee"), "down", 0.2, 0.5)
        scene.solid(Mask().box(x - 1, end, 1.3, 2.6, 0.4), color("#b9bcc0"))
    hem = Mask().box(30, 65.4, 40, 5).both(cloth)
    scene.solid(hem, darker(base, share=0.14), "round", 0.16)


def rain_jacket(scene: Scene, shades: Shades) -> None:
    """A rain jacket with a zip."""
    base = shades[0]
    hood = Mask().polygon(curve(mirrored([(45, 2.6), (36.6, 6), (34.6, 13), (41, 18)])))
    scene.body(hood, darker(base, share=0.1), "diagonal", 0.22, 1.4)
    cloth = _garment(scene, _LONG, base)
    scene.shine(cloth, [(31, 16), (37, 13), (35, 66), (32, 66)], 0.3, 1.4)
    opening = Mask().polygon(curve(mirrored([(45.6, 6), (41, 9), (42, 14), (47, 19)])))
    scene.body(opening, darker(base, share=0.5), "down", 0.24, 0.4)
    zip_ = Mask().line([(50, 18), (50, 69.6)], 1.5)
    scene.body(zip_, color("#2f3540"), "right", 0.2, 0.4)
    scene.body(Mask().box(49, 20, 2, 4.4, 0.8), color("#d6d9dd"), lift=0.4)
    _seams(scene, cloth, [(31.4, 33), (28, 15)], [(68.6, 33), (72, 15)], [(31.4, 30), (68.6, 30)])
    for points in ([(36, 50), (42, 60)], [(64, 50), (58, 60)]):
        scene.body(Mask().line(points, 1.6), darker(base, share=0.3), "down", 0.2, 0.4)


def down_jacket(scene: Scene, shades: Shades) -> None:
    """A quilted jacket."""
    base = shades[-1]
    cloth = _garment(scene, _LONG, base)
    for row in range(9):
        y = 17 + row * 6.2
        scene.shade(cloth, [(30, y), (40, y + 0.9), (50, y), (60, y + 0.9), (70, y)], 0.55, 0.35, 0.7)
        scene.shine(cloth, [(31, y + 1.6), (69, y + 1.6), (69, y + 3), (31, y + 3)], 0.28, 0.7)
        scene.shade(cloth, [(14, 18 + row * 5.6), (30, 22 + row * 4.4)], 0.4, 0.35, 0.7)
        scene.shade(cloth, [(86, 18 + row * 5.6), (70, 22 + row * 4.4)], 0.4, 0.35, 0.7)
    scene.body(Mask().line([(50, 12), (50, 69.6)], 1.4), color("#22262c"), "right", 0.2, 0.5)
    collar = Mask().polygon(curve(mirrored([(43, 4.6), (39.6, 9), (42, 14), (48, 15)])))
    scene.body(collar, darker(base, share=0.06), "round", 0.24, 0.8)


def trousers(scene: Scene, shades: Shades) -> None:
    """Trousers."""
    base = shades[0]
    outline: list[Point] = [(36, 6), (34.6, 18), (32, 42), (31, 69), (46, 70), (49.2, 34), (50, 30)]
    cloth = Mask().polygon(mirrored(outline))
    scene.shadow(cloth, 1.2, 2.2, 2.2, 0.36)
    scene.solid(cloth, base, "right", 0.16)
    for points in (
        [(40, 22), (39, 46), (39, 68)],
        [(60, 22), (61, 46), (61, 68)],
        [(47, 24), (42, 32), (38, 36)],
        [(53, 24), (58, 32), (62, 36)],
    ):
        scene.shade(cloth, curve(points, closed=False), 0.18, 1, 1.4)
    scene.rim(cloth, 0.3)
    for x in (33.4, 53.4):
        scene.body(Mask().box(x, 42, 13, 13, 0.6).both(cloth), darker(base, share=0.1), "diagonal", 0.12, 0.3)
    scene.body(Mask().box(36, 5.4, 28, 4.6, 0.6), darker(base, share=0.12), "round", 0.2, 0.5)
    for x in (38, 46, 53, 60):
        scene.body(Mask().box(x, 4.8, 1.6, 6, 0.3), lighter(base, share=0.05), lift=0.3)
    _seams(scene, cloth, [(50, 10), (50, 30)], [(37, 10), (42, 19), (36, 21)], [(63, 10), (58, 19), (64, 21)])
    scene.body(Mask().oval(50, 7.8, 1.2, 1.2), color("#b98d4e"), depth=0.4, lift=0.3)


def socks(scene: Scene, shades: Shades) -> None:
    """Three socks."""
    colors = [shades[0], shades[1 % len(shades)], mix(shades[0], color("#d0764a"), 0.75)]
    for number, base in enumerate(colors):
        x = number * 19.0 - 3
        sock = Mask().polygon(
            curve(
                [
                    (23 + x, 8),
                    (36 + x, 8),
                    (37 + x, 26),
                    (38 + x, 44),
                    (50 + x, 54),
                    (51 + x, 63),
                    (42 + x, 65.4),
                    (29 + x, 59),
                    (23 + x, 47),
                    (23 + x, 26),
                ],
                steps=8,
            )
        )
        scene.body(sock, base, "right", 0.22, 1.8)
        for points in ([(26 + x, 20), (27 + x, 40)], [(32 + x, 20), (32.6 + x, 42)]):
            scene.shade(sock, points, 0.16, 0.9, 1.4)
        for row in range(3):
            scene.paint(
                Mask().box(20 + x, 13 + row * 4.6, 20, 1.7).both(sock),
                lighter(base, share=0.45),
                lighter(base, share=0.6),
            )
        scene.paint(
            Mask().oval(48 + x, 61, 6, 8).both(sock), darker(base, share=0.4), darker(base, share=0.2), share=0.8
        )
        scene.rim(sock, 0.3)


def cap(scene: Scene, shades: Shades) -> None:
    """A cap."""
    base = shades[0]
    scene.ground(50, 60, 36, 3)
    crown = Mask().polygon(curve([(24, 48), (26, 32), (36, 20), (50, 16), (64, 20), (74, 32), (76, 48), (50, 52)]))
    scene.body(crown, base, depth=0.3, lift=1.6)
    for points in ([(50, 16), (50, 50)], [(48, 16), (36, 28), (33, 48)], [(52, 16), (64, 28), (67, 48)]):
        scene.shade(crown, curve(points, closed=False), 0.45, 0.2, 0.5)
    scene.rim(crown, 0.4)
    scene.body(Mask().oval(50, 16.4, 2.2, 1.3), darker(base, share=0.2), lift=0.3)
    brim = Mask().polygon(
        curve([(24, 47), (37, 44), (50, 43.4), (63, 44), (76, 47), (84, 56), (66, 61), (50, 62), (34, 61), (16, 56)])
    )
    scene.body(brim, lighter(base, share=0.05), "down", 0.26, 1.2)
    for inset in (2.4, 4.8):
        scene.shade(
            brim,
            curve([(20 + inset, 55 - inset / 2), (50, 61 - inset), (80 - inset, 55 - inset / 2)], closed=False),
            0.35,
            0.12,
            0.3,
        )
    scene.body(Mask().box(44, 27, 12, 9, 1), color("#8b5e3b"), depth=0.3, lift=0.5)
