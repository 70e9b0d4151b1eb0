"""Pictures of products on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from stockwright.base.names import check_direction
from stockwright.http.rules import Check, Wire
from stockwright.http.wire import Version
from stockwright.products.model import check_text
from stockwright.products.pictures import ALT_MAX, PICTURES_MAX, Pictures
from stockwright.uploads.wire import UploadId

Alt = Annotated[
    str,
    Meta(max_length=ALT_MAX),
    Check(lambda value, field: check_text(value, field, 0, ALT_MAX)),
    Check(check_direction),
]
Position = Annotated[int, Meta(ge=1, le=PICTURES_MAX)]


class NewImageQuery(Wire):
    """The text and the position of a new picture; without a position it is the last."""

    alt: Alt | None = None
    position: Position | None = None


class NewImageForm(Wire):
    """A new picture as a form sends it (multipart): a file, and fields beside it."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]
    alt: Alt | None = None
    position: Position | None = None


class NewImageBody(Wire):
    """A new picture that has come as an upload."""

    upload_id: UploadId
    alt: Alt | None = None
    position: Position | None = None
    expected_version: Version | None = None
    """of the product (`version`)"""


class ImagePatch(Wire):
    """Another text or position for a picture; a position behind the last is the last."""

    alt: Alt | None = None
    position: Position | None = None
    expected_version: Version | None = None
    """of the product (`version`)"""


class ImageView(Wire):
    """A picture of a product.

    `url` is the width for clients that want one (800 pixels, or fewer where it has no more). It ends in
    `-<width>.webp`: the address of each of the other `widths` has that width there. The file behind an address never
    changes. `position` counts from 1.
    """

    id: str
    url: str
    widths: list[int]
    alt: str
    position: int


def image_views(pictures: Pictures) -> list[ImageView]:
    """Show a product's pictures in their order."""
    return [
        ImageView(id=each.id, url=each.url, widths=list(each.widths), alt=each.alt, position=position)
        for position, each in enumerate(pictures, 1)
    ]
