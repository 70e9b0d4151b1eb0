"""Routes of products' pictures."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from stockwright.adapters.pictures import BYTES_MAX
from stockwright.catalog import pictures
from stockwright.catalog.picture_wire import (
    ImagePatch,
    ImageView,
    NewImageBody,
    NewImageForm,
    NewImageQuery,
    image_views,
)
from stockwright.catalog.pictures import AddPicture, ChangePicture, Pictured
from stockwright.catalog.routes import WRITERS
from stockwright.catalog.wire import DeletedView
from stockwright.http import decode
from stockwright.http.forms import FORM, read_form
from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.products.pictures import find_picture

TAG: Final = "Catalogue"
JSON: Final = "application/json"
MARGIN_BYTES: Final = 64 * 1024
"""What a form has around its file."""


async def _add(call: Call[None, NewImageQuery]) -> Pictured:
    query, content_type = call.query, call.headers.get("content-type", "")
    common: dict[str, Any] = {"product_id": call.path["id"], "expected_version": call.expected_version()}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        body: NewImageBody = decode.body(NewImageBody, call.raw, content_type)
        if common["expected_version"] is None:
            common["expected_version"] = body.expected_version
        common |= {"upload_id": body.upload_id} | _described(body.alt, body.position, query)
    elif kind == FORM:
        form = await read_form(content_type, call.raw)
        known = [(name, value) for name, value in form.fields.items() if name in {"alt", "position"}]
        fields: NewImageQuery = decode.query(NewImageQuery, urlencode(known).encode())
        common |= {"content": form.file} | _described(fields.alt, fields.position, query)
    else:
        # Whatever the header says: the content counts.
        common |= {"content": call.raw} | _described(None, None, query)
    return await pictures.add_picture(call.app, call.request, AddPicture(**common))


def _described(alt: str | None, position: int | None, query: NewImageQuery) -> dict[str, Any]:
    return {
        "alt": alt or query.alt or "",
        "position": query.position if position is None else position,
    }


async def _change(call: Call[ImagePatch, NoQuery]) -> Pictured:
    command = ChangePicture(
        product_id=call.path["id"],
        picture_id=call.path["imageId"],
        alt=call.body.alt,
        position=call.body.position,
        expected_version=call.expected_version(),
    )
    return await pictures.change_picture(call.app, call.request, command)


async def _remove(call: PlainCall) -> Pictured:
    return await pictures.remove_picture(
        call.app, call.request, call.path["id"], call.path["imageId"], call.expected_version()
    )


def _show(_: AnyCall, pictured: Pictured) -> Answer:
    images = pictured.found.product.images
    position, _picture = find_picture(images, pictured.picture_id)
    return Answer(image_views(images)[position - 1], etag=_etag(pictured))


def _show_removed(_: AnyCall, pictured: Pictured) -> Answer:
    message = "Picture deleted successfully"
    return Answer(DeletedView(message=message, deleted_id=pictured.picture_id), etag=_etag(pictured))


def _etag(pictured: Pictured) -> str:
    """Return the ETag of the product: its pictures are a part of it."""
    return f'"{pictured.found.product.version}-{pictured.found.stock.version}"'


ROUTES = (
    route(
        "POST",
        "/products/{id}/images",
        _add,
        "Add a picture to a product",
        TAG,
        _show,
        scopes=WRITERS,
        query=NewImageQuery,
        answer=ImageView,
        status=201,
        raw="whole",
        body_bytes_max=BYTES_MAX + MARGIN_BYTES,
        media_types=("image/jpeg", "image/png", "image/webp"),
        also={FORM: NewImageForm, JSON: NewImageBody},
        errors=(404, 409, 412),
        description=(
            "The bytes of a JPEG, PNG or WebP picture as the body or as the one file of a form, or the id of an "
            "upload: at most 10 MiB and 50 million pixels. It is stored as WebP, at most 320, 800 and 1600 pixels "
            "wide, upright and without its metadata. A product has at most 20. The ETag is the product's."
        ),
    ),
    route(
        "PATCH",
        "/products/{id}/images/{imageId}",
        _change,
        "Describe or move a picture of a product",
        TAG,
        _show,
        scopes=WRITERS,
        body=ImagePatch,
        answer=ImageView,
        errors=(404, 412),
        description="The ETag is the product's.",
    ),
    route(
        "DELETE",
        "/products/{id}/images/{imageId}",
        _remove,
        "Delete a picture of a product",
        TAG,
        _show_removed,
        scopes=WRITERS,
        answer=DeletedView,
        errors=(404, 412),
        description="The ETag is the product's. The files are removed after a day.",
    ),
)
