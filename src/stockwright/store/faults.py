"""What a disk or a file refuses: errors that say why, counted, and logged without flooding the log."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, Literal

from stockwright.base.errors import Busy, StockwrightError

Reason = Literal["the disk is full", "the disk refuses", "the file is damaged"]
Operation = Literal["write", "read"]
LOGGED_EVERY: Final = 100


class EngineFailed(Busy):
    """The disk or file refused the commit (full, read-only, broken); none of the batch was stored."""

    def __init__(self, message: str, reason: Reason = "the disk refuses") -> None:
        super().__init__(message)
        self.reason = reason


class Unreadable(StockwrightError):
    """The file could not be read. Clients get the message of any internal error; `why` is for the operator."""

    def __init__(self, fault: BaseException, reason: Reason) -> None:
        super().__init__()
        self.why = f"{reason} ({fault})"


class Faults:
    """Counts the faults of one store; logs the first and each hundredth in a row, and the recovery."""

    def __init__(self) -> None:
        self.log: Any = None
        """Set by who has a log."""
        self.damage = ""
        """An error of a read that no retry fixes; stays until the file is opened again."""
        self._failures: Counter[Operation] = Counter()
        self._reason: Reason = "the disk refuses"

    def failed(self, operation: Operation, fault: BaseException, reason: Reason) -> None:
        """Count a fault."""
        self._reason = reason
        if reason == "the file is damaged":
            self.damage = self.damage or str(fault)
        self._failures[operation] += 1
        count = self._failures[operation]
        if self.log is not None and (count == 1 or count % LOGGED_EVERY == 0):
            self.log.error("store failed", operation=operation, reason=reason, error=str(fault), failures=count)

    def worked(self, operation: Operation) -> None:
        """Note that it works (again)."""
        count = self._failures.pop(operation, 0)
        if count and self.log is not None:
            self.log.warning("store works again", operation=operation, failures=count)

    def trouble(self) -> Reason | None:
        """Say why what is read cannot be relied on now."""
        if self.damage:
            return "the file is damaged"
        return self._reason if self._failures["read"] else None
