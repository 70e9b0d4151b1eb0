"""Passwords: Argon2id (RFC 9106), a few at once, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stockwright.base.errors import Busy

Result = TypeVar("Result")

AT_ONCE: Final = 2
"""Each hash takes 19 MiB and a core for some 20 ms: more at once would only wait for each other."""
WAITING_MAX: Final = 200
"""Some four seconds of work: later requests are answered BUSY."""


class Argon2Passwords:
    """OWASP's least cost for Argon2id: 19 MiB, two passes, one lane."""

    def __init__(self, memory_kib: int = 19_456) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="stockwright-password")
        # Of no account: what an unknown address is checked against, so that it takes as long.
        self._waiting = 0
        self._unknown = self._hasher.hash("the password of no account")

    async def hash(self, password: str) -> str:
        """Hash a password with its own salt."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether it matches; None never does, and takes as long."""
        known = self._unknown if password_hash is None else password_hash
        return await self._run(self._verify, known, password) and password_hash is not None

    async def _run(self, work: Callable[..., Result], *arguments: str) -> Result:
        """Wait for a thread; where too many wait already, say so at once."""
        if self._waiting >= WAITING_MAX:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False)
