"""nextToken: a position in one list, sealed so that clients can neither make nor change one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

from stockwright.base.errors import Invalid

_SEAL_BYTES = 16
TOKEN_MAX = 2048
_TOKEN = re.compile(f"[A-Za-z0-9_-]{{1,{TOKEN_MAX}}}")


def seal(key: bytes, list_name: str, position: str | None) -> str | None:
    """Make the token for a position in that list; None where the list ends."""
    if position is None:
        return None
    encoded = position.encode()
    return base64.urlsafe_b64encode(_mac(key, list_name, encoded) + encoded).decode().rstrip("=")


def check_token(token: str, field_name: str = "nextToken") -> None:
    """Refuse what can be no token: not in base64, or without room for a seal."""
    _opened(token, field_name)


def unseal(key: bytes, list_name: str, token: str) -> str:
    """Return the position, or refuse a token that is not of this list or not ours."""
    position = _opened(token, "nextToken")
    # Letter by letter: base64 writes the same bytes in more than one way.
    if not hmac.compare_digest(seal(key, list_name, position) or "", token):
        raise _wrong("nextToken")
    return position


def _opened(token: str, field_name: str) -> str:
    """Return the position in a token, without checking its seal."""
    if not _TOKEN.fullmatch(token):
        raise _wrong(field_name)
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        position = raw[_SEAL_BYTES:].decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise _wrong(field_name) from None
    if len(raw) < _SEAL_BYTES:
        raise _wrong(field_name)
    return position


def _wrong(field_name: str) -> Invalid:
    return Invalid.field(field_name, "is not a token of this list; leave it out to start again")


def _mac(key: bytes, list_name: str, encoded: bytes) -> bytes:
    return hmac.digest(key, list_name.encode() + b"\x00" + encoded, hashlib.sha256)[:_SEAL_BYTES]
