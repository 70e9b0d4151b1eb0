"""The format of what is stored, and the way from each format to the next.

Each module `NNNN_name.py` here leads to the format that its `FORMAT` names. Its `upgrade` takes one item as it may
be stored in any former format and returns it as the next format has it, or None where it is that already. It reads
nothing else and never changes a key, so an item may be upgraded at any time, in any order, more than once.

An embedded folder is upgraded as a whole before it is used (`sqlite.py`). A table on DynamoDB is upgraded beside
live traffic (`dynamodb.py`), and whatever is read from it passes through `upgrade` first.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.store.port import Key, Put

    Upgrade = Callable[[Put], Put | None]

FIRST: Final = 1
MARK: Final[Key] = ("FORMAT", "FORMAT")
"""The item that says which format a table has, and how far an upgrade is; a file has `PRAGMA user_version` for
the first."""
PAGE: Final = 500
"""Items that are read, upgraded and written at a time."""


def _find() -> tuple[tuple[int, Upgrade], ...]:
    names = sorted(each.name for each in pkgutil.iter_modules(__path__) if each.name[:4].isdecimal())
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple((module.FORMAT, module.upgrade) for module in modules)


UPGRADES: Final = _find()
"""Each upgrade with the format that it leads to, in order."""
FORMAT: Final = max(number for number, _ in UPGRADES)
"""What this release writes."""


class Progress(Struct):
    """How far an upgrade is: every item up to `after` (in the engine's own order) is in the format `to`."""

    to: int = FORMAT
    after: list[str] | None = None
    items: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    """How many items of each kind were rewritten."""
    backup: str = ""
    """The name of the archive that was written before."""

    def count(self, rows: int, changed: list[Put]) -> None:
        """Add a page to what was read and rewritten."""
        self.items += rows
        counted = Counter(self.changed)
        counted.update(kind_of(row.key) for row in changed)
        self.changed = dict(sorted(counted.items()))


def progress_of(body: dict[str, Any]) -> Progress:
    """Read how far an upgrade is; one to another format starts again."""
    found = Progress(**{name: body[name] for name in Progress.__struct_fields__ if name in body})
    return found if found.to == FORMAT else Progress(backup=found.backup)


def upgrade(row: Put) -> Put | None:
    """Return an item of any former format as this release writes it; None where it is that already."""
    newest = None
    for _, to_next in UPGRADES:
        changed = to_next(newest or row)
        newest = changed or newest
    return newest


def kind_of(key: Key) -> str:
    """Name the kind of an item: the sort of its own partition, or the partition that it shares with others."""
    partition, sort = key
    return (sort if "#" in partition else partition).partition("#")[0]


def too_new(name: object, found: int) -> str:
    """Say in one line that a newer release wrote this."""
    return f"{name} has data format {found}, this release reads {FORMAT} at most: use the release that wrote it"


def too_old(name: object, found: int) -> str:
    """Say in one line that this is to be upgraded first."""
    return (
        f"{name} has data format {found}, this release uses {FORMAT}: "
        "stockwright migrate upgrades it (with --dry-run it only says what would change)"
    )
