"""New names: ULIDs (48 bits of time, 80 random bits) behind a prefix, and secrets."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stockwright.usecases.context import Clock

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS: Final = 80
_LENGTH: Final = 26


class SystemIds:
    """Unique names that sort in the order they were made, also within one millisecond of a process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def new(self, prefix: str) -> str:
        """Make a name such as `ord_01hzy…` (ULID, Crockford's base 32, lower case)."""
        fresh = self._clock.now() << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS - 1)
        same_instant = fresh >> _RANDOM_BITS == self._last >> _RANDOM_BITS
        self._last = self._last + 1 + secrets.randbits(32) if same_instant else fresh
        return f"{prefix}_{_text(self._last)}"

    def first(self, prefix: str, at: int) -> str:
        """Return the smallest name that could be made at that instant (ms)."""
        return f"{prefix}_{_text(max(0, at) << _RANDOM_BITS)}"

    def on(self, clock: Clock) -> SystemIds:
        """Return the same, told the time by another clock."""
        return SystemIds(clock)

    def secret(self, bits: int) -> bytes:
        """Return that many secure random bits, rounded up to bytes."""
        return secrets.token_bytes(-(-bits // 8))

    def digits(self, count: int) -> str:
        """Return a random code of that many decimal digits."""
        return f"{secrets.randbelow(10**count):0{count}d}"


def _text(value: int) -> str:
    letters = []
    for _ in range(_LENGTH):
        letters.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(letters))
