"""A shop with a real world around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.around import World, a_world
from tests.conftest import Clock


@pytest.fixture
async def world(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    async with a_world(tmp_path, clock) as made:
        yield made
