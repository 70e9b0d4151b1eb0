"""What a client takes compressed."""

from __future__ import annotations

import re

_GZIP = re.compile(r"(^|,)\s*gzip\s*(?!;\s*q=0(\.0*)?\s*(,|$))(;|,|$)", re.IGNORECASE)


def accepts_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding header takes gzip."""
    return _GZIP.search(accepted) is not None
