"""Whatever is sent, every answer is a documented one: Schemathesis with all its checks, against the real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from stockwright.routes import ROUTES
from tests.e2e.server import EMAIL, PASSWORD, Server
from tests.needs import ROOT
from tests.patience import PATIENCE_SECONDS
from tests.proving import SECONDS, SEED

pytestmark = pytest.mark.one_engine

CUSTOMER = "customer@example.com"
LEFT_OUT = {
    "get-docs-spec": "what is asked follows from it",
    "get-events-stream": "it never ends",
    "post-signout": "the client would be signed out from then on; test_bad_input.py sends it the same kinds of bodies",
}
FROM_ELSEWHERE = "X-Forwarded-For: 203.0.113.9"
"""Callers from this machine may read the metrics; these requests come from another."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("fuzz") / "data"
    folder.mkdir()
    started = Server(folder)
    started.start()
    assert httpx2.post(f"{started.url}/api/signup", json={"email": CUSTOMER, "password": PASSWORD}).is_success
    yield started
    assert started.stop() == 0
    audit = started.command("audit")
    assert audit.returncode == 0, audit.stdout


@pytest.mark.slow
@pytest.mark.parametrize("who", ["nobody", "customer", "admin"])
def test_every_answer_is_a_documented_one(server: Server, tmp_path: Path, who: str) -> None:
    email = {"customer": CUSTOMER, "admin": EMAIL}.get(who)
    headers = ["--header", FROM_ELSEWHERE]
    if email is not None:
        session = httpx2.post(f"{server.url}/api/signin", json={"email": email, "password": PASSWORD}).json()
        headers += ["--header", f"Authorization: Bearer {session['data']['idToken']}"]
    phases = "examples,coverage,fuzzing" if who == "admin" else "examples,fuzzing"
    length = ["--max-time", str(SECONDS)] if SECONDS else ["--phases", phases, "-n", "2"]
    run = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "--config-file",
                str(ROOT / "tests/api/fuzz/schemathesis.toml"),
            ),
            *("run", f"{server.url}/api/docs/spec", "--checks", "all", "--seed", str(SEED), "--warnings", "off"),
            *(each for name in LEFT_OUT for each in ("--exclude-operation-id", name)),
            *headers,
            *length,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS * 2 + PATIENCE_SECONDS,
        check=False,
    )
    assert run.returncode == 0, f"PROVE_SEED={SEED} replays this\n{run.stdout}\n{run.stderr}"
    if not SECONDS:
        # How many routes a bounded time is enough for depends on the machine.
        assert f"Tested: {len(ROUTES) - len(LEFT_OUT)}" in run.stdout
    assert server.process is not None
    assert server.process.poll() is None
    print(run.stdout.rsplit("SUMMARY", 1)[-1])
