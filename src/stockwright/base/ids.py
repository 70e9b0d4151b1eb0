"""The part of an id that says when it was made: ids of ours sort by time (ULIDs behind a prefix)."""

from __future__ import annotations

import functools
import re
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, in lower case."""
PAIRS: Final = [high + low for high in ALPHABET for low in ALPHABET]
RANDOM_LETTERS: Final = 16
_ULID = re.compile(rf"([a-z]+)_([{ALPHABET}]{{10}})[{ALPHABET}]{{{RANDOM_LETTERS}}}")
NEAR_MS: Final = 60_000
"""An id is made within a minute of the time that is recorded beside it."""


@functools.lru_cache(maxsize=64)
def time_text(at: int) -> str:
    """Write an instant (ms, 50 bits, the two highest of them zero) in 10 letters."""
    return "".join([PAIRS[at >> shift & 1023] for shift in range(40, -1, -10)])


def first_id(prefix: str, at: int) -> str:
    """Return the smallest id that could be made at that instant (ms)."""
    return f"{prefix}_{time_text(max(0, at))}{ALPHABET[0] * RANDOM_LETTERS}"


@functools.lru_cache(maxsize=16_384)
def position_by_time(thing_id: str, prefix: str, created_at: int) -> str:
    """Return the position of a thing in a list by time.

    That is its id, if that was made here when the thing was. An id that a client brought contains no
    time, and so is put after the first id of that instant.
    """
    found = _ULID.fullmatch(thing_id)
    if found and found[1] == prefix:
        earliest, latest = time_text(max(0, created_at - NEAR_MS)), time_text(created_at + NEAR_MS)
        if earliest <= found[2] <= latest:
            return thing_id
    return f"{first_id(prefix, created_at)}~{thing_id}"
