"""SQLite's faults in the store's own errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, Protocol, TypeVar, cast

import apsw
import msgspec

from stockwright.base.errors import Busy
from stockwright.store.faults import EngineFailed, Unreadable

if TYPE_CHECKING:
    from stockwright.store.faults import Faults, Reason


ENGINE_FAULTS: Final = (apsw.Error, msgspec.MsgspecError)
HELD: Final = (apsw.BusyError, apsw.LockedError)
P = ParamSpec("P")
Result = TypeVar("Result")


class HasFaults(Protocol):
    """Whose faults are counted."""

    faults: Faults


def reason_of(fault: BaseException) -> Reason:
    """Return why the engine failed."""
    if isinstance(fault, apsw.FullError):
        return "the disk is full"
    if isinstance(fault, apsw.CorruptError | apsw.NotADBError | apsw.FormatError | msgspec.MsgspecError):
        return "the file is damaged"
    return "the disk refuses"


def describe(fault: BaseException) -> str:
    """Say in words what the engine met: of a full disk SQLite says "not an error" where it copies a file."""
    return reason_of(fault) if isinstance(fault, apsw.FullError) else str(fault)


def count_write(fault: BaseException, faults: Faults) -> None:
    """Count what a commit met, unless that was another process that holds the file."""
    if isinstance(fault, ENGINE_FAULTS) and not isinstance(fault, HELD):
        faults.failed("write", fault, reason_of(fault))


def translate_write(fault: BaseException) -> BaseException:
    """Translate what a commit met: Busy where nothing was stored and a retry may help."""
    if isinstance(fault, HELD):
        return Busy()
    if isinstance(fault, ENGINE_FAULTS):
        reason = reason_of(fault)
        # What SQLite says of its inside is in the log, as the cause.
        failed = EngineFailed(f"the store could not write: {reason}", reason)
        failed.__cause__ = fault
        return failed
    if isinstance(fault, asyncio.CancelledError):
        return Busy("The store is closing")
    return fault


def translate_read(fault: Exception, faults: Faults) -> Exception:
    """Translate what a read met."""
    if isinstance(fault, HELD):
        return Busy()
    faults.failed("read", fault, reason_of(fault))
    return Unreadable(fault, reason_of(fault))


Store = TypeVar("Store", bound=HasFaults)


def reads(method: Callable[Concatenate[Store, P], Result]) -> Callable[Concatenate[Store, P], Result]:
    """Translate and count the faults of a method that reads the file."""

    @wraps(method)
    def translated(self: Store, *args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            result = method(self, *args, **kwargs)
        except ENGINE_FAULTS as fault:
            raise translate_read(fault, self.faults) from fault
        self.faults.worked("read")
        return result

    return cast("Callable[Concatenate[Store, P], Result]", translated)
