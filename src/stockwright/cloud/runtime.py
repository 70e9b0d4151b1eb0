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
from stockwright.base.errors import Misconfigured, StockwrightError
from stockwright.config import Settings

if TYPE_CHECKING:
    from stockwright.context import App


Result = TypeVar("Result")
Event = dict[str, Any]
SPARE_SECONDS: Final = 2.0
"""The rest of a function's time, to record what did not end in it."""


class Function:
    """A Lambda function, with a shop inside where it needs one."""

    def __init__(self, name: str, *, with_shop: bool = True) -> None:
        self._loop = asyncio.new_event_loop()
        # Mangum and Powertools take the thread's loop.
        asyncio.set_event_loop(self._loop)
        self._cold = True
        try:
            self.settings = Settings.load()
            self._app = self._loop.run_until_complete(build(self.settings)) if with_shop else None
        except StockwrightError as wrong:
            CloudLog("info").error("the function cannot start", function=name, error=wrong.message)
            raise
        self.log = CloudLog(self.settings.log_level)

    @property
    def app(self) -> App:
        """The shop."""
        assert self._app is not None  # noqa: S101 - asked of functions that have one
        return self._app

    def insist_on_the_signing_key(self) -> None:
        """Refuse to start where each container would have a key of its own: what one seals, all must open."""
        if self.settings.store == "dynamodb" and self.settings.signing_secret_id is None:
            raise Misconfigured("this function needs STOCKWRIGHT_SIGNING_SECRET_ID")

    def begin(self, context: Any) -> None:
        """Begin an invocation: its name is in every line of the log."""
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
    """Return how long a handler may take, so that its end can still be recorded."""
    left: int = context.get_remaining_time_in_millis()
    return max(0.1, left / 1000 - SPARE_SECONDS)
