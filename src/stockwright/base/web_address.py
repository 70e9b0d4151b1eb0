"""Addresses in the web that the web app can show: its pages load pictures by https only."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from stockwright.base.errors import Invalid

URL_MAX: Final = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_https(url: str, field_name: str) -> None:
    """Refuse what is no https:// address of at most URL_MAX characters (Invalid)."""
    if not _is_https(url):
        raise Invalid.field(field_name, f"must be an https:// address of at most {URL_MAX} characters")


def _is_https(url: str) -> bool:
    if len(url) > URL_MAX or _CONTROL.search(url) or " " in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port  # raises where it is no port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and port != 0
