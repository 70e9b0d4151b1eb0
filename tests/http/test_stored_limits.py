"""Rate limits of the cloud form, counted in the store."""

from __future__ import annotations

import pytest

from stockwright.context import App
from stockwright.http.limits import HOURLY, MAILING, POLICIES, OverLimit
from stockwright.http.stored_limits import count_stored


async def test_an_address_over_its_limit_is_refused_with_the_headers_that_say_so(app: App) -> None:
    whom = {"sign-in": "address 198.51.100.7"}
    for _ in range(POLICIES["sign-in"]):
        assert await count_stored(app, whom) == {"ratelimit-policy": '"sign-in";q=60;w=60'}
    with pytest.raises(OverLimit) as refused:
        await count_stored(app, whom)
    assert refused.value.headers["ratelimit"].startswith('"sign-in";r=0;t=')
    assert await count_stored(app, {"sign-in": "address 198.51.100.8"})


async def test_what_mails_strangers_has_an_hourly_limit(app: App) -> None:
    whom = {"sign-in": "address 198.51.100.7", MAILING: "address 198.51.100.7"}
    for _ in range(HOURLY[MAILING]):
        await count_stored(app, whom)
    with pytest.raises(OverLimit) as refused:
        await count_stored(app, whom)
    assert refused.value.headers["ratelimit-policy"] == '"mailing";q=30;w=3600'
    assert 1 <= refused.value.retry_after_seconds <= 3600


async def test_the_store_keeps_no_address(app: App) -> None:
    await count_stored(app, {"sign-in": "address 198.51.100.7"})
    kept = [put.key for put in (await app.store.scan())[0]]
    assert any(key[0].startswith("QUOTA#sign-in#") for key in kept)
    assert "198.51.100.7" not in str(kept)
