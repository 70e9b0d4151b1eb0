"""Which clients take compressed answers, and compressing them."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import Final

_GZIP = re.compile(r"(^|,)\s*gzip\s*(?!;\s*q=0(\.0*)?\s*(,|$))(;|,|$)", re.IGNORECASE)
COMPRESSED_BYTES_MIN: Final = 1400
"""What fits into one packet gains nothing."""
COMPRESSION_LEVEL: Final = 4
_AS_GZIP: Final = 31


def accepts_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding header takes gzip."""
    return _GZIP.search(accepted) is not None


def compress(body: bytes) -> bytes:
    """Compress a body with gzip."""
    return zlib.compress(body, COMPRESSION_LEVEL, wbits=_AS_GZIP)


@lru_cache(maxsize=4)
def compressed_once(body: bytes) -> bytes:
    """Compress what is always the same, such as the API's own description, and remember it."""
    return compress(body)
