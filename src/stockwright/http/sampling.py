"""Which requests stand in the log: all that failed, and of the others a sample, since logs are billed by the byte."""

from __future__ import annotations

from typing import Final
from zlib import crc32

FAILED: Final = 400
ALL: Final = 100


def is_logged(percent: int, status: int, request_id: str) -> bool:
    """Return whether a request has a line, by its id; so a request that is sent again with its id has one too."""
    return status >= FAILED or percent == ALL or crc32(request_id.encode()) % ALL < percent
