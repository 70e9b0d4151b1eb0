"""The process that reads one picture: bytes on standard input; on standard output the same in our widths, as WebP.

It is started by `pictures.py` and is given nothing of the shop: no environment, no open file, few rights. What a
decoder does wrong with a made-up file ends with it. Its answer is a line of JSON, `{"sizes": {"320": bytes, ...}}`
and the files behind it, or `{"refused": why}`.

    python -P picture_process.py JPEG 800000000
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from io import BytesIO
from typing import Final

# Named, so that not all of Pillow's formats are loaded to find this one.
from PIL import Image, WebPImagePlugin

WIDTHS: Final = (320, 800, 1600)
"""The widths that a picture is made in (pixels); it is never enlarged."""
PIXELS_MAX: Final = 50_000_000
"""Of the picture as it comes: what a phone of today takes. Known before anything is decoded."""
SIDES_MAX: Final = 5
"""How many times as long as the other a side may be."""
CPU_SECONDS_MAX: Final = 20
MADE: Final = WebPImagePlugin.WebPImageFile.format
QUALITY: Final = 80
NICE: Final = 10
ORIENTATION: Final = 0x0112
"""The tag of EXIF that says how the camera was held."""
TURNED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING: Final = frozenset({5, 6, 7, 8})
"""Orientations that exchange width and height."""
SIXTEEN_BITS: Final = 256
SRGB: Final = "sRGB"
Size = tuple[int, int]


class Refused(Exception):
    """The picture is not taken; says why."""


def read_picture(content: bytes, kind: str) -> Image.Image:
    """Decode a picture upright, in the colours of the web, at most as wide as the widest that is made."""
    source = Image.open(BytesIO(content), formats=[kind])
    width, height = source.size
    if width * height > PIXELS_MAX:
        raise Refused(f"has {width} × {height} pixels; at most {PIXELS_MAX // 1_000_000} million are taken")
    if max(width, height) > SIDES_MAX * min(width, height):
        raise Refused(f"is {width} × {height} pixels; no side may be more than {SIDES_MAX} times as long as the other")
    # A JPEG of several frames is one picture with smaller ones beside it, as phones write it.
    if kind != "JPEG" and getattr(source, "n_frames", 1) > 1:
        raise Refused("moves; send one still picture")
    if kind == "PNG":
        # Checks every part of the file, of which decoding reads some alone.
        Image.open(BytesIO(content), formats=[kind]).verify()
    orientation = _orientation(source)
    wanted = _at_most(source.size, WIDTHS[-1], lying=orientation in LYING)
    # Of a JPEG this decodes no more than is needed.
    source.draft(None, wanted)
    source.load()
    image = _with_whole_pixels(source)
    if image.size != wanted:
        image = image.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if orientation in TURNED:
        image = image.transpose(TURNED[orientation])
    return _in_srgb(image, source.info.get("icc_profile"))


def _orientation(image: Image.Image) -> int:
    """Return how the camera was held; upright where that cannot be read, as browsers do."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - whatever a made-up block of metadata leads to
        return 1


def _at_most(size: Size, width_max: int, *, lying: bool = False) -> Size:
    """Return a size of the same form that is at most so wide (after turning, where it lies)."""
    width = size[1] if lying else size[0]
    share = min(1.0, width_max / width)
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _with_whole_pixels(image: Image.Image) -> Image.Image:
    """Return the picture with a colour in each pixel, so that pixels can be mixed."""
    if image.mode.startswith("I"):
        # Sixteen bits of grey.
        return image.convert("I").point([value // SIXTEEN_BITS for value in range(65_536)], "L")
    if image.mode in {"RGB", "RGBA", "L", "CMYK"} and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to the colours that a picture without a profile is shown in: the profile goes with the other metadata."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    image = image.convert("RGB") if image.mode == "RGBA" else image
    if profile:
        from PIL import ImageCms

        # One that cannot be used is left out.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile(SRGB), outputMode="RGB")
            image = converted or image
    image = image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
    image.info.clear()
    return image


def in_widths(image: Image.Image) -> dict[int, bytes]:
    """Write a picture in each of our widths that it has, the smallest first."""
    made = {}
    for width in sorted({min(each, image.width) for each in WIDTHS}):
        small = image
        if width < image.width:
            small = image.resize(_at_most(image.size, width), Image.Resampling.LANCZOS, reducing_gap=3.0)
        written = BytesIO()
        small.save(written, MADE, quality=QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
        made[width] = written.getvalue()
    return made


def answer(content: bytes, kind: str) -> bytes:
    """Return the answer to one picture."""
    try:
        made = in_widths(read_picture(content, kind))
    except Refused as why:
        return _line({"refused": str(why)})
    except MemoryError:
        return _line({"refused": "takes more memory to read than a picture may"})
    except Exception:  # noqa: BLE001 - whatever a decoder finds in a file
        return _line({"refused": "is broken or not whole"})
    return _line({"sizes": {width: len(file) for width, file in made.items()}}) + b"".join(made.values())


def _line(head: dict[str, object]) -> bytes:
    return json.dumps(head).encode() + b"\n"


def _limit(memory_bytes: int) -> None:
    """Limit what this process may use, where the system can."""
    try:
        import resource
    except ImportError:
        return
    os.nice(NICE)
    for limited, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, CPU_SECONDS_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # What may be limited differs between systems.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limited, (most, most))


def main() -> None:
    """Answer one picture."""
    # Our own bound says why.
    Image.MAX_IMAGE_PIXELS = None
    _limit(int(sys.argv[2]))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read(), sys.argv[1]))


if __name__ == "__main__":
    main()
