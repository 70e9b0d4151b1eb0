"""A product's pictures: their order, their texts, and the files that they consist of.

They are part of the product's own item, so that a change of them moves its version. What names one of them (a variant)
stores its `id`; where no picture has that id any more, the first one is shown instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Conflict, NotFound
from stockwright.base.hashing import sha256

if TYPE_CHECKING:
    from collections.abc import Iterable

ID_PREFIX: Final = "img"
PICTURES_MAX: Final = 20
"""Of one product."""
ALT_MAX: Final = 250
FOLDER: Final = "media"
SHOWN_WIDTH: Final = 800
"""The width that a client is given that reads one address and no list of widths."""


class Picture(Struct, frozen=True, rename="camel"):
    """A picture in its widths (pixels, the smallest first); its place in the product's list is its position."""

    id: str
    widths: tuple[int, ...]
    alt: str = ""
    source: str = ""
    """Of one that was fetched: what `source_of` makes of its address, so that it is not fetched again."""

    @property
    def url(self) -> str:
        """The address of the width for clients that want one; those of the others have another number at the end."""
        return f"/{file_name(self.id, max((each for each in self.widths if each <= SHOWN_WIDTH), default=0))}"

    @property
    def largest_url(self) -> str:
        """The address of the largest width: what a copy of it is made of."""
        return f"/{file_name(self.id, max(self.widths, default=0))}"


Pictures = tuple[Picture, ...]


def file_name(picture_id: str, width: int) -> str:
    """Name the file of one width in the file store; its address is the same behind a slash."""
    return f"{FOLDER}/{picture_id}-{width}.webp"


def source_of(url: str) -> str:
    """Name an address that a picture was fetched from: addresses themselves may be long."""
    return sha256(url)[:24]


def files_of(pictures: Iterable[Picture]) -> tuple[str, ...]:
    """Name all files of pictures."""
    return tuple(file_name(each.id, width) for each in pictures for width in each.widths)


def find_picture(pictures: Pictures, picture_id: str) -> tuple[int, Picture]:
    """Return a picture and its position, counted from 1; NotFound where there is none of this id."""
    found = next(((number, each) for number, each in enumerate(pictures, 1) if each.id == picture_id), None)
    if found is None:
        raise NotFound("Picture not found")
    return found


def check_room(pictures: Pictures) -> None:
    """Refuse one picture more than a product may have (Conflict)."""
    if len(pictures) >= PICTURES_MAX:
        raise Conflict(f"A product has at most {PICTURES_MAX} pictures; delete one first", {"max": PICTURES_MAX})


def with_picture(pictures: Pictures, picture: Picture, position: int | None) -> Pictures:
    """Put a picture at a position, counted from 1 (None, or behind the last: at the end)."""
    check_room(pictures)
    place = len(pictures) if position is None else position - 1
    return (*pictures[:place], picture, *pictures[place:])


def changed(pictures: Pictures, picture_id: str, alt: str | None, position: int | None) -> Pictures:
    """Give a picture another text or position (None: as it is)."""
    now, picture = find_picture(pictures, picture_id)
    others = without(pictures, picture_id)
    return with_picture(others, picture if alt is None else replace(picture, alt=alt), position or now)


def without(pictures: Pictures, picture_id: str) -> Pictures:
    """Take a picture away."""
    find_picture(pictures, picture_id)
    return tuple(each for each in pictures if each.id != picture_id)


def first_url(image_url: str | None, pictures: Pictures) -> str | None:
    """Return the one address that a product is shown with: the one that it was given, else its first picture's."""
    return image_url or (pictures[0].url if pictures else None)
