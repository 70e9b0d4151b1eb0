"""The lock of a data folder: one process serves it, and a second one learns who does.

The lock is the operating system's, on an open file: whatever ends its holder, a crash too, releases it. Beside it
is a note of who holds it; that is only read where the lock is held, so what a crash left behind does not mislead.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
from filelock import FileLock, Timeout

from stockwright.base.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

LOCK: Final = "serve.lock"
HOLDER: Final = "serve.json"


class FolderLock:
    """Held from `acquire` to `release`, or to the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / LOCK, mode=0o600)

    def acquire(self) -> None:
        """Take the lock; raises Misconfigured, which says who holds it, where another process does."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except Timeout:
            raise Misconfigured(
                f"the data folder {self._folder} is in use by {self._holder()}: stop that first, "
                "or set STOCKWRIGHT_DATA_DIR to another folder"
            ) from None
        except (OSError, NotImplementedError) as fault:
            why = getattr(fault, "strerror", None) or fault
            raise Misconfigured(f"cannot lock the data folder {self._folder}: {why}") from fault
        self.describe()

    def describe(self, address: str = "") -> None:
        """Write down who holds the lock, and where it serves; on a full disk the lock alone must do."""
        draft = self._folder / f"{HOLDER}.{os.getpid()}"
        with suppress(OSError):
            draft.write_bytes(msgspec.json.encode({"pid": os.getpid(), "address": address}))
            draft.chmod(0o600)
            draft.replace(self._folder / HOLDER)

    def release(self) -> None:
        """Give the lock back."""
        (self._folder / HOLDER).unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        try:
            holder: dict[str, Any] = msgspec.json.decode((self._folder / HOLDER).read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.MsgspecError):
            return "another process"
        at = f" at {holder['address']}" if holder.get("address") else ""
        return f"process {holder.get('pid')}{at}"
