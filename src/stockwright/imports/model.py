"""An import: what was asked for, how far it is, and what each of its rows will do or has done.

An import goes from CHECKING (every row is looked at, nothing is booked) to BOOKING, piece by piece, and ends. Undoing
goes through the pieces backwards. `STATUSES` has what each status allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from stockwright.base.errors import Conflict
from stockwright.base.long_work import STEP_ROWS
from stockwright.base.record import Record

ImportKind = Literal["products", "stock"]
ImportStatus = Literal[
    "CHECKING", "BOOKING", "FETCHING", "UNDOING", "CHECKED", "DONE", "REFUSED", "CANCELLED", "UNDONE"
]
OnError = Literal["stop", "skip"]
"""stop: the file is booked whole or not at all; skip: the good rows are booked."""
Mode = Literal["add", "count", "set"]
UndoReason = Literal["", "failed", "cancelled", "requested"]

PIECE_ROWS: Final = STEP_ROWS
"""Rows that are booked, and stored, as one piece, at most."""
PIECE_BYTES: Final = 200_000
"""What a piece holds at most, but for a row that is longer alone: DynamoDB keeps items of 400 KB."""
LEASE_MS: Final = 60_000
"""So long nobody else goes on with an import after the last sign of who works on it."""
KEPT_DAYS: Final = 90
"""So long an import can be undone, and its file is kept; the import itself stays."""

DRY_RUN_DAYS: Final = 1
"""The same of a dry run."""


class StatusRow(Struct, frozen=True):
    """What a status allows."""

    is_active: bool = False
    """Whether somebody works on it, or will."""
    is_checked: bool = True
    """Whether every row has been looked at."""
    may_have_booked: bool = False
    after_undoing: UndoReason = ""
    """The reason of the undoing that ends in it."""


STATUSES: Final[Mapping[ImportStatus, StatusRow]] = {
    "CHECKING": StatusRow(is_active=True, is_checked=False),
    "BOOKING": StatusRow(is_active=True, may_have_booked=True),
    "FETCHING": StatusRow(is_active=True, may_have_booked=True),
    "UNDOING": StatusRow(is_active=True, may_have_booked=True),
    "CHECKED": StatusRow(),
    "DONE": StatusRow(may_have_booked=True),
    "REFUSED": StatusRow(may_have_booked=True, after_undoing="failed"),
    "CANCELLED": StatusRow(may_have_booked=True, after_undoing="cancelled"),
    "UNDONE": StatusRow(may_have_booked=True, after_undoing="requested"),
}
"""FETCHING: the rows are booked, and their pictures are fetched. CHECKED ends a dry run.
REFUSED: a row was refused with `stop`; what had been booked was undone."""


class StockRow(Struct, frozen=True, tag="stock"):
    """One row of stock that was understood whole; `key` is stored when it is booked, so that it is booked once."""

    number: int
    """As a spreadsheet counts: the headings are row 1."""
    key: str
    variant_id: str
    sku: str
    quantity: int
    location: str | None = None
    reason: str = ""

    @property
    def group(self) -> str:
        """Rows of one group are booked one after the other."""
        return self.variant_id

    def describe(self) -> str:
        """Say what it is in one line."""
        words = (self.sku, str(self.quantity), self.location or "", self.reason)
        return ", ".join(word for word in words if word)


class PlannedVariant(Struct, frozen=True):
    """A variant that is made (`variant_id` None), or changed from `former`; names are those of Variant and Stock."""

    sku: str | None
    options: dict[str, str]
    fields: dict[str, Any] = {}
    thresholds: dict[str, int] = {}
    quantity: int = 0
    variant_id: str | None = None
    former: dict[str, Any] = {}
    former_thresholds: dict[str, int] = {}


class PlannedPicture(Struct, frozen=True):
    """A picture to be fetched when the products are booked: from its row's address, for the variant with `options`."""

    row: int
    url: str
    alt: str = ""
    options: dict[str, str] = {}


