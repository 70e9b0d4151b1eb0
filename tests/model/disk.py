"""A disk that can lose power and refuse: under SQLite, in place of the system's own file calls.

Every write, truncation, sync and removal is passed on and noted. From the notes any instant of the
run can be brought back as a power cut would leave it: what was synced is there, and of what was
not, nothing, everything, or some, in any order, torn anywhere. A `Fault` refuses the n-th call of a
kind, once or from then on.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import apsw

Kind = Literal["write", "truncate", "sync", "delete", "said"]
Loss = Literal["nothing", "everything", "some", "torn"]
LOSSES: Final[tuple[Loss, ...]] = ("nothing", "everything", "some", "torn")
SECTOR: Final = 512
HEADER: Final = 4096
"""Below it is what SQLite reads to open a file; a fault of reading comes after that."""
_SYSTEM: Final = apsw.vfs_names()[0]
_names = itertools.count()


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was done to one file; `said` is what the store acknowledged at that point."""

    kind: Kind
    file: str
    offset: int = 0
    data: bytes = b""


@dataclass(slots=True)
class Fault:
    """Refuse the n-th call of a kind (from 1); with `for_good`, every later one as well."""

    kind: Literal["write", "sync", "read"]
    nth: int
    error: type[Exception]
    for_good: bool = False
    calls: int = 0
    refused: int = 0

    def strikes(self, kind: str) -> bool:
        if kind != self.kind:
            return False
        self.calls += 1
        strikes = self.calls == self.nth or (self.for_good and self.calls > self.nth)
        self.refused += strikes
        return strikes


@dataclass(slots=True)
class Disk:
    """What was done, in order, and what is to be refused."""

    notes: list[Note] = field(default_factory=list)
    fault: Fault | None = None

    def note(self, kind: Kind, file: str, offset: int = 0, data: bytes = b"") -> None:
        self.notes.append(Note(kind, file, offset, data))

    def said(self, what: str) -> None:
        """The store acknowledged something: from here on it must be there."""
        self.note("said", what)

    def check(self, kind: str) -> None:
        if self.fault is not None and self.fault.strikes(kind):
            raise self.fault.error(f"planned: {kind} {self.fault.calls}")

    @contextmanager
    def mounted(self) -> Iterator[Disk]:
        """Let every connection that is opened meanwhile go through this disk."""
        vfs = _Vfs(f"disk-{next(_names)}", self)
        apsw.set_default_vfs(vfs.name)
        try:
            yield self
        finally:
            apsw.set_default_vfs(_SYSTEM)
            vfs.unregister()

    def instants(self) -> Iterator[tuple[int, list[str], dict[str, _File]]]:
        """Go through every instant at which the power can fail: what was said by then, and every file."""
        files: dict[str, _File] = {}
        said: list[str] = []
        for number, note in enumerate(self.notes):
            yield number, said, files
            if note.kind == "said":
                said.append(note.file)
            elif note.kind == "delete":
                files.pop(note.file, None)
            else:
                files.setdefault(note.file, _File()).take(note)
        yield len(self.notes), said, files


@dataclass(slots=True)
class _File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[Note] = field(default_factory=list)

    def take(self, note: Note) -> None:
        if note.kind != "sync":
            self.pending.append(note)
            return
        for each in self.pending:
            _apply(self.synced, each.kind, each.offset, each.data)
        self.pending.clear()

    def after(self, loss: Loss, chance: random.Random) -> bytes:
        """What is found when the power is back."""
        found = bytearray(self.synced)
        survived = list(self.pending) if loss != "nothing" else []
        if loss in {"some", "torn"}:
            survived = [note for note in survived if chance.random() < 0.5]
            chance.shuffle(survived)
        for note in survived:
            data = note.data
            if loss == "torn" and data:
                data = data[: chance.choice((chance.randrange(len(data)), len(data) // SECTOR * SECTOR // 2))]
            _apply(found, note.kind, note.offset, data)
        return bytes(found)


def _apply(content: bytearray, kind: Kind, offset: int, data: bytes) -> None:
    if kind == "truncate":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    if not data:
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def leave(files: dict[str, _File], folder: Path, loss: Loss, chance: random.Random) -> Path:
    """Write into a folder what a power cut leaves of the files; returns the database among them."""
    for old in folder.iterdir():
        old.unlink()
    for name, file in files.items():
        (folder / Path(name).name).write_bytes(file.after(loss, chance))
    return folder / "stockwright.db"


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, _SYSTEM)
        self.name, self._disk = name, disk

    def xOpen(self, name: Any, flags: Any) -> Any:  # noqa: N802 - SQLite's name, as those below
        return _Recorded(name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._disk.note("delete", filename)


class _Recorded(apsw.VFSFile):
    def __init__(self, name: Any, flags: Any, disk: Disk) -> None:
        self._name = name if isinstance(name, str) or name is None else name.filename()
        self._disk = disk
        super().__init__(_SYSTEM, name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self._disk.check("write")
        super().xWrite(data, offset)
        if self._name:
            self._disk.note("write", self._name, offset, bytes(data))

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if offset >= HEADER:
            self._disk.check("read")
        return super().xRead(amount, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        if self._name:
            self._disk.note("truncate", self._name, newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.check("sync")
        super().xSync(flags)
        if self._name:
            self._disk.note("sync", self._name)
