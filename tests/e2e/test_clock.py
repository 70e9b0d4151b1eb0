"""A machine's clock that was set back while the shop was closed."""

from __future__ import annotations

from pathlib import Path

from stockwright.adapters.clock import SystemClock
from stockwright.app import build, close
from stockwright.config import Settings
from tests.conftest import Clock

HOUR_MS = 3_600_000


async def test_records_after_a_clock_step_are_newer_than_those_before(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    ahead = SystemClock().now() + HOUR_MS
    app = await build(settings, Clock(ahead))
    await app.probe.write(app)
    former = app.ids.new("ord")
    await close(app)

    again = await build(settings)

    assert ahead <= again.clock.now() <= ahead + HOUR_MS
    assert again.ids.new("ord") > former[: len("ord_") + 10]
    await close(again)
