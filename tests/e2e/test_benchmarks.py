"""The benchmarks run: what they measure is for people to read, and asserted nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stockwright.cli.load import Load, _by_asyncio
from tests.e2e.server import EMAIL, PASSWORD, Server
from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_each_benchmark_runs_in_its_short_form() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    for figure in (
        "Reserve, one line",
        "Order of 3 lines, in process",
        "placing to delivery",
        "Search among",
        "stored",
        "top products, 30 days",
    ):
        assert figure in result.stdout


def test_a_command_measures_a_running_shop(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", workers="2")
    server.start()
    try:
        arguments = ["bench", "--url", server.url, "--email", EMAIL, "--seconds", "1", "--connections", "8", "--json"]
        result = server.command(*arguments, "--password", PASSWORD)
        rows = json.loads(result.stdout)
        assert len(rows) == 5
        assert all(row["rate"] > 0 and row["refused"] == 0 for row in rows)
        refused = server.command(*arguments, "--password", "wrong")
        assert refused.returncode == 1
        assert "Incorrect e-mail or password" in refused.stderr
    finally:
        server.stop()


async def test_the_load_generator_counts_successes_and_refusals(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    server.start()
    try:
        good = await _by_asyncio(Load(server.url, ["/api/health/live"]), 4, 0.5)
        assert good.rate > 0
        assert good.refused == 0
        assert 0 < good.p50_ms <= good.p99_ms
        slow = await _by_asyncio(Load(server.url, ["/api/health/live"]), 4, 0)
        assert slow.rate > 0
        bad = await _by_asyncio(Load(server.url, ["/api/orders"], "POST", {}, ["{}"], "key-"), 4, 0.5)
        assert bad.rate == 0
        assert bad.refused > 0
    finally:
        server.stop()
