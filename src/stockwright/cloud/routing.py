"""How events travel on EventBridge: whose they are, what they are called, which queue gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stockwright.events.registry import Reaction


SOURCE: Final = "stockwright"
STREAM: Final = "stream"
"""The name of the handler, in dead letters, of what the stream's function could not put on the bus."""


def redrive_of(handler: str) -> str:
    """Name an event for a single handler: an event that an admin sent on its way again."""
    return f"redrive.{handler}"


def names_handled_by(reaction: Reaction) -> list[str]:
    """Return the `detail-type`s that a handler's queue is sent; the source is SOURCE."""
    return [*sorted(reaction.events), redrive_of(reaction.name)]
