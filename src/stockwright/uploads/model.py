"""Uploads: files that come before the request that names them; and files that nothing uses."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from msgspec import field

from stockwright.base.record import Record

LASTS_MS: Final = 86_400_000
"""So long an upload can be used; files that nothing uses are removed after it."""
ADDRESS_SECONDS: Final = 3600
"""So long an upload can be put to its address."""
SIZE_MAX: Final = 5 * 1024**3
"""S3 takes no more in one PUT."""


class UnusedFiles(Record, frozen=True):
    """Files that nothing uses, or nothing yet: the sweeper removes them LASTS_MS after `at` (ms).

    An upload is one file, of `size` bytes, that its maker has not put yet or that no request has named. Other files
    are written down here before they are stored, and when what used them is removed.
    """

    KIND = "UNUSEDFILES"
    id: str
    names: tuple[str, ...]
    at: int
    size: int = field(default=0)
    created_by: str = ""


def name_of_upload(upload_id: str) -> str:
    """Return the name of an upload's file in the file store."""
    return f"uploads/{upload_id}"


def signature(key: bytes, upload_id: str, size: int, expires: int) -> str:
    """Sign an address that takes an upload of so many bytes until `expires` (epoch seconds)."""
    return hmac.digest(key, f"upload\n{upload_id}\n{size}\n{expires}".encode(), hashlib.sha256).hex()


def is_signed(given: str, key: bytes, upload_id: str, size: int, expires: int) -> bool:
    """Whether an address bears our signature."""
    return hmac.compare_digest(given.encode(), signature(key, upload_id, size, expires).encode())
