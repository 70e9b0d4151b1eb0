"""The shards of the event log: parts that different processes may handle at the same time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from stockwright.base.event import Event

SHARDS: Final = 8
"""A change of this number is a change of the stored cursors, and needs a migration."""


def shard_of(event: Event) -> int:
    """Return the shard that an event is in: events about one thing are in one shard."""
    return _shard_of(event.subject)


@lru_cache(8192)
def _shard_of(subject: str) -> int:
    return crc32(subject.encode()) % SHARDS
