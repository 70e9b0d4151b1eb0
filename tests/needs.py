"""What a test needs of the machine: there, or the test is skipped and says why; on CI it fails."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CI = os.environ.get("CI", "") not in {"", "0", "false"}


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    missing(f"none of these programs is installed: {', '.join(names)}")
    raise AssertionError


def file(path: str) -> Path:
    """Return a file that `make tools` puts into the checkout."""
    if not (found := ROOT / path).exists():
        missing(f"{path} is not there: run 'make tools'")
    return found


def missing(why: str) -> None:
    """Skip this test for that reason; where nothing may be skipped, fail."""
    if CI:
        pytest.fail(why, pytrace=False)
    pytest.skip(why)
