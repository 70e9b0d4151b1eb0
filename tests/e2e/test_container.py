"""The image's command and its health check, as they stand in the Containerfile, on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.server import free_port
from tests.needs import ROOT
from tests.patience import PATIENCE_SECONDS
from tests.proving import WORKERS

LAST = (ROOT / "Containerfile").read_text(encoding="utf-8").split("\nFROM ")[-1]


def command(pattern: str) -> list[str]:
    found = re.search(pattern, LAST, re.MULTILINE)
    assert found is not None
    words: list[str] = json.loads(found[1])
    return words


@pytest.mark.parametrize("workers", WORKERS)
def test_the_command_serves_is_healthy_and_stops_at_once(tmp_path: Path, workers: str) -> None:
    port = free_port()
    given = re.search(r"^ENV (.+)$", LAST, re.MULTILINE)
    assert given is not None
    env = {name: value for name, value in os.environ.items() if not name.startswith("STOCKWRIGHT_")}
    env |= dict(each.split("=", 1) for each in given[1].split())
    env |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STOCKWRIGHT_PORT": str(port),
        "STOCKWRIGHT_DATA_DIR": str(tmp_path / "data"),
        "STOCKWRIGHT_WORKERS": workers,
    }
    check = [word.replace(":8000", f":{port}") for word in command(r"^HEALTHCHECK [^[]*(\[.+\])$")]
    with subprocess.Popen(command(r"^CMD (\[.+\])$"), env=env, cwd=tmp_path, stderr=subprocess.DEVNULL) as serving:
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while subprocess.run(check, env=env, capture_output=True, check=False).returncode:
                assert serving.poll() is None
                assert time.monotonic() < deadline
            serving.send_signal(signal.SIGTERM)
            assert serving.wait(timeout=PATIENCE_SECONDS) == 0
        finally:
            serving.kill()
