"""Quotas: exact over all that count at once, on every engine."""

from __future__ import annotations

import asyncio

import pytest

from stockwright.store.port import Store
from stockwright.store.quota import Quota, QuotaUsed, use

MINUTE = Quota("sign-in", "somebody", 5, 60)
# In the middle of a minute, and long after today: the engines of the cloud remove what has expired by their own clock.
NOW = 3_999_999_990_000


async def allowed(store: Store, *quotas: Quota, now: int = NOW) -> bool:
    try:
        await use(store, quotas, now)
    except QuotaUsed:
        return False
    return True


async def test_a_quota_allows_what_it_says_and_again_in_its_next_window(store: Store) -> None:
    assert [await allowed(store, MINUTE) for _ in range(7)] == [True] * 5 + [False] * 2
    assert await allowed(store, MINUTE, now=NOW + 60_000)
    assert await allowed(store, Quota("sign-in", "somebody else", 5, 60))


async def test_many_at_once_get_no_more_than_one_after_the_other(store: Store) -> None:
    found = await asyncio.gather(*[allowed(store, MINUTE) for _ in range(12)])
    assert found.count(True) == 5


async def test_of_two_quotas_none_is_counted_where_one_is_used_up(store: Store) -> None:
    account = Quota("sign-in-account", "alice", 2, 60)
    assert [await allowed(store, MINUTE, account) for _ in range(3)] == [True, True, False]
    with pytest.raises(QuotaUsed) as used:
        await use(store, [MINUTE, account], NOW)
    assert (used.value.quota.name, used.value.seconds_left) == ("sign-in-account", 30)
    # The other one has three left.
    assert [await allowed(store, MINUTE) for _ in range(4)] == [True] * 3 + [False]


async def test_the_record_of_a_window_expires_a_minute_after_its_end(store: Store) -> None:
    await use(store, [MINUTE], NOW)
    [record] = (await store.scan())[0]
    assert record.ttl == NOW // 1000 // 60 * 60 + 60 + 60
