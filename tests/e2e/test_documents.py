"""What the documents print works as printed, against the real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.server import EMAIL, PASSWORD, Server
from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]


def lines_of(document: str, *words: str) -> str:
    """Return the shell blocks of a document that hold one of the words."""
    blocks: list[str] = re.findall(r"```bash\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    return "\n".join(block for block in blocks if any(word in block for word in words))


def until(asks: str, told: str) -> str:
    """Return a line that asks until the answer tells it."""
    return f"until {asks} | grep '{told}' >/dev/null; do sleep 0.1; done\n"


def typed(server: Server, script: str) -> str:
    """Type the lines into a shell; the first that fails ends it, and fails the test."""
    script = script.replace("http://127.0.0.1:8000", server.url)
    script = script.replace(".venv/bin/stockwright", f"{sys.executable} -m stockwright.cli.main")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - the reader's own shell
        env={**os.environ, **server.env},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        cwd=server.folder.parent,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_first_order_of_the_readme_works_as_printed(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    del server.env["STOCKWRIGHT_ADMIN_EMAIL"], server.env["STOCKWRIGHT_ADMIN_PASSWORD"]
    server.arguments = ["serve", "--demo"]
    server.start()
    try:
        password = re.search(r"Demo admin .*password: (\S+)", server.log.read_text())
        assert password is not None
        script = lines_of("README.md", "curl").replace("the-one-that-was-printed", password[1])
        # A person takes a moment between the lines; so does the mail.
        confirmed = until('curl -s "$URL/orders/$ORDER" -H "Authorization: Bearer $TOKEN"', "CONFIRMED")
        told = typed(server, script.replace("# Moments later", f"{confirmed}# Moments later"))
    finally:
        assert server.stop() == 0
    assert "idempotency-replayed: true" in told
    assert "\nCONFIRMED\n" in told
    assert "ORDER CONFIRMATION" in told
    assert "Clean." in told


@pytest.mark.slow
def test_the_tutorial_works_as_printed(tmp_path: Path) -> None:
    # Whoever follows it waits a minute for alerts that go out together.
    server = Server(tmp_path / "data", alert_group_seconds="0")
    server.start()
    try:
        alerted = until("ask GET /notifications", "below threshold")
        told = typed(
            server, lines_of("docs/tutorial.md", "$URL", "ask ").replace("ask GET /notif", f"{alerted}ask GET /notif")
        )
    finally:
        assert server.stop() == 0
    assert (server.env["STOCKWRIGHT_ADMIN_EMAIL"], server.env["STOCKWRIGHT_ADMIN_PASSWORD"]) == (EMAIL, PASSWORD)
    assert "\nPACKED\n" in told
    assert "\nDELIVERED\n" in told
    assert "below threshold" in told
    assert "'availableStock': 2" in told
    assert "Clean." in told
