"""Rate limits of the cloud form, whose functions share no memory: counted in the store, on guarded routes alone.

Each costs one commit more. Who is counted is named by the shop's key: addresses are not stored.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from stockwright.http.limits import SECONDS, OverLimit, amount_of
from stockwright.store.quota import Quota, QuotaUsed, use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.context import App


async def count_stored(app: App, whom: Mapping[str, str]) -> dict[str, str]:
    """Count one request by each policy: policy → who; returns the RateLimit headers, or raises OverLimit with them."""
    quotas = [
        Quota(policy, _hidden(app, who), amount_of(policy), SECONDS.get(policy, 60)) for policy, who in whom.items()
    ]
    try:
        await use(app.store, quotas, app.clock.now())
    except QuotaUsed as used:
        shown, seconds = used.quota, used.seconds_left
        headers = {**_policy(shown), "ratelimit": f'"{shown.name}";r=0;t={seconds}'}
        raise OverLimit(headers, retry_after_seconds=seconds) from used
    return _policy(quotas[0])


def _policy(quota: Quota) -> dict[str, str]:
    return {"ratelimit-policy": f'"{quota.name}";q={quota.most};w={quota.seconds}'}


def _hidden(app: App, who: str) -> str:
    return hmac.digest(app.signing_key, f"limit\x00{who}".encode(), hashlib.sha256).hex()[:32]
