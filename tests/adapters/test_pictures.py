"""Pictures: what is taken, what is refused and why, and what is left of what was sent."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from stockwright.adapters import pictures
from stockwright.adapters.pictures import BYTES_MAX, PictureProcesses
from stockwright.base.errors import Busy, Invalid, PayloadTooLarge
from tests.pictures import BLUE, RED, encoded, from_a_phone, opened, picture, refused


async def made(content: bytes) -> dict[int, Image.Image]:
    files = await PictureProcesses().make(content)
    shown = {width: opened(file) for width, file in files.items()}
    assert list(shown) == [image.width for image in shown.values()] == sorted(shown)
    assert {image.format for image in shown.values()} == {"WEBP"}
    return shown


def looks(image: Image.Image, left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Compare the middles of the left and of the right half."""
    found = image.convert("RGB")
    pairs = ((0.25, left), (0.75, right))
    return all(
        max(abs(a - b) for a, b in zip(_pixel(found, share), wanted, strict=True)) < 12 for share, wanted in pairs
    )


def _pixel(image: Image.Image, share: float) -> Any:
    return image.getpixel((int(image.width * share), image.height // 2))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_made_in_three_widths(kind: str) -> None:
    shown = await made(picture(2000, 1500, kind))
    assert {width: image.height for width, image in shown.items()} == {320: 240, 800: 600, 1600: 1200}
    assert all(looks(image, RED, BLUE) for image in shown.values())


@pytest.mark.parametrize(
    ("width", "widths"), [(1600, [320, 800, 1600]), (900, [320, 800, 900]), (320, [320]), (1, [1])]
)
async def test_a_picture_is_never_enlarged(width: int, widths: list[int]) -> None:
    assert list(await made(picture(width, max(1, width // 2)))) == widths


@pytest.mark.parametrize(
    "content",
    [
        picture(mode="L"),
        picture(mode="1"),
        picture(mode="P"),
        picture(mode="RGBA"),
        picture(mode="LA"),
        picture(kind="JPEG", mode="L"),
        picture(kind="JPEG", mode="CMYK"),
        picture(kind="JPEG", progressive=True),
        picture(kind="WEBP", mode="RGBA", lossless=True),
        encoded(Image.new("I;16", (40, 30), 40_000), "PNG"),
        encoded(Image.new("P", (40, 30)), "PNG", transparency=0),
        encoded(Image.new("RGB", (40, 30)), "PNG", transparency=(0, 0, 0)),
    ],
)
async def test_each_way_of_storing_colours_is_taken(content: bytes) -> None:
    assert await made(content)


async def test_grey_of_sixteen_bits_stays_the_grey_that_it_is() -> None:
    [image] = (await made(encoded(Image.new("I;16", (40, 30), 40_000), "PNG"))).values()
    assert abs(_pixel(image.convert("L"), 0.5) - 40_000 // 256) <= 2


async def test_what_is_transparent_stays_transparent() -> None:
    image = Image.new("RGBA", (1000, 1000), (0, 0, 0, 0))
    image.paste((*RED, 255), (500, 0, 1000, 1000))
    for small in (await made(encoded(image, "PNG"))).values():
        assert small.mode == "RGBA"
        assert (_pixel(small, 0.25)[3], _pixel(small, 0.75)[3]) == (0, 255)


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (640, 480)), (3, (640, 480)), (6, (480, 640)), (8, (480, 640)), (99, (640, 480))]
)
async def test_a_picture_stands_upright_and_says_nothing_of_who_took_it_where(
    orientation: int, size: tuple[int, int]
) -> None:
    files = await PictureProcesses().make(from_a_phone(orientation))
    largest = opened(files[max(files)])
    assert largest.size == size
    for file in files.values():
        # The file has pixels and nothing else: no EXIF, XMP or profile.
        assert file[12:16] == b"VP8 "
        assert b"secret" not in file
        assert b"Alice" not in file
        assert not opened(file).getexif()
    if orientation == 3:
        assert looks(largest, BLUE, RED)
    if orientation in {6, 8}:
        first, last = (largest.convert("RGB").getpixel((240, y)) for y in (160, 480))
        assert (first[0] > 150) == (orientation == 6)  # type: ignore[index]
        assert (last[0] > 150) == (orientation == 8)  # type: ignore[index]


async def test_colours_are_converted_before_their_profile_is_removed() -> None:
    # A profile in which what is usually red is blue.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = profile.replace(b"rXYZ", b"?", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"?", b"bXYZ", 1)
    profiled = encoded(opened(picture()), "PNG", icc_profile=exchanged)
    assert all(looks(image, RED, BLUE) for image in (await made(picture())).values())
    assert all(looks(image, BLUE, RED) for image in (await made(profiled)).values())


async def test_a_profile_that_cannot_be_read_is_left_out() -> None:
    content = encoded(opened(picture()), "PNG", icc_profile=b"no profile at all")
    assert all(looks(image, RED, BLUE) for image in (await made(content)).values())


@pytest.mark.parametrize("name", list(refused()))
async def test_what_is_no_picture_is_refused_with_the_reason(name: str) -> None:
    content, why = refused()[name]
    with pytest.raises(Invalid) as wrong:
        await PictureProcesses().make(content)
    [entry] = wrong.value.details
    assert entry["field"] == "file"
    assert why in entry["message"]


async def test_a_picture_that_is_too_large_is_refused_before_anything_is_started() -> None:
    with pytest.raises(PayloadTooLarge):
        await PictureProcesses().make(picture() + bytes(BYTES_MAX))


async def test_a_decoder_that_uses_too_much_memory_or_takes_too_long_ends_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if sys.platform == "linux":
        monkeypatch.setattr(pictures, "MEMORY_BYTES", 200_000_000)
        with pytest.raises(Invalid) as wrong:
            await PictureProcesses().make(encoded(Image.new("RGBA", (7000, 7000)), "PNG"))
        assert "memory" in wrong.value.details[0]["message"] or "stopped" in wrong.value.details[0]["message"]
        monkeypatch.undo()
    with pytest.raises(Invalid) as wrong:
        await PictureProcesses(seconds_max=0.01).make(picture())
    assert "too long" in wrong.value.details[0]["message"]


def process_of(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "process.py"
    file.write_text(text)
    return file


async def test_a_process_that_crashes_refuses_the_picture_and_one_that_cannot_start_is_our_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PROCESS", process_of(tmp_path, "import os; os.kill(os.getpid(), 11)"))
    with pytest.raises(Invalid, match="Validation") as wrong:
        await PictureProcesses().make(picture())
    assert "stopped" in wrong.value.details[0]["message"]
    monkeypatch.setattr(pictures, "PROCESS", process_of(tmp_path, "import no_such_module"))
    with pytest.raises(RuntimeError, match="no_such_module"):
        await PictureProcesses().make(picture())
    monkeypatch.setattr(pictures, "PROCESS", process_of(tmp_path, "import sys\nwhile True: print('x' * 100_000)"))
    with pytest.raises(Invalid):
        await PictureProcesses().make(picture())


async def test_the_process_is_given_nothing_of_the_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKWRIGHT_ADMIN_PASSWORD", "Secret-Horse-77")
    seen = tmp_path / "seen"
    monkeypatch.setattr(
        pictures, "PROCESS", process_of(tmp_path, f"import os; open({str(seen)!r}, 'w').write(repr(os.environ)); 1 / 0")
    )
    with pytest.raises(RuntimeError):
        await PictureProcesses().make(picture())
    assert "Secret-Horse-77" in repr(os.environ)
    assert "Secret-Horse-77" not in seen.read_text()


async def test_many_pictures_at_once_wait_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WAITING_MAX", 4)
    processes = PictureProcesses()
    answers = await asyncio.gather(*(processes.make(picture(40, 30)) for _ in range(6)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["Busy", "Busy", "dict", "dict", "dict", "dict"]
    assert isinstance(answers[-1], Busy)
    assert await processes.make(picture(40, 30))
