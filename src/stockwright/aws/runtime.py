"""What every function of the cloud form begins with: one event loop, one shop, one log for each container.

It is made while the function's module is imported, when Lambda lends a whole processor; what is
wrong with the settings is one line in the log, and the start fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from stockwright.adapters.telemetry import CloudLog
from stockwright.app import build
from stockwright.config import Settings
from stockwright.domain.errors import StockwrightError

if TYPE_CHECKING:
    from stockwright.usecases.context import App

Result = TypeVar("Result")
Event = dict[str, Any]

SPARE_SECONDS: Final = 2.0
"""What is left of a function's time to settle what did not end in it."""


class Function:
    """A shop inside of a Lambda function."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.new_event_loop()
        # Mangum and Powertools take the thread's loop.
        asyncio.set_event_loop(self._loop)
        self.settings, self.app = self._started()
        self.log: CloudLog = self.app.log
        self._cold = True

    def _started(self) -> tuple[Settings, App]:
        log = CloudLog("info")
        try:
            settings = Settings.load()
            return settings, self._loop.run_until_complete(build(settings))
        except StockwrightError as wrong:
            log.error("the function cannot start", function=self._name, error=wrong.message)  # noqa: TRY400 - one line
            raise

    def begin(self, context: Any) -> None:
        """Begin an invocation: its name stands in every line of the log."""
        self.log.begin(
            function=context.function_name,
            functionRequestId=context.aws_request_id,
            coldStart=self._cold,
        )
        self._cold = False

    def run(self, work: Awaitable[Result]) -> Result:
        """Run what is asynchronous to its end."""
        return self._loop.run_until_complete(asyncio.ensure_future(work, loop=self._loop))


def seconds_left(context: Any) -> float:
    """Return how long a handler may take, so that its end can still be told."""
    left: int = context.get_remaining_time_in_millis()
    return max(0.1, left / 1000 - SPARE_SECONDS)
