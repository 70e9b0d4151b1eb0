"""What the proofs share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proving import MEMORY


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that costs no disk: these proofs keep their own notes of what was synced, or need none."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)
