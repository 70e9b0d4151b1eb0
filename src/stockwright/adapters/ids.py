"""New names: ULIDs (48 bits of time, 80 random bits) behind a prefix, and secrets."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from stockwright.base.ids import PAIRS, first_id, numbered, time_text

if TYPE_CHECKING:
    from stockwright.base.ports import Clock

_RANDOM_BITS: Final = 80
_RANDOM_BYTES: Final = _RANDOM_BITS // 8
_POOL: Final = 100
_RANDOM: Final = (1 << _RANDOM_BITS) - 1
_LOW: Final = (1 << 40) - 1
_WITHIN_BITS: Final = 10
_WITHIN: Final = (1 << _WITHIN_BITS) - 1


BACK_MS_MAX: Final = 60_000


class SystemIds:
    """Unique names that sort in the order in which a process made them.

    Also within one millisecond, and while its clock is back by up to a minute: a step by NTP turns no
    ledger around, and a clock that was once set far ahead holds the names there only for as long.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ms = 0
        self._number = 0
        self._numbered = 0
        """The last numbered name: its millisecond, and the number within that (10 bits)."""
        self._pool: list[int] = []
        self._begins_for, self._begins = (-1, -1), ""
        """The first 18 letters: those of the names of one millisecond are mostly the same."""

    def new(self, prefix: str) -> str:
        """Make a name such as `ord_01hzy…` (ULID, Crockford's base 32, lower case)."""
        random, now = self._random(), self._clock.now()
        if self._ms - BACK_MS_MAX <= now <= self._ms:
            self._number += 1 + (random & 0xFFFFFFFF)
            if self._number > _RANDOM:
                self._ms, self._number = self._ms + 1, self._number & _RANDOM
        else:
            # The highest bit stays free for the names of the same millisecond that follow.
            self._ms, self._number = now, random >> 1
        high = self._number >> 40
        if (self._ms, high) != self._begins_for:
            self._begins_for, self._begins = (self._ms, high), time_text(self._ms) + _letters(high)
        return f"{prefix}_{self._begins}{_letters(self._number & _LOW)}"

    def new_numbered(self, prefix: str) -> str:
        """Make a name that has a short number for people; up to 100 in a millisecond, then those of the next one."""
        random, now = self._random(), self._clock.now()
        ms = self._numbered >> _WITHIN_BITS
        if ms - BACK_MS_MAX <= now <= ms:
            self._numbered += 1 + (random & 7)
        else:
            # The highest bit stays free for the names of the same millisecond that follow.
            self._numbered = now << _WITHIN_BITS | (random & _WITHIN) >> 1
        return numbered(prefix, time_text(self._numbered >> _WITHIN_BITS) + PAIRS[self._numbered & _WITHIN])

    def _random(self) -> int:
        if not self._pool:
            # The system is asked for randomness now and then, not at every name.
            bits = secrets.token_bytes(_POOL * _RANDOM_BYTES)
            self._pool = [int.from_bytes(bits[at : at + _RANDOM_BYTES]) for at in range(0, len(bits), _RANDOM_BYTES)]
        return self._pool.pop()

    def first(self, prefix: str, at: int) -> str:
        """Return the smallest name that could be made at that instant (ms)."""
        return first_id(prefix, at)

    def on(self, clock: Clock) -> SystemIds:
        """Return the same with another clock."""
        return SystemIds(clock)

    def secret(self, bits: int) -> bytes:
        """Return that many secure random bits, rounded up to bytes."""
        return secrets.token_bytes(-(-bits // 8))


def _letters(value: int) -> str:
    """Write 40 bits in 8 letters, two at a time."""
    return PAIRS[value >> 30] + PAIRS[value >> 20 & 1023] + PAIRS[value >> 10 & 1023] + PAIRS[value & 1023]
