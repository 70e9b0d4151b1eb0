"""What a command writes: a file that is there only once it is whole, or standard output."""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from stockwright.base.errors import Misconfigured

DASH: Final = Path("-")
"""Means standard input or standard output, as in other commands."""


class NewFile:
    """A new file: written under another name beside it, and renamed once it is whole and safe on the disk.

    Whatever goes wrong, or is raised meanwhile, leaves nothing behind; a fault of the disk is a Misconfigured
    that names the file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._beside = file.with_name(f".{secrets.token_hex(8)}.part")
        self._target: BinaryIO

    def __enter__(self) -> Self:
        try:
            if os.path.lexists(self._file):
                raise Misconfigured(f"cannot write {self._file}: File exists")
            self._target = self._beside.open("xb")
        except OSError as fault:
            raise self._refusal(fault) from fault
        return self

    def write(self, part: bytes) -> None:
        """Write the next part."""
        try:
            self._target.write(part)
        except OSError as fault:
            raise self._refusal(fault) from fault

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._keep()
        except OSError as fault:
            raise self._refusal(fault) from fault
        finally:
            # What is still to be written may find no room again.
            with suppress(OSError):
                self._target.close()
            with suppress(OSError):
                self._beside.unlink(missing_ok=True)

    def _keep(self) -> None:
        self._target.flush()
        os.fsync(self._target.fileno())
        self._target.close()
        try:
            os.link(self._beside, self._file)
        except FileExistsError:
            raise
        except OSError:
            # A file system without hard links: a file of that name that came meanwhile is replaced.
            self._beside.rename(self._file)

    def _refusal(self, fault: OSError) -> Misconfigured:
        return Misconfigured(f"cannot write {self._file}: {fault.strerror or fault}")


class StandardOutput:
    """Standard output, as a file that is written in parts."""

    def __enter__(self) -> Self:
        return self

    def write(self, part: bytes) -> None:
        """Write the next part."""
        try:
            sys.stdout.buffer.write(part)
        except OSError as fault:
            raise self._refusal(fault) from fault

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                sys.stdout.buffer.flush()
            except OSError as fault:
                raise self._refusal(fault) from fault

    def _refusal(self, fault: OSError) -> Misconfigured:
        return Misconfigured(f"cannot write to standard output: {fault.strerror or fault}")


def open_output(file: Path | None) -> NewFile | StandardOutput:
    """Open a new file for a command to write to, or standard output where none is named or the name is `-`."""
    return StandardOutput() if is_standard(file) else NewFile(file or DASH)


def is_standard(file: Path | None) -> bool:
    """Whether a command reads standard input or writes to standard output instead of a file."""
    return file is None or file == DASH
