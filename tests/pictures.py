"""Pictures for tests: made here, so that each says what it is."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(width: int = 400, height: int = 300, kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """Half red, half blue: the left is red."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return encoded(image.convert(mode), kind, **options)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def from_a_phone(orientation: int = 6) -> bytes:
    """A JPEG that lies on its side, with the place where it was taken, a profile, a comment and other notes."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Phone of Alice"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture(
        640, 480, "JPEG", exif=exif, icc_profile=profile, comment=b"secret place", xmp=b"<x>secret place</x>"
    )


def bomb(side: int = 20_000) -> bytes:
    """A PNG of some kilobytes that is more than a gigabyte of pixels."""
    rows = zlib.compressobj(1)
    row = b"\0" + bytes(side // 8)
    data = b"".join(rows.compress(row) for _ in range(side)) + rows.flush()
    return png(struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0), data)


def png(header: bytes, data: bytes) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def _moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (40, 30), color) for color in (RED, BLUE)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


@cache
def refused() -> dict[str, tuple[bytes, str]]:
    """Files that are no pictures that can be taken, and what the refusal must say."""
    jpeg, whole = picture(kind="JPEG"), picture()
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 0xFF
    return {
        "nothing": (b"", "empty"),
        "SVG": (SVG, "not an SVG"),
        "SVG with a byte-order mark": (b"\xef\xbb\xbf\n<SVG></SVG>", "not an SVG"),
        "GIF": (picture(kind="GIF"), "not a GIF"),
        "BMP": (picture(kind="BMP"), "not a BMP"),
        "TIFF": (picture(kind="TIFF"), "not a TIFF"),
        "icon": (picture(64, 64, kind="ICO"), "not an icon"),
        "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "not HEIC"),
        "AVIF": (b"\0\0\0\x18ftypavif\0\0\0\0mif1", "not AVIF"),
        "film": (b"\0\0\0\x18ftypmp42\0\0\0\0", "not a film"),
        "page": (b"<!doctype html><p>hello", "not text"),
        "PDF": (b"%PDF-1.7\n", "not a PDF"),
        "bytes of nothing": (bytes(range(256)), "must be a JPEG, PNG or WebP"),
        "JPEG that ends in the middle": (jpeg[: len(jpeg) // 2], "broken or not whole"),
        "first bytes of a JPEG alone": (b"\xff\xd8\xff\xe0", "broken or not whole"),
        "PNG without its end": (whole[: len(whole) // 2], "broken or not whole"),
        "PNG with a wrong byte": (bytes(broken), "broken or not whole"),
        "PNG without pixels": (png(struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0), b""), "broken or not whole"),
        "WebP that ends in the middle": (picture(kind="WEBP")[:60], "broken or not whole"),
        "GIF in the cover of a WebP": (b"RIFF\x20\0\0\0WEBP" + picture(kind="GIF"), "broken or not whole"),
        "moving PNG": (_moving("PNG"), "still picture"),
        "moving WebP": (_moving("WEBP"), "still picture"),
        "bomb": (bomb(), "at most 50 million"),
        "ribbon": (picture(10, 600), "times as long"),
    }
