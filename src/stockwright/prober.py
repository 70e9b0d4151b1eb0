"""The prober: makes a durable write every few seconds, so that readiness is known before anybody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.context import Repeating
from stockwright.probe import EVERY_SECONDS

if TYPE_CHECKING:
    from stockwright.context import App


def make_prober(app: App) -> Repeating:
    """Make what probes for ever in this process."""
    return Repeating(app, app.probe.refresh, EVERY_SECONDS, "probe failed")
