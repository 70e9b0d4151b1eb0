"""What the tests of all commands share."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from stockwright.adapters import aws


@pytest.fixture(autouse=True)
def new_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start each test without AWS clients: boto3 and the shop cache them with the credentials of their first use."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    aws._made.cache_clear()
    yield
    aws._made.cache_clear()
