"""What a profile says: which headings a kind of file has, what they mean, and which rows belong together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from stockwright.imports.model import ImportKind

CellReader = Callable[[str, "Reading"], Any]
"""A cell that is not empty → its value; raises WrongCell."""


class Reading(Struct, frozen=True):
    """What the value of a cell depends on besides its text."""

    currency: str
    delimiter: str


class Profile(Struct, frozen=True, kw_only=True):
    """One format of file. A new one is a file in `profiles/` with such a table, and its entry there."""

    name: str
    """As requests call it."""
    title: str
    """As people call it."""
    kind: ImportKind
    wanted: Sequence[Sequence[str]]
    """The headings by which it is known: all of one of these sets."""
    fields: Mapping[str, Sequence[str]]
    """Field → the headings that it may have; one with `*` at its end is each that begins so."""
    not_read: Sequence[str] = ()
    """Headings that are known and say nothing to us; with `*` as above."""
    readers: Mapping[str, CellReader] = {}
    """Fields that are written otherwise than in our own files."""
    cleared: frozenset[str] = frozenset()
    """Fields of which an empty cell says that there is none; any other empty cell says nothing."""
    cleared_of_variants: frozenset[str] = frozenset()
    """The same in the rows of variants: there the value is the product's."""
    names: tuple[str, ...] = ("sku",)
    """The fields by which the rows of a product are known to each other, or by which a row names its `parent`."""
    rows_are_variants: bool = False
    """Whether each row of a product is one of its variants (its first row has the product's own fields too)."""
    option: str = ""
    """What the option is called of files that have only its values."""
    only_values: frozenset[str] = frozenset()
    """Values (as `name_key` writes them) of the option of a product that has none."""
    is_foreign: bool = True
    """Whether it is another system's: texts are fitted to our lengths, and what has no SKU gets one."""
