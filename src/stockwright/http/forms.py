"""Forms with a file (multipart/form-data)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from msgspec import Struct
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from stockwright.base.errors import Invalid

FORM: Final = "multipart/form-data"
FIELDS_MAX: Final = 20
FIELD_BYTES_MAX: Final = 64 * 1024


class Form(Struct, frozen=True):
    """The one file of a form, by whatever name, and its fields."""

    file: bytes
    fields: dict[str, str]


async def read_form(content_type: str, raw: bytes) -> Form:
    """Read a form that came whole; Invalid where it is none, or has not exactly one file."""

    async def body() -> AsyncGenerator[bytes, None]:
        yield raw

    headers = Headers({"content-type": content_type})
    parser = MultiPartParser(headers, body(), max_files=1, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX)
    # It is in memory already.
    parser.spool_max_size = len(raw) + 1
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as wrong:
        why = wrong.message if isinstance(wrong, MultiPartException) else "it is broken"
        raise Invalid(f"The form cannot be read: {why}") from None
    try:
        files = [each for _, each in form.multi_items() if isinstance(each, UploadFile)]
        if not files:
            raise Invalid.field("file", "is required")
        fields = {name: each for name, each in form.multi_items() if isinstance(each, str)}
        return Form(await files[0].read(), fields)
    finally:
        await form.close()
