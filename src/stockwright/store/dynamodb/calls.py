"""Calls to DynamoDB: each in a thread of one pool, tried again where that may help, for a bounded number of times."""

from __future__ import annotations

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Busy, Invalid, PayloadTooLarge
from stockwright.store.dynamodb.codec import from_attribute, key_image, now_ms
from stockwright.store.dynamodb.faults import NOT_TAKEN, is_invalid_call, may_pass
from stockwright.store.dynamodb.layout import LAYOUT, REFRESH_SECONDS, Layout

if TYPE_CHECKING:
    from collections.abc import Callable


CALLS_AT_ONCE: Final = 32
ATTEMPTS_MAX: Final = 8
BACKOFF_SECONDS: Final = 0.025
READS_MAX: Final = 3


class Calls:
    """One table behind one client."""

    def __init__(self, table: str, client: Any) -> None:
        self.table, self.client = table, client
        self._layout = Layout()
        self._layout_until = 0.0
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="stockwright-dynamodb")

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run a call in a thread of the pool, once more where it may pass; what does not pass is Busy."""
        loop = asyncio.get_running_loop()
        for attempt in range(READS_MAX):
            try:
                return await loop.run_in_executor(self._threads, work, *arguments)
            except Exception as fault:
                if "item size" in str(fault).lower():
                    raise PayloadTooLarge(
                        "This exceeds the size of a DynamoDB item (400 KB); send less at once"
                    ) from fault
                if is_invalid_call(fault):
                    raise Invalid(NOT_TAKEN) from fault
                if not may_pass(fault):
                    raise
            await asyncio.sleep(pause(attempt))
        raise Busy

    async def layout(self) -> Layout:
        """Return how the table is laid out, as known for REFRESH_SECONDS at most."""
        if time.monotonic() >= self._layout_until:
            await self.run(self._read_layout)
        return self._layout

    def _read_layout(self) -> None:
        until = time.monotonic() + REFRESH_SECONDS
        self._layout = read_layout(self.client, self.table)
        self._layout_until = until

    def forget_layout(self) -> None:
        """Read the layout again before it is used next."""
        self._layout_until = 0.0

    async def close(self) -> None:
        """Finish the calls under way."""
        await asyncio.to_thread(self._threads.shutdown)
        self.client.close()


def read_layout(client: Any, table: str) -> Layout:
    """Read how a table is laid out (in a thread)."""
    item = client.get_item(TableName=table, Key=key_image(LAYOUT), ConsistentRead=True).get("Item")
    return Layout() if item is None else Layout.of(from_attribute(item["b"]), now_ms())


def pause(attempt: int) -> float:
    """Return a wait with full jitter (seconds)."""
    return random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311
