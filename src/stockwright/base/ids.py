"""Ids of ours: ULIDs behind a prefix, which sort by time; and short numbers for people, which ids contain."""

from __future__ import annotations

import functools
import re
from hashlib import blake2b
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, in lower case."""
PAIRS: Final = [high + low for high in ALPHABET for low in ALPHABET]
RANDOM_LETTERS: Final = 16
_ULID = re.compile(rf"([a-z]+)_([{ALPHABET}]{{10}})[{ALPHABET}]{{{RANDOM_LETTERS}}}")
TIME_LETTERS: Final = 10
BEGIN_LETTERS: Final = TIME_LETTERS + 2
"""Of a numbered id: its time (ms), and a number within that millisecond; the other letters follow from these."""
NUMBER_LETTERS: Final = 10
LONG_NUMBER_LETTERS: Final = 15
_GROUP: Final = 5
_AGE: Final = "01"
"""How times from 2004 to 2039 begin; the numbers leave it out."""
_REST_BITS: Final = 70
_READ_AS: Final = str.maketrans("oil", "011", " #-")
"""Crockford's reading: letters that look like digits are these digits."""
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


# ---- numbers for people ------------------------------------------------------------------------


def numbered(prefix: str, begin: str) -> str:
    """Return the id that begins with these BEGIN_LETTERS: there is one only, so that no two ids have one number."""
    rest = int.from_bytes(blake2b(begin.encode(), digest_size=9).digest()) >> 2
    return f"{prefix}_{begin}{''.join([PAIRS[rest >> shift & 1023] for shift in range(_REST_BITS - 10, -1, -10)])}"


def number_of(thing_id: str) -> str:
    """Return the number by which people name a thing: `6QF4M-8K2TB`, in the order of time.

    It is unique among ids that `numbered` made. Of another ULID (a former release's, an import's) it has a third
    group: two of these could have the same only if they were made in one millisecond. Any other id is its own number.
    """
    prefix, _, letters = thing_id.rpartition("_")
    if not _ULID.fullmatch(thing_id):
        return thing_id
    length = NUMBER_LETTERS if thing_id == numbered(prefix, letters[:BEGIN_LETTERS]) else LONG_NUMBER_LETTERS
    number = letters[len(_AGE) : len(_AGE) + length] if letters.startswith(_AGE) else letters[: length + len(_AGE)]
    return "-".join(number[at : at + _GROUP] for at in range(0, len(number), _GROUP)).upper()


def ids_of_number(prefix: str, number: str) -> tuple[str, str] | None:
    """Return what the ids of a number are: the one id of a short number (""), and how the others begin.

    It may be written in any case, without its hyphens, and with O, I and L for 0 and 1. None: it is no number.
    """
    letters = number.lower().translate(_READ_AS)
    if not letters or any(letter not in ALPHABET for letter in letters):
        return None
    if len(letters) in {NUMBER_LETTERS, LONG_NUMBER_LETTERS}:
        letters = f"{_AGE}{letters}"
    if len(letters) not in {BEGIN_LETTERS, LONG_NUMBER_LETTERS + len(_AGE)}:
        return None
    return numbered(prefix, letters) if len(letters) == BEGIN_LETTERS else "", f"{prefix}_{letters}"
