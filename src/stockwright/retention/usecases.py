"""Retention: how long records are kept, and whether an admin has agreed that older ones are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from stockwright.commit import commit, unchanged
from stockwright.store.batch import Batch, retried
from stockwright.store.retention import Accepted, find_accepted, put_accepted

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.request import Request


NOT_ACCEPTED = (
    "nobody has accepted the settings yet: this shop was made before they existed (stockwright retention accept)"
)
NO_FOLDER = (
    "a table on DynamoDB has no folder for archive files: STOCKWRIGHT_ARCHIVE=off removes old records without them"
)


class Retention(Struct, frozen=True):
    """The settings, who accepted them and when (None: no one), and why nothing is removed by age ("": it is)."""

    accepted: Accepted | None
    why_not: str


async def why_nothing_is_removed(app: App) -> str | None:
    """Return why no record is removed by age; None where they are."""
    if await find_accepted(app.store) is None:
        return NOT_ACCEPTED
    if app.settings.archive and app.settings.store != "sqlite":
        return NO_FOLDER
    return None


async def show_retention(app: App) -> Retention:
    """Return whether records are removed by age."""
    return Retention(await find_accepted(app.store), await why_nothing_is_removed(app) or "")


async def accept_retention(app: App, request: Request) -> Retention:
    """Agree that records are removed by age, as the settings say; again is fine."""

    async def attempt() -> Retention:
        if await find_accepted(app.store) is not None:
            return await unchanged(app, request, await show_retention(app))
        batch, accepted = Batch(), Accepted(app.clock.now(), request.actor.id)
        put_accepted(batch, accepted)
        why_not = NO_FOLDER if app.settings.archive and app.settings.store != "sqlite" else ""
        found = Retention(replace(accepted, version=1), why_not)
        await commit(app, request, batch, found)
        return found

    return await retried(attempt)
