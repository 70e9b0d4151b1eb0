"""The counts of rate limits, in a small file that the workers of one shop share.

The table has a fixed number of slots, so it never grows: who is counted has a bucket by a hash of the name, and in it
the slot with that hash, a free one, or the one whose window is the oldest. A bucket is locked by the kernel while it
is read and written, and freed where its holder dies.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from hashlib import blake2b
from math import floor
from pathlib import Path
from typing import Final

from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport

BUCKETS: Final = 4096
SLOTS: Final = 8
"""In one bucket."""
SLOT: Final = struct.Struct("<QQII")
"""A hash (0: free), the number of the current window, and the counts of the window before and of this one."""
BUCKET_BYTES: Final = SLOTS * SLOT.size


class SharedWindows(SlidingWindowCounterSupport, Storage):
    """A storage for the library `limits`, for its sliding window counter."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, BUCKETS * BUCKET_BYTES)
        self._table = mmap.mmap(self._file, BUCKETS * BUCKET_BYTES)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount`, unless that is too much; returns whether it was counted."""
        now = time.time()  # noqa: TID251 - the library counts by the same clock
        bucket, name = _place_of(key)
        fcntl.lockf(self._file, fcntl.LOCK_EX, BUCKET_BYTES, bucket)
        try:
            slot, before, current = self._find(bucket, name, int(now // expiry))
            if floor(before * _share(now, expiry) + current) + amount > limit:
                return False
            SLOT.pack_into(self._table, slot, name, int(now // expiry), before, current + amount)
            return True
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, BUCKET_BYTES, bucket)

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the count of the window before and how long it counts, and that of this one."""
        now = time.time()  # noqa: TID251 - the library counts by the same clock
        bucket, name = _place_of(key)
        fcntl.lockf(self._file, fcntl.LOCK_SH, BUCKET_BYTES, bucket)
        try:
            _, before, current = self._find(bucket, name, int(now // expiry))
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, BUCKET_BYTES, bucket)
        left = _share(now, expiry) * expiry
        return before, left if before else 0.0, current, left + expiry

    def _find(self, bucket: int, name: int, window: int) -> tuple[int, int, int]:
        """Find a name's slot, or the one that it may have; returns its offset and the counts as of this window."""
        oldest, oldest_window = bucket, window + 1
        for slot in range(bucket, bucket + BUCKET_BYTES, SLOT.size):
            found, at, before, current = SLOT.unpack_from(self._table, slot)
            if found == name:
                if at == window:
                    return slot, before, current
                return slot, current if at == window - 1 else 0, 0
            if (at if found else -1) < oldest_window:
                oldest, oldest_window = slot, at if found else -1
        return oldest, 0, 0

    def clear_sliding_window(self, key: str, expiry: int) -> None:  # noqa: ARG002 - the library's signature
        """Forget a name's counts."""
        bucket, name = _place_of(key)
        fcntl.lockf(self._file, fcntl.LOCK_EX, BUCKET_BYTES, bucket)
        try:
            slot, _, _ = self._find(bucket, name, 0)
            if SLOT.unpack_from(self._table, slot)[0] == name:
                SLOT.pack_into(self._table, slot, 0, 0, 0, 0)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, BUCKET_BYTES, bucket)

    # ---- what the library's other strategies need ------------------------------------------

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not for this table."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Not for this table."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Not for this table."""
        raise NotImplementedError

    def check(self) -> bool:
        """The file is open."""
        return True

    def reset(self) -> int | None:
        """Not for this table."""
        raise NotImplementedError

    def clear(self, key: str) -> None:
        """Not for this table."""
        raise NotImplementedError


def _place_of(key: str) -> tuple[int, int]:
    """Return where a name's bucket begins, and its hash."""
    name = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") or 1
    return name % BUCKETS * BUCKET_BYTES, name


def _share(now: float, expiry: int) -> float:
    """Return which part of the window before counts now."""
    return 1 - now / expiry % 1