class ProductRow(Struct, frozen=True, tag="product"):
    """One product of a file, as it is made (`product_id` None) or changed from one of a version.

    `fields` and `thresholds` are those that it gives or changes, under the names of Product and Stock; `former` and
    `former_thresholds` what those were. `number` is its first row.
    """

    number: int
    key: str
    sku: str
    product_id: str | None
    version: int
    fields: dict[str, Any]
    thresholds: dict[str, int]
    former: dict[str, Any] = {}
    former_thresholds: dict[str, int] = {}
    id: str | None = None
    quantity: int | None = None
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Option → its values, where its variants have stock of their own."""
    former_options: dict[str, Any] | None = None
    """The options of a product that gets further variants, as they were."""
    former_variants: tuple[str, ...] = ()
    """The ids of the variants that it had then."""
    variants: tuple[PlannedVariant, ...] = ()
    pictures: tuple[PlannedPicture, ...] = ()

    @property
    def group(self) -> str:
        """Each SKU is in a file once."""
        return self.sku

    def describe(self) -> str:
        """Say what it is in one line."""
        return self.sku


Row = StockRow | ProductRow


class RowError(Struct, frozen=True):
    """A row that was refused. Row numbers are those of the file; the headings are row 1."""

    row: int
    column: str
    value: str
    code: str
    message: str

    def describe(self) -> str:
        """Say it in one line."""
        if not self.column:
            return self.message
        return f"{self.column} {self.message}" + (f" (it is {self.value!r})" if self.value else "")


class BookedBefore(Struct, frozen=True):
    """A row that an earlier import booked, and that was left as it is."""

    row: int
    what: str


class Change(Struct, frozen=True):
    """What a row changes: a field, by its name in the API, before it and after it; amounts in minor units."""

    row: int
    sku: str
    field: str
    before: str | int | None
    after: str | int | None
    currency: str | None = None
    """Of an amount."""


class Import(Record, frozen=True):
    """An import, without its rows.

    `pieces` are its stored pieces of rows, of which `at` are booked (while UNDOING: left to be looked at), and
    `findings` the stored pieces of what was found. `worker` works on it until `due_at` (ms); then anybody may go on.
    """

    KIND = "IMPORT"
    id: str
    kind: ImportKind
    created_at: int
    created_by: str
    file: str
    file_name: str = ""
    size: int = 0
    mode: Mode = "add"
    on_error: OnError = "stop"
    dry_run: bool = False
    again: bool = False
    """Whether rows are booked that were booked before."""
    wanted_profile: str = "auto"
    mapping: Mapping[str, str] = {}
    """Heading → field, where somebody has said what the columns are; it goes before any profile."""
    profile: str = ""
    """By which the file was read."""
    encoding: str = ""
    delimiter: str = ""
    status: ImportStatus = "CHECKING"
    cancelled: bool = False
    """Whether somebody wants it to end."""
    undo: UndoReason = ""
    worker: str = ""
    due_at: int = 0
    ended_at: int | None = None
    pieces: int = 0
    at: int = 0
    findings: int = 0
    refusals: int = 0
    """The first piece of findings that the last undoing wrote."""
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    undone: int = 0
    undoing: int = 0
    """How many rows were booked when the last undoing began."""
    kept: int = 0
    """Rows that the last undoing could not take back."""
    booked_before: int = 0
    pictures: int = 0
    """How many pictures its rows name that are to be fetched."""
    fetched: int = 0
    not_fetched: int = 0
    notes: tuple[str, ...] = ()
    new_categories: tuple[str, ...] = ()

    @property
    def row(self) -> StatusRow:
        """What its status allows."""
        return STATUSES[self.status]

    @property
    def booked(self) -> int:
        """How many rows it has booked that are not undone."""
        return 0 if self.dry_run else self.created + self.updated


class ImportRows(Record, frozen=True):
    """A piece of an import: rows that are booked one after the other, in the order of the file."""

    KIND = "IMPORTROWS"
    rows: tuple[Row, ...]


class ImportFindings(Record, frozen=True):
    """Some of what was found: rows that were refused, that were booked before, or could not be undone; changes."""

    KIND = "IMPORTFINDINGS"
    errors: tuple[RowError, ...] = ()
    booked_before: tuple[BookedBefore, ...] = ()
    changes: tuple[Change, ...] = ()
    kept: tuple[RowError, ...] = ()
    pictures: tuple[RowError, ...] = ()
    """Pictures that could not be fetched; their rows are booked."""


def kept_days(importing: Import) -> int:
    """Return how long an import's rows and file are kept."""
    return DRY_RUN_DAYS if importing.dry_run else KEPT_DAYS


def check_may_be_undone(importing: Import, now: int) -> None:
    """Refuse to undo an import that is at work, has booked nothing, or is too old."""
    if importing.row.is_active:
        raise Conflict(f"The import is still at work ({importing.status}); cancel it first, or wait")
    if not importing.booked:
        raise Conflict("The import has booked nothing that could be undone")
    if now >= importing.created_at + KEPT_DAYS * 86_400_000:
        raise Conflict(f"An import can be undone for {KEPT_DAYS} days")
