"""How the shop starts, or says in one line why it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def refusal(folder: Path, **env: str) -> str:
    """Open the shop with these settings, by a command of ours; returns the one line that it ends with."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("STOCKWRIGHT_", "AWS_"))}
    ours = {
        **inherited,
        "STOCKWRIGHT_DATA_DIR": str(folder),
        "STOCKWRIGHT_STORE": "dynamodb",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(folder),
        **env,
    }
    run = subprocess.run(
        [sys.executable, "-m", "stockwright.cli.main", "audit"],
        env={name: value for name, value in ours.items() if value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1), run
    return run.stderr
