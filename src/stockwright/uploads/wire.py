"""Uploads on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from stockwright.http.rules import Wire
from stockwright.uploads.model import SIZE_MAX

UploadId = Annotated[str, Meta(min_length=1, max_length=64)]


class UploadBody(Wire):
    """A file that is to be put: its size in bytes, which is part of the address's signature."""

    size: Annotated[int, Meta(ge=1, le=SIZE_MAX)]


class PutQuery(Wire):
    """What the signed address holds."""

    expires: Annotated[int, Meta(ge=0, le=10**12)]
    signature: Annotated[str, Meta(max_length=100)]


class UploadView(Wire):
    """An upload: PUT the file's bytes to `url`, then name `id` in the request that uses it."""

    id: str
    url: str
    method: str
    size: int
    expires_at: str
    removed_at: str


class ReceivedView(Wire):
    """A file that has come whole."""

    id: str
    size: int
