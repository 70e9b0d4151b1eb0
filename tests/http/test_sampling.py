"""The sample of requests that stand in the log."""

from __future__ import annotations

from stockwright.http.sampling import is_logged


def test_what_fails_is_always_logged_and_of_the_rest_a_part() -> None:
    ids = [f"req_{number}" for number in range(2000)]
    assert all(is_logged(0, status, each) for each in ids for status in (400, 429, 500, 503))
    assert not any(is_logged(0, 200, each) for each in ids)
    assert all(is_logged(100, 200, each) for each in ids)
    assert 120 < sum(is_logged(10, 201, each) for each in ids) < 280
