"""The shop of the API's tests, attacked."""

from __future__ import annotations

from tests.api.conftest import asgi, http, opened, scene

__all__ = ["asgi", "http", "opened", "scene"]
