"""The sweeper: ends expired holds, finishes what stopped half-way, and removes what has expired or is too old.

Nothing depends on its being on time: an expired hold is expired at the instant, swept or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.catalog.backfill import backfill
from stockwright.context import Repeating
from stockwright.imports.running import go_on_importing
from stockwright.orders.large import finish_due
from stockwright.products.categories import finish_renames
from stockwright.reservations.usecases import expire_due
from stockwright.retention.aging import remove_aged
from stockwright.retention.erasing import go_on_erasing
from stockwright.uploads.usecases import remove_unused_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.context import App

EVERY_SECONDS: Final = 5.0
PURGE_STEPS_MAX: Final = 800


async def sweep(app: App) -> int:
    """Sweep once; returns how many holds were ended. A duty that fails keeps no other from being done."""
    ended = 0
    fault: Exception | None = None
    for duty in (
        expire_due,
        finish_due,
        finish_renames,
        backfill,
        purge_due,
        remove_aged,
        go_on_erasing,
        go_on_importing,
        remove_unused_files,
        tidy,
    ):
        try:
            done = await duty(app)
        except Exception as failed:  # noqa: BLE001 - raised below
            fault = fault or failed
        else:
            ended += (done or 0) if duty is expire_due else 0
    if fault is not None:
        raise fault
    return ended


async def purge_due(app: App) -> int:
    """Remove what has expired, commit after commit until nothing is left; returns how much it was."""
    now = app.clock.now() // 1000
    purged = 0
    for _ in range(PURGE_STEPS_MAX):
        removed = await app.store.purge(now, STEP_ROWS)
        purged += removed
        if removed < STEP_ROWS:
            break
        await give_way()
    return purged


async def tidy(app: App) -> None:
    """Let the engine do what it does from time to time."""
    await app.store.tidy()


def make_sweeper(
    app: App, may_run: Callable[[], bool] | None = None, every_seconds: float = EVERY_SECONDS
) -> Repeating:
    """Make what sweeps for ever in this process, whenever it may."""
    return Repeating(app, sweep, every_seconds, "sweep failed", may_run)
