"""Quotas: what may happen a number of times in a window of time, over all processes of the shop.

The first one in a window writes its record, each further one lowers what is left of it, and at 0 the engine refuses:
nothing is read, so the count is exact however many happen at once. A window begins at a whole multiple of its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from stockwright.base.record import Record
from stockwright.store.port import ABSENT, Add, ConditionFailed, Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.store.port import Key, Store, Write


KEPT_SECONDS = 60
"""After the end of its window a record is expired; clocks differ by less than this."""
ROUNDS_MAX = 4


class Quota(Struct, frozen=True):
    """At most `most` times in each `seconds`, by `name` and whom it is counted for."""

    name: str
    who: str
    most: int
    seconds: int


class QuotaRecord(Record, frozen=True):
    """What is left of a quota in one window."""

    KIND = "QUOTA"
    left: int


class QuotaUsed(Exception):
    """A quota is used up until its window ends; nothing was counted."""

    def __init__(self, quota: Quota, seconds_left: int) -> None:
        super().__init__(f"{quota.name} is used up for {seconds_left} s")
        self.quota, self.seconds_left = quota, seconds_left


async def use(store: Store, quotas: Sequence[Quota], now: int) -> None:
    """Count one use of each quota in one commit (now in ms); raises QuotaUsed for the first that is used up."""
    begun: set[int] = set()
    for _ in range(ROUNDS_MAX):
        writes: list[Write] = [_write(quota, now, begun=place in begun) for place, quota in enumerate(quotas)]
        try:
            await store.commit(writes)
        except ConditionFailed as refused:
            for place in refused.positions:
                if place in begun:
                    raise QuotaUsed(quotas[place], seconds_left(quotas[place], now)) from refused
            begun.update(refused.positions)
        else:
            return


def seconds_left(quota: Quota, now: int) -> int:
    """Return how long the window of now (ms) still lasts."""
    return quota.seconds - now // 1000 % quota.seconds


def _write(quota: Quota, now: int, *, begun: bool) -> Write:
    window = now // 1000 // quota.seconds
    key: Key = (f"QUOTA#{quota.name}#{quota.who}", str(window))
    if begun:
        return Add(key, {("left",): -1}, {("left",): 0})
    ttl = (window + 1) * quota.seconds + KEPT_SECONDS
    return Put(key, QuotaRecord(left=quota.most - 1), ABSENT, ttl=ttl)
