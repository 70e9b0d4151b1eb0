"""What an import did: counts, and every row that was refused with its column, value and reason."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from msgspec import Struct, field

from stockwright.base.errors import Invalid, StockwrightError
from stockwright.imports.model import BookedBefore, Change, OnError, RowError

VALUE_SHOWN_MAX: Final = 200
CHANGES_MAX: Final = 100
"""So many changes are shown before they are booked."""
SHOWN_AS: Final = {
    "price_cents": "price",
    "cost_cents": "cost",
    "image_url": "imageUrl",
    "weight_grams": "weightGrams",
    "tax_rate": "taxRate",
    "low_stock": "lowStockThreshold",
    "reorder_point": "reorderPoint",
    "reorder_quantity": "reorderQuantity",
}
"""The API's names of a product's fields."""
AMOUNTS: Final = frozenset({"price", "cost"})


class ImportReport(Struct):
    """What an import did. With errors and `onError` stop, nothing was booked."""

    profile: str
    rows: int = 0
    on_error: OnError = "stop"
    dry_run: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    returned_units: int = 0
    undone: int = 0
    errors: list[RowError] = field(default_factory=list)
    booked_before: list[BookedBefore] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    """What the first rows change."""
    fetched: int = 0
    """How many pictures were fetched."""
    pictures: list[RowError] = field(default_factory=list)
    """Those that could not be; their rows are booked."""
    notes: list[str] = field(default_factory=list)
    new_categories: list[str] = field(default_factory=list)
    changes_stored: int = 0
    failed_rows: set[int] = field(default_factory=set)
    """The rows that were refused, also where their errors were stored and forgotten since."""

    @property
    def failed(self) -> int:
        """How many rows were refused."""
        return len(self.failed_rows)

    @property
    def stops(self) -> bool:
        """Whether nothing may be booked: a row was refused and the file is booked whole or not at all."""
        return self.dry_run or (self.on_error == "stop" and bool(self.failed_rows))

    def refuse(self, row: int, message: str, column: str = "", value: str = "", code: str = "VALIDATION_ERROR") -> None:
        """Record why a row was refused."""
        self.errors.append(RowError(row, column, value[:VALUE_SHOWN_MAX], code, message))
        self.failed_rows.add(row)

    def change(
        self, row: int, sku: str, name: str, before: str | int | None, after: str | int | None, currency: str = ""
    ) -> None:
        """Record what a row changes, while there are few."""
        if len(self.changes) < CHANGES_MAX:
            shown = SHOWN_AS.get(name, name)
            self.changes.append(
                Change(row, sku, shown, _shown(before), _shown(after), currency if shown in AMOUNTS else None)
            )

    def refuse_for(self, row: int, refused: StockwrightError) -> None:
        """Record the error that a use case refused a row with."""
        self.refuse(row, one_line(refused), code=refused.code)

    @property
    def new_changes(self) -> list[Change]:
        """The changes that were not stored yet."""
        return self.changes[self.changes_stored :]

    def forget(self) -> None:
        """Let go of what was stored; what is counted stays."""
        self.changes_stored = len(self.changes)
        self.errors, self.booked_before = [], []

    def finish(self) -> ImportReport:
        """Put the errors in the order of the file."""
        self.errors.sort(key=lambda error: error.row)
        self.booked_before.sort(key=lambda booked: booked.row)
        return self

    def as_wire(self) -> dict[str, Any]:
        """Write it for machines."""
        return {
            "profile": self.profile,
            "dryRun": self.dry_run,
            "onError": self.on_error,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "failed": self.failed,
            "returnedUnits": self.returned_units,
            "undone": self.undone,
            "errors": [
                {"row": e.row, "column": e.column, "value": e.value, "code": e.code, "message": e.message}
                for e in self.errors
            ],
            "bookedBefore": [{"row": each.row, "what": each.what} for each in self.booked_before],
            "pictures": {
                "fetched": self.fetched,
                "errors": [{"row": e.row, "url": e.value, "message": e.message} for e in self.pictures],
            },
            "notes": self.notes,
        }


def _shown(value: str | int | None) -> str | int | None:
    return value[:VALUE_SHOWN_MAX] if isinstance(value, str) else value


def one_line(refused: StockwrightError) -> str:
    """Say in one line why something was refused."""
    if isinstance(refused, Invalid) and isinstance(refused.details, list):
        return "; ".join(f"{entry['field']} {entry['message']}" for entry in refused.details)
    return refused.message


def reasons(errors: list[RowError]) -> Counter[str]:
    """Count the refused rows by their reason."""
    return Counter(f"{error.column} {error.message}".strip() for error in errors)
