"""Long work beside short work: whatever may read or write much does so in steps, between which it gives way.

All long work of a process takes its steps in turn, and never two of them in one turn of the event loop, so that what a
request waits for is at most one step each time the loop turns, however many exports are running. Where requests want
the loop too, they have it between two steps for at least as long as a step takes.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Generator
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

Result = TypeVar("Result")

STEP_ROWS: Final = 128
"""The most rows that a step reads, or writes, or turns into an answer."""
BUSY_SECONDS: Final = 0.0002
"""A turn of the loop that takes the processor for longer had other work in it."""
OTHERS_SECONDS: Final = 0.002
"""So much of the processor do others get between two steps where they want it: about what a step takes."""


async def give_way() -> None:
    """Wait for this work's next turn, at the end of a step."""
    loop = asyncio.get_running_loop()
    turns = _TURNS.get(loop)
    if turns is None:
        turns = _TURNS[loop] = _Turns(loop)
    await turns.next()


async def in_steps(steps: Generator[None, None, Result]) -> Result:
    """Run what yields behind each step, and give way there; returns what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        await give_way()


class _Turns:
    """The turns of all long work on one event loop, first come, first served."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._looking = False

    async def next(self) -> None:
        """Wait for a turn."""
        turn = self._loop.create_future()
        self._waiting.append(turn)
        if not self._looking:
            self._looking = True
            self._loop.call_soon(self._look)
        await turn

    def _look(self) -> None:
        """Begin to look whether others want the loop: what runs until `_choose` is their work."""
        self._loop.call_soon(self._choose, time.thread_time(), 0.0)

    def _choose(self, since: float, taken: float) -> None:
        """Let the next one in after a turn without other work, or when others have had enough."""
        now = time.thread_time()
        taken += now - since
        if now - since > BUSY_SECONDS and taken < OTHERS_SECONDS:
            self._loop.call_soon(self._choose, now, taken)
        else:
            self._let_one_in()

    def _let_one_in(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break
        self._looking = bool(self._waiting)
        if self._looking:
            # Behind the step that was let in just now: it is not taken for the work of others.
            self._loop.call_soon(self._look)


_TURNS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns]] = WeakKeyDictionary()
