"""Which clients take compressed answers, and compressing them."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import Final, Literal, get_args

Coding = Literal["br", "gzip"]
_ACCEPTS: Final = {
    coding: re.compile(rf"(^|,)\s*{coding}\s*(?!;\s*q=0(\.0*)?\s*(,|$))(;|,|$)", re.IGNORECASE)
    for coding in get_args(Coding)
}
COMPRESSED_BYTES_MIN: Final = 1400
"""What fits into one packet gains nothing."""
COMPRESSION_LEVEL: Final = 4
_AS_GZIP: Final = 31


STREAM_LEVEL: Final = 1
"""The quickest: parts of a stream are compressed while others wait."""
STREAM_HEAD: Final = b"\x1f\x8b\x08" + b"\0" * 6 + b"\xff"
"""How a stream compressed with gzip begins (RFC 1952)."""


def accepts(coding: Coding, accepted: str) -> bool:
    """Return whether an Accept-Encoding header takes that compression."""
    return _ACCEPTS[coding].search(accepted) is not None


def accepts_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding header takes gzip."""
    return accepts("gzip", accepted)


def compress(body: bytes) -> bytes:
    """Compress a body with gzip."""
    return zlib.compress(body, COMPRESSION_LEVEL, wbits=_AS_GZIP)


def compress_part(part: bytes) -> bytes:
    """Compress a part of a stream. It refers to no other and ends on a byte, so it may follow any in any stream."""
    packer = zlib.compressobj(STREAM_LEVEL, wbits=-zlib.MAX_WBITS)
    return packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH)


@lru_cache(maxsize=4)
def compressed_once(body: bytes) -> bytes:
    """Compress what is always the same, such as the API's own description, and remember it."""
    return compress(body)
