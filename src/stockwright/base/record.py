"""Records: models that are stored as they are."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from stockwright.base.hidden import HidesSecrets

ItemKind = Literal[
    "ACCEPTED",
    "ACCOUNT",
    "ADDRESSES",
    "ALERT",
    "ALERTED",
    "APIKEY",
    "ARCHIVE",
    "ATTEMPTS",
    "BACKFILL",
    "BACKUP",
    "BARCODE",
    "BLOCKED",
    "CATEGORY",
    "CONTRIBUTION",
    "COUNTED",
    "COUNTLINE",
    "COUNTSUMS",
    "CURSOR",
    "DEADLETTER",
    "DIGEST",
    "EMAIL",
    "ERASURE",
    "FAMILY",
    "HOLDS",
    "IDEMPOTENCY",
    "IMPORT",
    "IMPORTFINDINGS",
    "IMPORTROWS",
    "IMPORTSHAPE",
    "LOCATION",
    "LOG",
    "MOVEMENT",
    "NOTIFICATION",
    "ORDER",
    "ORIGIN",
    "PROBE",
    "PRODUCT",
    "QUOTA",
    "REBUILD",
    "RESERVATION",
    "RETRY",
    "ROLLUPS",
    "SALE",
    "SETTINGS",
    "SETUP",
    "SHIPPINGMETHOD",
    "SKU",
    "SPELLING",
    "STOCK",
    "STOCKCOUNT",
    "TOTALS",
    "UNUSEDFILES",
    "WORK",
]
"""The kinds of items."""


class Record(HidesSecrets, frozen=True, kw_only=True, rename="camel", gc=False):
    """A model that is stored as it is: its fields, named in camel case, are the item's body.

    A field that is new needs a default or a migration. Fields in `NOT_STORED` are set by who reads the item;
    `version` is the item's own, and a write of the record expects it.
    """

    KIND: ClassVar[ItemKind]
    PARTITION: ClassVar[str] = ""
    """How the partition of its items begins ("": their sort key begins with the kind)."""
    SORTS: ClassVar[tuple[str, ...]] = ()
    """The sort keys of its items, where items of other kinds are in the same partition."""
    NOT_STORED: ClassVar[tuple[str, ...]] = ("version",)
    version: int = 0


_UNSET: Final[dict[type[Record], dict[str, UnsetType]]] = {}


def stored_part(record: Record) -> Record:
    """Return the record without the fields that are not stored; it is only to be encoded."""
    model = type(record)
    unset = _UNSET.get(model)
    if unset is None:
        unset = _UNSET[model] = dict.fromkeys(model.NOT_STORED, UNSET)
    return replace(record, **unset)
