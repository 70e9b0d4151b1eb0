"""The engines that the contract suite runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stockwright.store.port import Store
from tests.engines import ALL_ENGINES, open_store
from tests.model.memory import MemoryStore


@pytest.fixture(params=[*ALL_ENGINES, "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of each engine, and of the one that the simulation uses."""
    opened = MemoryStore() if request.param == "memory" else open_store(request.param, tmp_path)
    yield opened
    await opened.close()
