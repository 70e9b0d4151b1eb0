"""Time that passes only when everybody waits: an event loop, and threads of which one runs at a time.

The engine calls a blocking client in threads, and sleeps there. Here each such call is a thread of its own that the
loop runs until it waits; then the loop goes on to whatever is due next. So a run depends on its seed alone.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

START = 1_700_000_000.0


class _NoWaiting(selectors.DefaultSelector):
    """Instead of waiting, moves the clock on."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing is due")
        if timeout > 0:
            self.loop.seconds += timeout
        return []


class _Thread:
    """One blocking call."""

    def __init__(self, loop: VirtualLoop, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.loop, self._work, self._arguments = loop, work, arguments
        self.future: asyncio.Future[Any] = loop.create_future()
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._waits: float | None = None
        self._result: Any = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        _LOCAL.thread = self
        self._go.acquire()
        try:
            self._result = self._work(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - raised by the future
            self._error = error
        self._waits = None
        self._back.release()

    def sleep(self, seconds: float) -> None:
        """Let others run for so long."""
        self._waits = seconds
        self._back.release()
        self._go.acquire()

    def resume(self) -> None:
        """Run until it waits or ends."""
        self._go.release()
        self._back.acquire()
        if self._waits is not None:
            self.loop.call_later(self._waits, self.resume)
        elif self.future.cancelled():
            return
        elif self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock is moved on by what it waits for."""

    def __init__(self) -> None:
        self.seconds = 0.0
        selector = _NoWaiting()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.seconds

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # noqa: ARG002 - asyncio's
        thread = _Thread(self, func, args)
        self.call_soon(thread.resume)
        return thread.future


_LOCAL = threading.local()


@contextmanager
def virtual_time() -> Iterator[VirtualLoop]:
    """Let the module `time` have the time of the loop, and sleep in it."""
    loop = VirtualLoop()
    before = time.sleep, time.monotonic, time.time_ns

    def sleep(seconds: float) -> None:
        _LOCAL.thread.sleep(seconds)

    time.sleep = sleep
    time.monotonic = lambda: loop.seconds
    time.time_ns = lambda: int((START + loop.seconds) * 1e9)
    try:
        yield loop
    finally:
        time.sleep, time.monotonic, time.time_ns = before
        loop.close()
